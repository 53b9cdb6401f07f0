/* Starting a worker: outcome of exec, what it inherits, how its end is told. */
#include "io/child/child.h"

#include "loop/worker_bench.h"

#include <sys/stat.h>

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

static void an_exit_code_is_told(void **state)
{
    struct subject s;
    subject_spawn_shell(&s, *state, "w", (char[]){"exit 7"}, -1);
    assert_false(s.started); /* nothing is told from inside child_spawn */
    assert_true(child_pid(s.child) > 0);
    bench_wait(s.bench, s.exited);
    assert_true(s.status.known);
    assert_false(s.status.signaled);
    assert_false(s.status.oom);
    assert_int_equal(s.status.code, 7);
    assert_int_equal(child_signal(s.child, SIGTERM), -ESRCH);
    subject_kill(&s);
    assert_int_equal(child_leftovers(s.child), 0);
    child_free(s.child);
}

static void a_signal_is_told(void **state)
{
    struct subject s;
    subject_spawn_shell(&s, *state, "w", (char[]){"exec sleep 1000"}, -1);
    bench_wait(s.bench, s.started);
    assert_false(s.exited);
    assert_int_equal(child_signal(s.child, SIGTERM), 0);
    bench_wait(s.bench, s.exited);
    assert_true(s.status.known && s.status.signaled);
    assert_int_equal(s.status.code, SIGTERM);
    child_free(s.child);
}

/* Spawns what cannot work and gives the message, whichever way it came. */
static void expect_failure(
    struct bench *b, const struct child_spec *spec, int code, const char *message)
{
    struct subject s;
    struct err e = {0};
    subject_try(&s, b, spec, &e);
    if (s.child) {
        bench_wait(b, s.failed);
        e = s.why;
        assert_no_children();
        child_free(s.child);
    }
    assert_string_equal(e.msg, message);
    assert_int_equal(e.code, code);
}

static void the_reason_of_a_failed_start_is_told(void **state)
{
    char *argv[] = {(char[]){"x"}, NULL};
    struct child_spec spec = {.argv = argv, .envp = subject_environment, .name = "w"};

    spec.path = "/nonexistent/nod";
    expect_failure(
        *state, &spec, -ENOENT, "starting \"/nonexistent/nod\": No such file or directory");
    spec.path = "/etc/passwd";
    expect_failure(*state, &spec, -EACCES, "starting \"/etc/passwd\": Permission denied");
    spec.path = "nod-of-nowhere";
    expect_failure(*state, &spec, -ENOENT,
        "starting \"nod-of-nowhere\": not found in PATH \"/usr/local/bin:/usr/bin:/bin\"");

    spec.path = "sh";
    spec.working_directory = "/nonexistent/dir";
    expect_failure(*state, &spec, -ENOENT,
        "changing to directory \"/nonexistent/dir\": No such file or directory");
    spec.working_directory = NULL;
    spec.user = "nobody-of-that-name";
    expect_failure(*state, &spec, -ESRCH, "looking up user \"nobody-of-that-name\": no such user");
    spec.user = NULL;
    spec.group = "nogroup-of-that-name";
    expect_failure(
        *state, &spec, -ESRCH, "looking up group \"nogroup-of-that-name\": no such group");
    spec.group = NULL;
    spec.user = "4000000000";
    expect_failure(*state, &spec, -EINVAL,
        "looking up user \"4000000000\": it has no entry, and no group is given");
    spec.user = NULL;
    spec.limit_nofile = UINT64_C(1) << 40;
    expect_failure(
        *state, &spec, -EPERM, "setting LimitNOFILE to 1099511627776: Operation not permitted");
    spec.limit_nofile = 0;
    struct child_fd closed = {.source = 999, .target = 5};
    spec.fds = &closed;
    spec.n_fds = 1;
    expect_failure(*state, &spec, -EBADF, "passing descriptor 999 as 5: Bad file descriptor");
}

static void a_missing_interpreter_is_named_as_such(void **state)
{
    char path[] = "/tmp/voxkeeper-test-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "#!/nonexistent/sh\n", 18), 18);
    assert_int_equal(fchmod(fd, 0755), 0);
    close(fd);
    char *argv[] = {path, NULL};
    struct child_spec spec = {
        .path = path,
        .argv = argv,
        .envp = subject_environment,
        .name = "w",
    };
    char message[256];
    snprintf(message, sizeof message,
        "starting \"%s\": running the interpreter that it names: No such file or directory", path);
    expect_failure(*state, &spec, -ENOENT, message);
    unlink(path);
}

/* Runs a script that writes one line to descriptor 3. */
static void ask(struct bench *b, char *script, char *line, size_t size)
{
    struct subject s;
    int ends[2];
    make_pipe(ends);
    subject_spawn_shell(&s, b, "w", script, ends[1]);
    close(ends[1]);
    read_line(ends[0], line, size);
    close(ends[0]);
    bench_wait(b, s.exited);
    child_free(s.child);
}

