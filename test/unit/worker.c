/* core/fleet/worker: every (state, event) cell. What no row names must change nothing. */
#include "core/fleet/worker.h"

#include "base/strbuf.h"
#include "cmocka_all.h"

#include <string.h>

enum { NOW = 1000, DUE = 5000 };

static const struct worker_conf conf = {.start_timeout = 500,
    .drain_timeout = 400,
    .stop_timeout = 300,
    .abort_timeout = 200,
    .kill_timeout = 100};

#define NONE USEC_INFINITY
#define UNTIL(patience) (NOW + (patience))

static const struct row {
    enum worker_state state;
    enum worker_event_type event;
    enum worker_cause cause; /* of the event */
    enum worker_state next;
    const char *actions;
    enum worker_cause next_cause;
    usec_t deadline;
} rows[] = {
    {WORKER_GONE, WORKER_EV_SPAWN, 0, WORKER_SPAWNING, "EXEC", WORKER_CAUSE_NONE, UNTIL(500)},

    {WORKER_SPAWNING, WORKER_EV_SPAWNED, 0, WORKER_STARTING, "PROBE", WORKER_CAUSE_NONE, DUE},
    {WORKER_SPAWNING, WORKER_EV_SPAWN_FAILED, 0, WORKER_GONE, "ENDED", WORKER_CAUSE_SPAWN, NONE},
    {WORKER_SPAWNING, WORKER_EV_STOP, WORKER_CAUSE_RESTART, WORKER_SPAWNING, "",
        WORKER_CAUSE_RESTART, DUE},
    {WORKER_SPAWNING, WORKER_EV_FAILED, WORKER_CAUSE_BOOT, WORKER_SPAWNING, "", WORKER_CAUSE_BOOT,
        DUE},
    {WORKER_SPAWNING, WORKER_EV_KILL, 0, WORKER_KILLED, "KILL_TREE", WORKER_CAUSE_STOP, UNTIL(100)},
    {WORKER_SPAWNING, WORKER_EV_EXITED, 0, WORKER_KILLED, "KILL_TREE", WORKER_CAUSE_BOOT,
        UNTIL(100)},
    {WORKER_SPAWNING, WORKER_EV_RESUMED, 0, WORKER_SPAWNING, "", WORKER_CAUSE_NONE, UNTIL(500)},

    {WORKER_STARTING, WORKER_EV_RESUMED, 0, WORKER_STARTING, "", WORKER_CAUSE_NONE, UNTIL(500)},
    {WORKER_STARTING, WORKER_EV_VERIFIED, 0, WORKER_STANDBY, "", WORKER_CAUSE_NONE, NONE},
    {WORKER_STARTING, WORKER_EV_STOP, WORKER_CAUSE_STOP, WORKER_STOPPING, "PROBE_STOP SIGNAL_STOP",
        WORKER_CAUSE_STOP, UNTIL(300)},
    {WORKER_STARTING, WORKER_EV_FAILED, WORKER_CAUSE_BOOT, WORKER_STOPPING,
        "PROBE_STOP SIGNAL_STOP", WORKER_CAUSE_BOOT, UNTIL(300)},
    {WORKER_STARTING, WORKER_EV_KILL, 0, WORKER_KILLED, "PROBE_STOP KILL_TREE", WORKER_CAUSE_STOP,
        UNTIL(100)},
    {WORKER_STARTING, WORKER_EV_EXITED, 0, WORKER_KILLED, "PROBE_STOP KILL_TREE", WORKER_CAUSE_BOOT,
        UNTIL(100)},
    {WORKER_STARTING, WORKER_EV_POSTPONE, 0, WORKER_STARTING, "", WORKER_CAUSE_NONE, UNTIL(500)},

    {WORKER_STARTING, WORKER_EV_EXTEND, 0, WORKER_STARTING, "", WORKER_CAUSE_NONE, NOW + 9000},
    {WORKER_STARTING, WORKER_EV_LEAVING, 0, WORKER_STOPPING, "PROBE_STOP", WORKER_CAUSE_BOOT,
        UNTIL(400)},

    {WORKER_STANDBY, WORKER_EV_LEAVING, 0, WORKER_STOPPING, "PROBE_STOP", WORKER_CAUSE_LEFT,
        UNTIL(400)},
    {WORKER_STANDBY, WORKER_EV_ACTIVATE, 0, WORKER_SERVING, "ACTIVATED", WORKER_CAUSE_NONE, NONE},
    {WORKER_STANDBY, WORKER_EV_STOP, WORKER_CAUSE_STOP, WORKER_STOPPING, "PROBE_STOP SIGNAL_STOP",
        WORKER_CAUSE_STOP, UNTIL(300)},
    {WORKER_STANDBY, WORKER_EV_FAILED, WORKER_CAUSE_HANG, WORKER_STOPPING,
        "PROBE_STOP EVIDENCE SIGNAL_ABRT", WORKER_CAUSE_HANG, UNTIL(200)},
    {WORKER_STANDBY, WORKER_EV_KILL, 0, WORKER_KILLED, "PROBE_STOP KILL_TREE", WORKER_CAUSE_STOP,
        UNTIL(100)},
    {WORKER_STANDBY, WORKER_EV_EXITED, 0, WORKER_KILLED, "PROBE_STOP KILL_TREE", WORKER_CAUSE_CRASH,
        UNTIL(100)},

    {WORKER_SERVING, WORKER_EV_LEAVING, 0, WORKER_STOPPING, "PAUSED PROBE_STOP", WORKER_CAUSE_LEFT,
        UNTIL(400)},
    {WORKER_SERVING, WORKER_EV_RESUMED, 0, WORKER_SERVING, "ACTIVATED", WORKER_CAUSE_NONE, NONE},
    {WORKER_SERVING, WORKER_EV_DRAIN, 0, WORKER_DRAINING, "PAUSED", WORKER_CAUSE_NONE, UNTIL(400)},
    {WORKER_SERVING, WORKER_EV_STOP, WORKER_CAUSE_RESTART, WORKER_STOPPING,
        "PAUSED PROBE_STOP SIGNAL_STOP", WORKER_CAUSE_RESTART, UNTIL(300)},
    {WORKER_SERVING, WORKER_EV_FAILED, WORKER_CAUSE_HANG, WORKER_STOPPING,
        "PAUSED PROBE_STOP EVIDENCE SIGNAL_ABRT", WORKER_CAUSE_HANG, UNTIL(200)},
    {WORKER_SERVING, WORKER_EV_KILL, 0, WORKER_KILLED, "PAUSED PROBE_STOP KILL_TREE",
        WORKER_CAUSE_STOP, UNTIL(100)},
    {WORKER_SERVING, WORKER_EV_EXITED, 0, WORKER_KILLED, "PROBE_STOP KILL_TREE", WORKER_CAUSE_CRASH,
        UNTIL(100)},

    {WORKER_DRAINING, WORKER_EV_LEAVING, 0, WORKER_STOPPING, "PROBE_STOP", WORKER_CAUSE_LEFT,
        UNTIL(400)},
    {WORKER_DRAINING, WORKER_EV_ACTIVATE, 0, WORKER_SERVING, "ACTIVATED", WORKER_CAUSE_NONE, NONE},
    {WORKER_DRAINING, WORKER_EV_DRAINED, 0, WORKER_STOPPING, "PROBE_STOP SIGNAL_STOP",
        WORKER_CAUSE_STOP, UNTIL(300)},
    {WORKER_DRAINING, WORKER_EV_STOP, WORKER_CAUSE_RESTART, WORKER_STOPPING,
        "PROBE_STOP SIGNAL_STOP", WORKER_CAUSE_RESTART, UNTIL(300)},
    {WORKER_DRAINING, WORKER_EV_FAILED, WORKER_CAUSE_ZOMBIE, WORKER_STOPPING,
        "PROBE_STOP SIGNAL_STOP", WORKER_CAUSE_ZOMBIE, UNTIL(300)},
    {WORKER_DRAINING, WORKER_EV_KILL, 0, WORKER_KILLED, "PROBE_STOP KILL_TREE", WORKER_CAUSE_STOP,
        UNTIL(100)},
    {WORKER_DRAINING, WORKER_EV_EXITED, 0, WORKER_KILLED, "PROBE_STOP KILL_TREE",
        WORKER_CAUSE_CRASH, UNTIL(100)},

    {WORKER_STOPPING, WORKER_EV_RESUMED, 0, WORKER_STOPPING, "SIGNAL_STOP", WORKER_CAUSE_RESTART,
        UNTIL(300)},
    {WORKER_STOPPING, WORKER_EV_KILL, 0, WORKER_KILLED, "KILL_TREE", WORKER_CAUSE_RESTART,
        UNTIL(100)},
    {WORKER_STOPPING, WORKER_EV_EXITED, 0, WORKER_KILLED, "KILL_TREE", WORKER_CAUSE_RESTART,
        UNTIL(100)},

    {WORKER_KILLED, WORKER_EV_EXITED, 0, WORKER_KILLED, "KILL_TREE", WORKER_CAUSE_RESTART,
        UNTIL(100)},
    {WORKER_KILLED, WORKER_EV_RESUMED, 0, WORKER_KILLED, "KILL_TREE", WORKER_CAUSE_RESTART,
        UNTIL(100)},
    {WORKER_KILLED, WORKER_EV_SPAWNED, 0, WORKER_KILLED, "KILL_TREE", WORKER_CAUSE_RESTART,
        UNTIL(100)},
    {WORKER_KILLED, WORKER_EV_SPAWN_FAILED, 0, WORKER_GONE, "ENDED", WORKER_CAUSE_RESTART, NONE},
};

