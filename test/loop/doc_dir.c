/* Documents on disk: whole or not at all, and nothing is lost when the owner goes. */
#include "io/files/doc_dir.h"

#include "io/files/files.h"

#include "lib/scratch.h"
#include "loop/fixture.h"

#include <sys/stat.h>

struct scene {
    struct bench bench;
    struct scratch scratch;
    char *path;
    struct timer *look;
};

static void on_look(void *arg)
{
    struct scene *s = arg;
    timer_arm(s->look, usec_add(loop_now(), USEC_PER_MSEC));
    bench_wake(&s->bench);
}

static int open_scene(void **state)
{
    struct scene *s = calloc(1, sizeof *s);
    bench_open(&s->bench);
    scratch_init(&s->scratch);
    s->path = strdup(scratch_path(&s->scratch, "docs"));
    s->look = timer_new(s->bench.loop, on_look, s);
    timer_arm(s->look, 0);
    *state = s;
    return 0;
}

static int close_scene(void **state)
{
    struct scene *s = *state;
    timer_free(s->look);
    bench_close(&s->bench);
    scratch_fini(&s->scratch);
    free(s->path);
    free(s);
    return 0;
}

static bool holds(const struct scene *s, const char *name, const char *expected)
{
    char path[4200];
    char *text = NULL;
    size_t len = 0;
    struct err e = {0};
    snprintf(path, sizeof path, "%s/%s", s->path, name);
    bool is = files_read(path, 1000, &text, &len, &e) == 0 && strcmp(text, expected) == 0;
    free(text);
    return is;
}

static size_t count(const struct doc_dir *d)
{
    struct strlist names = {0};
    struct err e = {0};
    assert_int_equal(doc_dir_list(d, &names, &e), 0);
    size_t n = names.n;
    strlist_fini(&names);
    return n;
}

static void test_the_latest_text_is_there_in_the_end(void **state)
{
    struct scene *s = *state;
    struct doc_dir *d = doc_dir_open(s->bench.loop, s->path);
    assert_int_equal(count(d), 0);
    for (unsigned i = 0; i < 10; i++) {
        char text[16];
        snprintf(text, sizeof text, "%u", i);
        doc_dir_put(d, "a", strdup(text));
        doc_dir_put(d, "b", strdup("b"));
    }
    bench_wait(&s->bench, holds(s, "a", "9") && holds(s, "b", "b"));
    assert_int_equal(count(d), 2);
    doc_dir_remove(d, "a");
    bench_wait(&s->bench, count(d) == 1);
    assert_string_equal(doc_dir_trouble(d), "");
    doc_dir_free(d);
}

static void test_who_goes_leaves_all_written(void **state)
{
    struct scene *s = *state;
    struct doc_dir *d = doc_dir_open(s->bench.loop, s->path);
    doc_dir_put(d, "a", strdup("1")); /* under way */
    doc_dir_put(d, "a", strdup("2"));
    doc_dir_put(d, "b", strdup("3"));
    doc_dir_free(d);
    bench_wait(&s->bench, holds(s, "b", "3"));
    assert_true(holds(s, "a", "2"));
}

static void test_what_cannot_be_written_waits(void **state)
{
    struct scene *s = *state;
    struct err e = {0};
    struct doc_dir *d = doc_dir_open(s->bench.loop, s->path);
    assert_int_equal(files_append(s->path, "x", 1, &e), 0); /* in the way */
    doc_dir_put(d, "a", strdup("1"));
    bench_wait(&s->bench, doc_dir_trouble(d)[0] != '\0');
    assert_int_equal(unlink(s->path), 0);
    doc_dir_free(d); /* is the last occasion */
    assert_true(holds(s, "a", "1"));
}

static void test_leftovers_go_and_what_is_broken_is_set_aside(void **state)
{
    struct scene *s = *state;
    struct err e = {0};
    char *leftover = strdup(scratch_path(&s->scratch, "docs/a.new"));
    char *broken = strdup(scratch_path(&s->scratch, "docs/b"));
    assert_int_equal(files_make_directory(s->path, &e), 0);
    assert_int_equal(files_append(leftover, "half", 4, &e), 0);
    assert_int_equal(files_append(broken, "b", 1, &e), 0);
    struct doc_dir *d = doc_dir_open(s->bench.loop, s->path);
    assert_int_equal(access(leftover, F_OK), -1);
    assert_int_equal(count(d), 1);
    assert_int_equal(doc_dir_set_aside(d, "b", &e), 0);
    assert_int_equal(count(d), 0);
    assert_true(holds(s, "b.broken", "b"));
    doc_dir_free(d);
    free(leftover);
    free(broken);
}

static void test_the_end_of_a_file_begins_with_a_whole_line(void **state)
{
    struct scene *s = *state;
    struct err e = {0};
    char *text = NULL;
    size_t len = 0;
    assert_int_equal(files_append(s->path, "one\ntwo\nthree\n", 14, &e), 0);
    static const struct {
        size_t max;
        const char *text;
    } rows[] = {{100, "one\ntwo\nthree\n"}, {14, "one\ntwo\nthree\n"}, {13, "two\nthree\n"},
        {8, "three\n"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(files_read_end(s->path, rows[i].max, &text, &len, &e), 0);
        assert_string_equal(text, rows[i].text);
        assert_int_equal(len, strlen(text));
        free(text);
    }
    assert_int_equal(files_read_end("/nonexistent", 10, &text, &len, &e), -ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            test_the_latest_text_is_there_in_the_end, open_scene, close_scene),
        cmocka_unit_test_setup_teardown(test_who_goes_leaves_all_written, open_scene, close_scene),
        cmocka_unit_test_setup_teardown(test_what_cannot_be_written_waits, open_scene, close_scene),
        cmocka_unit_test_setup_teardown(
            test_leftovers_go_and_what_is_broken_is_set_aside, open_scene, close_scene),
        cmocka_unit_test_setup_teardown(
            test_the_end_of_a_file_begins_with_a_whole_line, open_scene, close_scene),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
