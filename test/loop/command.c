/* daemon/command: a command's end in words, and nothing of it left behind. */
#include "daemon/command.h"

#include "io/child/child.h"
#include "lib/witness.h"
#include "offspring.h"
#include "pump.h"

#include <stdio.h>
#include <string.h>

struct rig {
    struct pump pump;
    struct command *command;
    unsigned n_ended;
    enum command_result result;
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
    command_free(r->command);
    pump_until(&r->pump, offspring_gone, NULL);
    pump_fini(&r->pump);
    return 0;
}

static void on_ended(enum command_result result, const char *reason, void *arg)
{
    struct rig *r = arg;
    r->n_ended++;
    r->result = result;
    snprintf(r->reason, sizeof r->reason, "%s", reason);
}

static bool ended(void *arg)
{
    return ((struct rig *)arg)->n_ended > 0;
}

static struct err start(struct rig *r, const char *path, const char *script, usec_t timeout)
{
    char *argv[] = {(char *)path, (char[]){"-c"}, (char *)script, NULL};
    const struct strlist words = {argv, script ? 3 : 1};
    struct err e = {0};
    if (!script)
        argv[1] = NULL;
    r->command = command_new(r->pump.loop,
        &(struct command_spec){.argv = &words,
            .environment = environment,
            .timeout = timeout,
            .instance = "command-of-a-test"},
        on_ended, r, &e);
    assert_int_equal(r->n_ended, 0); /* only from the loop */
    return e;
}

static void finds(struct rig *r, const char *script, usec_t timeout, enum command_result result,
    const char *reason)
{
    r->n_ended = 0;
    start(r, "/bin/sh", script, timeout);
    assert_non_null(r->command);
    pump_until(&r->pump, ended, r);
    assert_int_equal(r->result, result);
    assert_string_equal(r->reason, reason);
    assert_int_equal(r->n_ended, 1);
    command_free(r->command);
    r->command = NULL;
}

static void the_end_is_the_outcome(void **state)
{
    struct rig *r = *state;
    finds(r, "exit 0", 20 * USEC_PER_SEC, COMMAND_DONE, "exit code 0");
    finds(r, "exit 3", 20 * USEC_PER_SEC, COMMAND_FAILED, "exit code 3");
    finds(r, "kill -KILL $$", 20 * USEC_PER_SEC, COMMAND_FAILED, "signal 9 (SIGKILL)");
}

static void a_late_one_hangs(void **state)
{
    finds(*state, "exec sleep 1000", 20 * USEC_PER_MSEC, COMMAND_LATE,
        "no end in time, killed: signal 9 (SIGKILL)");
    finds(*state, "trap '' TERM; sleep 1000; sleep 1000", 20 * USEC_PER_MSEC, COMMAND_LATE,
        "no end in time, killed: signal 9 (SIGKILL)");
}

static void what_it_leaves_is_killed(void **state)
{
    finds(*state, "sleep 1000 & setsid sleep 1000 & exit 0", 20 * USEC_PER_SEC, COMMAND_DONE,
        "exit code 0");
}

static void a_command_that_is_not_there(void **state)
{
    struct rig *r = *state;
    struct err e = start(r, "/none/such", NULL, 20 * USEC_PER_SEC);
    if (r->command) { /* told by the new process */
        pump_until(&r->pump, ended, r);
        assert_int_equal(r->result, COMMAND_FAILED);
        assert_non_null(strstr(r->reason, "No such file or directory"));
    } else {
        assert_non_null(strstr(e.msg, "No such file or directory"));
    }
}

static void what_it_says_is_in_the_log(void **state)
{
    struct rig *r = *state;
    char *argv[] = {(char[]){"/bin/sh"}, (char[]){"-c"}, (char[]){"echo fine; echo oh >&2"}, NULL};
    struct err e;
    witness_begin();
    r->command = command_new(r->pump.loop,
        &(struct command_spec){.argv = &(const struct strlist){argv, 3},
            .environment = environment,
            .timeout = 20 * USEC_PER_SEC,
            .instance = "command-of-a-test",
            .identifier = "tester"},
        on_ended, r, &e);
    assert_non_null(r->command);
    pump_until(&r->pump, ended, r);
    assert_true(witness_heard("fine") && witness_heard("oh"));
    /* It is no worker, and does not say so. */
    assert_false(witness_heard("VOXKEEPER_WORKER"));
    assert_true(witness_heard("SYSLOG_IDENTIFIER=tester"));
    witness_end();
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
    command_free(r->command); /* before it even runs */
    start(r, "/bin/sh", "sleep 1000 & exec sleep 1000", 50 * USEC_PER_MSEC);
    pump_try(&r->pump, never, NULL, 5 * USEC_PER_MSEC);
    command_free(r->command);
    r->command = NULL;
    pump_until(&r->pump, offspring_gone, NULL);
    assert_int_equal(r->n_ended, 0);
    command_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
        T(the_end_is_the_outcome),
        T(a_late_one_hangs),
        T(what_it_leaves_is_killed),
        T(a_command_that_is_not_there),
        T(what_it_says_is_in_the_log),
        T(nothing_comes_after_free),
#undef T
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