/* A worker in this state as it comes to be; its deadline, if it has one, is DUE. */
static struct worker in_state(enum worker_state state)
{
    bool verified = state == WORKER_STANDBY || state == WORKER_SERVING || state == WORKER_DRAINING;
    bool ending = state == WORKER_STOPPING || state == WORKER_KILLED;
    bool waits =
        state == WORKER_GONE || state == WORKER_STANDBY || state == WORKER_SERVING ? false : true;
    return (struct worker){.state = state,
        .cause = ending ? WORKER_CAUSE_RESTART : WORKER_CAUSE_NONE,
        .alive = state != WORKER_GONE && state != WORKER_SPAWNING,
        .started_at = 1,
        .verified_at = verified ? 2 : 0,
        .deadline = waits ? DUE : USEC_INFINITY};
}

static const char *actions_text(const struct worker_update *u, struct strbuf *out)
{
    strbuf_reset(out);
    for (unsigned i = 0; i < u->n_actions; i++)
        strbuf_addf(out, "%s%s", i ? " " : "", worker_action_name(u->actions[i]));
    return strbuf_text(out);
}

static const struct row *find_row(enum worker_state state, enum worker_event_type type)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].state == state && rows[i].event == type)
            return &rows[i];
    }
    return NULL;
}

static void every_cell_is_decided(void **state)
{
    (void)state;
    struct strbuf actions = STRBUF_INIT;
    unsigned decided = 0;
    for (int s = WORKER_GONE; s <= WORKER_KILLED; s++) {
        for (int e = WORKER_EV_SPAWN; e <= WORKER_EV_TICK; e++) {
            const struct row *row = find_row((enum worker_state)s, (enum worker_event_type)e);
            struct worker before = in_state((enum worker_state)s);
            struct worker_update u = worker_step(&conf, before,
                (struct worker_event){.type = (enum worker_event_type)e,
                    .now = NOW,
                    .patience = 9000,
                    .cause = row ? row->cause : WORKER_CAUSE_STOP});
            enum worker_state next = row ? row->next : before.state;
            usec_t deadline = row ? row->deadline : before.deadline;
            enum worker_cause cause = row ? row->next_cause : before.cause;
            if (u.next.state != next || u.next.cause != cause || u.next.deadline != deadline ||
                strcmp(actions_text(&u, &actions), row ? row->actions : "") != 0)
                fail_msg("%s, %s -> %s [%s], %s, until %llu",
                    worker_state_name((enum worker_state)s),
                    worker_event_name((enum worker_event_type)e), worker_state_name(u.next.state),
                    strbuf_text(&actions), worker_cause_name(u.next.cause),
                    (unsigned long long)u.next.deadline);
            if (!row)
                assert_memory_equal(&u.next, &before, sizeof before);
            decided += row != NULL;
        }
    }
    assert_int_equal(decided, sizeof rows / sizeof *rows);
    strbuf_fini(&actions);
}

