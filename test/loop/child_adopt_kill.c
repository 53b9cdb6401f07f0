/* Killing what a former instance has spawned, with everything that it started. */
#include "io/child/child.h"
#include "io/child/child_plan.h"
#include "loop/cgroup_base.h"
#include "loop/legacy.h"

#include <linux/sched.h>
#include <sched.h>
#include <sys/syscall.h>

/* The linker sends these through here: an older kernel can be had. */
static bool without_group_signals;
static unsigned group_kills;
static unsigned group_kills_by_number;

int __real_kill(pid_t pid, int signum);
int __wrap_kill(pid_t pid, int signum);

int __real_pidfd_send_signal(int fd, int signum, siginfo_t *info, unsigned flags);
int __wrap_pidfd_send_signal(int fd, int signum, siginfo_t *info, unsigned flags);

int __wrap_pidfd_send_signal(int fd, int signum, siginfo_t *info, unsigned flags)
{
    group_kills += flags != 0 && signum == SIGKILL && !without_group_signals;
    if (flags == 0 || !without_group_signals)
        return __real_pidfd_send_signal(fd, signum, info, flags);
    errno = EINVAL;
    return -1;
}

int __wrap_kill(pid_t pid, int signum)
{
    group_kills_by_number += pid < 0;
    return __real_kill(pid, signum);
}

static int new_kernel(void **state)
{
    (void)state;
    without_group_signals = false;
    return 0;
}

static bool is_readable(int fd, int timeout)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    int ready;
    do
        ready = poll(&p, 1, timeout);
    while (ready < 0 && errno == EINTR); /* SIGCHLD */
    return ready > 0;
}

static void kill_and_expect_all_dead(struct legacy *l, struct cgroup *g)
{
    struct bench b;
    struct subject s;
    legacy_open(&b);
    legacy_adopt(l, &s, &b, g);
    subject_kill(&s);
    assert_true(s.status.signaled || !s.status.known);
    legacy_expect_all_dead(l);
    assert_int_equal(child_signal(s.child, SIGTERM), -ESRCH);
    legacy_close(&b, &s);
}

/* In the group, in a session of its own, orphaned, without the mark; and what that has started. */
#define FAMILY                                                                                     \
    "sh -c 'echo $$ >&3; exec sleep 1000' &"                                                       \
    "setsid sh -c 'echo $$ >&3; exec sleep 1000' &"                                                \
    "(setsid sh -c 'echo $$ >&3; setsid env -i sh -c \"echo \\$\\$ >&3; exec sleep 1000\" &"       \
    " sleep 1000' &);"                                                                             \
    "(env -i sh -c 'echo $$ >&3; exec sleep 1000' &);"
enum { FAMILY_TELLS = 5, FAMILY_SIZE = 6 };

static void read_family(struct legacy *l)
{
    for (unsigned i = 0; i < FAMILY_TELLS; i++)
        assert_int_equal(kill((pid_t)read_number(l->lines), 0), 0);
}

static void kill_family(struct legacy *l)
{
    read_family(l);
    kill_and_expect_all_dead(l, NULL);
    /* What belongs to it is killed in one go, so that nothing forks meanwhile. */
    assert_true(without_group_signals ? group_kills_by_number > 0 : group_kills > 0);
    assert_true(without_group_signals || group_kills_by_number == 0);
}

static void a_tree_is_killed(void **state)
{
    (void)state;
    legacy_tell(
        &(struct legacy_story){.script = (char[]){FAMILY "exec sleep 1000"}, .next = kill_family});
    without_group_signals = true;
    legacy_tell(
        &(struct legacy_story){.script = (char[]){FAMILY "exec sleep 1000"}, .next = kill_family});
}

static void kill_what_is_left(struct legacy *l)
{
    struct bench b;
    struct subject s;
    read_family(l);
    legacy_open(&b);
    legacy_adopt(l, &s, &b, NULL);
    assert_int_equal(write(l->go, "\n", 1), 1);
    bench_wait(&b, s.exited);
    subject_kill(&s);
    assert_int_equal(child_leftovers(s.child), FAMILY_SIZE);
    assert_int_equal(group_kills_by_number, 0); /* its number is not its own any more */
    legacy_expect_all_dead(l);
    legacy_close(&b, &s);
}

