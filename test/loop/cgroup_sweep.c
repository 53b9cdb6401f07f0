/* What is left in a cgroup is ended: from inside of it, as ExecStopPost= does. */
#include "io/child/cgroup_sweep.h"

#include "loop/cgroup_base.h"

#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>

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
static pid_t put_that(const char *name, void (*begins)(void))
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
    if (begins)
        begins();
    for (;;)
        pause();
}

static pid_t put(const char *name)
{
    return put_that(name, NULL);
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

/* Of one that ends slowly. */
enum { MUCH = 64 << 20, HELD_UP_MS = 300 };
static int told[2];

static void stay_on_one_processor(void)
{
    cpu_set_t all, one;
    int cpu = 0;
    assert_int_equal(sched_getaffinity(0, sizeof all, &all), 0);
    while (!CPU_ISSET(cpu, &all))
        cpu++;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
}

/* Tells its number. */
static void *be_slow(void *much)
{
    pid_t tid = gettid();
    memset(much, 1, MUCH);
    stay_on_one_processor();
    assert_int_equal(setpriority(PRIO_PROCESS, 0, 19), 0);
    assert_int_equal(write(told[1], &tid, sizeof tid), sizeof tid);
    pause();
    return NULL;
}

/* The last of its threads has what all of them had, when cgroup.procs does not list it any more. */
static void have_much_to_give_back(void)
{
    pthread_t last;
    prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
    char *much = malloc(MUCH);
    assert_non_null(much);
    assert_int_equal(pthread_create(&last, NULL, be_slow, much), 0);
}

/* Takes the processor away from the end of that thread for a while. */
static pid_t hold_up(pid_t tid)
{
    struct timespec begin, now;
    pid_t busy = fork();
    if (busy != 0)
        return busy;
    stay_on_one_processor();
    clock_gettime(CLOCK_MONOTONIC, &begin);
    do
        clock_gettime(CLOCK_MONOTONIC, &now);
    while (
        (now.tv_sec - begin.tv_sec) * 1000 + (now.tv_nsec - begin.tv_nsec) / 1000000 < HELD_UP_MS);
    setpriority(PRIO_PROCESS, (id_t)tid, 0);
    _exit(0);
}

static int listen_at(struct sockaddr_in *at)
{
    socklen_t len = sizeof *at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int)), 0);
    assert_int_equal(bind(fd, (struct sockaddr *)at, len), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)at, &len), 0);
    return fd;
}

static void sweep_and_listen(void)
{
    struct err e = {0};
    pid_t tid = 0;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    signal(SIGCHLD, SIG_IGN);
    assert_int_equal(pipe(told), 0);
    int public = listen_at(&at);
    put_that("worker-1", have_much_to_give_back);
    close(public);
    assert_int_equal(read(told[0], &tid, sizeof tid), sizeof tid);
    pid_t busy = hold_up(tid);
    assert_int_equal(cgroup_sweep_below(path_of_base(), "worker-", &e), 1);
    close(listen_at(&at));
    (void)waitpid(busy, NULL, 0);
}

static void what_they_had_open_is_closed(void **state)
{
    (void)state;
    if (base[0] != '\0')
        make_below("worker-1");
    inside(sweep_and_listen);
    assert_false(remove_below("worker-1"));
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
        cmocka_unit_test_setup_teardown(what_they_had_open_is_closed, make_base, remove_base),
        cmocka_unit_test(what_is_not_there_is_told),
    };
    return cmocka_run_group_tests_name("cgroup_sweep", tests, NULL, NULL);
}
