/* core/fleet with overlapping lives: what traces and exploration do not say as plainly. */
#include "core/fleet/fleet.h"

#include "cmocka_all.h"
#include "unit/fleet_rig.h"

static struct fleet_conf conf;
static const char *step(struct fleet_event ev)
{
    return fleet_rig_step(&conf, ev);
}

static const char *plain(usec_t now, enum fleet_event_type type)
{
    return step((struct fleet_event){.type = type, .now = now, .operation = 9});
}

static const char *resize(usec_t now, unsigned n)
{
    return step((struct fleet_event){.type = FLEET_EV_RESIZE, .now = now, .n_workers = n});
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
            .stable_after = 1000,
            .loop_after = 3},
        .prober =
            {.interval = 100, .start_interval = 10, .fast_interval = 20, .rise = 1, .fall = 1},
        .rollout = {.bake = 70, .keep_warm = 700},
        .overlap = true,
        .standby = standby};
    fleet_init(&fleet);
    resize(100, n);
    for (unsigned i = 0; i < fleet.n_slots; i++) {
        step(about(i, 100, FLEET_EV_SPAWNED));
        step(about(i, 100, FLEET_EV_PROBED));
    }
    assert_int_equal(fleet_serving(&fleet), fleet.n_workers);
}

static void spares_are_not_counted_as_workers(void **state)
{
    (void)state;
    serve(2, 2);
    assert_int_equal(fleet.n_slots, 4);
    assert_int_equal(fleet_wanted(&fleet), 2);
    assert_int_equal(fleet.slots[3].worker.state, WORKER_STANDBY);
    plain(101, FLEET_EV_STOP);
    assert_int_equal(fleet_wanted(&fleet), 0);
}

static void the_largest_fleet_still_has_room_to_roll(void **state)
{
    (void)state;
    serve(LIMIT_WORKERS, 2);
    assert_int_equal(fleet_wanted(&fleet), LIMIT_WORKERS - 2 - 1);
    plain(101, FLEET_EV_RESTART);
    assert_int_equal(fleet.slots[LIMIT_WORKERS - 1].worker.state, WORKER_SPAWNING);
    assert_int_equal(fleet.n_slots, LIMIT_WORKERS);
    plain(102, FLEET_EV_KILL);
    for (unsigned i = 0; i < LIMIT_WORKERS; i++) {
        bool executing = i == LIMIT_WORKERS - 1;
        step(about(i, 103, executing ? FLEET_EV_SPAWN_FAILED : FLEET_EV_EXITED));
        step(about(i, 103, FLEET_EV_TREE_GONE));
    }
    assert_int_equal(fleet.n_slots, 0);
}

static void generations_go_with_lives(void **state)
{
    (void)state;
    serve(1, 0);
    assert_int_equal(fleet.slots[0].generation, 1);
    assert_string_equal(
        plain(101, FLEET_EV_RESTART), "0 TELL_ROLLOUT, 1 TELL_RESTART_STEP, 1 EXEC");
    assert_int_equal(update.actions[2].generation, 2);
    /* What crashes before the new one is proven comes back as it was. */
    step(about(0, 102, FLEET_EV_EXITED));
    step(about(0, 102, FLEET_EV_TREE_GONE));
    assert_int_equal(fleet.slots[0].generation, 1);
    assert_int_equal(fleet.slots[0].worker.state, WORKER_SPAWNING);
    /* In place, too, each restart counts. */
    serve(1, 0);
    conf.overlap = false;
    plain(101, FLEET_EV_RESTART);
    step(about(0, 102, FLEET_EV_EXITED));
    step(about(0, 102, FLEET_EV_TREE_GONE));
    assert_int_equal(fleet.slots[0].generation, 2);
}

static void a_drained_event_counts_for_the_paused_life_only(void **state)
{
    (void)state;
    serve(1, 1);
    assert_string_equal(step(about(0, 101, FLEET_EV_DRAINED)), "");
    assert_false(fleet.slots[0].drained);
    resize(102, 2);
    step(about(2, 102, FLEET_EV_SPAWNED));
    step(about(2, 103, FLEET_EV_PROBED));
    assert_string_equal(resize(103, 1), "1 PAUSE"); /* 2 was the spare and stays it */
    struct fleet_event stale = about(1, 104, FLEET_EV_DRAINED);
    stale.life++;
    assert_string_equal(step(stale), "");
    assert_string_equal(step(about(1, 104, FLEET_EV_DRAINED)), "1 SIGNAL_STOP");
}

