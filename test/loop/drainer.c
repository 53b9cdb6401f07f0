/* daemon/workers/drainer: waiting for real callers before real workers are stopped. */
#include "daemon/workers/drainer.h"

#include "caller.h"
#include "fleet_rig.h"

static struct fleet_rig rig;
static struct drainer *drainer;
static int listener;
static uint16_t port;

static void on_told(enum drain_action action, const struct drain *drain, void *arg)
{
    (void)arg;
    strbuf_addf(&rig.told, "drain %s", drain_action_name(action));
    if (action == DRAIN_DO_PROGRESS)
        strbuf_addf(&rig.told, " %d", (int)drain->waiting_for);
    if (action == DRAIN_DO_DONE)
        strbuf_addf(&rig.told, " cut %d", (int)drain->cut);
    strbuf_addc(&rig.told, '\n');
}

static void on_fleet_told(struct fleet_rig *r, const struct fleet_action *told)
{
    (void)r;
    if (told->type == FLEET_DO_TELL_ALL_GONE)
        drainer_all_gone(drainer);
}

/* With one verified worker. */
static int set_up(void **state)
{
    char more[256];
    (void)state;
    listener = caller_listen(&port);
    snprintf(more, sizeof more,
        "[Agent]\nListen=127.0.0.1:%u\nHandover=none\n[Drain]\nWaitFor=connections\n", port);
    fleet_rig_init(&rig, "/bin/sleep 1000", more);
    rig.on_told = on_fleet_told;
    rig.config->drain.count_interval = 5 * USEC_PER_MSEC;
    drainer = drainer_new(&(struct drainer_spec){.loop = rig.pump.loop,
        .supervisor = rig.supervisor,
        .connections = rig.connections,
        .config = rig.config,
        .on_told = on_told});
    assert_non_null(drainer);
    supervisor_start(rig.supervisor);
    fleet_rig_wait(&rig, "VERIFIED 1\n");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    if (fleet_serving(supervisor_fleet(rig.supervisor)) > 0) {
        rig.on_told = NULL;
        fleet_rig_stop(&rig);
    }
    drainer_free(drainer);
    fleet_rig_fini(&rig);
    close(listener);
    return 0;
}

static void nobody_is_waited_for(void **state)
{
    (void)state;
    drainer_begin(drainer, false);
    fleet_rig_wait(&rig, "drain BEGAN\n");
    fleet_rig_wait(&rig, "drain STOP\nENDED 1 stop\nALL_GONE 1\n");
    fleet_rig_wait(&rig, "drain DONE cut 0\n");
    assert_int_equal(drainer_state(drainer)->state, DRAIN_DRAINED);
    assert_string_equal(strbuf_text(&rig.told), ""); /* and no EXIT */
    witness_must("drain-began|draining: not ready for new callers any more|");
    witness_must("drain-done|drained: no worker is left|");
    witness_must("|VOXKEEPER_CALLER_KINDS=0 connections|");
    assert_string_equal(scratch_read(&rig.scratch, "callers-cut.jsonl"), "");
}

static void the_daemon_may_end_after_it(void **state)
{
    (void)state;
    drainer_begin(drainer, false);
    fleet_rig_wait(&rig, "drain DONE cut 0\n");
    drainer_begin(drainer, true);
    fleet_rig_wait(&rig, "drain EXIT\n");
}

static void callers_are_waited_for(void **state)
{
    (void)state;
    pid_t one = caller_begin(port);
    pid_t two = caller_begin(port);
    drainer_begin(drainer, true);
    fleet_rig_wait(&rig, "drain PROGRESS 2\n");
    caller_hang_up(one);
    fleet_rig_wait(&rig, "drain PROGRESS 1\n");
    assert_int_equal(fleet_serving(supervisor_fleet(rig.supervisor)), 1);
    caller_hang_up(two);
    fleet_rig_wait(&rig, "drain STOP\n");
    fleet_rig_wait(&rig, "drain DONE cut 0\ndrain EXIT\n");
    witness_must("drain-progress|draining: 2 callers, 9min 59s left (2 connections)|");
    /* One event for each number, however often it was counted. */
    assert_int_equal(witness_count("drain-progress|draining: 2 callers"), 1);
    assert_int_equal(witness_count("drain-progress|draining: 1 caller,"), 1);
    witness_must_not("callers-cut");
}

