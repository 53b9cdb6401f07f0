/* daemon/workers/supervisor: the fleet's judgement, performed on real processes. */
#include "daemon/workers/supervisor.h"

#include "fleet_rig.h"

static struct fleet_rig rig;

static pid_t pid_of(unsigned index)
{
    return slot_pid(supervisor_slot(rig.supervisor, index));
}

static void a_worker_is_kept(void **state)
{
    (void)state;
    fleet_rig_init(&rig, "/bin/sleep 1000", "");
    assert_null(supervisor_slot(rig.supervisor, 0));
    supervisor_start(rig.supervisor);
    fleet_rig_wait(&rig, "STARTED 1\nVERIFIED 1\n");
    assert_int_equal(fleet_serving(supervisor_fleet(rig.supervisor)), 1);
    pid_t first = pid_of(0);
    kill(first, SIGKILL);
    fleet_rig_wait(&rig, "ENDED 1 crash\nSTARTED 1\nVERIFIED 1\n");
    assert_true(pid_of(0) != first);
    assert_int_equal(slot_life(supervisor_slot(rig.supervisor, 0)), 2);
    assert_int_equal(slot_generation(supervisor_slot(rig.supervisor, 0)), 1);
    supervisor_restart(rig.supervisor, 42);
    fleet_rig_wait(&rig, "RESTART_STEP 1\nENDED 1 restart\nSTARTED 1\nVERIFIED 1\nRESTARTED 1\n");
    assert_int_equal(slot_generation(supervisor_slot(rig.supervisor, 0)), 2);
    fleet_rig_stop(&rig);
    assert_int_equal(fleet_serving(supervisor_fleet(rig.supervisor)), 0);
    fleet_rig_fini(&rig);
}

static void workers_come_and_go_with_the_configuration(void **state)
{
    (void)state;
    fleet_rig_init(&rig, "/bin/sleep 1000", "[Agent]\nWorkers=2\n");
    supervisor_start(rig.supervisor);
    fleet_rig_wait(&rig, "VERIFIED");
    fleet_rig_wait(&rig, "VERIFIED");
    struct config *before = rig.config;
    rig.config = fleet_rig_config(&rig, "/bin/sleep 1001", "[Agent]\nWorkers=1\n");
    supervisor_configure(rig.supervisor, rig.config);
    config_free(before);
    supervisor_start(rig.supervisor);
    fleet_rig_wait(&rig, "ENDED 2 stop\n");
    supervisor_restart(rig.supervisor, 1); /* with the command of now */
    fleet_rig_wait(&rig, "RESTARTED 1\n");
    char path[64];
    char command[64] = "";
    snprintf(path, sizeof path, "/proc/%d/cmdline", pid_of(0));
    FILE *f = fopen(path, "re");
    assert_non_null(f);
    assert_int_equal(fread(command, 1, sizeof command, f), sizeof "/bin/sleep\0001001");
    fclose(f);
    assert_string_equal(command + sizeof "/bin/sleep", "1001");
    fleet_rig_stop(&rig);
    fleet_rig_fini(&rig);
}

static void one_that_ignores_its_stop_signal(void **state)
{
    (void)state;
    fleet_rig_init(&rig, "/bin/sh -c \"trap '' TERM; echo deaf; while :; do sleep 1000; done\"",
        "[Agent]\nTimeoutStopSec=100ms\n");
    supervisor_start(rig.supervisor);
    fleet_rig_wait(&rig, "VERIFIED 1\n");
    rig.wanted = "";
    while (!witness_heard("|deaf|")) /* before that the signal still works */
        pump_try(&rig.pump, fleet_rig_heard, &rig, 20 * USEC_PER_SEC);
    supervisor_stop(rig.supervisor);
    fleet_rig_wait(&rig, "KILLED 1\nENDED 1 stop\n");
    fleet_rig_wait(&rig, "ALL_GONE 1\n");
    fleet_rig_fini(&rig);
}

static void a_kill_waits_for_nothing(void **state)
{
    (void)state;
    fleet_rig_init(&rig, "/bin/sh -c \"trap '' TERM; while :; do sleep 1000; done\"", "");
    supervisor_start(rig.supervisor);
    fleet_rig_wait(&rig, "VERIFIED 1\n");
    supervisor_stop(rig.supervisor);
    supervisor_kill(rig.supervisor);
    fleet_rig_wait(&rig, "ENDED 1 stop\nALL_GONE 1\n");
    fleet_rig_fini(&rig);
}

/* Collected before this is told, and before the signal. */
static void look_at_evidence(struct fleet_rig *r, const struct fleet_action *told)
{
    if (told->type == FLEET_DO_TELL_VERDICT && told->verdict == PROBER_VERDICT_HUNG)
        strbuf_addf(&r->told, "%s\n",
            strstr(slot_evidence(supervisor_slot(r->supervisor, 0)), "sleep") ? "seen" : "unseen");
}

static void one_that_hangs_leaves_evidence(void **state)
{
    (void)state;
    fleet_rig_init(&rig, "/bin/sleep 1000", "[Health]\nTimeout=30ms\n");
    supervisor_start(rig.supervisor);
    fleet_rig_wait(&rig, "VERIFIED 1\n");
    rig.health.answer = "";
    rig.health.end = CANNED_HOLD;
    rig.on_told = look_at_evidence;
    fleet_rig_wait(&rig, "VERDICT 1 hung\nseen\n");
    fleet_rig_wait(&rig, "ENDED 1 hang\nSTARTED 1\n");
    fleet_rig_stop(&rig);
    fleet_rig_fini(&rig);
}

