/*
 * daemon/sweep/sweeper when one of its commands gets another answer than it hoped for: each error
 * at each command, garbage, silence, the end of the connection. Whatever comes, the pass ends with
 * words that name it, nothing that lives is lost, and the next pass does what is left.
 */
#include "sweep_silence.h"

#include "core/sweep/sweep_policy.h"
#include "redis_between.h"

/* Enough of others that a walk takes several steps. */
enum { STUCK = 60, LIVE = 2, FOREIGN = 500, STAY = LIVE + FOREIGN };

struct world {
    struct sweep_rig *rig;
    struct between between;
};

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    w->rig = sweep_rig_new();
    rig_redis_start(&w->rig->redis, NULL);
    w->rig->c = rig_redis_connect(&w->rig->redis);
    between_start(&w->between, &w->rig->redis);
    sweep_rig_connect(w->rig, w->between.url, NULL, NULL);
    sweep_silence_init(w->rig);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    between_stop(&w->between);
    sweep_rig_free(w->rig);
    free(w);
    return 0;
}

static void plant(struct sweep_rig *r)
{
    rig_redis_run(r->c, "FLUSHALL");
    rig_redis_run(r->c, "DEBUG POPULATE %d foreign", FOREIGN);
    for (int i = 0; i < STUCK; i++)
        rig_redis_run(r->c, "SET cursor_task:%d {\"pending\":true,\"createdAt\":1700000000}", i);
    sweep_rig_session(r, "lives", 0, 3600);
    sweep_rig_task(r, "young", true, USEC_PER_MIN, 0);
}

static bool is_idle(void *arg)
{
    struct sweep_rig *r = arg;
    return sweep_rig_is_up(r) && !sweeper_busy(r->sweeper);
}

static bool is_met(void *arg)
{
    return between_met(&((struct world *)arg)->between) > 0;
}

/* A pass with the rule, which is met, and one without. */
static void sweep_with(struct world *w, struct between_rule rule)
{
    struct sweep_rig *r = w->rig;
    plant(r);
    rig_wait(r->loop, is_idle, r);
    between_rule(&w->between, rule);
    sweep_rig_begin(r, (struct sweep_request){0});
    if (rule.deed == BETWEEN_SILENT) {
        rig_wait(r->loop, is_met, w);
        sweep_silence_lasts(r);
    }
    sweep_rig_finish(r);
    if (between_met(&w->between) == 0)
        fail_msg("no %s was asked", rule.command);
    between_rule(&w->between, (struct between_rule){.command = ""});
    /* What was answered in its place may have been removed, and nothing else. */
    long long left = rig_redis_int(r->c, "DBSIZE");
    assert_in_range(left, STAY, STUCK + STAY);
    assert_true(left <= STUCK + STAY - (long long)r->summary.removed);
    struct sweep_summary first = r->summary;
    rig_wait(r->loop, is_idle, r);
    sweep_rig_run(r, (struct sweep_request){0});
    sweep_rig_went_well(r);
    assert_int_equal(r->summary.removed, left - STAY);
    assert_int_equal(rig_redis_int(r->c, "EXISTS elevenlabs:session:lives cursor_task:young"), 2);
    assert_int_equal(rig_redis_int(r->c, "DBSIZE"), STAY);
    r->summary = first;
}

/* ---- error replies ---- */

static const struct {
    const char *text;
    enum redis_error error;
} errors[] = {
    {"ERR something odd", REDIS_E_OTHER},
    {"LOADING Redis is loading the dataset in memory", REDIS_E_LOADING},
    {"BUSY Redis is busy running a script.", REDIS_E_BUSY},
    {"OOM command not allowed when used memory > 'maxmemory'.", REDIS_E_OOM},
    {"READONLY You can't write against a read only replica.", REDIS_E_READONLY},
    {"NOAUTH Authentication required.", REDIS_E_NOAUTH},
    {"NOPERM this user has no permissions to run the 'it' command", REDIS_E_NOPERM},
    {"NOPERM this user has no permissions to access one of the keys used as arguments",
        REDIS_E_NOPERM},
    {"MOVED 3999 127.0.0.1:6381", REDIS_E_MOVED},
    {"ASK 3999 127.0.0.1:6381", REDIS_E_MOVED},
    {"TRYAGAIN Multiple keys request during rehashing of slot", REDIS_E_MOVED},
    {"CLUSTERDOWN The cluster is down", REDIS_E_CLUSTERDOWN},
    {"MISCONF Redis is configured to save RDB snapshots, but it is unable to", REDIS_E_MISCONF},
    {"NOREPLICAS Not enough good replicas to write.", REDIS_E_MISCONF},
    {"WRONGTYPE Operation against a key holding the wrong kind of value", REDIS_E_WRONGTYPE},
    {"ERR max number of clients reached", REDIS_E_CLIENTS},
};

