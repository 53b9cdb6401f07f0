/* core/drain: every (state, event) cell, and what counts as nobody. */
#include "core/drain.h"

#include "base/strbuf.h"
#include "cmocka_all.h"

#include <string.h>

enum { NOW = 1000 };

static const struct drain_conf conf = {.linger = 20,
    .timeout = 100,
    .count_interval = 10,
    .stale_after = 30,
    .first_count = 5,
    .wait_connections = true,
    .wait_tasks = true,
    .wait_sessions = false};

static const struct callers nobody = {{true, 0}, {true, 0}, {true, 0}};
static const struct callers somebody = {{true, 2}, {true, 1}, {true, 5}};

static struct strbuf actions = STRBUF_INIT;

/* Steps and returns the actions as text. */
static const char *step(struct drain *d, struct drain_event ev)
{
    struct drain_update u = drain_step(&conf, *d, ev);
    strbuf_reset(&actions);
    for (unsigned i = 0; i < u.n_actions; i++)
        strbuf_addf(&actions, "%s%s", i ? " " : "", drain_action_name(u.actions[i]));
    *d = u.next;
    return strbuf_text(&actions);
}

static const char *at(struct drain *d, usec_t now, enum drain_event_type type)
{
    return step(d, (struct drain_event){.type = type, .now = now});
}

static const char *counted(struct drain *d, usec_t now, struct callers callers)
{
    return step(d, (struct drain_event){.type = DRAIN_EV_COUNTED, .now = now, .callers = callers});
}

/* A drain that came to this state by the shortest way; it began at NOW - 50. */
static struct drain in_state(enum drain_state state, struct callers callers, bool stop_daemon)
{
    struct drain d = drain_initial();
    if (state == DRAIN_OPEN)
        return d;
    step(&d,
        (struct drain_event){.type = DRAIN_EV_BEGIN, .now = NOW - 50, .stop_daemon = stop_daemon});
    counted(&d, NOW - 49, callers);
    if (state == DRAIN_LINGERING)
        return d;
    at(&d, NOW - 30, DRAIN_EV_TICK);
    if (state == DRAIN_WAITING) {
        d.counting = false; /* the count is answered in the row, or is due later */
        d.next_count_at = NOW + 10;
        return d;
    }
    at(&d, NOW - 20, DRAIN_EV_HURRY);
    if (state == DRAIN_DRAINED)
        at(&d, NOW - 10, DRAIN_EV_ALL_GONE);
    return d;
}