static void what_the_main_process_left_is_counted(void **state)
{
    (void)state;
    legacy_tell(&(struct legacy_story){
        .script = (char[]){FAMILY "read x <&4; exit 42"}, .next = kill_what_is_left});
    without_group_signals = true;
    legacy_tell(&(struct legacy_story){
        .script = (char[]){FAMILY "read x <&4; exit 42"}, .next = kill_what_is_left});
}

static void kill_chain(struct legacy *l)
{
    (void)read_number(l->lines);
    kill_and_expect_all_dead(l, NULL);
}

static void a_chain_of_forks_comes_to_an_end(void **state)
{
    (void)state;
    legacy_tell(&(struct legacy_story){
        .script = (char[]){"f() { sleep 0.01; f & exit; }; f & f &"
                           "(setsid sh -c 'g() { sleep 0.01; g & exit; }; g' &);"
                           "echo $$ >&3; exec sleep 1000"},
        .next = kill_chain});
}

static void kill_in_cgroup(struct legacy *l)
{
    struct err e;
    struct cgroup *g = cgroup_open_own(&e);
    assert_non_null(g);
    (void)read_number(l->lines);
    assert_true(cgroup_populated(g, legacy_name()));
    kill_and_expect_all_dead(l, g);
    assert_int_equal(cgroup_remove(g, legacy_name()), -ENOENT);
    cgroup_free(g);
}

/* A stray that has shed everything else. */
#define SHEDDER "(env -i setsid sh -c 'echo $$ >&3; exec sleep 1000' &);"

static void in_the_base(void)
{
    legacy_tell(&(struct legacy_story){.script = (char[]){SHEDDER "exec sleep 1000"},
        .with_cgroup = true,
        .next = kill_in_cgroup});
}

static void a_tree_in_a_cgroup_is_killed(void **state)
{
    (void)state;
    inside(in_the_base);
}

struct strangers {
    int leader; /* pidfds: its pid is what the worker's was */
    int member; /* of its group */
};

/* Numbers are given again after many others only, and by then the clock has ticked. */
static void let_clock_tick(void)
{
    const usec_t tick = USEC_PER_SEC / (usec_t)sysconf(_SC_CLK_TCK);
    usec_t before = loop_now() / tick;
    while (loop_now() / tick == before)
        sched_yield();
}

static struct strangers start_strangers(pid_t pid)
{
    int report[2];
    struct clone_args args = {
        .exit_signal = SIGCHLD, .set_tid = (uintptr_t)&pid, .set_tid_size = 1};
    let_clock_tick();
    make_pipe(report);
    /* Once reaped, the number is free a moment later. */
    pid_t leader;
    do
        leader = (pid_t)syscall(SYS_clone3, &args, sizeof args);
    while (leader < 0 && errno == EEXIST);
    if (leader == 0) {
        (void)signal(SIGCHLD, SIG_DFL); /* libuv's handler speaks to the loop of who made us */
        setsid();
        pid_t member = fork();
        if (member > 0)
            dprintf(report[1], "%d\n", member);
        for (;;)
            pause();
    }
    assert_int_equal(leader, pid);
    struct strangers s = {.leader = pidfd_open(pid, 0)};
    s.member = pidfd_open((pid_t)read_number(report[0]), 0);
    close(report[0]);
    close(report[1]);
    return s;
}

static void expect_alive_and_end(int pidfd)
{
    assert_false(is_readable(pidfd, 0));
    assert_int_equal(pidfd_send_signal(pidfd, SIGKILL, NULL, 0), 0);
    assert_true(is_readable(pidfd, 20000));
    close(pidfd);
}

static void kill_beside_strangers(struct legacy *l, bool ended_before)
{
    struct bench b;
    struct subject s;
    legacy_open(&b);
    struct strangers strangers = {-1, -1};
    if (ended_before)
        strangers = start_strangers(l->pid);
    legacy_adopt(l, &s, &b, NULL);
    if (!ended_before)
        assert_int_equal(write(l->go, "\n", 1), 1);
    bench_wait(&b, s.exited);
    if (!ended_before)
        strangers = start_strangers(l->pid);
    subject_kill(&s);
    expect_alive_and_end(strangers.member);
    expect_alive_and_end(strangers.leader);
    legacy_close(&b, &s);
}

