/* daemon/probe_exec: a command's end as an outcome, and nothing of it left behind. */
#include "daemon/probe_exec.h"

#include "io/child.h"
#include "offspring.h"
#include "pump.h"

#include <stdio.h>
#include <string.h>

struct rig {
    struct pump pump;
    struct probe_exec *probe;
    unsigned n_reports;
    enum probe_outcome outcome;
    char reason[256];
};

static char *const environment[] = {(char[]){"PATH=/usr/bin:/bin"}, NULL};

static int set_up(void **state)
{
    static struct rig rig;
    struct err e;
    rig = (struct rig){0};
    pump_init(&rig.pump);
    assert_int_equal(child_become_subreaper(rig.pump.loop, &e), 0);
    *state = &rig;
    return 0;
}

/* Whatever the test did: no process is left. */
static int tear_down(void **state)
{
    struct rig *r = *state;
    probe_exec_free(r->probe);
    pump_until(&r->pump, offspring_gone, NULL);
    pump_fini(&r->pump);
    return 0;
}

static void on_report(enum probe_outcome outcome, const char *reason, void *arg)
{
    struct rig *r = arg;
    r->n_reports++;
    r->outcome = outcome;
    snprintf(r->reason, sizeof r->reason, "%s", reason);
}

static bool reported(void *arg)
{
    return ((struct rig *)arg)->n_reports > 0;
}

static struct err start(struct rig *r, const char *path, const char *script, usec_t timeout)
{
    char *argv[] = {(char *)path, (char[]){"-c"}, (char *)script, NULL};
    const struct strlist command = {argv, script ? 3 : 1};
    struct err e = {0};
    if (!script)
        argv[1] = NULL;
    r->probe = probe_exec_new(r->pump.loop,
        &(struct probe_exec_spec){.command = &command,
            .environment = environment,
            .timeout = timeout,
            .instance = "probe-of-a-test"},
        on_report, r, &e);
    assert_int_equal(r->n_reports, 0); /* only from the loop */
    return e;
}

static void finds(struct rig *r, const char *script, usec_t timeout, enum probe_outcome outcome,
    const char *reason)
{
    r->n_reports = 0;
    start(r, "/bin/sh", script, timeout);
    assert_non_null(r->probe);
    pump_until(&r->pump, reported, r);
    assert_int_equal(r->outcome, outcome);
    assert_string_equal(r->reason, reason);
    assert_int_equal(r->n_reports, 1);
    probe_exec_free(r->probe);
    r->probe = NULL;
}

static void the_end_is_the_outcome(void **state)
{
    struct rig *r = *state;
    finds(r, "exit 0", 20 * USEC_PER_SEC, PROBE_PASS, "exit code 0");
    finds(r, "exit 3", 20 * USEC_PER_SEC, PROBE_FAIL, "exit code 3");
    finds(r, "kill -KILL $$", 20 * USEC_PER_SEC, PROBE_FAIL, "signal 9 (SIGKILL)");
}

static void a_late_one_hangs(void **state)
{
    finds(*state, "exec sleep 1000", 20 * USEC_PER_MSEC, PROBE_HUNG,
        "no end in time, killed: signal 9 (SIGKILL)");
    finds(*state, "trap '' TERM; sleep 1000; sleep 1000", 20 * USEC_PER_MSEC, PROBE_HUNG,
        "no end in time, killed: signal 9 (SIGKILL)");
}

static void what_it_leaves_is_killed(void **state)
{
    finds(*state, "sleep 1000 & setsid sleep 1000 & exit 0", 20 * USEC_PER_SEC, PROBE_PASS,
        "exit code 0");
}

static void a_command_that_is_not_there(void **state)
{
    struct rig *r = *state;
    struct err e = start(r, "/none/such", NULL, 20 * USEC_PER_SEC);
    if (r->probe) { /* told by the new process */
        pump_until(&r->pump, reported, r);
        assert_int_equal(r->outcome, PROBE_FAIL);
        assert_non_null(strstr(r->reason, "No such file or directory"));
    } else {
        assert_non_null(strstr(e.msg, "No such file or directory"));
    }
}

static bool never(void *arg)
{
    (void)arg;
    return false;
}

static void nothing_comes_after_free(void **state)
{
    struct rig *r = *state;
    start(r, "/bin/sh", "sleep 1000 & exec sleep 1000", 10 * USEC_PER_MSEC);
    probe_exec_free(r->probe); /* before it even runs */
    start(r, "/bin/sh", "sleep 1000 & exec sleep 1000", 50 * USEC_PER_MSEC);
    pump_try(&r->pump, never, NULL, 5 * USEC_PER_MSEC);
    probe_exec_free(r->probe);
    r->probe = NULL;
    pump_until(&r->pump, offspring_gone, NULL);
    assert_int_equal(r->n_reports, 0);
    probe_exec_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
        T(the_end_is_the_outcome),
        T(a_late_one_hangs),
        T(what_it_leaves_is_killed),
        T(a_command_that_is_not_there),
        T(nothing_comes_after_free),
#undef T
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
