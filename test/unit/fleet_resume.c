/* core/fleet: another instance goes on, whatever of the last step was not done. */
#include "core/fleet/fleet.h"

#include "cmocka_all.h"
#include "unit/fleet_rig.h"

#include <string.h>

static struct fleet_conf conf;
static const char *step(struct fleet_event ev)
{
    return fleet_rig_step(&conf, ev);
}

static const char *plain(usec_t now, enum fleet_event_type type)
{
    return step((struct fleet_event){.type = type, .now = now, .operation = 9});
}

static const char *starts(unsigned slot, usec_t now)
{
    step(about(slot, now, FLEET_EV_SPAWNED));
    return step(about(slot, now, FLEET_EV_PROBED));
}

/* A fleet of n workers that serve and their spares, at time 100. */
static void serve(unsigned n, unsigned standby)
{
    conf = (struct fleet_conf){.worker = {.start_timeout = 500,
                                   .drain_timeout = 400,
                                   .stop_timeout = 300,
                                   .abort_timeout = 200,
                                   .kill_timeout = 100},
        .restart = {.delay = 50,
            .multiplier = 2,
            .max_delay = 1000,
            .stable_after = 100000,
            .loop_after = 2},
        .prober =
            {.interval = 100, .start_interval = 10, .fast_interval = 20, .rise = 1, .fall = 2},
        .rollout = {.bake = 70,
            .keep_warm = 700,
            .canary = 1,
            .max_surge = {.n = 1, .percent = false}},
        .overlap = true,
        .standby = standby};
    fleet_init(&fleet);
    step((struct fleet_event){.type = FLEET_EV_RESIZE, .now = 100, .n_workers = n});
    for (unsigned i = 0; i < fleet.n_slots; i++)
        starts(i, 100);
    assert_int_equal(fleet_serving(&fleet), fleet.n_workers);
}

/* One serves for another that is paused: the rollout bakes. */
static void bake(void)
{
    serve(1, 0);
    plain(110, FLEET_EV_RESTART);
    assert_string_equal(starts(1, 120), "1 TELL_VERIFIED, 1 ACTIVATE, 0 PAUSE, 0 TELL_ROLLOUT");
    assert_int_equal(fleet.rollout.state, ROLLOUT_BAKING);
}

static void who_serves_is_told_first_and_who_is_paused_last(void **state)
{
    (void)state;
    bake();
    assert_string_equal(plain(130, FLEET_EV_RESUMED), "1 ACTIVATE");
    assert_string_equal(step(about(0, 131, FLEET_EV_PROBED)), "");
    assert_string_equal(step(about(1, 132, FLEET_EV_PROBED)), "0 PAUSE");
    assert_string_equal(step(about(1, 133, FLEET_EV_PROBED)), "");
}

static void who_is_paused_stands_in_for_who_is_gone(void **state)
{
    (void)state;
    bake();
    plain(130, FLEET_EV_RESUMED);
    assert_string_equal(
        step(about(1, 130, FLEET_EV_EXITED)), "0 ACTIVATE, 0 TELL_ROLLOUT, 1 KILL_TREE");
    assert_string_equal(step(about(0, 131, FLEET_EV_PROBED)), "");
    assert_string_equal(step(about(1, 132, FLEET_EV_TREE_GONE)),
        "1 TELL_ENDED, 1 TELL_RESTART_STEP, 1 EXEC"); /* once more */
}

/* Also at the end of KeepWarm, which came while nobody looked. */
static void nobody_is_sent_away_before_all_were_heard_of(void **state)
{
    (void)state;
    bake();
    plain(190, FLEET_EV_TICK);
    assert_int_equal(fleet.rollout.state, ROLLOUT_WARM);
    step(about(0, 195, FLEET_EV_DRAINED));
    assert_string_equal(plain(5000, FLEET_EV_RESUMED), "1 ACTIVATE");
    assert_true(fleet_deadline(&fleet) > 5000);
    assert_string_equal(step(about(0, 5001, FLEET_EV_DRAINED)), "");
    assert_string_equal(
        step(about(1, 5002, FLEET_EV_PROBED)), "0 PAUSE, 0 TELL_ROLLOUT, 0 SIGNAL_STOP");
}

/* It may take callers still: who serves was not heard of, so that it was not told again yet. */
static void who_goes_is_paused_before(void **state)
{
    (void)state;
    bake();
    plain(130, FLEET_EV_RESUMED);
    assert_non_null(strstr(plain(131, FLEET_EV_STOP), "0 PAUSE, 0 SIGNAL_STOP"));
}

static void signals_are_told_again_with_their_whole_time(void **state)
{
    (void)state;
    serve(3, 0);
    plain(200, FLEET_EV_STOP);
    step(about(1, 201, FLEET_EV_EXITED));
    step((struct fleet_event){.type = FLEET_EV_KILL, .now = 202});
    fleet.slots[0].worker.state = WORKER_STOPPING;
    assert_string_equal(
        plain(9000, FLEET_EV_RESUMED), "0 PAUSE, 0 SIGNAL_STOP, 1 KILL_TREE, 2 KILL_TREE");
    assert_int_equal(fleet.slots[0].worker.deadline, 9300);
    assert_int_equal(fleet.slots[2].worker.deadline, 9100);
    fleet.slots[0].worker.cause = WORKER_CAUSE_HANG;
    assert_string_equal(plain(9001, FLEET_EV_RESUMED),
        "0 PAUSE, 0 EVIDENCE, 0 SIGNAL_ABRT, 1 KILL_TREE, 2 KILL_TREE");
}

