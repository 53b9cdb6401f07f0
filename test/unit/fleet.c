/* core/fleet: what traces and exploration do not say as plainly: stale events, limits, queries. */
#include "core/fleet/fleet.h"

#include "cmocka_all.h"
#include "unit/fleet_rig.h"

#include <string.h>

static const struct fleet_conf conf = {
    .worker = {.start_timeout = 500,
        .drain_timeout = 400,
        .stop_timeout = 300,
        .abort_timeout = 200,
        .kill_timeout = 100},
    .restart = {.delay = 50,
        .multiplier = 2,
        .max_delay = 1000,
        .jitter = 10,
        .stable_after = 1000,
        .loop_after = 3},
    .prober = {.interval = 100, .start_interval = 10, .fast_interval = 20, .rise = 1, .fall = 1},
};

static const char *step(struct fleet_event ev)
{
    return fleet_rig_step(&conf, ev);
}

static struct fleet_event probed(unsigned slot, usec_t now, enum probe_outcome outcome)
{
    struct fleet_event ev = about(slot, now, FLEET_EV_PROBED);
    ev.outcome = outcome;
    return ev;
}

static const char *resize(usec_t now, unsigned n)
{
    return step((struct fleet_event){.type = FLEET_EV_RESIZE, .now = now, .n_workers = n});
}

/* A fleet of n workers that serve, at time 100. */
static void serve(unsigned n)
{
    fleet_init(&fleet);
    resize(100, n);
    for (unsigned i = 0; i < n; i++) {
        step(about(i, 100, FLEET_EV_SPAWNED));
        step(probed(i, 100, PROBE_PASS));
    }
    assert_int_equal(fleet_serving(&fleet), n);
}

static void events_of_another_life_are_ignored(void **state)
{
    (void)state;
    static struct fleet before;
    serve(2);
    for (int type = FLEET_EV_SPAWNED; type <= FLEET_EV_PROBED; type++) {
        struct fleet_event ev = probed(0, 101, PROBE_HUNG);
        ev.type = (enum fleet_event_type)type;
        before = fleet;
        ev.life++; /* one to come */
        assert_string_equal(step(ev), "");
        assert_memory_equal(&fleet, &before, sizeof fleet);
        ev.life = 0; /* none */
        assert_string_equal(step(ev), "");
        ev.life = 3; /* slots that are none */
        ev.slot = 2;
        assert_string_equal(step(ev), "");
        ev.slot = LIMIT_WORKERS;
        assert_string_equal(step(ev), "");
        ev.slot = UINT32_MAX;
        assert_string_equal(step(ev), "");
        assert_memory_equal(&fleet, &before, sizeof fleet);
    }
    struct fleet_event ev = probed(0, 101, PROBE_HUNG);
    ev.seq--;
    step(ev);
    assert_memory_equal(&fleet, &before, sizeof fleet);
}

static void lives_are_numbered_over_the_fleet(void **state)
{
    (void)state;
    serve(3);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(fleet.slots[i].life, i + 1);
    step(about(1, 101, FLEET_EV_EXITED));
    assert_string_equal(step(about(1, 101, FLEET_EV_TREE_GONE)), "1 TELL_ENDED, 1 EXEC");
    assert_int_equal(fleet.slots[1].life, 4);
    assert_int_equal(update.actions[0].life, 2); /* what ended is the old one */
    assert_int_equal(update.actions[1].life, 4);
}

static void the_largest_fleet_fits(void **state)
{
    (void)state;
    serve(LIMIT_WORKERS);
    resize(101, LIMIT_WORKERS + 1);
    assert_int_equal(fleet_wanted(&fleet), LIMIT_WORKERS);
    step((struct fleet_event){.type = FLEET_EV_KILL, .now = 102});
    assert_int_equal(update.n_actions, 3 * LIMIT_WORKERS); /* PAUSE, PROBE_STOP, KILL_TREE */
    for (unsigned i = 0; i < LIMIT_WORKERS; i++) {
        step(about(i, 103, FLEET_EV_EXITED));
        step(about(i, 103, FLEET_EV_TREE_GONE));
    }
    assert_string_equal(strbuf_text(&actions), "63 TELL_ENDED, 0 TELL_ALL_GONE");
    assert_int_equal(fleet.n_slots, 0);
}