static void ends_as(const struct world *w, const char *command, const char *text,
    enum redis_error error, enum sweep_reaction reaction)
{
    const struct sweep_summary *s = &w->rig->summary;
    bool goes_on = reaction != SWEEP_REACT_END;
    bool tells = reaction != SWEEP_REACT_RECONNECT;
    if (s->complete != goes_on || s->error != (tells ? error : REDIS_E_NONE))
        fail_msg("%s answered with %s: complete %d, %s: %s", command, text, s->complete,
            redis_error_name(s->error), s->error_text);
    if (tells && strncmp(s->error_text, text, strlen(text)) != 0)
        fail_msg("%s answered with %s: told is %s", command, text, s->error_text);
    if (!tells)
        assert_true(s->reconnects > 0);
}

/* How often an answer is given that makes the pass wait: not so often that it gives up. */
static int times_of(enum sweep_reaction reaction)
{
    return reaction == SWEEP_REACT_WAIT || reaction == SWEEP_REACT_RECONNECT ? 1 : 0;
}

static void at_each(struct world *w, const char *command, int after, bool of_a_key)
{
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        enum sweep_reaction reaction = of_a_key ? sweep_react_key(errors[i].error, errors[i].text)
                                                : sweep_react_scan(errors[i].error);
        struct between_rule rule = {.after = after, .times = times_of(reaction)};
        snprintf(rule.command, sizeof rule.command, "%s", command);
        snprintf(rule.answer, sizeof rule.answer, "-%s\r\n", errors[i].text);
        sweep_with(w, rule);
        ends_as(w, command, errors[i].text, errors[i].error, reaction);
    }
}

static void errors_to_scan(void **state)
{
    at_each(*state, "SCAN", 1, false);
}

static void errors_to_time(void **state)
{
    at_each(*state, "TIME", 0, false);
}

static void errors_to_pttl(void **state)
{
    at_each(*state, "PTTL", 5, true);
}

static void errors_to_the_expiry(void **state)
{
    at_each(*state, "PEXPIRETIME", 5, true);
}

static void errors_to_dump(void **state)
{
    at_each(*state, "DUMP", 5, true);
}

static void errors_to_memory_usage(void **state)
{
    at_each(*state, "MEMORY USAGE", 5, true);
}

/* What is asked for the progress and for a better judgement only is no reason to end. */
static void errors_to_what_can_be_done_without(void **state)
{
    struct world *w = *state;
    static const char *const commands[] = {"ROLE", "DBSIZE", "INFO server", "OBJECT IDLETIME"};
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        struct between_rule rule = {.answer = "-NOPERM this user has no permissions to run it\r\n"};
        snprintf(rule.command, sizeof rule.command, "%s", commands[i]);
        sweep_with(w, rule);
        sweep_rig_went_well(w->rig);
        assert_int_equal(w->rig->summary.removed, STUCK);
    }
}

/* Removing: what was not removed is told, and left. */
static void errors_to_the_script(void **state)
{
    struct world *w = *state;
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        struct between_rule rule = {.command = "EVALSHA"};
        if (errors[i].error == REDIS_E_NOPERM)
            continue; /* then it watches: loop/sweep.c */
        enum sweep_reaction reaction = sweep_react_key(errors[i].error, errors[i].text);
        rule.times = times_of(reaction);
        snprintf(rule.answer, sizeof rule.answer, "-%s\r\n", errors[i].text);
        sweep_with(w, rule);
        ends_as(w, "EVALSHA", errors[i].text, errors[i].error, reaction);
        if (rule.times > 0)
            continue;
        assert_int_equal(w->rig->summary.removed, 0);
        assert_true(w->rig->summary.not_tried > 0);
    }
}

/* ---- what is no answer ---- */

#define TEN(x) x x x x x x x x x x

struct garbage {
    const char *command;
    const char *answer;
};

static void ends_with_garbage(
    struct world *w, enum between_deed deed, const struct garbage *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct between_rule rule = {.deed = deed};
        snprintf(rule.command, sizeof rule.command, "%s", rows[i].command);
        snprintf(rule.answer, sizeof rule.answer, "%s", rows[i].answer);
        sweep_with(w, rule);
        if (w->rig->summary.error != REDIS_E_PROTOCOL ||
            !strstr(w->rig->summary.error_text, rows[i].command))
            fail_msg("%s answered with %s: %s: %s", rows[i].command, rows[i].answer,
                redis_error_name(w->rig->summary.error), w->rig->summary.error_text);
        assert_false(w->rig->summary.complete);
    }
}