static void signals_are_as_at_login(void **state)
{
    char line[256];
    sigset_t before;
    sigset_t some;
    sigemptyset(&some);
    sigaddset(&some, SIGUSR1);
    signal(SIGPIPE, SIG_IGN);
    sigprocmask(SIG_BLOCK, &some, &before);
    ask(*state, (char[]){"grep -E '^Sig(Blk|Ign)' /proc/$$/status | tr -d '\\n\\t' >&3; echo >&3"},
        line, sizeof line);
    sigprocmask(SIG_SETMASK, &before, NULL);
    signal(SIGPIPE, SIG_DFL);
    assert_string_equal(line, "SigBlk:0000000000000000SigIgn:0000000000000000");
}

static void a_worker_has_a_session_of_its_own(void **state)
{
    char line[256];
    ask(*state,
        (char[]){"read pid comm state ppid pgrp session rest < /proc/$$/stat;"
                 "[ $pid = $pgrp ] && [ $pid = $session ] && echo own >&3 || echo not >&3"},
        line, sizeof line);
    assert_string_equal(line, "own");
}

static void the_mark_is_in_the_environment_once(void **state)
{
    struct subject s;
    struct err e;
    int ends[2];
    char line[256];
    make_pipe(ends);
    char script[] = "tr '\\0' ' ' < /proc/$$/environ >&3; echo >&3";
    char *argv[] = {(char[]){"sh"}, (char[]){"-c"}, script, NULL};
    char *envp[] = {
        (char[]){"A=1"}, (char[]){"VOXKEEPER_INSTANCE=of-another"}, (char[]){"PATH=/bin"}, NULL};
    struct child_fd fd = {.source = ends[1], .target = 3};
    struct child_spec spec = {
        .path = "sh",
        .argv = argv,
        .envp = envp,
        .fds = &fd,
        .n_fds = 1,
        .name = "w",
    };
    subject_try(&s, *state, &spec, &e);
    assert_non_null(s.child);
    close(ends[1]);
    read_line(ends[0], line, sizeof line);
    close(ends[0]);
    assert_string_equal(line, "VOXKEEPER_INSTANCE=w A=1 PATH=/bin ");
    bench_wait(s.bench, s.exited);
    child_free(s.child);
}

/* Until its tree is gone the pid, and so the number of its group, cannot become somebody else's. */
static void an_ended_worker_keeps_its_pid(void **state)
{
    struct subject one;
    struct subject two;
    subject_spawn_shell(&one, *state, "w-1", (char[]){"exit 1"}, -1);
    bench_wait(one.bench, one.exited);
    pid_t pid = child_pid(one.child);
    assert_int_equal(kill(pid, 0), 0);
    /* The end of another makes us look for orphans. */
    subject_spawn_shell(&two, *state, "w-2", (char[]){"exit 2"}, -1);
    bench_wait(two.bench, two.exited);
    subject_kill(&two);
    child_free(two.child);
    assert_int_equal(kill(pid, 0), 0);
    subject_kill(&one);
    assert_int_equal(kill(pid, 0), -1);
    child_free(one.child);
}

static void only_listed_descriptors_are_inherited(void **state)
{
    char line[256];
    int leak = dup2(2, 77); /* without FD_CLOEXEC, as a careless library would leave it */
    ask(*state, (char[]){"cd /proc/$$/fd; echo * $(readlink 0) $(readlink 1) >&3"}, line,
        sizeof line);
    close(leak);
    /* 4 is the directory that the shell reads. */
    assert_string_equal(line, "0 1 2 3 4 /dev/null /dev/null");
}

static void descriptors_may_change_places(void **state)
{
    enum { N = 4 };
    int pipes[N][2];
    char numbers[N][16];
    struct child_fd fds[N];
    struct subject s;
    struct err e;
    char script[] = "for i; do echo $i > /proc/self/fd/$i; done";
    char *argv[4 + N + 1] = {(char[]){"sh"}, (char[]){"-c"}, script, (char[]){"sh"}};
    for (int i = 0; i < N; i++)
        make_pipe(pipes[i]);
    /* Each becomes the number that the next one has here. */
    for (int i = 0; i < N; i++) {
        fds[i] = (struct child_fd){.source = pipes[i][1], .target = pipes[(i + 1) % N][1]};
        snprintf(numbers[i], sizeof numbers[i], "%d", fds[i].target);
        argv[4 + i] = numbers[i];
    }
    struct child_spec spec = {
        .path = "/bin/sh",
        .argv = argv,
        .envp = subject_environment,
        .fds = fds,
        .n_fds = N,
        .name = "w",
    };
    subject_try(&s, *state, &spec, &e);
    assert_non_null(s.child);
    for (int i = 0; i < N; i++) {
        close(pipes[i][1]);
        assert_int_equal(read_number(pipes[i][0]), fds[i].target);
        close(pipes[i][0]);
    }
    bench_wait(s.bench, s.exited);
    child_free(s.child);
}