static void every_cell_is_decided(void **state)
{
    (void)state;
    static const struct {
        enum drain_state state;
        enum drain_event_type event;
        bool exits; /* began with stop_daemon */
        enum drain_state next;
        const char *actions;
    } rows[] = {
        {DRAIN_OPEN, DRAIN_EV_BEGIN, false, DRAIN_LINGERING, "BEGAN COUNT"},
        {DRAIN_OPEN, DRAIN_EV_HURRY, false, DRAIN_OPEN, ""},
        {DRAIN_OPEN, DRAIN_EV_RESUME, false, DRAIN_OPEN, ""},
        {DRAIN_OPEN, DRAIN_EV_COUNTED, false, DRAIN_OPEN, ""},
        {DRAIN_OPEN, DRAIN_EV_ALL_GONE, false, DRAIN_OPEN, ""},
        {DRAIN_OPEN, DRAIN_EV_TAKEN_OVER, false, DRAIN_OPEN, "START"},
        {DRAIN_OPEN, DRAIN_EV_TICK, false, DRAIN_OPEN, ""},
        {DRAIN_LINGERING, DRAIN_EV_BEGIN, false, DRAIN_LINGERING, "COUNT"},
        {DRAIN_LINGERING, DRAIN_EV_HURRY, false, DRAIN_STOPPING, "CUT STOP"},
        {DRAIN_LINGERING, DRAIN_EV_RESUME, false, DRAIN_OPEN, "CANCELLED"},
        {DRAIN_LINGERING, DRAIN_EV_RESUME, true, DRAIN_LINGERING, "COUNT"},
        {DRAIN_LINGERING, DRAIN_EV_COUNTED, false, DRAIN_LINGERING, "COUNT"},
        {DRAIN_LINGERING, DRAIN_EV_ALL_GONE, false, DRAIN_LINGERING, "COUNT"},
        {DRAIN_LINGERING, DRAIN_EV_TAKEN_OVER, false, DRAIN_LINGERING, "START COUNT"},
        {DRAIN_LINGERING, DRAIN_EV_TICK, false, DRAIN_LINGERING, "COUNT"},
        {DRAIN_WAITING, DRAIN_EV_BEGIN, false, DRAIN_WAITING, ""},
        {DRAIN_WAITING, DRAIN_EV_HURRY, false, DRAIN_STOPPING, "CUT STOP"},
        {DRAIN_WAITING, DRAIN_EV_RESUME, false, DRAIN_OPEN, "CANCELLED"},
        {DRAIN_WAITING, DRAIN_EV_RESUME, true, DRAIN_WAITING, ""},
        {DRAIN_WAITING, DRAIN_EV_COUNTED, false, DRAIN_WAITING, ""},
        {DRAIN_WAITING, DRAIN_EV_ALL_GONE, false, DRAIN_WAITING, ""},
        {DRAIN_WAITING, DRAIN_EV_TAKEN_OVER, false, DRAIN_WAITING, "START COUNT"},
        {DRAIN_WAITING, DRAIN_EV_TICK, false, DRAIN_WAITING, ""},
        {DRAIN_STOPPING, DRAIN_EV_BEGIN, false, DRAIN_STOPPING, ""},
        {DRAIN_STOPPING, DRAIN_EV_HURRY, false, DRAIN_STOPPING, ""},
        {DRAIN_STOPPING, DRAIN_EV_RESUME, false, DRAIN_OPEN, "CANCELLED START"},
        {DRAIN_STOPPING, DRAIN_EV_RESUME, true, DRAIN_STOPPING, ""},
        {DRAIN_STOPPING, DRAIN_EV_COUNTED, false, DRAIN_STOPPING, ""},
        {DRAIN_STOPPING, DRAIN_EV_ALL_GONE, false, DRAIN_DRAINED, "DONE"},
        {DRAIN_STOPPING, DRAIN_EV_ALL_GONE, true, DRAIN_DRAINED, "DONE EXIT"},
        {DRAIN_STOPPING, DRAIN_EV_TAKEN_OVER, false, DRAIN_STOPPING, "STOP"},
        {DRAIN_STOPPING, DRAIN_EV_TICK, false, DRAIN_STOPPING, ""},
        {DRAIN_DRAINED, DRAIN_EV_BEGIN, false, DRAIN_DRAINED, ""},
        {DRAIN_DRAINED, DRAIN_EV_HURRY, false, DRAIN_DRAINED, ""},
        {DRAIN_DRAINED, DRAIN_EV_RESUME, false, DRAIN_OPEN, "CANCELLED START"},
        {DRAIN_DRAINED, DRAIN_EV_RESUME, true, DRAIN_DRAINED, ""},
        {DRAIN_DRAINED, DRAIN_EV_COUNTED, false, DRAIN_DRAINED, ""},
        {DRAIN_DRAINED, DRAIN_EV_ALL_GONE, false, DRAIN_DRAINED, ""},
        {DRAIN_DRAINED, DRAIN_EV_TAKEN_OVER, false, DRAIN_DRAINED, ""},
        {DRAIN_DRAINED, DRAIN_EV_TAKEN_OVER, true, DRAIN_DRAINED, "EXIT"},
        {DRAIN_DRAINED, DRAIN_EV_TICK, false, DRAIN_DRAINED, ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct drain d = in_state(rows[i].state, somebody, rows[i].exits);
        assert_int_equal(d.state, rows[i].state);
        /* In linger the next count is due by now, and nothing else. */
        usec_t now = rows[i].state == DRAIN_LINGERING ? NOW - 40 : NOW;
        at(&d, now, rows[i].event);
        if (strcmp(strbuf_text(&actions), rows[i].actions) != 0 || d.state != rows[i].next)
            fail_msg("%s, event %d: [%s], %s", drain_state_name(rows[i].state), rows[i].event,
                strbuf_text(&actions), drain_state_name(d.state));
    }
}

static void linger_then_one_look_then_stop(void **state)
{
    (void)state;
    struct drain d = drain_initial();
    assert_int_equal(drain_deadline(d), USEC_INFINITY);
    assert_string_equal(at(&d, NOW, DRAIN_EV_BEGIN), "BEGAN COUNT");
    assert_int_equal(drain_deadline(d), NOW + 20); /* one count at a time */
    assert_string_equal(counted(&d, NOW + 1, nobody), "PROGRESS");
    assert_int_equal(drain_deadline(d), NOW + 10);
    assert_string_equal(at(&d, NOW + 10, DRAIN_EV_TICK), "COUNT");
    assert_string_equal(at(&d, NOW + 20, DRAIN_EV_TICK), "");
    assert_int_equal(d.state, DRAIN_WAITING);
    /* The count that began in linger tells the numbers, but does not end the wait. */
    assert_string_equal(counted(&d, NOW + 21, nobody), "PROGRESS COUNT");
    assert_string_equal(counted(&d, NOW + 22, nobody), "PROGRESS STOP");
    assert_int_equal(d.state, DRAIN_STOPPING);
    assert_int_equal(d.cut, 0);
}

static void only_what_is_waited_for_counts(void **state)
{
    (void)state;
    struct drain d = in_state(DRAIN_WAITING, somebody, false);
    assert_int_equal(d.waiting_for, 3); /* connections and tasks, not sessions */
    at(&d, NOW + 10, DRAIN_EV_TICK);
    assert_string_equal(
        counted(&d, NOW + 11, (struct callers){{true, 0}, {true, 0}, {true, 7}}), "PROGRESS STOP");
    assert_int_equal(d.callers.sessions.n, 7);
}

static void the_deadline_cuts(void **state)
{
    (void)state;
    struct drain d = in_state(DRAIN_WAITING, somebody, true);
    assert_int_equal(d.deadline, NOW + 50);
    at(&d, NOW + 49, DRAIN_EV_TICK);
    assert_int_equal(d.state, DRAIN_WAITING);
    assert_string_equal(at(&d, NOW + 50, DRAIN_EV_TICK), "CUT STOP");
    assert_int_equal(d.cut, 3);
    assert_string_equal(at(&d, NOW + 51, DRAIN_EV_ALL_GONE), "DONE EXIT");
}

static void a_timeout_shorter_than_linger_wins(void **state)
{
    (void)state;
    struct drain_conf quick = conf;
    quick.timeout = 5;
    struct drain_update u = drain_step(
        &quick, drain_initial(), (struct drain_event){.type = DRAIN_EV_BEGIN, .now = NOW});
    assert_int_equal(drain_deadline(u.next), NOW + 5);
    u = drain_step(&quick, u.next, (struct drain_event){.type = DRAIN_EV_TICK, .now = NOW + 5});
    assert_int_equal(u.next.state, DRAIN_STOPPING);
}

/* Begun, and hurried at once. */
static struct drain in_a_hurry(void)
{
    struct drain d = drain_initial();
    at(&d, NOW, DRAIN_EV_BEGIN);
    assert_string_equal(at(&d, NOW + 1, DRAIN_EV_HURRY), "");
    assert_int_equal(d.state, DRAIN_LINGERING);
    assert_int_equal(drain_deadline(d), NOW + 6);
    return d;
}

static void who_is_cut_is_counted_before(void **state)
{
    (void)state;
    struct drain d = in_a_hurry();
    assert_string_equal(counted(&d, NOW + 2, somebody), "PROGRESS CUT STOP");
    assert_int_equal(d.cut, 3);
}

static void a_count_that_does_not_come_is_not_waited_for_long(void **state)
{
    (void)state;
    struct drain d = in_a_hurry();
    assert_string_equal(at(&d, NOW + 6, DRAIN_EV_TICK), "STOP");
    d = in_a_hurry();
    assert_string_equal(at(&d, NOW + 2, DRAIN_EV_HURRY), "STOP");
}

static void without_a_timeout_we_wait_for_ever(void **state)
{
    (void)state;
    struct drain_conf patient = conf;
    patient.timeout = USEC_INFINITY;
    struct drain_update u = drain_step(
        &patient, drain_initial(), (struct drain_event){.type = DRAIN_EV_BEGIN, .now = NOW});
    u = drain_step(&patient, u.next,
        (struct drain_event){.type = DRAIN_EV_COUNTED, .now = NOW, .callers = somebody});
    u = drain_step(
        &patient, u.next, (struct drain_event){.type = DRAIN_EV_TICK, .now = USEC_PER_DAY});
    assert_int_equal(u.next.state, DRAIN_WAITING);
}

static void an_unknown_number_stands_until_it_is_stale(void **state)
{
    (void)state;
    static const struct callers no_redis = {{true, 0}, {false, 0}, {false, 0}};
    struct drain d = in_state(DRAIN_WAITING, somebody, false); /* known at NOW - 49 */
    d.known_at.tasks = NOW - 10;
    at(&d, NOW + 10, DRAIN_EV_TICK);
    assert_string_equal(counted(&d, NOW + 15, no_redis), "PROGRESS");
    assert_int_equal(d.waiting_for, 1); /* the task of before */
    assert_true(d.callers.tasks.known);
    at(&d, NOW + 20, DRAIN_EV_TICK);
    assert_string_equal(counted(&d, NOW + 20, no_redis), "PROGRESS STOP");
    assert_int_equal(d.waiting_for, 0);
    assert_false(d.callers.tasks.known); /* and is said to be unknown */
}

static void never_counted_is_not_nobody(void **state)
{
    (void)state;
    static const struct callers no_redis = {{true, 0}, {false, 0}, {false, 0}};
    struct drain d = in_state(DRAIN_WAITING, no_redis, false);
    d.known_at.tasks = NOW;
    at(&d, NOW + 10, DRAIN_EV_TICK);
    assert_string_equal(counted(&d, NOW + 11, no_redis), "PROGRESS");
    at(&d, NOW + 30, DRAIN_EV_TICK);
    assert_string_equal(counted(&d, NOW + 31, no_redis), "PROGRESS STOP");
}

static void a_slow_count_leaves_time_for_others(void **state)
{
    (void)state;
    struct drain d = in_state(DRAIN_WAITING, somebody, false);
    assert_string_equal(at(&d, NOW + 10, DRAIN_EV_TICK), "COUNT");
    assert_string_equal(counted(&d, NOW + 13, somebody), "PROGRESS"); /* quick: in its turn */
    assert_int_equal(drain_deadline(d), NOW + 20);
    assert_string_equal(at(&d, NOW + 20, DRAIN_EV_TICK), "COUNT");
    assert_string_equal(counted(&d, NOW + 40, somebody), "PROGRESS"); /* not another at once */
    assert_int_equal(drain_deadline(d), NOW + 45);
}

static void a_count_of_the_drain_before_counts_nothing(void **state)
{
    (void)state;
    struct drain d = drain_initial();
    at(&d, NOW, DRAIN_EV_BEGIN);
    at(&d, NOW + 1, DRAIN_EV_RESUME);
    assert_string_equal(at(&d, NOW + 2, DRAIN_EV_BEGIN), "BEGAN"); /* one is still under way */
    assert_string_equal(counted(&d, NOW + 3, somebody), "COUNT");
    assert_int_equal(d.waiting_for, 0);
    assert_string_equal(counted(&d, NOW + 4, somebody), "PROGRESS");
    assert_int_equal(d.waiting_for, 3);
}

static void a_second_begin_only_shortens(void **state)
{
    (void)state;
    struct drain d = in_state(DRAIN_WAITING, somebody, false);
    usec_t deadline = d.deadline;
    step(&d, (struct drain_event){.type = DRAIN_EV_BEGIN, .now = NOW, .stop_daemon = true});
    assert_int_equal(d.deadline, deadline);
    assert_true(d.stop_daemon);
    struct drain_conf hasty = conf;
    hasty.timeout = 7;
    struct drain_update u =
        drain_step(&hasty, d, (struct drain_event){.type = DRAIN_EV_BEGIN, .now = NOW});
    assert_int_equal(u.next.deadline, NOW + 7);
    assert_true(u.next.stop_daemon);
}

static void a_drained_daemon_can_still_be_told_to_end(void **state)
{
    (void)state;
    struct drain d = in_state(DRAIN_DRAINED, nobody, false);
    struct drain_event sigterm = {.type = DRAIN_EV_BEGIN, .now = NOW, .stop_daemon = true};
    assert_string_equal(step(&d, sigterm), "EXIT");
    assert_string_equal(step(&d, sigterm), "");
    d = in_state(DRAIN_STOPPING, nobody, false);
    assert_string_equal(step(&d, sigterm), "");
    assert_string_equal(at(&d, NOW, DRAIN_EV_ALL_GONE), "DONE EXIT");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cell_is_decided),
        cmocka_unit_test(linger_then_one_look_then_stop),
        cmocka_unit_test(only_what_is_waited_for_counts),
        cmocka_unit_test(the_deadline_cuts),
        cmocka_unit_test(a_timeout_shorter_than_linger_wins),
        cmocka_unit_test(who_is_cut_is_counted_before),
        cmocka_unit_test(a_count_that_does_not_come_is_not_waited_for_long),
        cmocka_unit_test(without_a_timeout_we_wait_for_ever),
        cmocka_unit_test(an_unknown_number_stands_until_it_is_stale),
        cmocka_unit_test(never_counted_is_not_nobody),
        cmocka_unit_test(a_slow_count_leaves_time_for_others),
        cmocka_unit_test(a_count_of_the_drain_before_counts_nothing),
        cmocka_unit_test(a_second_begin_only_shortens),
        cmocka_unit_test(a_drained_daemon_can_still_be_told_to_end),
    };
    int r = cmocka_run_group_tests(tests, NULL, NULL);
    strbuf_fini(&actions);
    return r;
}
