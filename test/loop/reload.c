/* daemon/reload on a whole daemon: all of it, none of it, or back to what was. */
#include "daemon/reload.h"

#include "daemon_rig.h"
#include "voxkeeper/control.h"

static struct daemon_rig rig;

static int set_up(void **state)
{
    (void)state;
    daemon_rig_init(&rig);
    daemon_rig_configure(&rig, "/bin/sleep 1000", "");
    daemon_rig_start(&rig);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    daemon_rig_fini(&rig);
    return 0;
}

static pid_t worker(void)
{
    return slot_pid(supervisor_slot(rig.d.supervisor, 0));
}

static void reload(const char *verdict)
{
    daemon_rig_must_say(daemon_rig_do(&rig, VK_API_RELOAD, "{}"), verdict);
    assert_int_equal(rig.d.reload.op, 0);
    assert_null(rig.d.reload.previous);
}

static void nothing_changed(void **state)
{
    (void)state;
    pid_t before = worker();
    reload("done: nothing changed");
    assert_int_equal(worker(), before);
}

static void what_can_change_live_does(void **state)
{
    (void)state;
    pid_t before = worker();
    daemon_rig_configure(&rig, "/bin/sleep 1000", "[Restart]\nJitter=77%\n");
    reload("done: the new configuration is in force\n[Restart] Jitter: ");
    assert_int_equal(rig.d.config->restart.jitter, 77);
    assert_int_equal(worker(), before);
    witness_must("config-reloaded|the new configuration is in force|");
}

static void what_workers_must_see_restarts_them(void **state)
{
    (void)state;
    pid_t before = worker();
    daemon_rig_configure(&rig, "/bin/sleep 1001", "");
    reload("done: the new configuration is in force, every worker is verified with it");
    assert_true(worker() != before);
    assert_string_equal(rig.d.config->agent.exec_start.items[1], "1001");
}

static void a_bad_one_is_refused_with_every_complaint(void **state)
{
    (void)state;
    pid_t before = worker();
    const struct config *config = rig.d.config;
    daemon_rig_configure(&rig, "/bin/sleep 1000", "[Agent]\nLisen=1\n[Restart]\nJitter=x\n");
    const char *verdict = daemon_rig_do(&rig, VK_API_RELOAD, "{}");
    daemon_rig_must_say(verdict, "failed: the configuration is refused, the one before stays");
    daemon_rig_must_say(verdict, "Lisen");
    daemon_rig_must_say(verdict, "Jitter");
    assert_ptr_equal(rig.d.config, config);
    assert_int_equal(worker(), before);
    witness_must("config-refused|");
    unlink(rig.config_path);
    reload("No such file or directory");
}

static void what_needs_a_new_daemon_is_refused(void **state)
{
    (void)state;
    daemon_rig_configure(&rig, "/bin/sleep 1000", "[Admin]\nStateDirectory=/elsewhere\n");
    reload("failed: the configuration is refused, the one before stays in force:\n"
           "only a restart of voxkeeperd can change this:\n[Admin] StateDirectory: ");
}

static void what_cannot_be_applied_leaves_all_as_it_was(void **state)
{
    (void)state;
    struct canned taken = {0};
    char more[128];
    canned_listen(&taken);
    snprintf(more, sizeof more, "[Restart]\nJitter=77%%\n[Admin]\nListen=127.0.0.1:%s\n",
        strtok(strrchr(taken.url, ':') + 1, "/"));
    daemon_rig_configure(&rig, "/bin/sleep 1000", more);
    reload("failed: the configuration is refused, the one before stays in force:\n");
    assert_int_equal(rig.d.config->restart.jitter, 10);
    close(taken.fd);
    reload("done: the new configuration is in force");
    assert_int_equal(rig.d.config->restart.jitter, 77);
}

