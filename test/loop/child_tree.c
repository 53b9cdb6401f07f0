/* Killing a worker with everything that it started, however that tries to get away. */
#include "io/child/child.h"

#include "io/child/child_plan.h"
#include "io/child/child_tree.h"
#include "loop/worker_bench.h"

#include <stdarg.h>

enum { STRAYS_MAX = 8 };

/* In the middle of an exec there is nothing to be read of a process, for as many looks. */
static unsigned looks_in_exec;

/* One that forks and ends when its stat is asked for. */
static struct {
    pid_t pid;
    char stat[48];
    int go;
    int lines; /* its child's pid */
    pid_t child;
} passer;

static void pass_on(void)
{
    pid_t pid = passer.pid;
    passer.pid = 0;
    assert_int_equal(write(passer.go, "\n", 1), 1);
    passer.child = (pid_t)read_number(passer.lines);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

int __real_open64(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...);

int __wrap_open64(const char *path, int flags, ...)
{
    va_list ap;
    va_start(ap, flags);
    unsigned mode = (flags & O_CREAT) != 0 ? va_arg(ap, unsigned) : 0;
    va_end(ap);
    const char *end = strrchr(path, '/');
    bool asks = end && (strcmp(end, "/environ") == 0 || strcmp(end, "/cmdline") == 0);
    if (asks && looks_in_exec > 0) {
        looks_in_exec--;
        return __real_open64("/dev/null", flags);
    }
    if (passer.pid > 0 && strcmp(path, passer.stat) == 0)
        pass_on();
    return __real_open64(path, flags, mode);
}

struct tree {
    struct subject subject;
    int lines[2]; /* what the script writes to descriptor 3 */
    pid_t strays[STRAYS_MAX];
    unsigned n_strays;
};

static int open_bench(void **state)
{
    struct bench *b = calloc(1, sizeof *b);
    struct err e;
    bench_open(b);
    assert_int_equal(child_become_subreaper(b->loop, &e), 0);
    *state = b;
    return 0;
}

static int close_bench(void **state)
{
    bench_close(*state);
    free(*state);
    assert_no_children();
    return 0;
}

/* Starts the script and waits for the pids of `n` processes that it writes. */
static void tree_start(struct tree *t, struct bench *b, const char *name, char *script, unsigned n)
{
    make_pipe(t->lines);
    subject_spawn_shell(&t->subject, b, name, script, t->lines[1]);
    close(t->lines[1]);
    for (t->n_strays = 0; t->n_strays < n; t->n_strays++) {
        t->strays[t->n_strays] = (pid_t)read_number(t->lines[0]);
        assert_int_equal(kill(t->strays[t->n_strays], 0), 0);
    }
    bench_wait(b, t->subject.started);
}

/* Every process that held the pipe is gone, and every one whose pid we know was reaped. */
static void tree_assert_gone(struct tree *t)
{
    char byte;
    assert_int_equal(fcntl(t->lines[0], F_SETFL, O_NONBLOCK), 0);
    assert_int_equal(read(t->lines[0], &byte, 1), 0);
    close(t->lines[0]);
    for (unsigned i = 0; i < t->n_strays; i++) {
        assert_int_equal(kill(t->strays[i], 0), -1);
        assert_int_equal(errno, ESRCH);
    }
}

static void tree_kill(struct tree *t)
{
    subject_kill(&t->subject);
    tree_assert_gone(t);
    child_free(t->subject.child);
}

static void a_grandchild_that_ignores_sigterm(void **state)
{
    struct tree t;
    tree_start(&t, *state, "w",
        (char[]){"sh -c 'trap \"\" TERM; echo $$ >&3; while :; do sleep 1000; done' & wait"}, 1);
    kill(-child_pid(t.subject.child), SIGTERM);
    bench_wait(t.subject.bench, t.subject.exited);
    assert_int_equal(kill(t.strays[0], 0), 0);
    tree_kill(&t);
}

static void a_grandchild_in_a_session_of_its_own(void **state)
{
    struct tree t;
    tree_start(&t, *state, "w", (char[]){"setsid sh -c 'echo $$ >&3; exec sleep 1000' & wait"}, 1);
    tree_kill(&t);
}

static void a_daemon_by_double_fork(void **state)
{
    struct tree t;
    tree_start(&t, *state, "w",
        (char[]){"(setsid sh -c 'echo $$ >&3; exec sleep 1000' &); exec sleep 1000"}, 1);
    tree_kill(&t);
}

/* What the daemon above starts without our mark is found through it. */
static void the_child_of_a_daemon_without_environment(void **state)
{
    struct tree t;
    tree_start(&t, *state, "w",
        (char[]){
            "(setsid sh -c 'echo $$ >&3; setsid env -i sh -c \"echo \\$\\$ >&3; exec sleep 1000\" &"
            " sleep 1000' &); exec sleep 1000"},
        2);
    tree_kill(&t);
}

/* It has left everything but the session. */
static void an_orphan_in_a_group_of_its_own_without_environment(void **state)
{
    struct tree t;
    tree_start(&t, *state, "w",
        (char[]){
            "(env -i /usr/bin/perl -e 'setpgrp(0, 0); open(F, \">&=3\"); syswrite(F, \"$$\\n\");"
            " sleep(1000)' &); exec sleep 1000"},
        1);
    tree_kill(&t);
}

static void what_the_main_process_left_is_counted(void **state)
{
    struct tree t;
    tree_start(&t, *state, "w",
        (char[]){"sh -c 'echo $$ >&3; exec sleep 1000' &"
                 "setsid sh -c 'echo $$ >&3; exec sleep 1000' &"
                 "read line < /proc/sys/kernel/ostype; exit 3"},
        2);
    bench_wait(t.subject.bench, t.subject.exited);
    assert_int_equal(t.subject.status.code, 3);
    child_kill_tree(t.subject.child);
    assert_false(t.subject.gone); /* not from inside the call */
    bench_wait(t.subject.bench, t.subject.gone);
    assert_int_equal(child_leftovers(t.subject.child), 2);
    tree_assert_gone(&t);
    child_free(t.subject.child);
}

/* Two looks find nothing of it: of its group it is no more, and its mark cannot be read. */
static void an_orphan_in_the_middle_of_an_exec(void **state)
{
    struct tree t;
    tree_start(&t, *state, "w",
        (char[]){"setsid sh -c 'echo $$ >&3; exec sleep 1000' & exec sleep 1000"}, 1);
    kill(child_pid(t.subject.child), SIGKILL);
    bench_wait(t.subject.bench, t.subject.exited);
    looks_in_exec = 6;
    child_kill_tree(t.subject.child);
    bench_wait(t.subject.bench, t.subject.gone);
    assert_int_equal(looks_in_exec, 0);
    assert_int_equal(child_leftovers(t.subject.child), 1);
    tree_assert_gone(&t);
    child_free(t.subject.child);
}

static void an_early_kill_reaches_everything(void **state)
{
    struct bench *b = *state;
    for (int i = 0; i < 50; i++) {
        struct subject s;
        subject_spawn_shell(&s, b, "w", (char[]){"sleep 1000 & wait"}, -1);
        /* At once, in the midst of exec, or after it, as it comes. */
        child_kill_tree(s.child);
        bench_wait(b, s.gone);
        assert_true(s.status.signaled);
        assert_int_equal(s.status.code, SIGKILL);
        child_free(s.child);
        assert_no_children();
    }
}

/* Forks until it is killed; each process lives shortly, so that a look at /proc is soon stale. */
static void a_chain_of_forks_comes_to_an_end(void **state)
{
    struct tree t;
    char script[] = "f() { sleep 0.01; f & exit; };"
                    "echo $$ >&3; f & f & (setsid sh -c 'g() { sleep 0.01; g & exit; }; g' &) ;"
                    "exec sleep 1000";
    tree_start(&t, *state, "w", script, 1);
    tree_kill(&t);
}

/* As the worker of a former instance does, whose orphans do not come to us. */
static void passer_start(const char *name)
{
    int go[2];
    int lines[2];
    char mark[80];
    snprintf(mark, sizeof mark, CHILD_MARK "%s", name);
    assert_int_equal(pipe(go), 0);
    assert_int_equal(pipe(lines), 0);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(go[0], 3);
        dup2(lines[1], 4);
        close_range(5, ~0U, 0);
        execle("/bin/sh", "sh", "-c", "read x <&3; sh -c 'echo $$ >&4; read x <&3' &", NULL,
            (char *[]){mark, NULL});
        _exit(127);
    }
    close(go[0]);
    close(lines[1]);
    passer.go = go[1];
    passer.lines = lines[0];
    passer.pid = pid;
    snprintf(passer.stat, sizeof passer.stat, "/proc/%d/stat", pid);
}

