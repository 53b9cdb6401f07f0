/* daemon/workers/drain_words: a drain in words. */
#include "daemon/workers/drain_words.h"

#include "cmocka_all.h"

static void says(struct strbuf *b, const char *expected)
{
    assert_string_equal(strbuf_text(b), expected);
    strbuf_fini(b);
}

static void counts(void **state)
{
    (void)state;
    static const struct {
        uint64_t n;
        const char *words;
    } rows[] = {
        {0, "0 callers"},
        {1, "1 caller"},
        {2, "2 callers"},
        {UINT64_MAX, "18446744073709551615 callers"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct strbuf b = STRBUF_INIT;
        drain_words_count(rows[i].n, &b);
        says(&b, rows[i].words);
    }
}

static void the_time_left(void **state)
{
    (void)state;
    const usec_t now = 1000 * USEC_PER_SEC;
    static const struct {
        usec_t left;
        const char *words;
    } rows[] = {
        {12 * USEC_PER_SEC, "1 caller, 12s left"},
        {12 * USEC_PER_SEC + 999999, "1 caller, 12s left"},
        {999999, "1 caller, no time left"},
        {90 * USEC_PER_SEC, "1 caller, 1min 30s left"},
    };
    struct drain drain = {.waiting_for = 1};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct strbuf b = STRBUF_INIT;
        drain.deadline = now + rows[i].left;
        drain_words_waiting(&drain, now, &b);
        says(&b, rows[i].words);
    }
    struct strbuf b = STRBUF_INIT;
    drain.deadline = now - 1; /* past, not negative */
    drain_words_waiting(&drain, now, &b);
    says(&b, "1 caller, no time left");
    drain.deadline = USEC_INFINITY;
    drain_words_waiting(&drain, now, &b);
    says(&b, "1 caller, no time limit");
}

static void kinds(void **state)
{
    (void)state;
    static const struct {
        struct drain_conf conf;
        struct callers callers;
        const char *words;
    } rows[] = {
        {{.wait_connections = true, .wait_tasks = true, .wait_sessions = true},
            {{true, 2}, {true, 1}, {false, 9}}, "2 connections, 1 pending task, sessions unknown"},
        {{.wait_connections = true, .wait_tasks = true, .wait_sessions = true},
            {{true, 1}, {true, 0}, {true, 1}}, "1 connection, 0 pending tasks, 1 session"},
        {{.wait_tasks = true}, {{true, 2}, {false, 0}, {true, 3}}, "pending tasks unknown"},
        {{.wait_sessions = true}, {{true, 2}, {true, 1}, {true, 3}}, "3 sessions"},
        {{0}, {{true, 2}, {true, 1}, {true, 3}}, ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct strbuf b = STRBUF_INIT;
        drain_words_kinds(&rows[i].conf, &rows[i].callers, &b);
        says(&b, rows[i].words);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts),
        cmocka_unit_test(the_time_left),
        cmocka_unit_test(kinds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
