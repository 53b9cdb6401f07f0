/* daemon/metrics/meters: what is counted of what is told. */
#include "daemon/metrics/meters.h"

#include "cmocka_all.h"

#include <stdio.h>
#include <string.h>

static struct meters m;

static int fresh(void **state)
{
    (void)state;
    memset(&m, 0, sizeof m);
    m.gap = METERS_GAP_COUNT;
    m.session_age.scale = HISTOGRAM_AGES;
    m.task_age.scale = HISTOGRAM_AGES;
    return 0;
}

static void time_without_a_worker(void **state)
{
    (void)state;
    meters_gap(&m, METERS_GAP_STARTING, 1000);
    meters_gap(&m, METERS_GAP_STARTING, 1500); /* grows while it lasts */
    assert_int_equal(m.without[METERS_GAP_STARTING], 500);
    meters_gap(&m, METERS_GAP_COUNT, 1700);
    meters_gap(&m, METERS_GAP_DOWN, 5000);
    meters_gap(&m, METERS_GAP_DRAINED, 5010);
    meters_gap(&m, METERS_GAP_COUNT, 5030);
    meters_gap(&m, METERS_GAP_COUNT, 9000);
    assert_int_equal(m.without[METERS_GAP_STARTING], 700);
    assert_int_equal(m.without[METERS_GAP_DOWN], 10);
    assert_int_equal(m.without[METERS_GAP_DRAINED], 20);
}

static void tell(struct fleet_action told, bool stopping)
{
    static const struct rollout_record none;
    meters_told(&m, &told, &none, stopping, 0);
}

static void workers_come_and_go(void **state)
{
    (void)state;
    tell((struct fleet_action){.type = FLEET_DO_TELL_STARTED}, false);
    tell((struct fleet_action){.type = FLEET_DO_TELL_VERIFIED, .took = 7}, false);
    tell((struct fleet_action){.type = FLEET_DO_TELL_VERDICT, .verdict = PROBER_VERDICT_ZOMBIE},
        false);
    tell((struct fleet_action){.type = FLEET_DO_TELL_WATCHDOG}, false);
    assert_int_equal(m.starts, 1);
    assert_int_equal(m.start_duration.n, 1);
    assert_int_equal(m.start_duration.sum, 7);
    assert_int_equal(m.verdicts[PROBER_VERDICT_VERIFIED], 1);
    assert_int_equal(m.verdicts[PROBER_VERDICT_ZOMBIE], 1);
    assert_int_equal(m.verdicts[PROBER_VERDICT_HUNG], 1);
}

static void who_is_followed_by_another(void **state)
{
    (void)state;
    struct fleet_action end = {.type = FLEET_DO_TELL_ENDED, .cause = WORKER_CAUSE_CRASH};
    tell(end, false);
    tell(end, true); /* while all go nobody follows */
    end.cause = WORKER_CAUSE_STOP;
    tell(end, false);
    assert_int_equal(m.exits[WORKER_CAUSE_CRASH], 2);
    assert_int_equal(m.restarts[WORKER_CAUSE_CRASH], 1);
    assert_int_equal(m.exits[WORKER_CAUSE_STOP], 1);
    assert_int_equal(m.restarts[WORKER_CAUSE_STOP], 0);
}

static void phases_of_a_rollout(void **state)
{
    (void)state;
    struct fleet_action told = {
        .type = FLEET_DO_TELL_ROLLOUT, .rollout = ROLLOUT_CANARY, .rollout_before = ROLLOUT_IDLE};
    struct rollout_record record = {.state = ROLLOUT_IDLE};
    meters_told(&m, &told, &record, false, 100);
    record = (struct rollout_record){.to = 2, .state = ROLLOUT_CANARY, .since = 100};
    told.rollout_before = ROLLOUT_CANARY;
    told.rollout = ROLLOUT_BAKING;
    meters_told(&m, &told, &record, false, 350);
    assert_int_equal(m.phase_duration[ROLLOUT_IDLE].n, 0);
    assert_int_equal(m.phase_duration[ROLLOUT_CANARY].n, 1);
    assert_int_equal(m.phase_duration[ROLLOUT_CANARY].sum, 250);
    /* Since when it was in a state that the record does not know of, nobody can tell. */
    told.rollout_before = ROLLOUT_ROLLING;
    meters_told(&m, &told, &record, false, 400);
    assert_int_equal(m.phase_duration[ROLLOUT_ROLLING].n, 0);
}