static void one_that_forks_and_ends_while_we_look(void **state)
{
    (void)state;
    char byte;
    struct stray_list before = {0};
    struct stray_list found = {0};
    char name[32];
    snprintf(name, sizeof name, "passer-%d", getpid());
    passer_start(name);
    const struct tree_query q = {.number_until = UINT64_MAX, .instance = name, .before = &before};
    assert_int_equal(child_tree_find(&q, &found), 0);
    assert_true(passer.child > 0);
    assert_int_equal(found.n, 1);
    assert_int_equal(found.items[0].pid, passer.child);
    child_tree_kill(&found);
    assert_int_equal(read(passer.lines, &byte, 1), 0);
    stray_list_fini(&found);
    close(passer.go);
    close(passer.lines);
}

static void other_workers_are_not_touched(void **state)
{
    struct tree one;
    struct tree two;
    char script[] = "(setsid sh -c 'echo $$ >&3; exec sleep 1000' &); exec sleep 1000";
    tree_start(&one, *state, "w-1", script, 1);
    tree_start(&two, *state, "w-10", script, 1);
    tree_kill(&one);
    assert_false(two.subject.exited);
    assert_int_equal(kill(two.strays[0], 0), 0);
    assert_int_equal(child_signal(two.subject.child, 0), 0);
    tree_kill(&two);
}

