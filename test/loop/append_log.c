/* io/files/append_log: what was appended is there again, whatever cut the file short. */
#include "io/files/append_log.h"

#include "fixture.h"

#include <fcntl.h>
#include <sys/stat.h>

struct seen {
    char text[4096];
    unsigned lost;
};

static void on_line(const char *line, size_t len, void *arg)
{
    struct seen *s = arg;
    size_t have = strlen(s->text);
    snprintf(s->text + have, sizeof s->text - have, "%.*s\n", (int)len, line);
}

static void on_lost(const struct err *e, void *arg)
{
    struct seen *s = arg;
    (void)e;
    s->lost++;
}

static struct append_log *must_open(
    struct bench *b, const char *path, struct seen *s, struct append_log_found *found)
{
    struct err e = {0};
    *s = (struct seen){0};
    struct append_log *log = append_log_open(b->loop, path, on_line, on_lost, s, found, &e);
    if (!log)
        fail_msg("%s", e.msg);
    return log;
}

static void must_add(struct append_log *log, const char *lines)
{
    struct err e = {0};
    if (append_log_add(log, lines, strlen(lines), &e) < 0)
        fail_msg("%s", e.msg);
}

static char path[256];

static void lines_come_back(void **state)
{
    (void)state;
    struct bench b;
    struct seen s;
    struct append_log_found found;
    bench_open(&b);
    struct append_log *log = must_open(&b, path, &s, &found);
    must_add(log, "one\n");
    must_add(log, "two\nthree\n");
    append_log_close(log); /* while a flush may be under way */
    log = must_open(&b, path, &s, &found);
    assert_string_equal(s.text, "one\ntwo\nthree\n");
    assert_int_equal(found.lines, 3);
    assert_int_equal(found.bad, 0);
    struct err e = {0};
    assert_int_equal(append_log_rewrite(log, "four\n", 5, &e), 0);
    must_add(log, "five\n");
    append_log_close(log);
    append_log_close(must_open(&b, path, &s, &found));
    assert_string_equal(s.text, "four\nfive\n");
    bench_close(&b);
    unlink(path);
}

/* At every byte: the lines before the cut are there, and what is appended after it as well. */
static void a_torn_end_is_repaired(void **state)
{
    (void)state;
    struct bench b;
    struct seen s;
    struct append_log_found found;
    bench_open(&b);
    struct append_log *log = must_open(&b, path, &s, &found);
    must_add(log, "first\n");
    size_t first = append_log_size(log);
    must_add(log, "second\n");
    size_t both = append_log_size(log);
    append_log_close(log);
    for (size_t cut = both; cut-- > first;) {
        unlink(path);
        log = must_open(&b, path, &s, &found);
        must_add(log, "first\nsecond\n");
        append_log_close(log);
        assert_int_equal(truncate(path, (off_t)cut), 0);
        log = must_open(&b, path, &s, &found);
        assert_string_equal(s.text, "first\n");
        assert_int_equal(found.bad, cut > first);
        must_add(log, "third\n");
        append_log_close(log);
        append_log_close(must_open(&b, path, &s, &found));
        assert_string_equal(s.text, "first\nthird\n");
        assert_int_equal(found.bad, 0);
    }
    bench_close(&b);
    unlink(path);
}

static void a_changed_line_is_left_out(void **state)
{
    (void)state;
    struct bench b;
    struct seen s;
    struct append_log_found found;
    bench_open(&b);
    struct append_log *log = must_open(&b, path, &s, &found);
    must_add(log, "first\nsecond\nthird\n");
    append_log_close(log);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    assert_int_equal(pwrite(fd, "F", 1, 17), 1);
    close(fd);
    append_log_close(must_open(&b, path, &s, &found));
    assert_string_equal(s.text, "second\nthird\n");
    assert_int_equal(found.bad, 1);
    bench_close(&b);
    unlink(path);
}

static void what_is_no_file_is_refused(void **state)
{
    (void)state;
    struct bench b;
    struct seen s;
    struct append_log_found found;
    struct err e = {0};
    bench_open(&b);
    assert_null(append_log_open(b.loop, "/dev/null/log", on_line, on_lost, &s, &found, &e));
    assert_non_null(strstr(e.msg, "/dev/null/log"));
    assert_null(append_log_open(b.loop, "/dev/full", on_line, on_lost, &s, &found, &e));
    bench_close(&b);
}

int main(void)
{
    snprintf(path, sizeof path, "/tmp/append-log-%d", (int)getpid());
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_come_back),
        cmocka_unit_test(a_torn_end_is_repaired),
        cmocka_unit_test(a_changed_line_is_left_out),
        cmocka_unit_test(what_is_no_file_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