static void deadlines_end_every_patience(void **state)
{
    (void)state;
    static const struct {
        enum worker_state state, next;
        const char *actions;
        enum worker_cause cause;
    } due[] = {
        {WORKER_SPAWNING, WORKER_KILLED, "KILL_TREE", WORKER_CAUSE_BOOT},
        {WORKER_STARTING, WORKER_STOPPING, "PROBE_STOP SIGNAL_STOP", WORKER_CAUSE_BOOT},
        {WORKER_DRAINING, WORKER_STOPPING, "PROBE_STOP SIGNAL_STOP", WORKER_CAUSE_STOP},
        {WORKER_STOPPING, WORKER_KILLED, "KILL_TREE", WORKER_CAUSE_RESTART},
        {WORKER_KILLED, WORKER_KILLED, "KILL_TREE", WORKER_CAUSE_RESTART},
    };
    struct strbuf actions = STRBUF_INIT;
    for (size_t i = 0; i < sizeof due / sizeof *due; i++) {
        struct worker_update u = worker_step(&conf, in_state(due[i].state),
            (struct worker_event){.type = WORKER_EV_TICK, .now = DUE});
        assert_string_equal(actions_text(&u, &actions), due[i].actions);
        assert_int_equal(u.next.state, due[i].next);
        assert_int_equal(u.next.cause, due[i].cause);
        assert_true(worker_deadline(u.next) > DUE);
    }
    strbuf_fini(&actions);
}