static void starting_and_baking_begin_anew(void **state)
{
    (void)state;
    bake();
    plain(1130, FLEET_EV_RESUMED);
    assert_int_equal(fleet.rollout.until, 1200);
    serve(1, 0);
    plain(110, FLEET_EV_RESTART);
    assert_string_equal(plain(7000, FLEET_EV_RESUMED), "0 ACTIVATE");
    assert_int_equal(fleet.slots[1].worker.state, WORKER_SPAWNING);
    assert_int_equal(fleet.slots[1].worker.deadline, 7500);
    step(about(1, 7001, FLEET_EV_SPAWNED));
    assert_string_equal(plain(8000, FLEET_EV_RESUMED), "0 ACTIVATE");
    assert_int_equal(fleet.slots[1].worker.deadline, 8500);
}

/* The build may not have been at fault: it is tried once more, and only then gone back. */
static void an_end_that_nobody_watched_is_excused(void **state)
{
    (void)state;
    serve(1, 0);
    plain(110, FLEET_EV_RESTART);
    plain(120, FLEET_EV_RESUMED);
    assert_string_equal(step(about(1, 120, FLEET_EV_SPAWN_FAILED)), "1 TELL_ENDED");
    assert_string_equal(step(about(0, 121, FLEET_EV_PROBED)), "1 TELL_RESTART_STEP, 1 EXEC");
    assert_int_equal(fleet.rollout.state, ROLLOUT_CANARY);
    step(about(1, 122, FLEET_EV_SPAWN_FAILED));
    assert_int_equal(fleet.rollout.state, ROLLOUT_IDLE);
}

static void no_crash_loop_begins_unwatched(void **state)
{
    (void)state;
    serve(1, 0);
    for (unsigned i = 0; i < 3; i++) {
        usec_t now = 1000 * (i + 1);
        plain(now, FLEET_EV_RESUMED);
        step(about(0, now, FLEET_EV_EXITED));
        step(about(0, now, FLEET_EV_TREE_GONE));
        plain(now + 200, FLEET_EV_TICK);
        assert_string_equal(starts(0, now + 200), "0 TELL_VERIFIED, 0 ACTIVATE");
        assert_int_equal(fleet.slots[0].restart.failures_in_row, i + 1);
        assert_false(fleet.slots[0].restart.looping);
    }
}

static void what_was_up_is_unknown_until_somebody_looks(void **state)
{
    (void)state;
    serve(1, 0);
    struct fleet_event up = {.type = FLEET_EV_DEPENDENCY, .now = 200, .dependency = DEPENDENCY_UP};
    step(up);
    plain(210, FLEET_EV_RESUMED);
    assert_int_equal(fleet.dependency, DEPENDENCY_UNKNOWN);
    assert_int_equal(fleet.slots[9].prober.dependency, DEPENDENCY_UNKNOWN);
    struct fleet_event lacks = about(0, 211, FLEET_EV_PROBED);
    lacks.outcome = PROBE_DEPENDENCY;
    assert_string_equal(step(lacks), "0 TELL_VERDICT");
    assert_int_equal(update.actions[0].verdict, PROBER_VERDICT_DEGRADED);
    up.dependency = DEPENDENCY_DOWN;
    step(up);
    plain(220, FLEET_EV_RESUMED);
    assert_int_equal(fleet.dependency, DEPENDENCY_DOWN);
}

static void the_restart_in_place_goes_on(void **state)
{
    (void)state;
    serve(1, 0);
    fleet_init(&fleet);
    conf.overlap = false;
    step((struct fleet_event){.type = FLEET_EV_RESIZE, .now = 100, .n_workers = 1});
    starts(0, 100);
    assert_string_equal(
        plain(110, FLEET_EV_RESTART), "0 TELL_RESTART_STEP, 0 PAUSE, 0 SIGNAL_STOP");
    assert_string_equal(plain(9000, FLEET_EV_RESUMED), "0 PAUSE, 0 SIGNAL_STOP");
    step(about(0, 9001, FLEET_EV_EXITED));
    assert_string_equal(step(about(0, 9002, FLEET_EV_TREE_GONE)), "0 TELL_ENDED, 0 EXEC");
    assert_string_equal(plain(9003, FLEET_EV_RESUMED), "");
    /* Nothing was found of it: not its fault. */
    assert_string_equal(step(about(0, 9003, FLEET_EV_SPAWN_FAILED)), "0 TELL_ENDED, 0 EXEC");
    assert_string_equal(starts(0, 9004), "0 TELL_VERIFIED, 0 ACTIVATE, 0 TELL_RESTARTED");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_serves_is_told_first_and_who_is_paused_last),
        cmocka_unit_test(who_is_paused_stands_in_for_who_is_gone),
        cmocka_unit_test(nobody_is_sent_away_before_all_were_heard_of),
        cmocka_unit_test(who_goes_is_paused_before),
        cmocka_unit_test(signals_are_told_again_with_their_whole_time),
        cmocka_unit_test(starting_and_baking_begin_anew),
        cmocka_unit_test(an_end_that_nobody_watched_is_excused),
        cmocka_unit_test(no_crash_loop_begins_unwatched),
        cmocka_unit_test(what_was_up_is_unknown_until_somebody_looks),
        cmocka_unit_test(the_restart_in_place_goes_on),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    strbuf_fini(&actions);
    return failed;
}