static void the_first_deadline_counts(void **state)
{
    (void)state;
    fleet_init(&fleet);
    assert_int_equal(fleet_deadline(&fleet), USEC_INFINITY);
    resize(100, 2);
    assert_int_equal(fleet_deadline(&fleet), 600); /* exec */
    step(about(1, 110, FLEET_EV_SPAWNED));
    step(probed(1, 110, PROBE_FAIL));
    assert_int_equal(fleet_deadline(&fleet), 120); /* the next probe */
    serve(1);
    step((struct fleet_event){.type = FLEET_EV_RESTART, .now = 101, .operation = 7});
    step(about(0, 101, FLEET_EV_EXITED));
    step(about(0, 101, FLEET_EV_TREE_GONE));
    assert_int_equal(fleet.restart.deadline, 101 + 300 + 200 + 100 + 2 * 500);
    /* After our own stall the verb's slot and the start both have their whole time. */
    step(about(0, 102, FLEET_EV_SPAWNED));
    step((struct fleet_event){.type = FLEET_EV_STALLED, .now = 550});
    assert_int_equal(fleet.restart.deadline, 550 + 300 + 200 + 100 + 2 * 500);
    assert_int_equal(worker_deadline(fleet.slots[0].worker), 550 + 500);
}

static void a_stop_is_answered_once(void **state)
{
    (void)state;
    fleet_init(&fleet);
    struct fleet_event stop = {.type = FLEET_EV_STOP, .now = 100};
    assert_string_equal(step(stop), "0 TELL_ALL_GONE"); /* nothing was there */
    assert_string_equal(step((struct fleet_event){.type = FLEET_EV_TICK, .now = 101}), "");
    assert_string_equal(step(stop), "0 TELL_ALL_GONE");
    serve(1);
    assert_string_equal(step(stop), "0 PAUSE, 0 SIGNAL_STOP");
    assert_string_equal(step(stop), "");
    step(about(0, 101, FLEET_EV_EXITED));
    assert_string_equal(step(about(0, 101, FLEET_EV_TREE_GONE)), "0 TELL_ENDED, 0 TELL_ALL_GONE");
    assert_int_equal(fleet_wanted(&fleet), 0);
}

static void a_resize_takes_a_stop_back(void **state)
{
    (void)state;
    serve(2);
    step((struct fleet_event){.type = FLEET_EV_STOP, .now = 100});
    assert_string_equal(resize(101, 2), "");
    assert_int_equal(fleet_wanted(&fleet), 2);
    step(about(0, 102, FLEET_EV_EXITED));
    assert_string_equal(step(about(0, 102, FLEET_EV_TREE_GONE)), "0 TELL_ENDED, 0 EXEC");
    step(about(1, 102, FLEET_EV_EXITED));
    assert_string_equal(step(about(1, 102, FLEET_EV_TREE_GONE)), "1 TELL_ENDED, 1 EXEC");
    /* The same size once more does not hasten a slot that waits for its retry. */
    step(about(0, 103, FLEET_EV_SPAWN_FAILED));
    step(about(0, 103, FLEET_EV_SPAWN_FAILED));
    assert_int_equal(fleet.slots[0].worker.state, WORKER_GONE);
    assert_string_equal(resize(104, 2), "");
}

static void restarts_of_nothing_and_restarts_refused(void **state)
{
    (void)state;
    struct fleet_event restart = {.type = FLEET_EV_RESTART, .now = 100, .operation = 9};
    fleet_init(&fleet);
    assert_string_equal(step(restart), "0 TELL_RESTARTED");
    assert_int_equal(update.actions[0].operation, 9);
    step((struct fleet_event){.type = FLEET_EV_STOP, .now = 100});
    assert_string_equal(step(restart), "0 TELL_RESTART_REFUSED");
    assert_int_equal(update.actions[0].operation, 9);
}

static void a_restart_skips_a_slot_that_is_scaled_away(void **state)
{
    (void)state;
    serve(2);
    step((struct fleet_event){.type = FLEET_EV_RESTART, .now = 100, .operation = 9});
    step(about(0, 100, FLEET_EV_EXITED));
    step(about(0, 100, FLEET_EV_TREE_GONE));
    step(about(0, 101, FLEET_EV_SPAWNED));
    assert_string_equal(step(probed(0, 101, PROBE_PASS)),
        "0 TELL_VERIFIED, 0 ACTIVATE, 1 TELL_RESTART_STEP, 1 PAUSE, 1 SIGNAL_STOP");
    assert_string_equal(resize(102, 1), "1 TELL_RESTARTED");
    assert_int_equal(fleet.restart.state, FLEET_RESTART_IDLE);
}