static struct worker after(struct worker w, enum worker_event_type type)
{
    return worker_step(&conf, w, (struct worker_event){.type = type, .now = NOW}).next;
}

static void a_stop_before_spawned_is_remembered(void **state)
{
    (void)state;
    struct strbuf actions = STRBUF_INIT;
    struct worker w = worker_step(&conf, in_state(WORKER_SPAWNING),
        (struct worker_event){.type = WORKER_EV_STOP, .now = NOW, .cause = WORKER_CAUSE_RESTART})
                          .next;
    assert_true(w.stop_wanted);
    struct worker_update u =
        worker_step(&conf, w, (struct worker_event){.type = WORKER_EV_SPAWNED, .now = NOW});
    assert_int_equal(u.next.state, WORKER_STOPPING);
    assert_int_equal(u.next.cause, WORKER_CAUSE_RESTART);
    assert_string_equal(actions_text(&u, &actions), "SIGNAL_STOP");
    /* An exec failure of a life that was not wanted any more is no failure. */
    assert_int_equal(after(w, WORKER_EV_SPAWN_FAILED).cause, WORKER_CAUSE_RESTART);
    strbuf_fini(&actions);
}

static void the_tree_counts_only_after_the_exit(void **state)
{
    (void)state;
    struct worker w = in_state(WORKER_KILLED);
    assert_int_equal(after(w, WORKER_EV_TREE_GONE).state, WORKER_KILLED);
    w = after(w, WORKER_EV_EXITED);
    assert_int_equal(after(w, WORKER_EV_TREE_GONE).state, WORKER_GONE);
    /* The pair of messages about a short life may come the other way round. */
    w = after(after(in_state(WORKER_SPAWNING), WORKER_EV_EXITED), WORKER_EV_SPAWNED);
    assert_false(w.alive);
    assert_int_equal(after(w, WORKER_EV_TREE_GONE).state, WORKER_GONE);
}

static void memory_is_a_cause_of_its_own_but_not_over_a_wish(void **state)
{
    (void)state;
    struct worker_event oom = {
        .type = WORKER_EV_EXITED, .now = NOW, .exit = {.known = true, .oom = true, .code = 9}};
    struct worker w = worker_step(&conf, in_state(WORKER_SERVING), oom).next;
    assert_int_equal(w.cause, WORKER_CAUSE_OOM);
    assert_true(w.exit.oom && w.exit.known);
    assert_int_equal(
        worker_step(&conf, in_state(WORKER_STARTING), oom).next.cause, WORKER_CAUSE_OOM);
    assert_int_equal(
        worker_step(&conf, in_state(WORKER_STOPPING), oom).next.cause, WORKER_CAUSE_RESTART);
}

static void a_new_life_knows_nothing_of_the_last(void **state)
{
    (void)state;
    struct worker w = in_state(WORKER_KILLED);
    w = after(after(w, WORKER_EV_EXITED), WORKER_EV_TREE_GONE);
    assert_int_equal(w.cause, WORKER_CAUSE_RESTART); /* still to be read */
    w = after(w, WORKER_EV_SPAWN);
    assert_int_equal(w.cause, WORKER_CAUSE_NONE);
    assert_int_equal(w.verified_at, 0);
    assert_int_equal(w.started_at, NOW);
    assert_false(w.exited || w.alive || w.stop_wanted);
}