static void drains(void **state)
{
    (void)state;
    struct drain drain = {0};
    meters_drain_told(&m, DRAIN_DO_BEGAN, &drain);
    meters_drain_told(&m, DRAIN_DO_DONE, &drain);
    drain.cut = 2;
    meters_drain_told(&m, DRAIN_DO_DONE, &drain);
    meters_drain_told(&m, DRAIN_DO_CANCELLED, &drain);
    for (int i = 0; i < METERS_DRAIN_COUNT; i++)
        assert_int_equal(m.drains[i], 1);
}

static void configure(const char *first, const char *second)
{
    struct config config = {0};
    char names[2][LIMIT_NAME];
    const char *const given[] = {first, second};
    struct config_keyspace keyspaces[2] = {0};
    for (unsigned i = 0; i < 2 && given[i]; i++) {
        snprintf(names[i], sizeof names[i], "%s", given[i]);
        keyspaces[i].name = names[i];
        config.n_keyspaces++;
    }
    memcpy(config.keyspaces, keyspaces, sizeof keyspaces);
    meters_configure(&m, &config);
}

/* Of the keyspaces "sessions" and "tasks". */
static struct sweep_summary summary(void)
{
    struct sweep_summary s = {.complete = true,
        .sessions_known = true,
        .live_sessions = 4,
        .took = 9,
        .n_keyspaces = 2,
        .keyspaces = {{.name = "sessions",
                          .kind = CONFIG_KEYSPACE_SESSION,
                          .keys = 10,
                          .ages = {[SWEEP_AGE_DAY] = 6, [SWEEP_AGE_OLDER] = 1},
                          .age_sum = 70},
            {.name = "tasks", .kind = CONFIG_KEYSPACE_TASK, .keys = 3}}};
    s.keyspaces[0].found[SWEEP_STALE] = 5;
    s.keyspaces[0].removed_of[SWEEP_STALE] = 2;
    return s;
}

static void what_a_sweep_found(void **state)
{
    (void)state;
    configure("sessions", "tasks");
    struct sweep_summary s = summary();
    meters_swept(&m, &s, 7);
    meters_swept(&m, &s, 7);
    assert_int_equal(m.sweeps[METERS_SWEEP_DONE], 2);
    assert_int_equal(m.sweep_duration.n, 2);
    assert_int_equal(m.keyspaces[0].found[SWEEP_STALE], 10);
    assert_int_equal(m.keyspaces[0].removed[SWEEP_STALE], 4);
    assert_true(m.keyspaces[1].known);
    assert_int_equal(m.keyspaces[1].keys, 3);
    assert_true(m.sessions.known);
    assert_int_equal(m.sessions.n, 4);
    assert_false(m.tasks.known);
    assert_int_equal(m.session_age.n, 7); /* of the latest, not of both */
    assert_int_equal(m.session_age.buckets[2], 6);
    assert_int_equal(m.session_age.buckets[4], 1);
    assert_int_equal(m.session_age.sum, 70);
}

static void who_only_looks_sweeps_nothing(void **state)
{
    (void)state;
    configure("sessions", "tasks");
    struct sweep_summary s = summary();
    s.dry_run = true;
    meters_swept(&m, &s, 7);
    s.dry_run = false;
    s.census_only = true;
    s.tasks_known = true;
    s.pending_tasks = 1;
    meters_swept(&m, &s, 7);
    for (int i = 0; i < METERS_SWEEP_COUNT; i++)
        assert_int_equal(m.sweeps[i], 0);
    assert_int_equal(m.sweep_duration.n, 0);
    assert_int_equal(m.keyspaces[0].found[SWEEP_STALE], 0);
    assert_int_equal(m.keyspaces[0].keys, 10);
    assert_int_equal(m.session_age.n, 7);
    assert_true(m.tasks.known);
    assert_int_equal(m.tasks.n, 1);
    assert_int_equal(m.tasks.at, 7);
    assert_int_equal(m.walked, METERS_WALKED);
}

