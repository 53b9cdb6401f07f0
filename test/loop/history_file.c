/* The file of events: what the next instance finds, and what a disk that fails costs. */
#include "daemon/history/history.h"

#include "core/limits.h"
#include "io/files/files.h"

#include "lib/scratch.h"
#include "loop/fixture.h"

#include <cjson/cJSON.h>
#include <signal.h>
#include <sys/resource.h>

struct scene {
    struct bench bench;
    struct scratch scratch;
    char *path;
    struct history *history;
    char boot[64];
};

static void begin(struct scene *s)
{
    s->history = history_new(s->bench.loop);
    history_keep(s->history, s->path);
    snprintf(s->boot, sizeof s->boot, "%s", history_boot(s->history));
}

/* As a kill would: nothing is told to anyone. */
static void begin_anew(struct scene *s)
{
    history_free(s->history);
    s->history = history_new(s->bench.loop);
    history_keep(s->history, s->path);
}

static int open_scene(void **state)
{
    struct scene *s = calloc(1, sizeof *s);
    bench_open(&s->bench);
    scratch_init(&s->scratch);
    s->path = strdup(scratch_path(&s->scratch, "events.jsonl"));
    begin(s);
    *state = s;
    return 0;
}

static int close_scene(void **state)
{
    struct scene *s = *state;
    history_free(s->history);
    bench_close(&s->bench);
    scratch_fini(&s->scratch);
    free(s->path);
    free(s);
    return 0;
}

static void tell(enum event_id id, const char *worker)
{
    struct event ev;
    event_init(&ev, id);
    event_message(&ev, "worker %s said \"so\"\n", worker);
    event_field(&ev, "VOXKEEPER_WORKER", "%s", worker);
    event_emit(&ev);
    event_fini(&ev);
}

static const char *worker_of(const struct scene *s, uint64_t seq)
{
    const struct happening *h = history_after(s->history, seq - 1);
    assert_non_null(h);
    assert_int_equal(h->seq, seq);
    return happening_field(h, "VOXKEEPER_WORKER");
}

static void test_events_outlive_their_instance(void **state)
{
    struct scene *s = *state;
    tell(EVENT_WORKER_STARTED, "1");
    tell(EVENT_WORKER_CRASHED, "2");
    usec_t wall = history_after(s->history, 1)->wall;
    begin_anew(s);
    assert_string_equal(history_boot(s->history), s->boot);
    assert_int_equal(history_newest(s->history), 2);
    assert_string_equal(worker_of(s, 1), "1");
    const struct happening *second = history_after(s->history, 1);
    assert_int_equal(second->id, EVENT_WORKER_CRASHED);
    assert_int_equal(second->wall / USEC_PER_MSEC, wall / USEC_PER_MSEC);
    assert_string_equal(second->message, "worker 2 said \"so\"\n");
    tell(EVENT_WORKER_EXITED, "3");
    begin_anew(s);
    assert_string_equal(worker_of(s, 3), "3");
}

static void test_what_was_told_before_the_file_was_read_comes_after(void **state)
{
    struct scene *s = *state;
    tell(EVENT_WORKER_STARTED, "1");
    history_free(s->history);
    s->history = history_new(s->bench.loop);
    tell(EVENT_WORKER_STARTED, "2");
    history_keep(s->history, s->path);
    assert_string_equal(worker_of(s, 1), "1");
    assert_string_equal(worker_of(s, 2), "2");
    begin_anew(s);
    assert_string_equal(worker_of(s, 2), "2");
}

static void test_the_file_stays_bounded(void **state)
{
    struct scene *s = *state;
    char *text = calloc(1, LIMIT_HISTORY_VALUE);
    memset(text, 1, LIMIT_HISTORY_VALUE - 1); /* six bytes each in JSON, in message and field */
    char *content;
    size_t len;
    struct err e = {0};
    for (unsigned i = 0; i < 4 * LIMIT_HISTORY_EVENTS; i++)
        tell(EVENT_WORKER_STARTED, text);
    assert_int_equal(files_read(s->path, 2 * LIMIT_HISTORY_FILE, &content, &len, &e), 0);
    assert_true(len > LIMIT_HISTORY_FILE / 4);
    assert_true(len < LIMIT_HISTORY_FILE + 16 * 1024);
    free(content);
    free(text);
    tell(EVENT_WORKER_STARTED, "last");
    begin_anew(s);
    assert_int_equal(history_newest(s->history), 4 * LIMIT_HISTORY_EVENTS + 1);
    assert_string_equal(worker_of(s, 4 * LIMIT_HISTORY_EVENTS + 1), "last");
    assert_string_equal(history_boot(s->history), s->boot);
}

