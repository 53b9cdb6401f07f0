/* io/files/recent_lines: the latest lines of a file that grows. */
#include "io/files/recent_lines.h"

#include "cmocka_all.h"
#include "lib/scratch.h"

#include <errno.h>

static struct scratch scratch;

static int set_up(void **state)
{
    (void)state;
    scratch_init(&scratch);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    scratch_fini(&scratch);
    return 0;
}

static struct recent_lines *open_three(void)
{
    struct err e;
    struct recent_lines *r = recent_lines_open(scratch_path(&scratch, "lines"), 3, &e);
    assert_non_null(r);
    assert_int_equal(e.code, 0);
    return r;
}

static void add(struct recent_lines *r, const char *line)
{
    struct err e = {0};
    assert_int_equal(recent_lines_add(r, line, &e), 0);
}

/* Its lines, each followed by a blank. */
static void holds(const struct recent_lines *r, const char *expected)
{
    char text[256] = "";
    for (size_t i = 0; i < recent_lines_count(r); i++) {
        strcat(text, recent_lines_get(r, i));
        strcat(text, " ");
    }
    assert_string_equal(text, expected);
}

static void the_latest_are_kept(void **state)
{
    (void)state;
    struct recent_lines *r = open_three();
    holds(r, "");
    add(r, "a");
    add(r, "b");
    add(r, "c");
    add(r, "d");
    holds(r, "b c d ");
    assert_string_equal(scratch_read(&scratch, "lines"), "a\nb\nc\nd\n");
    recent_lines_free(r);
    r = open_three();
    holds(r, "b c d ");
    recent_lines_free(r);
}

static void the_file_does_not_grow_for_ever(void **state)
{
    (void)state;
    struct recent_lines *r = open_three();
    for (int i = 0; i < 5; i++)
        add(r, (char[]){(char)('a' + i), '\0'});
    assert_string_equal(scratch_read(&scratch, "lines"), "a\nb\nc\nd\ne\n");
    add(r, "f");
    assert_string_equal(scratch_read(&scratch, "lines"), "d\ne\nf\n");
    add(r, "g");
    assert_string_equal(scratch_read(&scratch, "lines"), "d\ne\nf\ng\n");
    holds(r, "e f g ");
    recent_lines_free(r);
    assert_int_equal(access(scratch_path(&scratch, "lines.new"), F_OK), -1);
}

static void a_torn_line_goes(void **state)
{
    (void)state;
    scratch_write(&scratch, "lines", "a\nb\nc\nd\n{\"half");
    struct recent_lines *r = open_three();
    holds(r, "b c d ");
    add(r, "e");
    assert_string_equal(scratch_read(&scratch, "lines"), "c\nd\ne\n");
    recent_lines_free(r);
}

static void what_cannot_be_written_is_kept_in_memory(void **state)
{
    (void)state;
    struct err e;
    struct recent_lines *r = recent_lines_open(scratch_path(&scratch, "no/lines"), 3, &e);
    assert_non_null(r);
    assert_int_equal(e.code, 0);
    assert_int_equal(recent_lines_add(r, "a", &e), -ENOENT);
    assert_non_null(strstr(e.msg, "no/lines"));
    holds(r, "a ");
    /* Once it can be, everything is there again. */
    assert_int_equal(mkdir(scratch_path(&scratch, "no"), 0700), 0);
    add(r, "b");
    assert_string_equal(scratch_read(&scratch, "no/lines"), "a\nb\n");
    recent_lines_free(r);
}

static void what_cannot_be_read_is_told(void **state)
{
    (void)state;
    struct err e;
    assert_int_equal(mkdir(scratch_path(&scratch, "lines"), 0700), 0);
    struct recent_lines *r = recent_lines_open(scratch_path(&scratch, "lines"), 3, &e);
    assert_non_null(r);
    assert_int_equal(e.code, -EISDIR);
    holds(r, "");
    recent_lines_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
        T(the_latest_are_kept),
        T(the_file_does_not_grow_for_ever),
        T(a_torn_line_goes),
        T(what_cannot_be_written_is_kept_in_memory),
        T(what_cannot_be_read_is_told),
#undef T
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