static void part_of_redis_is_not_the_whole(void **state)
{
    (void)state;
    configure("sessions", "tasks");
    struct sweep_summary s = summary();
    assert_int_equal(m.walked, METERS_NOT_WALKED);
    s.complete = false;
    snprintf(s.error_text, sizeof s.error_text, "cancelled");
    meters_swept(&m, &s, 7);
    assert_false(m.keyspaces[0].known);
    assert_int_equal(m.walked, METERS_WALK_CUT_SHORT);
    assert_string_equal(m.walk_trouble, "cancelled");
    s.complete = true;
    s.n_keyspaces = 1;
    meters_swept(&m, &s, 7);
    assert_true(m.keyspaces[0].known);
    assert_false(m.keyspaces[1].known);
    assert_false(m.sessions.known);
    assert_int_equal(m.session_age.n, 0);
}

static void how_sweeps_end(void **state)
{
    (void)state;
    struct sweep_summary s = {.complete = true, .held = true};
    meters_swept(&m, &s, 7);
    s.held = false;
    s.error = REDIS_E_NOPERM;
    meters_swept(&m, &s, 7);
    s = (struct sweep_summary){.elsewhere = true};
    meters_swept(&m, &s, 7);
    s.elsewhere = false;
    meters_swept(&m, &s, 7);
    s.limited = true;
    meters_swept(&m, &s, 7);
    for (int i = 0; i < METERS_SWEEP_COUNT; i++)
        assert_int_equal(m.sweeps[i], 1);
}

static void keyspaces_that_are_gone_are_forgotten(void **state)
{
    (void)state;
    configure("sessions", "tasks");
    struct sweep_summary s = summary();
    meters_swept(&m, &s, 7);
    configure("tasks", "more");
    assert_string_equal(m.keyspaces[0].name, "more");
    assert_false(m.keyspaces[0].known);
    assert_int_equal(m.keyspaces[0].found[SWEEP_STALE], 0);
    assert_string_equal(m.keyspaces[1].name, "tasks");
    assert_int_equal(m.keyspaces[1].keys, 3);
    configure(NULL, NULL);
    assert_string_equal(m.keyspaces[0].name, "");
    assert_string_equal(m.keyspaces[1].name, "");
}

static void alerts_of_notifiers_that_there_are(void **state)
{
    (void)state;
    char pager[] = "pager";
    char chat[] = "chat";
    struct config config = {.n_notifiers = 2, .notifiers = {{.name = pager}, {.name = chat}}};
    meters_configure(&m, &config);
    meters_alert_sent(&m, "chat");
    meters_alert_failed(&m, "pager");
    meters_alert_sent(&m, "nobody");
    assert_string_equal(m.notifiers[0].name, "pager");
    assert_int_equal(m.notifiers[0].failed, 1);
    assert_int_equal(m.notifiers[0].sent, 0);
    assert_int_equal(m.notifiers[1].sent, 1);
    assert_string_equal(m.notifiers[2].name, "");
    config.n_notifiers = 1;
    config.notifiers[0].name = chat;
    meters_configure(&m, &config);
    assert_string_equal(m.notifiers[0].name, "");
    assert_int_equal(m.notifiers[0].failed, 0);
    assert_int_equal(m.notifiers[1].sent, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(time_without_a_worker, fresh),
        cmocka_unit_test_setup(workers_come_and_go, fresh),
        cmocka_unit_test_setup(who_is_followed_by_another, fresh),
        cmocka_unit_test_setup(phases_of_a_rollout, fresh),
        cmocka_unit_test_setup(drains, fresh),
        cmocka_unit_test_setup(what_a_sweep_found, fresh),
        cmocka_unit_test_setup(who_only_looks_sweeps_nothing, fresh),
        cmocka_unit_test_setup(part_of_redis_is_not_the_whole, fresh),
        cmocka_unit_test_setup(how_sweeps_end, fresh),
        cmocka_unit_test_setup(keyspaces_that_are_gone_are_forgotten, fresh),
        cmocka_unit_test_setup(alerts_of_notifiers_that_there_are, fresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