static void who_hurries_cuts(void **state)
{
    (void)state;
    pid_t one = caller_begin(port);
    drainer_begin(drainer, true);
    fleet_rig_wait(&rig, "drain PROGRESS 1\n");
    drainer_hurry(drainer);
    fleet_rig_wait(&rig, "drain CUT\ndrain STOP\n");
    fleet_rig_wait(&rig, "drain DONE cut 1\ndrain EXIT\n");
    caller_hang_up(one);
    witness_must("callers-cut|1 caller cut: the wait ended (1 connection)|");
    witness_must("|VOXKEEPER_CALLERS=1|VOXKEEPER_CALLER_NAMES={\"connections\":[\"127.0.0.1 port ");
    const char *line = scratch_read(&rig.scratch, "callers-cut.jsonl");
    assert_int_equal(strncmp(line, "{\"at_usec\":", 11), 0);
    assert_non_null(strstr(line, ",\"callers\":1,\"who\":{\"connections\":[\"127.0.0.1 port "));
    assert_non_null(strstr(line, "\"],\"tasks\":[],\"sessions\":[]}}\n"));
}

static void the_deadline_cuts(void **state)
{
    (void)state;
    pid_t one = caller_begin(port);
    drainer_begin(drainer, false);
    fleet_rig_wait(&rig, "drain PROGRESS 1\n");
    rig.config->drain.timeout = 50 * USEC_PER_MSEC;
    drainer_configure(drainer, rig.config);
    drainer_begin(drainer, false); /* an earlier deadline */
    fleet_rig_wait(&rig, "drain CUT\ndrain STOP\n");
    fleet_rig_wait(&rig, "drain DONE cut 1\n");
    caller_hang_up(one);
}

static void a_cut_is_told_also_where_it_cannot_be_written(void **state)
{
    (void)state;
    pid_t one = caller_begin(port);
    free(rig.config->admin.state_directory);
    rig.config->admin.state_directory = strdup("/none/such");
    drainer_begin(drainer, true);
    fleet_rig_wait(&rig, "drain PROGRESS 1\n");
    drainer_hurry(drainer);
    fleet_rig_wait(&rig, "drain EXIT\n");
    caller_hang_up(one);
    witness_must("callers-cut|1 caller cut");
    witness_must("/none/such/callers-cut.jsonl");
    witness_must("; whom we cut is in the event only");
}

static void resuming_while_waiting_costs_nothing(void **state)
{
    (void)state;
    pid_t one = caller_begin(port);
    drainer_begin(drainer, false);
    fleet_rig_wait(&rig, "drain PROGRESS 1\n");
    drainer_resume(drainer);
    fleet_rig_wait(&rig, "drain CANCELLED\n");
    assert_int_equal(drainer_state(drainer)->state, DRAIN_OPEN);
    caller_hang_up(one);
    drainer_begin(drainer, false);
    fleet_rig_wait(&rig, "drain BEGAN\n");
    fleet_rig_wait(&rig, "drain DONE cut 0\n");
    witness_must("drain-cancelled|open for callers again|");
    assert_int_equal(witness_count("worker-"), 0);
}

static void resuming_afterwards_starts_the_workers(void **state)
{
    (void)state;
    drainer_begin(drainer, false);
    fleet_rig_wait(&rig, "drain DONE cut 0\n");
    drainer_resume(drainer);
    fleet_rig_wait(&rig, "STARTED 1\nVERIFIED 1\n");
    assert_int_equal(drainer_state(drainer)->state, DRAIN_OPEN);
}

static void who_stops_for_good_cannot_resume(void **state)
{
    (void)state;
    pid_t one = caller_begin(port);
    drainer_begin(drainer, true);
    fleet_rig_wait(&rig, "drain PROGRESS 1\n");
    drainer_resume(drainer);
    caller_hang_up(one);
    fleet_rig_wait(&rig, "drain EXIT\n");
    assert_false(witness_heard("drain-cancelled"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
        T(nobody_is_waited_for),
        T(the_daemon_may_end_after_it),
        T(callers_are_waited_for),
        T(who_hurries_cuts),
        T(the_deadline_cuts),
        T(a_cut_is_told_also_where_it_cannot_be_written),
        T(resuming_while_waiting_costs_nothing),
        T(resuming_afterwards_starts_the_workers),
        T(who_stops_for_good_cannot_resume),
#undef T
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
