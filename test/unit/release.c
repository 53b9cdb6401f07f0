/* daemon/workers/release: a name for people, whatever the file holds. */
#include "daemon/workers/release.h"

#include "cmocka_all.h"
#include "core/limits.h"
#include "lib/scratch.h"

static void the_first_line_for_people(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *release;
    } rows[] = {
        {"", ""},
        {"\n", ""},
        {"v1.2.3\n", "v1.2.3"},
        {"v1.2.3", "v1.2.3"},
        {"  v1 beta \t\nsecond\n", "v1 beta"},
        {"v1\r\n", "v1"},
        {"\x1b[31mred\n", "\\x1b[31mred"},
        {"caf\xc3\xa9\n", "caf\xc3\xa9"},
    };
    struct scratch s;
    scratch_init(&s);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char out[RELEASE_MAX] = "before";
        release_read(scratch_write(&s, "release", rows[i].text), out);
        assert_string_equal(out, rows[i].release);
    }
    scratch_fini(&s);
}

static void a_long_one_is_cut(void **state)
{
    (void)state;
    static char text[LIMIT_CONFIG_LINE + 2];
    char out[RELEASE_MAX];
    struct scratch s;
    scratch_init(&s);
    memset(text, 'a', 300);
    release_read(scratch_write(&s, "release", text), out);
    assert_int_equal(strlen(out), RELEASE_MAX - 1);
    assert_int_equal(strspn(out, "a"), RELEASE_MAX - 1);
    /* Beyond all measure it is no name at all. */
    memset(text, 'a', sizeof text - 1);
    release_read(scratch_write(&s, "release", text), out);
    assert_string_equal(out, "");
    scratch_fini(&s);
}

static void what_cannot_be_read_is_unknown(void **state)
{
    (void)state;
    char out[RELEASE_MAX] = "before";
    struct scratch s;
    scratch_init(&s);
    release_read(NULL, out);
    assert_string_equal(out, "");
    strcpy(out, "before");
    release_read(scratch_path(&s, "none"), out);
    assert_string_equal(out, "");
    strcpy(out, "before");
    release_read(s.dir, out);
    assert_string_equal(out, "");
    scratch_fini(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_line_for_people),
        cmocka_unit_test(a_long_one_is_cut),
        cmocka_unit_test(what_cannot_be_read_is_unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