/* A worker of the same name, but of another voxkeeperd: it does not descend from the one that
 * kills. */
static void the_workers_of_another_daemon_are_not_touched(void **state)
{
    (void)state;
    pid_t stranger = fork();
    if (stranger == 0) {
        char *argv[] = {(char[]){"sleep"}, (char[]){"1000"}, NULL};
        char *envp[] = {(char[]){"VOXKEEPER_INSTANCE=w"}, NULL};
        execve("/bin/sleep", argv, envp);
        _exit(1);
    }
    pid_t daemon = fork();
    if (daemon == 0) {
        void *bench = NULL;
        open_bench(&bench);
        a_daemon_by_double_fork(&bench);
        close_bench(&bench);
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(daemon, &status, 0), daemon);
    assert_int_equal(status, 0);
    assert_int_equal(waitpid(stranger, NULL, WNOHANG), 0);
    kill(stranger, SIGKILL);
    assert_int_equal(waitpid(stranger, &status, 0), stranger);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, open_bench, close_bench)
        T(a_grandchild_that_ignores_sigterm),
        T(a_grandchild_in_a_session_of_its_own),
        T(a_daemon_by_double_fork),
        T(the_child_of_a_daemon_without_environment),
        T(an_orphan_in_a_group_of_its_own_without_environment),
        T(what_the_main_process_left_is_counted),
        T(an_orphan_in_the_middle_of_an_exec),
        T(an_early_kill_reaches_everything),
        T(a_chain_of_forks_comes_to_an_end),
        cmocka_unit_test(one_that_forks_and_ends_while_we_look),
        T(other_workers_are_not_touched),
        cmocka_unit_test(the_workers_of_another_daemon_are_not_touched),
#undef T
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