/* A connection that is held, for each slot; fewer are asked for. */
static const char *resize_beside(usec_t now, unsigned n, unsigned a, unsigned b, unsigned c)
{
    return step((struct fleet_event){
        .type = FLEET_EV_RESIZE, .now = now, .n_workers = n, .callers = {a, b, c}});
}

static void the_fewest_callers_are_moved(void **state)
{
    (void)state;
    serve(3, 0);
    assert_string_equal(resize_beside(101, 2, 4, 1, 3), "1 PAUSE");
    serve(3, 0);
    assert_string_equal(resize_beside(101, 1, 1, 9, 3), "0 PAUSE, 2 PAUSE");
    /* Of as many the last one goes. */
    serve(3, 0);
    assert_string_equal(resize_beside(101, 2, 1, 1, 1), "2 PAUSE");
    assert_string_equal(resize(102, 1), "1 PAUSE");
    /* Health comes first: who is suspected goes, however many it has. */
    serve(3, 0);
    conf.prober.fall = 2;
    struct fleet_event bad = about(1, 201, FLEET_EV_PROBED);
    plain(200, FLEET_EV_TICK);
    bad.seq = fleet.slots[1].prober.seq;
    bad.outcome = PROBE_FAIL;
    step(bad);
    assert_int_equal(fleet.slots[1].prober.state, PROBER_SUSPECT);
    assert_string_equal(resize_beside(202, 2, 0, 9, 0), "1 PAUSE");
}

static void a_restart_while_stopping_is_refused(void **state)
{
    (void)state;
    serve(1, 0);
    plain(101, FLEET_EV_STOP);
    assert_string_equal(plain(102, FLEET_EV_RESTART), "0 TELL_RESTART_REFUSED");
    assert_string_equal(plain(102, FLEET_EV_CANCEL), "0 TELL_ROLLOUT_REFUSED");
}

static void a_restart_of_nothing_is_done(void **state)
{
    (void)state;
    serve(1, 0);
    resize(101, 0);
    assert_string_equal(
        plain(102, FLEET_EV_RESTART), "0 TELL_ROLLOUT, 0 TELL_RESTARTED, 0 TELL_ROLLOUT");
}

static void the_next_deadline_includes_the_rollout(void **state)
{
    (void)state;
    serve(1, 0);
    plain(101, FLEET_EV_RESTART);
    step(about(1, 102, FLEET_EV_SPAWNED));
    step(about(1, 103, FLEET_EV_PROBED));
    assert_int_equal(fleet.rollout.state, ROLLOUT_BAKING);
    fleet.slots[0].prober.next_at = USEC_INFINITY;
    fleet.slots[1].prober.next_at = USEC_INFINITY;
    assert_int_equal(fleet_deadline(&fleet), 103 + 70);
    /* One kept warm has no deadline while Bake lasts, and goes once it is over and drained. */
    assert_int_equal(fleet.slots[0].worker.state, WORKER_DRAINING);
    conf.rollout.keep_warm = 0;
    assert_string_equal(step(about(0, 110, FLEET_EV_DRAINED)), "");
    assert_string_equal(plain(173, FLEET_EV_TICK),
        "0 TELL_ROLLOUT, 0 TELL_RESTARTED, 0 TELL_ROLLOUT, 0 SIGNAL_STOP");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spares_are_not_counted_as_workers),
        cmocka_unit_test(the_largest_fleet_still_has_room_to_roll),
        cmocka_unit_test(generations_go_with_lives),
        cmocka_unit_test(a_drained_event_counts_for_the_paused_life_only),
        cmocka_unit_test(the_fewest_callers_are_moved),
        cmocka_unit_test(a_restart_while_stopping_is_refused),
        cmocka_unit_test(a_restart_of_nothing_is_done),
        cmocka_unit_test(the_next_deadline_includes_the_rollout),
    };
    int r = cmocka_run_group_tests(tests, NULL, NULL);
    strbuf_fini(&actions);
    return r;
}
