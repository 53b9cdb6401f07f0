/* What is left in a cgroup is ended: from inside of it, as ExecStopPost= does. */
#include "io/child/cgroup_sweep.h"

#include "loop/cgroup_base.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>

/* As /proc/self/cgroup names it. */
static const char *path_of_base(void)
{
    return strrchr(base, '/');
}

static void make_below(const char *name)
{
    char path[160];
    snprintf(path, sizeof path, "%s/%s", base, name);
    assert_int_equal(mkdir(path, 0755), 0);
}

/* Returns whether it was there. */
static bool remove_below(const char *name)
{
    char path[160];
    snprintf(path, sizeof path, "%s/%s", base, name);
    return rmdir(path) == 0;
}

/* A process that ignores what can be ignored, in the cgroup `name` below the base. */
static pid_t put(const char *name)
{
    char path[160];
    snprintf(path, sizeof path, "%s/%s/cgroup.procs", base, name);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid > 0) {
        char text[32];
        snprintf(text, sizeof text, "%d", (int)pid);
        write_text(path, text);
        return pid;
    }
    signal(SIGTERM, SIG_IGN);
    for (;;)
        pause();
}

static void assert_killed(pid_t pid)
{
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void sweep_from_within(void)
{
    struct err e = {0};
    signal(SIGCHLD, SIG_IGN); /* they are gone as soon as they are dead */
    put("");
    put("worker-1");
    put("worker-2");
    put("worker-2/deeper");
    assert_int_equal(cgroup_sweep(path_of_base(), &e), 4);
    assert_int_equal(cgroup_sweep(path_of_base(), &e), 0);
}

static void everything_but_ourselves_goes(void **state)
{
    (void)state;
    static const char *const names[] = {"worker-1", "worker-2", "worker-2/deeper"};
    if (base[0] != '\0') {
        for (unsigned i = 0; i < 3; i++)
            make_below(names[i]);
    }
    inside(sweep_from_within);
    for (unsigned i = 3; i-- > 0;)
        assert_false(remove_below(names[i]));
}

static void sweep_beside_helpers(void)
{
    struct err e = {0};
    pid_t helper = put(".control");
    pid_t left = put("worker");
    signal(SIGCHLD, SIG_IGN);
    assert_int_equal(cgroup_sweep(path_of_base(), &e), 1);
    assert_int_equal(kill(left, 0), -1);
    signal(SIGCHLD, SIG_DFL);
    assert_int_equal(kill(helper, SIGKILL), 0);
    assert_killed(helper);
}

static void helpers_of_the_manager_stay(void **state)
{
    (void)state;
    if (base[0] != '\0') {
        make_below(".control");
        make_below("worker");
    }
    inside(sweep_beside_helpers);
    assert_true(remove_below(".control"));
    assert_false(remove_below("worker"));
}

static void sweep_by_name(void)
{
    struct err e = {0};
    pid_t spared[2] = {put("supervisor"), put("")};
    signal(SIGCHLD, SIG_IGN);
    put("worker-1");
    put("worker-2");
    assert_int_equal(cgroup_sweep_below(path_of_base(), "worker-", &e), 2);
    assert_int_equal(cgroup_sweep_below(path_of_base(), "worker-", &e), 0);
    signal(SIGCHLD, SIG_DFL);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(kill(spared[i], SIGKILL), 0);
        assert_killed(spared[i]);
    }
}

static void other_names_are_spared(void **state)
{
    (void)state;
    static const char *const names[] = {"worker-1", "worker-2", "supervisor"};
    if (base[0] != '\0') {
        for (unsigned i = 0; i < 3; i++)
            make_below(names[i]);
    }
    inside(sweep_by_name);
    assert_false(remove_below("worker-1") || remove_below("worker-2"));
    assert_true(remove_below("supervisor"));
}

static void what_is_not_there_is_told(void **state)
{
    (void)state;
    struct err e = {0};
    assert_int_equal(cgroup_sweep("/voxkeeper-test-nowhere", &e), -ENOENT);
    assert_non_null(strstr(e.msg, "\"/voxkeeper-test-nowhere\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(everything_but_ourselves_goes, make_base, remove_base),
        cmocka_unit_test_setup_teardown(helpers_of_the_manager_stay, make_base, remove_base),
        cmocka_unit_test_setup_teardown(other_names_are_spared, make_base, remove_base),
        cmocka_unit_test(what_is_not_there_is_told),
    };
    return cmocka_run_group_tests_name("cgroup_sweep", tests, NULL, NULL);
}