static void a_restart_that_lasts_too_long_fails(void **state)
{
    (void)state;
    serve(1);
    step((struct fleet_event){
        .type = FLEET_EV_DEPENDENCY, .now = 100, .dependency = DEPENDENCY_DOWN});
    step((struct fleet_event){.type = FLEET_EV_RESTART, .now = 100, .operation = 9});
    usec_t deadline = fleet.restart.deadline;
    step(about(0, 100, FLEET_EV_EXITED));
    step(about(0, 100, FLEET_EV_TREE_GONE));
    step(about(0, 100, FLEET_EV_SPAWNED));
    while (fleet.restart.state != FLEET_RESTART_IDLE && fleet_deadline(&fleet) <= deadline) {
        step((struct fleet_event){.type = FLEET_EV_TICK, .now = fleet_deadline(&fleet)});
        if (fleet.slots[0].prober.in_flight)
            fleet.slots[0].prober.in_flight = false; /* no answer ever comes */
    }
    assert_string_equal(strbuf_text(&actions), "0 TELL_RESTART_FAILED");
    assert_int_equal(fleet.slots[0].worker.state, WORKER_STARTING); /* goes on as it may */
}

/* One worker is asked each time, in the order of the times; who is not asked stays as it was. */
static void a_provider_is_down_when_nobody_has_it(void **state)
{
    (void)state;
    static const struct {
        const char *answers; /* slot and P pass, V provider, F fail, .. */
        bool down;
    } rows[] = {
        {"", false},
        {"0V", false}, /* the other one has it */
        {"0V1V", true},
        {"0V1V0P", false},
        {"0V1V0P0V", true},
        {"0V0V0V0V", false},
        {"0V1P0V1P", false},
        {"0V1D", true}, /* that one does not have all that it needs, so it is no witness */
        {"0D1D", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        usec_t now = 100;
        serve(2);
        for (const char *a = rows[i].answers; *a; a += 2) {
            unsigned slot = (unsigned)(a[0] - '0');
            now += 200;
            fleet.slots[slot].prober.next_at = now;
            step((struct fleet_event){.type = FLEET_EV_TICK, .now = now});
            step(probed(slot, now,
                a[1] == 'P'   ? PROBE_PASS
                : a[1] == 'V' ? PROBE_PROVIDER
                              : PROBE_DEPENDENCY));
            assert_null(strstr(strbuf_text(&actions), "SIGNAL"));
        }
        if (fleet.provider_down != rows[i].down || fleet.rollout.outage != rows[i].down)
            fail_msg("%s: %d", rows[i].answers, (int)fleet.provider_down);
        assert_int_equal(fleet_serving(&fleet), 2);
    }
}

/* Slot 1 has ended and is being proven again. */
static void who_is_proven_is_judged_by_who_serves(void **state)
{
    (void)state;
    for (unsigned others_have_it = 0; others_have_it < 2; others_have_it++) {
        serve(2);
        usec_t now = 150;
        step(about(1, now, FLEET_EV_EXITED));
        step(about(1, now, FLEET_EV_TREE_GONE));
        step(about(1, now, FLEET_EV_SPAWNED));
        step(probed(1, now, PROBE_PROVIDER));
        assert_int_equal(fleet.slots[1].prober.doubt, PROBER_DOUBT_SUSPECTED);
        assert_false(fleet.provider_down);
        assert_true(fleet.slots[0].prober.in_flight); /* sooner than it would have been asked */
        step(probed(0, now, others_have_it ? PROBE_PASS : PROBE_PROVIDER));
        step((struct fleet_event){.type = FLEET_EV_TICK, .now = 170});
        step(probed(1, 170, PROBE_PROVIDER));
        if (!others_have_it) {
            assert_int_equal(fleet.slots[1].worker.state, WORKER_SERVING);
            assert_true(fleet.provider_down);
            continue;
        }
        /* It is not ended before it has said so once more. */
        assert_int_equal(fleet.slots[1].prober.doubt, PROBER_DOUBT_WITNESSED);
        usec_t deadline = fleet.slots[1].worker.deadline;
        fleet.slots[1].prober.next_at = USEC_INFINITY;
        step((struct fleet_event){.type = FLEET_EV_TICK, .now = deadline});
        assert_int_equal(fleet.slots[1].worker.state, WORKER_STARTING);
        fleet.slots[1].prober.next_at = deadline;
        step((struct fleet_event){.type = FLEET_EV_TICK, .now = deadline});
        step(probed(1, deadline, PROBE_PROVIDER));
        assert_int_equal(fleet.slots[1].prober.doubt, PROBER_DOUBT_OWN_FAULT);
        deadline = fleet.slots[1].worker.deadline;
        assert_string_equal(step((struct fleet_event){.type = FLEET_EV_TICK, .now = deadline}),
            "1 TELL_NOT_VERIFIED, 1 SIGNAL_STOP");
    }
}

static void what_waits_for_its_turn_can_be_asked(void **state)
{
    (void)state;
    serve(3);
    step(
        (struct fleet_event){.type = FLEET_EV_DEPENDENCY, .now = 100, .dependency = DEPENDENCY_UP});
    step((struct fleet_event){.type = FLEET_EV_TICK, .now = 200}); /* probes */
    step(probed(0, 201, PROBE_FAIL));
    step(probed(1, 201, PROBE_DEPENDENCY));
    assert_int_equal(fleet.slots[0].worker.state, WORKER_STOPPING);
    assert_int_equal(fleet_pending(&fleet, 0), WORKER_CAUSE_NONE);
    assert_int_equal(fleet_pending(&fleet, 1), WORKER_CAUSE_ZOMBIE);
    assert_int_equal(fleet_pending(&fleet, 2), WORKER_CAUSE_NONE);
    step(probed(2, 201, PROBE_FAIL));
    assert_int_equal(fleet_pending(&fleet, 2), WORKER_CAUSE_UNHEALTHY);
    assert_int_equal(fleet_serving(&fleet), 2); /* they answer, so they serve */
}

static void who_is_kept_is_told_of_and_left_alone(void **state)
{
    (void)state;
    struct fleet_event keep = {
        .type = FLEET_EV_KEEP, .now = 110, .keeps_hung = true, .keeps_zombies = true};
    serve(2);
    step(
        (struct fleet_event){.type = FLEET_EV_DEPENDENCY, .now = 100, .dependency = DEPENDENCY_UP});
    step(keep);
    step((struct fleet_event){.type = FLEET_EV_TICK, .now = 200}); /* probes */
    assert_string_equal(step(probed(0, 201, PROBE_HUNG)), "0 EVIDENCE, 0 TELL_VERDICT");
    assert_true(update.actions[update.n_actions - 1].kept);
    assert_string_equal(step(probed(1, 201, PROBE_DEPENDENCY)), "1 TELL_VERDICT");
    assert_int_equal(fleet_serving(&fleet), 2);
    assert_int_equal(fleet_kept(&fleet, WORKER_CAUSE_HANG), 1);
    assert_int_equal(fleet_kept(&fleet, WORKER_CAUSE_ZOMBIE), 1);
    keep.now = 202;
    keep.keeps_zombies = false;
    step(keep);
    assert_int_equal(fleet.slots[0].worker.state, WORKER_SERVING);
    assert_int_equal(fleet.slots[1].worker.state, WORKER_STOPPING);
    keep.keeps_hung = false;
    step(keep);
    assert_int_equal(fleet.slots[0].worker.cause, WORKER_CAUSE_HANG);
    assert_int_equal(fleet.slots[0].worker.state, WORKER_STOPPING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_of_another_life_are_ignored),
        cmocka_unit_test(a_provider_is_down_when_nobody_has_it),
        cmocka_unit_test(who_is_proven_is_judged_by_who_serves),
        cmocka_unit_test(lives_are_numbered_over_the_fleet),
        cmocka_unit_test(the_largest_fleet_fits),
        cmocka_unit_test(the_first_deadline_counts),
        cmocka_unit_test(a_stop_is_answered_once),
        cmocka_unit_test(a_resize_takes_a_stop_back),
        cmocka_unit_test(restarts_of_nothing_and_restarts_refused),
        cmocka_unit_test(a_restart_skips_a_slot_that_is_scaled_away),
        cmocka_unit_test(a_restart_that_lasts_too_long_fails),
        cmocka_unit_test(what_waits_for_its_turn_can_be_asked),
        cmocka_unit_test(who_is_kept_is_told_of_and_left_alone),
    };
    int r = cmocka_run_group_tests(tests, NULL, NULL);
    strbuf_fini(&actions);
    return r;
}