static void writes_how_a_process_ended(void **state)
{
    (void)state;
    char buf[EXIT_STATUS_TEXT_MAX];
    static const struct {
        struct exit_status status;
        const char *text;
    } texts[] = {
        {{.known = true, .code = 7}, "exit code 7"},
        {{.known = true, .signaled = true, .code = 9}, "signal 9 (SIGKILL)"},
        {{.known = true, .signaled = true, .core_dumped = true, .code = 6},
            "signal 6 (SIGABRT), core dumped"},
        {{.known = true, .signaled = true, .oom = true, .code = 9},
            "signal 9 (SIGKILL), out of memory"},
        {{.known = true, .signaled = true, .code = 200}, "signal 200"},
        {{.known = false}, "unknown"},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_string_equal(exit_status_text(texts[i].status, buf), texts[i].text);
}

static void a_paused_worker_that_serves_again_is_not_to_blame(void **state)
{
    (void)state;
    struct worker w = {.state = WORKER_SERVING, .alive = true, .deadline = USEC_INFINITY};
    struct worker_event drain = {.type = WORKER_EV_DRAIN, .cause = WORKER_CAUSE_RESTART};
    w = worker_step(&conf, w, drain).next;
    assert_int_equal(w.cause, WORKER_CAUSE_RESTART);
    w = worker_step(&conf, w, (struct worker_event){.type = WORKER_EV_ACTIVATE}).next;
    assert_int_equal(w.cause, WORKER_CAUSE_NONE);
    struct worker_event hang = {.type = WORKER_EV_FAILED, .cause = WORKER_CAUSE_HANG};
    assert_int_equal(worker_step(&conf, w, hang).next.cause, WORKER_CAUSE_HANG);
}

/* Serving, and it has said that it ends by itself. */
static struct worker leaving(void)
{
    return after(in_state(WORKER_SERVING), WORKER_EV_LEAVING);
}

static void one_that_leaves_gets_a_signal_only_when_it_is_late(void **state)
{
    (void)state;
    struct strbuf actions = STRBUF_INIT;
    struct worker_event tick = {.type = WORKER_EV_TICK, .now = leaving().deadline};
    struct worker_update u = worker_step(&conf, leaving(), tick);
    assert_string_equal(actions_text(&u, &actions), "SIGNAL_STOP");
    assert_int_equal(u.next.state, WORKER_STOPPING);
    assert_int_equal(u.next.deadline, tick.now + conf.stop_timeout);
    tick.now = u.next.deadline;
    u = worker_step(&conf, u.next, tick);
    assert_string_equal(actions_text(&u, &actions), "KILL_TREE");
    u = worker_step(&conf, leaving(), (struct worker_event){.type = WORKER_EV_STOP, .now = NOW});
    assert_string_equal(actions_text(&u, &actions), "SIGNAL_STOP");
    assert_int_equal(u.next.cause, WORKER_CAUSE_LEFT);
    /* It was signalled once: once is enough. */
    u = worker_step(&conf, u.next, (struct worker_event){.type = WORKER_EV_STOP, .now = NOW});
    assert_string_equal(actions_text(&u, &actions), "");
    strbuf_fini(&actions);
}

static void leaving_is_no_crash_if_it_ends_well(void **state)
{
    (void)state;
    static const struct {
        struct exit_status exit;
        enum worker_cause cause;
    } ends[] = {
        {{.known = true}, WORKER_CAUSE_LEFT},
        {{.known = false}, WORKER_CAUSE_LEFT},
        {{.known = true, .code = 1}, WORKER_CAUSE_CRASH},
        {{.known = true, .signaled = true, .code = 11}, WORKER_CAUSE_CRASH},
        {{.known = true, .signaled = true, .oom = true, .code = 9}, WORKER_CAUSE_OOM},
    };
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        struct worker_event ev = {.type = WORKER_EV_EXITED, .now = NOW, .exit = ends[i].exit};
        assert_int_equal(worker_step(&conf, leaving(), ev).next.cause, ends[i].cause);
        /* After our signal it ends as it was told to. */
        struct worker told = after(leaving(), WORKER_EV_STOP);
        assert_int_equal(worker_step(&conf, told, ev).next.cause, WORKER_CAUSE_LEFT);
    }
}

static void an_extension_takes_nothing_away(void **state)
{
    (void)state;
    struct worker w = in_state(WORKER_STARTING);
    struct worker_event ev = {.type = WORKER_EV_EXTEND, .now = NOW, .patience = 1};
    assert_int_equal(worker_step(&conf, w, ev).next.deadline, DUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cell_is_decided),
        cmocka_unit_test(deadlines_end_every_patience),
        cmocka_unit_test(a_stop_before_spawned_is_remembered),
        cmocka_unit_test(the_tree_counts_only_after_the_exit),
        cmocka_unit_test(memory_is_a_cause_of_its_own_but_not_over_a_wish),
        cmocka_unit_test(a_new_life_knows_nothing_of_the_last),
        cmocka_unit_test(writes_how_a_process_ended),
        cmocka_unit_test(a_paused_worker_that_serves_again_is_not_to_blame),
        cmocka_unit_test(one_that_leaves_gets_a_signal_only_when_it_is_late),
        cmocka_unit_test(leaving_is_no_crash_if_it_ends_well),
        cmocka_unit_test(an_extension_takes_nothing_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