static void limits_and_directory_are_set(void **state)
{
    struct subject s;
    struct err e;
    int ends[2];
    char line[256];
    make_pipe(ends);
    char script[] = "echo $(pwd) $(ulimit -Sn) $(ulimit -Hn) $(cat /proc/$$/oom_score_adj) >&3";
    char *argv[] = {(char[]){"sh"}, (char[]){"-c"}, script, NULL};
    struct child_fd fd = {.source = ends[1], .target = 3};
    struct child_spec spec = {
        .path = "sh",
        .argv = argv,
        .envp = subject_environment,
        .working_directory = "/usr/bin",
        .limit_nofile = 321,
        .oom_score_adj = 1000,
        .fds = &fd,
        .n_fds = 1,
        .name = "w",
    };
    subject_try(&s, *state, &spec, &e);
    assert_non_null(s.child);
    close(ends[1]);
    read_line(ends[0], line, sizeof line);
    close(ends[0]);
    assert_string_equal(line, "/usr/bin 321 321 1000");
    bench_wait(s.bench, s.exited);
    child_free(s.child);
}

static void a_worker_runs_as_its_user(void **state)
{
    struct subject s;
    struct err e;
    int ends[2];
    char line[256];
    if (geteuid() != 0) {
        if (getenv("VOXKEEPER_MUST_RUN"))
            fail_msg("only root can change the user");
        skip();
    }
    make_pipe(ends);
    char script[] = "echo $(id -u) $(id -g) $(grep ^Groups: /proc/self/status) >&3";
    char *argv[] = {(char[]){"sh"}, (char[]){"-c"}, script, NULL};
    struct child_fd fd = {.source = ends[1], .target = 3};
    struct child_spec spec = {
        .path = "/bin/sh",
        .argv = argv,
        .envp = subject_environment,
        .user = "nobody",
        .fds = &fd,
        .n_fds = 1,
        .name = "w",
    };
    subject_try(&s, *state, &spec, &e);
    assert_non_null(s.child);
    close(ends[1]);
    read_line(ends[0], line, sizeof line);
    close(ends[0]);
    assert_string_equal(line, "65534 65534 Groups: 65534");
    bench_wait(s.bench, s.exited);
    child_free(s.child);
}

static void orphans_are_reaped(void **state)
{
    struct subject s;
    int ends[2];
    struct bench *b = *state;
    make_pipe(ends);
    /* The inner process is left to us, ends when we say so, and nobody ever asked for it. */
    subject_spawn_shell(
        &s, b, "w", (char[]){"(sh -c 'echo $$ >&3; kill -STOP $$' &) ; exec sleep 1000"}, ends[1]);
    close(ends[1]);
    pid_t orphan = (pid_t)read_number(ends[0]);
    bench_wait(b, s.started);
    kill(orphan, SIGKILL);
    /* Its end closes the last writer but `sleep`; the loop hears SIGCHLD and the pid goes. */
    struct timer *look = timer_new(b->loop, (void (*)(void *))bench_wake, b);
    do {
        timer_arm(look, usec_add(loop_now(), USEC_PER_MSEC));
        loop_run(b->loop);
    } while (kill(orphan, 0) == 0);
    timer_free(look);
    assert_false(s.exited);
    close(ends[0]);
    subject_kill(&s);
    assert_true(s.status.known);
    child_free(s.child);
}

static void a_freed_child_is_left_alone(void **state)
{
    struct subject s;
    int ends[2];
    struct bench *b = *state;
    make_pipe(ends);
    subject_spawn_shell(&s, b, "w", (char[]){"echo $$ >&3; exec sleep 1000"}, ends[1]);
    close(ends[1]);
    pid_t pid = (pid_t)read_number(ends[0]);
    child_free(s.child);
    assert_int_equal(kill(pid, 0), 0);
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_false(s.started || s.exited);
    close(ends[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, open_bench, close_bench)
        T(an_exit_code_is_told),
        T(a_signal_is_told),
        T(the_reason_of_a_failed_start_is_told),
        T(a_missing_interpreter_is_named_as_such),
        T(signals_are_as_at_login),
        T(a_worker_has_a_session_of_its_own),
        T(the_mark_is_in_the_environment_once),
        T(an_ended_worker_keeps_its_pid),
        T(only_listed_descriptors_are_inherited),
        T(descriptors_may_change_places),
        T(limits_and_directory_are_set),
        T(a_worker_runs_as_its_user),
        T(orphans_are_reaped),
        T(a_freed_child_is_left_alone),
#undef T
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
