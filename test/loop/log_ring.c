/* The ring of log lines: what it takes, what it gives to which question, how it forgets. */
#include "daemon/logs/log_ring.h"

#include "core/limits.h"

#include "loop/fixture.h"

static int open_ring(void **state)
{
    *state = log_ring_new();
    return 0;
}

static int close_ring(void **state)
{
    log_ring_free(*state);
    return 0;
}

static void say(enum log_level level, const char *text, const char *name, const char *value)
{
    const struct log_field field = {.name = name, .value = value, .len = strlen(value)};
    log_emit(&(struct log_record){.level = level,
        .message = text,
        .message_len = strlen(text),
        .fields = &field,
        .n_fields = 1});
}

/* How many lines match; the newest number in *out_newest. */
static unsigned count(
    const struct log_ring *r, struct log_ring_query query, uint64_t *out_newest, const char *has)
{
    struct strbuf out = STRBUF_INIT;
    unsigned n = 0;
    *out_newest = log_ring_write(r, &query, &out);
    for (const char *at = strbuf_text(&out); (at = strstr(at, "{\"ts\"")) != NULL; at++)
        n++;
    if (has)
        assert_non_null(strstr(strbuf_text(&out), has));
    strbuf_fini(&out);
    return n;
}

static void test_questions(void **state)
{
    const struct log_ring_query all = {.limit = 100};
    uint64_t newest;
    assert_int_equal(count(*state, all, &newest, NULL), 0);
    assert_int_equal(newest, 0);
    log_set_max_level(LOG_LEVEL_INFO);
    say(LOG_LEVEL_INFO, "one", "VOXKEEPER_WORKER", "1");
    say(LOG_LEVEL_INFO, "two", "VOXKEEPER_WORKER", "2");
    say(LOG_LEVEL_DEBUG, "not shown", "VOXKEEPER_WORKER", "2");
    say(LOG_LEVEL_DEBUG, "a worker's", "VOXKEEPER_STREAM", "stdout");
    say(LOG_LEVEL_ERR, "event", "VOXKEEPER_EVENT", "worker-crashed");
    say(LOG_LEVEL_ERR, "no worker", "VOXKEEPER_WORKER", "two");
    assert_int_equal(count(*state, all, &newest, "\"one\""), 5);
    assert_int_equal(newest, 5);
    struct log_ring_query worker = {.limit = 100, .worker = 2};
    assert_int_equal(count(*state, worker, &newest, "\"two\""), 1);
    struct log_ring_query event = {.limit = 9, .of_event = true, .event = EVENT_WORKER_CRASHED};
    assert_int_equal(count(*state, event, &newest, "\"event\""), 1);
    struct log_ring_query future = {.limit = 9, .since = USEC_INFINITY};
    assert_int_equal(count(*state, future, &newest, NULL), 0);
    struct log_ring_query last = {.limit = 1};
    assert_int_equal(count(*state, last, &newest, "\"no worker\""), 1);
    assert_int_equal(newest, 5);
    struct log_ring_query follow = {.follows = true, .after = 1, .limit = 2};
    assert_int_equal(count(*state, follow, &newest, "\"two\""), 2);
    assert_int_equal(newest, 3);
    follow.after = newest;
    assert_int_equal(count(*state, follow, &newest, "\"event\""), 2);
    assert_int_equal(newest, 5);
    follow.after = newest;
    assert_int_equal(count(*state, follow, &newest, NULL), 0);
    assert_int_equal(newest, 5);
}

static void test_lines_are_bounded(void **state)
{
    const struct log_ring_query all = {.limit = UINT64_MAX};
    uint64_t newest;
    for (unsigned i = 0; i < LIMIT_LOG_LINES + 10; i++)
        say(LOG_LEVEL_ERR, "x", "A", "b");
    assert_int_equal(count(*state, all, &newest, NULL), LIMIT_LOG_LINES);
    assert_int_equal(newest, LIMIT_LOG_LINES + 10);
    assert_int_equal(log_ring_oldest(*state), 11);
}

static void test_bytes_are_bounded(void **state)
{
    const struct log_ring_query all = {.limit = UINT64_MAX};
    enum { LONG = 64 * 1024 };
    uint64_t newest;
    char *text = calloc(1, LONG + 1);
    memset(text, 'x', LONG);
    for (unsigned i = 0; i < 100; i++)
        say(LOG_LEVEL_ERR, text, "A", "b");
    assert_int_equal(count(*state, all, &newest, NULL), LIMIT_LOG_BYTES / LONG - 1);
    assert_int_equal(newest, 100);
    free(text);
    text = calloc(1, 2 * LIMIT_LOG_BYTES);
    memset(text, 'x', 2 * LIMIT_LOG_BYTES - 1);
    say(LOG_LEVEL_ERR, text, "A", "b");
    assert_int_equal(count(*state, all, &newest, NULL), LIMIT_LOG_BYTES / LONG - 1);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_questions, open_ring, close_ring),
        cmocka_unit_test_setup_teardown(test_lines_are_bounded, open_ring, close_ring),
        cmocka_unit_test_setup_teardown(test_bytes_are_bounded, open_ring, close_ring),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
