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

/* ---- a watchdog that barks at a worker that is to be left alone ---- */

static const char *keep(usec_t now, bool hung)
{
    return step((struct fleet_event){.type = FLEET_EV_KEEP, .now = now, .keeps_hung = hung});
}

/* It reports, and says that its next report comes within 100. */
static const char *report(unsigned slot, usec_t now)
{
    struct fleet_event ev = about(slot, now, FLEET_EV_NOTIFIED);
    ev.wish = (struct notify_wish){.alive = true, .sets_interval = true, .interval = 100};
    return step(ev);
}

static void who_reports_no_more_is_kept_beside_its_spare(void **state)
{
    (void)state;
    serve(1, 1);
    keep(101, true);
    assert_string_equal(report(0, 110), "");
    fleet.slots[0].prober.next_at = fleet.slots[1].prober.next_at = USEC_INFINITY;
    assert_string_equal(plain(210, FLEET_EV_TICK), "0 EVIDENCE, 0 TELL_WATCHDOG");
    assert_true(update.actions[update.n_actions - 1].kept);
    assert_int_equal(fleet.slots[0].worker.state, WORKER_SERVING);
    assert_int_equal(fleet.slots[1].worker.state, WORKER_STANDBY);
    assert_int_equal(fleet_kept(&fleet, WORKER_CAUSE_HANG), 1);
    assert_int_equal(fleet_answering(&fleet), 0);
    assert_string_equal(plain(410, FLEET_EV_TICK), ""); /* it is told once */
    struct fleet_event says_so = about(0, 411, FLEET_EV_NOTIFIED);
    says_so.wish.trigger = true;
    assert_string_equal(step(says_so), "");
    /* It reports again, and then no more. */
    assert_string_equal(report(0, 420), "");
    assert_int_equal(fleet_kept(&fleet, WORKER_CAUSE_HANG), 0);
    assert_int_equal(fleet_answering(&fleet), 1);
    assert_string_equal(plain(520, FLEET_EV_TICK), "0 EVIDENCE, 0 TELL_WATCHDOG");
    /* Nobody is left alone any more: the spare takes over. */
    assert_string_equal(keep(530, false), "1 ACTIVATE, 0 PAUSE, 0 EVIDENCE, 0 SIGNAL_ABRT");
    assert_int_equal(fleet.slots[0].worker.cause, WORKER_CAUSE_HANG);
    assert_int_equal(fleet_answering(&fleet), 1);
}

/* What hangs of a new generation says that the generation is bad, whoever is left alone else. */
static void who_is_rolled_out_is_not_kept(void **state)
{
    (void)state;
    serve(1, 0);
    keep(101, true);
    plain(102, FLEET_EV_RESTART);
    step(about(1, 103, FLEET_EV_SPAWNED));
    report(1, 104);
    step(about(1, 105, FLEET_EV_PROBED));
    assert_int_equal(fleet.rollout.state, ROLLOUT_BAKING);
    struct fleet_event hangs = about(1, 106, FLEET_EV_NOTIFIED);
    hangs.wish.trigger = true;
    step(hangs);
    assert_int_equal(fleet.slots[1].worker.cause, WORKER_CAUSE_HANG);
    assert_int_equal(fleet.slots[0].worker.state, WORKER_SERVING);
    assert_int_equal(fleet_kept(&fleet, WORKER_CAUSE_HANG), 0);
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
        cmocka_unit_test(who_reports_no_more_is_kept_beside_its_spare),
        cmocka_unit_test(who_is_rolled_out_is_not_kept),
        cmocka_unit_test(a_restart_while_stopping_is_refused),
        cmocka_unit_test(a_restart_of_nothing_is_done),
        cmocka_unit_test(the_next_deadline_includes_the_rollout),
    };
    int r = cmocka_run_group_tests(tests, NULL, NULL);
    strbuf_fini(&actions);
    return r;
}