static void one_that_does_not_start_is_tried_for_ever(void **state)
{
    (void)state;
    fleet_rig_init(&rig, "/none/such", "");
    supervisor_start(rig.supervisor);
    fleet_rig_wait(&rig, "ENDED 1 spawn-failed\nENDED 1 spawn-failed\nRETRY 1\n");
    fleet_rig_wait(&rig, "LOOP_BEGAN 1\n");
    for (int i = 0; i < 3; i++)
        fleet_rig_wait(&rig, "ENDED 1 spawn-failed\n");
    assert_non_null(strstr(slot_spawn_error(supervisor_slot(rig.supervisor, 0)), "No such file"));
    fleet_rig_stop(&rig);
    fleet_rig_fini(&rig);
}

/* Every start fails within the call that asks for it: the queue holds what that produces. */
static void the_most_workers_fail_at_once(void **state)
{
    (void)state;
    fleet_rig_init(&rig, "/bin/sleep 1000", "[Agent]\nWorkers=64\nEnvironmentFile=/none/such\n");
    supervisor_start(rig.supervisor);
    fleet_rig_wait(&rig, "ENDED 64 spawn-failed\n");
    fleet_rig_stop(&rig);
    fleet_rig_fini(&rig);
}

static void restart_when_first_verified(struct fleet_rig *r, const struct fleet_action *told)
{
    static uint64_t operation;
    if (told->type != FLEET_DO_TELL_VERIFIED && told->type != FLEET_DO_TELL_RESTARTED)
        return;
    if (++operation <= 2)
        supervisor_restart(r->supervisor, operation);
    /* It is asked from inside; nothing may have happened yet. */
    assert_int_equal(fleet_serving(supervisor_fleet(r->supervisor)), 1);
}

static void what_is_asked_from_inside_comes_after(void **state)
{
    (void)state;
    fleet_rig_init(&rig, "/bin/sleep 1000", "");
    rig.on_told = restart_when_first_verified;
    supervisor_start(rig.supervisor);
    /* The second wish came while the first was performed: it is refused in its turn. */
    fleet_rig_wait(&rig, "VERIFIED 1\nRESTART_STEP 1\nENDED 1 restart\n");
    fleet_rig_wait(&rig, "VERIFIED 1\nRESTARTED 1\nRESTART_STEP 1\n");
    fleet_rig_wait(&rig, "RESTARTED 1\n");
    fleet_rig_stop(&rig);
    fleet_rig_fini(&rig);
}

static void start_again_when_all_gone(struct fleet_rig *r, const struct fleet_action *told)
{
    if (told->type == FLEET_DO_TELL_ALL_GONE && !strstr(strbuf_text(&r->told), "again")) {
        strbuf_adds(&r->told, "again\n");
        supervisor_start(r->supervisor);
    }
}

static void an_end_may_be_a_begin(void **state)
{
    (void)state;
    fleet_rig_init(&rig, "/bin/sleep 1000", "");
    rig.on_told = start_again_when_all_gone;
    supervisor_start(rig.supervisor);
    fleet_rig_wait(&rig, "VERIFIED 1\n");
    supervisor_stop(rig.supervisor);
    fleet_rig_wait(&rig, "ALL_GONE 1\nagain\nSTARTED 1\nVERIFIED 1\n");
    rig.on_told = NULL;
    fleet_rig_stop(&rig);
    fleet_rig_fini(&rig);
}

static void stopping_in_the_middle_of_a_restart(void **state)
{
    (void)state;
    fleet_rig_init(&rig, "/bin/sleep 1000", "");
    supervisor_start(rig.supervisor);
    fleet_rig_wait(&rig, "VERIFIED 1\n");
    supervisor_restart(rig.supervisor, 1);
    supervisor_stop(rig.supervisor);
    fleet_rig_wait(&rig, "RESTART_FAILED 1 stop\n");
    fleet_rig_wait(&rig, "ALL_GONE 1\n");
    supervisor_restart(rig.supervisor, 2);
    fleet_rig_wait(&rig, "RESTART_REFUSED 1\n");
    fleet_rig_fini(&rig);
}

static void what_lives_is_left_alone_by_free(void **state)
{
    (void)state;
    fleet_rig_init(&rig, "/bin/sleep 1000", "[Agent]\nWorkers=2\n");
    supervisor_start(rig.supervisor);
    fleet_rig_wait(&rig, "VERIFIED");
    fleet_rig_wait(&rig, "VERIFIED");
    pid_t pids[] = {pid_of(0), pid_of(1)};
    supervisor_free(rig.supervisor);
    rig.supervisor = NULL;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(kill(pids[i], 0), 0);
        kill(pids[i], SIGKILL);
    }
    fleet_rig_fini(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_worker_is_kept),
        cmocka_unit_test(workers_come_and_go_with_the_configuration),
        cmocka_unit_test(one_that_ignores_its_stop_signal),
        cmocka_unit_test(a_kill_waits_for_nothing),
        cmocka_unit_test(one_that_hangs_leaves_evidence),
        cmocka_unit_test(one_that_does_not_start_is_tried_for_ever),
        cmocka_unit_test(the_most_workers_fail_at_once),
        cmocka_unit_test(what_is_asked_from_inside_comes_after),
        cmocka_unit_test(an_end_may_be_a_begin),
        cmocka_unit_test(stopping_in_the_middle_of_a_restart),
        cmocka_unit_test(what_lives_is_left_alone_by_free),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
