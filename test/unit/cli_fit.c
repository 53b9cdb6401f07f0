/* cli/fit: no line is wider than the terminal, and none is lost without a word. */
#include "cli/fit.h"

#include "cli/table.h"
#include "cmocka_all.h"

#include <locale.h>
#include <string.h>

static void fits(const char *text, unsigned columns, unsigned rows, const char *expected)
{
    struct strbuf out = STRBUF_INIT;
    fit_text(&out, text, columns, rows);
    assert_string_equal(strbuf_text(&out), expected);
    strbuf_fini(&out);
}

static void what_fits_stays(void **state)
{
    (void)state;
    fits("", 10, 5, "");
    fits("one\n\n  two\n", 10, 5, "one\n\n  two");
    fits("0123456789\n", 10, 1, "0123456789");
    fits("a  b\n", 10, 1, "a  b");
}

static void wraps_between_words(void **state)
{
    (void)state;
    fits("alpha beta gamma", 11, 9, "alpha beta\n  gamma");
    fits("  - alpha beta gamma delta", 16, 9, "  - alpha beta\n    gamma delta");
    fits("Redis      down at somewhere that is far away, for a long while by now", 60, 9,
        "Redis      down at somewhere that is far away, for a long\n           while by now");
}

static void wraps_within_a_word_that_is_too_wide(void **state)
{
    (void)state;
    fits("0123456789abcdef", 10, 9, "0123456789\n  abcdef");
    fits("日本語日本語", 5, 9, "日本\n語日\n本語");
    fits("x 0123456789abcdef", 10, 9, "x 01234567\n  89abcdef");
    fits("abc", 1, 9, "a\nb\nc");
    fits("abc", 0, 9, "a\nb\nc");
}

static void colours_take_no_room(void **state)
{
    (void)state;
    fits("\033[1;31mabcde\033[0m fghij", 11, 9, "\033[1;31mabcde\033[0m fghij");
    fits("\033[32mab\033[0m cde", 4, 9, "\033[32mab\033[0m\ncde");
}

static void says_what_it_cuts_off(void **state)
{
    (void)state;
    fits("1\n2\n3\n4\n", 20, 4, "1\n2\n3\n4");
    fits("1\n2\n3\n4\n", 20, 3, "1\n2\n(2 more lines)");
    fits("1\n2\n3\n4\n", 4, 0, "(4 m");
}

/* Whatever the text and the terminal. */
static void never_wider(void **state)
{
    (void)state;
    static const char text[] =
        "elevenlabs-agent: \033[32mANSWERING\033[0m, 1 of 1 worker serves on "
        "[::]:3004\n  日本語日本語日本語 é… \xff\xfe indented\nCallers    2 "
        "connections,   1 pending task\n";
    for (unsigned columns = 2; columns < 100; columns++) {
        struct strbuf out = STRBUF_INIT;
        fit_text(&out, text, columns, 999);
        for (char *line = out.data, *end; line; line = end ? end + 1 : NULL) {
            end = strchr(line, '\n');
            if (end)
                *end = '\0';
            size_t color = strstr(line, "\033[32m") ? 5 : 0;
            color += strstr(line, "\033[0m") ? 4 : 0;
            assert_true(table_text_width(line) - color <= columns);
        }
        strbuf_fini(&out);
    }
}

int main(void)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_fits_stays),
        cmocka_unit_test(wraps_between_words),
        cmocka_unit_test(wraps_within_a_word_that_is_too_wide),
        cmocka_unit_test(colours_take_no_room),
        cmocka_unit_test(says_what_it_cuts_off),
        cmocka_unit_test(never_wider),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