static void workers_that_fail_with_it_bring_the_old_one_back(void **state)
{
    (void)state;
    daemon_rig_configure(&rig, "/none/such", "");
    reload("rolled_back: the configuration is rolled back: the workers did not come up with it; "
           "the one before is back\n[Agent] ExecStart: ");
    assert_string_equal(rig.d.config->agent.exec_start.items[0], "/bin/sleep");
    assert_int_equal(fleet_serving(supervisor_fleet(rig.d.supervisor)), 1);
    witness_must("config-refused|the configuration is rolled back");
}

static void the_command_is_run_when_it_goes_back(void **state)
{
    (void)state;
    daemon_rig_configure(&rig, "/bin/sleep 1000",
        "[Rollback]\nExecRollback=/bin/sh -c \"echo $VOXKEEPER_CAUSE; exit 3\"\n");
    reload("done: the new configuration is in force");
    daemon_rig_configure(&rig, "/none/such",
        "[Rollback]\nExecRollback=/bin/sh -c \"echo $VOXKEEPER_CAUSE; exit 3\"\n");
    reload("ExecRollback= failed: exit code 3");
    witness_must("rollback-command-failed|ExecRollback=/bin/sh failed: exit code 3|");
    witness_must("|spawn-failed|SYSLOG_IDENTIFIER=elevenlabs-agent-rollback|");
    assert_null(rig.d.rollback);
    assert_string_equal(rig.d.rollout.verdict, "rolled back");
    assert_int_equal(rig.d.rollout.failure.cause, WORKER_CAUSE_SPAWN);
    assert_int_equal(fleet_serving(supervisor_fleet(rig.d.supervisor)), 1);
}

static void workers_that_fail_with_both(void **state)
{
    (void)state;
    rig.health.answer = "HTTP/1.0 500 Oh\r\n\r\nsick"; /* whatever runs now */
    rig.d.config->agent.timeout_start = 100 * USEC_PER_MSEC;
    daemon_rig_configure(&rig, "/none/such", "");
    reload("failed: the configuration is rolled back: the workers did not come up with it, nor "
           "with the one before");
}

static void while_drained_workers_see_it_later(void **state)
{
    (void)state;
    daemon_rig_do(&rig, VK_API_DRAIN, "{}");
    daemon_rig_configure(&rig, "/bin/sleep 1001", "");
    reload("done: the new configuration is in force; workers see it at their next start");
    assert_int_equal(fleet_wanted(supervisor_fleet(rig.d.supervisor)), 0);
    daemon_rig_do(&rig, VK_API_RESUME, "{}");
    assert_string_equal(rig.d.config->agent.exec_start.items[1], "1001");
}

/* The workers were not asked whether they like it: that is no reason to go back. */
static void a_drain_in_the_middle_is_no_failure(void **state)
{
    (void)state;
    rig.health.answer = "HTTP/1.0 500 Oh\r\n\r\nsick"; /* so that it would take its time */
    daemon_rig_configure(&rig, "/bin/sleep 1001", "");
    assert_int_equal(daemon_rig_ask(&rig, "POST", VK_API_RELOAD, "{}")->status, 202);
    daemon_rig_do(&rig, VK_API_DRAIN, "{}");
    const char *body = daemon_rig_ask(&rig, "GET", VK_API_OPERATIONS "/1", NULL)->body;
    daemon_rig_must_say(body,
        "\"message\":\"the new configuration is in force; workers see it at their next start");
    assert_string_equal(rig.d.config->agent.exec_start.items[1], "1001");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
        T(nothing_changed),
        T(what_can_change_live_does),
        T(what_workers_must_see_restarts_them),
        T(a_bad_one_is_refused_with_every_complaint),
        T(what_needs_a_new_daemon_is_refused),
        T(what_cannot_be_applied_leaves_all_as_it_was),
        T(workers_that_fail_with_it_bring_the_old_one_back),
        T(the_command_is_run_when_it_goes_back),
        T(workers_that_fail_with_both),
        T(while_drained_workers_see_it_later),
        T(a_drain_in_the_middle_is_no_failure),
#undef T
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