static void kill_after_its_number_was_given_away(struct legacy *l)
{
    kill_beside_strangers(l, true);
}

static void kill_when_its_number_is_given_away(struct legacy *l)
{
    kill_beside_strangers(l, false);
}

static void let_it_end(struct legacy *l)
{
    assert_int_equal(write(l->go, "\n", 1), 1);
    assert_int_equal(waitpid(l->pid, NULL, 0), l->pid);
}

static void who_has_its_number_now_is_not_touched(void **state)
{
    (void)state;
    if (geteuid() != 0) {
        if (getenv("VOXKEEPER_MUST_RUN"))
            fail_msg("only root gives a process a number of its choice");
        skip();
    }
    for (unsigned i = 0; i < 2; i++) {
        without_group_signals = i == 1;
        legacy_tell(&(struct legacy_story){.script = (char[]){"read x <&4"},
            .between = let_it_end,
            .next = kill_after_its_number_was_given_away});
        legacy_tell(&(struct legacy_story){
            .script = (char[]){"read x <&4"}, .next = kill_when_its_number_is_given_away});
    }
}

/* The same mark, but older than the worker: of another daemon. */
static void an_older_one_of_the_same_name_is_not_touched(void **state)
{
    (void)state;
    char mark[64];
    snprintf(mark, sizeof mark, CHILD_MARK "%s", legacy_name());
    pid_t stranger = fork();
    if (stranger == 0) {
        execle("/bin/sleep", "sleep", "1000", NULL, (char *[]){mark, NULL});
        _exit(1);
    }
    let_clock_tick();
    legacy_tell(&(struct legacy_story){
        .script = (char[]){FAMILY "exec sleep 1000"}, .bystanders = true, .next = kill_family});
    assert_int_equal(waitpid(stranger, NULL, WNOHANG), 0);
    kill(stranger, SIGKILL);
    assert_int_equal(waitpid(stranger, NULL, 0), stranger);
}

static void kill_by_name(struct legacy *l, struct cgroup *g, unsigned expected)
{
    char byte;
    char longer[64];
    snprintf(longer, sizeof longer, "%s0", legacy_name());
    assert_int_equal(child_kill_instance(g, longer), 0);
    assert_false(is_readable(l->pidfd, 0));
    assert_int_equal(child_kill_instance(g, legacy_name()), expected);
    assert_true(is_readable(l->pidfd, 20000));
    assert_true(is_readable(l->lines, 20000)); /* the end: of the others as well */
    assert_int_equal(read(l->lines, &byte, 1), 0);
    assert_int_equal(child_kill_instance(g, legacy_name()), 0);
}

static void kill_two_by_name(struct legacy *l)
{
    (void)read_number(l->lines);
    kill_by_name(l, NULL, 2);
}

static void an_instance_is_killed_by_its_name(void **state)
{
    (void)state;
    legacy_tell(&(struct legacy_story){
        .script = (char[]){"(setsid sh -c 'echo $$ >&3; exec sleep 1000' &); exec sleep 1000"},
        .next = kill_two_by_name});
}

static void kill_by_name_in_cgroup(struct legacy *l)
{
    struct err e;
    struct cgroup *g = cgroup_open_own(&e);
    assert_non_null(g);
    (void)read_number(l->lines);
    kill_by_name(l, g, 2);
    assert_int_equal(cgroup_remove(g, legacy_name()), -ENOENT);
    cgroup_free(g);
}

static void by_name_in_the_base(void)
{
    legacy_tell(&(struct legacy_story){.script = (char[]){SHEDDER "exec sleep 1000"},
        .with_cgroup = true,
        .next = kill_by_name_in_cgroup});
}

static void an_instance_is_killed_with_its_cgroup(void **state)
{
    (void)state;
    inside(by_name_in_the_base);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup(f, new_kernel)
        T(a_tree_is_killed),
        T(what_the_main_process_left_is_counted),
        T(a_chain_of_forks_comes_to_an_end),
        T(a_tree_in_a_cgroup_is_killed),
        T(who_has_its_number_now_is_not_touched),
        T(an_older_one_of_the_same_name_is_not_touched),
        T(an_instance_is_killed_by_its_name),
        T(an_instance_is_killed_with_its_cgroup),
#undef T
    };
    return cmocka_run_group_tests(tests, make_base, remove_base);
}