static void garbage_ends_it(void **state)
{
    static const struct garbage rows[] = {
        {"SCAN", "*2\r\n$1\r\n7\r\n:4\r\n"},
        {"SCAN", ":1\r\n"},
        {"SCAN", "*2\r\n$3\r\nx y\r\n*0\r\n"},
        {"TIME", "+noon\r\n"},
        {"PTTL", "$2\r\n10\r\n"},
        {"PEXPIRETIME", "*0\r\n"},
        {"DUMP", ":12\r\n"},
        {"EVALSHA", "+OK\r\n"},
        {"EVALSHA", "*0\r\n"},
        {"EVALSHA", "*10\r\n" TEN("+x\r\n")},
        {"EVALSHA", "*10\r\n" TEN(":9\r\n")},
        {"SCRIPT LOAD", ":1\r\n"},
    };
    ends_with_garbage(*state, BETWEEN_SAY, rows, sizeof rows / sizeof *rows);
}

/* It has been done all the same: what is gone is gone. */
static void garbage_to_a_transaction_ends_it(void **state)
{
    struct world *w = *state;
    static const struct garbage rows[] = {
        {"EXEC", "+OK\r\n"},
        {"EXEC", ":1\r\n"},
        {"EXEC", "*10\r\n" TEN("+x\r\n")},
        {"EXEC", "*0\r\n"},
    };
    rig_redis_run(w->rig->c, "ACL SETUSER default -evalsha");
    ends_with_garbage(w, BETWEEN_LIE, rows, sizeof rows / sizeof *rows);
}

/* Bytes that are no protocol, a connection that ends or falls silent: another one goes on. */
static void a_broken_connection_is_replaced(void **state)
{
    struct world *w = *state;
    static const char *const commands[] = {
        "ROLE", "SCAN", "TIME", "PTTL", "PEXPIRETIME", "DUMP", "SCRIPT LOAD", "EVALSHA"};
    static const struct between_rule rules[] = {
        {.deed = BETWEEN_SAY, .times = 1, .answer = "HTTP/1.1 400 Bad Request\r\n\r\n"},
        {.deed = BETWEEN_CLOSE, .times = 1},
        {.deed = BETWEEN_SILENT, .times = 1},
    };
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        for (size_t k = 0; k < sizeof rules / sizeof *rules; k++) {
            struct between_rule rule = rules[k];
            snprintf(rule.command, sizeof rule.command, "%s", commands[i]);
            sweep_with(w, rule);
            sweep_rig_went_well(w->rig);
            assert_int_equal(w->rig->summary.reconnects, 1);
        }
    }
}

/* Every connection ends at the same place: not for ever. */
static void one_that_breaks_each_time_ends_it(void **state)
{
    struct world *w = *state;
    sweep_with(w, (struct between_rule){.command = "DUMP", .deed = BETWEEN_CLOSE});
    assert_false(w->rig->summary.complete);
    assert_int_equal(w->rig->summary.error, REDIS_E_LOST);
    assert_true(w->rig->summary.error_text[0]);
    assert_int_equal(w->rig->summary.reconnects, 10);
}

/* ---- slowness ---- */

static bool shows_it(void *arg)
{
    struct sweep_progress progress;
    struct sweep_rig *r = arg;
    return sweeper_progress(r->sweeper, &progress) && progress.latency >= 40 * USEC_PER_MSEC &&
           progress.latency != redis_link_ping_latency(r->link);
}

/* Not that of the link's own PING, which waits behind what the pass has asked. */
static void the_latency_shown_is_what_the_pass_measures(void **state)
{
    struct world *w = *state;
    struct sweep_rig *r = w->rig;
    plant(r);
    between_rule(
        &w->between, (struct between_rule){
                         .command = "PING", .deed = BETWEEN_DELAY, .delay_ms = 40, .first = 2});
    between_rule_too(&w->between,
        (struct between_rule){.command = "SCAN", .deed = BETWEEN_DELAY, .delay_ms = 200});
    sweep_rig_begin(r, (struct sweep_request){0});
    rig_wait(r->loop, shows_it, r);
    between_rule_too(&w->between, (struct between_rule){.command = ""});
    sweep_rig_finish(r);
    sweep_rig_went_well(r);
    assert_true(r->summary.spent.ping_p50 >= 40 * USEC_PER_MSEC);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(errors_to_scan),
        TEST(errors_to_time),
        TEST(errors_to_pttl),
        TEST(errors_to_the_expiry),
        TEST(errors_to_dump),
        TEST(errors_to_memory_usage),
        TEST(errors_to_what_can_be_done_without),
        TEST(errors_to_the_script),
        TEST(garbage_ends_it),
        TEST(garbage_to_a_transaction_ends_it),
        TEST(a_broken_connection_is_replaced),
        TEST(one_that_breaks_each_time_ends_it),
        TEST(the_latency_shown_is_what_the_pass_measures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