static void set_file_limit(rlim_t bytes)
{
    struct rlimit limit;
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* Numbers that are not in the file are given again by the next instance, under another count. */
static void test_a_full_disk_begins_another_count(void **state)
{
    struct scene *s = *state;
    tell(EVENT_WORKER_STARTED, "1");
    signal(SIGXFSZ, SIG_IGN);
    set_file_limit(100);
    tell(EVENT_WORKER_STARTED, "2");
    tell(EVENT_WORKER_STARTED, "3");
    assert_string_equal(worker_of(s, 3), "3");
    set_file_limit(RLIM_INFINITY);
    begin_anew(s);
    assert_string_not_equal(history_boot(s->history), s->boot);
    assert_string_equal(worker_of(s, 1), "1");
    assert_int_equal(history_newest(s->history), 1);
}

static void write_file(const struct scene *s, const char *text)
{
    scratch_write(&s->scratch, "events.jsonl", text);
}

static void test_a_bad_file_costs_what_it_held(void **state)
{
    static const char *const bad[] = {"", "\n", "{", "[]\n[]\n", "{\"boot\":7}\n{\"seq\":\"x\"}\n",
        "{\"boot\":\"a\",\"machine\":\"another\"}\n{\"seq\":-1,\"event\":\"worker-started\"}\n",
        "x\n{\"seq\":1e300,\"time\":\"2026-01-02T03:04:05Z\",\"event\":\"worker-started\"}\n",
        "x\n{\"seq\":1,\"time\":\"soon\",\"event\":\"worker-started\"}\n",
        "x\n{\"seq\":1,\"time\":\"2026-01-02T03:04:05Z\",\"event\":\"no-such\"}\n",
        "x\n{\"seq\":1,\"time\":\"2026-01-02T03:04:05Z\",\"event\":\"worker-started\"}"};
    struct scene *s = *state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        write_file(s, bad[i]);
        begin_anew(s);
        assert_int_equal(history_newest(s->history), 0);
        tell(EVENT_WORKER_STARTED, "1");
        assert_string_equal(worker_of(s, 1), "1");
        begin_anew(s);
        assert_string_equal(worker_of(s, 1), "1");
    }
}

static void test_events_of_another_version_leave_gaps(void **state)
{
    struct scene *s = *state;
    write_file(s, "x\n"
                  "{\"seq\":7,\"time\":\"2026-01-02T03:04:05Z\",\"event\":\"worker-started\"}\n"
                  "{\"seq\":8,\"time\":\"2026-01-02T03:04:05Z\",\"event\":\"of-tomorrow\"}\n"
                  "{\"seq\":9,\"time\":\"2026-01-02T03:04:05Z\",\"event\":\"worker-crashed\"}\n"
                  "{\"seq\":9,\"time\":\"2026-01-02T03:04:05Z\",\"event\":\"worker-exited\"}\n");
    begin_anew(s);
    assert_int_equal(history_after(s->history, 0)->seq, 7);
    assert_int_equal(history_after(s->history, 7)->seq, 9);
    assert_int_equal(history_after(s->history, 7)->id, EVENT_WORKER_CRASHED);
    assert_null(history_after(s->history, 9));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_scene, close_scene)
    const struct CMUnitTest tests[] = {
        TEST(test_events_outlive_their_instance),
        TEST(test_what_was_told_before_the_file_was_read_comes_after),
        TEST(test_the_file_stays_bounded),
        TEST(test_a_full_disk_begins_another_count),
        TEST(test_a_bad_file_costs_what_it_held),
        TEST(test_events_of_another_version_leave_gaps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
