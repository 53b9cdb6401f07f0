/* cli/table: widths as a terminal counts them. */
#include "cli/table.h"

#include "cmocka_all.h"

#include <locale.h>

static void counts_columns_and_not_bytes(void **state)
{
    (void)state;
    assert_int_equal(table_text_width(""), 0);
    assert_int_equal(table_text_width("abc"), 3);
    assert_int_equal(table_text_width("é…"), 2);
    assert_int_equal(table_text_width("日本"), 4);
    assert_int_equal(table_text_width("e\xcc\x81"), 1); /* a combining accent */
    assert_int_equal(table_text_width("\xff"), 1);
}

static void written_is(const struct table *t, bool color, const char *expected)
{
    struct strbuf out = STRBUF_INIT;
    table_write(t, &out, color);
    assert_string_equal(strbuf_text(&out), expected);
    strbuf_fini(&out);
}

static void aligns_its_columns(void **state)
{
    (void)state;
    static const struct table_column columns[] = {{"NAME", false}, {"N", true}, {"WHY", false}};
    struct table t;
    table_init(&t, columns, 3);
    written_is(&t, false, "NAME  N  WHY\n");
    table_add(&t, SAY_PLAIN, "日本語", 99);
    table_add(&t, SAY_PLAIN, "1", 99);
    table_add(&t, SAY_PLAIN, "a\nb", 99);
    table_add(&t, SAY_RED, "x", 99);
    table_add(&t, SAY_PLAIN, "1000", 99);
    table_add(&t, SAY_PLAIN, NULL, 99);
    table_add(&t, SAY_PLAIN, "a row that is not full", 99);
    written_is(&t, false,
        "NAME       N  WHY\n"
        "日本語     1  a\\nb\n"
        "x       1000  -\n");
    written_is(&t, true,
        "\033[1mNAME\033[0m       \033[1mN\033[0m  \033[1mWHY\033[0m\n"
        "日本語     1  a\\nb\n"
        "\033[1;31mx\033[0m       1000  -\n");
    table_fini(&t);
}

static void what_is_escaped_already_stays_as_it_is(void **state)
{
    (void)state;
    static const struct table_column columns[] = {{"A", false}, {"B", false}};
    struct table t;
    table_init(&t, columns, 2);
    table_add_escaped(&t, SAY_PLAIN, "a\\x1b\\\\", 99);
    /* It should be: what is not is made so. */
    table_add_escaped(&t, SAY_PLAIN, "\033\\n\n\377", 99);
    table_add_escaped(&t, SAY_PLAIN, NULL, 99);
    table_add_escaped(&t, SAY_PLAIN, "abcdef", 3);
    written_is(&t, false, "A        B\na\\x1b\\\\  \\x1b\\n\\n\\xff\n-        abc…\n");
    table_fini(&t);
}

static void cuts_what_is_too_long(void **state)
{
    (void)state;
    static const struct table_column columns[] = {{"KEY", false}};
    struct table t;
    table_init(&t, columns, 1);
    table_add(&t, SAY_PLAIN, "abcdef", 3);
    written_is(&t, false, "KEY\nabc…\n");
    table_fini(&t);
}

int main(void)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_columns_and_not_bytes),
        cmocka_unit_test(aligns_its_columns),
        cmocka_unit_test(what_is_escaped_already_stays_as_it_is),
        cmocka_unit_test(cuts_what_is_too_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
