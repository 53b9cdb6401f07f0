/*
 * Starting and killing a worker while the system refuses: each fallible call of a start fails in
 * turn. Whatever fails, there is either a worker or a reason, and nothing is left behind.
 */
#include "fault/inject.h"
#include "io/child/child.h"
#include "loop/descriptors.h"
#include "loop/worker_bench.h"

enum { CALLS_MAX = 200 };

/* What can fail without keeping the worker from starting: there is another way, or none is needed.
 */
static bool is_tolerated(const char *name)
{
    return strcmp(name, "close_range") == 0;
}

static void try_to_start(struct subject *s, struct bench *b, struct err *e)
{
    char *argv[] = {(char[]){"sleep"}, (char[]){"1000"}, NULL};
    struct child_fd fd = {.source = 2, .target = 2};
    struct child_spec spec = {
        .path = "sleep",
        .argv = argv,
        .envp = subject_environment,
        .working_directory = "/",
        .limit_nofile = 100,
        .fds = &fd,
        .n_fds = 1,
        .name = "w",
    };
    subject_try(s, b, &spec, e);
}

/* Returns the name of what failed, NULL when the start needed less than `nth` calls. */
static const char *start_with_failure(void (*arm)(unsigned), unsigned nth)
{
    struct bench b;
    struct subject s;
    struct err e = {0};
    unsigned before = descriptors_count();
    bench_open(&b);
    arm(nth);
    try_to_start(&s, &b, &e);
    inject_nothing();
    if (s.child) {
        bench_wait(&b, s.started || s.failed);
        e = s.failed ? s.why : e;
    }
    const char *name = inject_failed();
    if (s.started) {
        if (name && !is_tolerated(name))
            fail_msg("%s failed, and the worker is said to run", name);
        subject_kill(&s);
        assert_int_equal(s.status.code, SIGKILL);
    } else {
        assert_non_null(name);
        if (e.msg[0] == '\0' ||
            e.code != (strstr("calloc strdup reallocarray", name) ? -ENOMEM : -EMFILE))
            fail_msg("%s failed, and the reason is %d: \"%s\"", name, e.code, e.msg);
    }
    child_free(s.child);
    bench_close(&b);
    if (waitpid(-1, NULL, WNOHANG) >= 0)
        fail_msg("%s failed, and a process is left", name ? name : "nothing");
    assert_int_equal(descriptors_count(), before);
    return name;
}

/* Lets one call after the other fail; each of `expected` must have been among them. */
static void fail_in_turn(void (*arm)(unsigned), const char *const *expected, unsigned n)
{
    bool seen[32] = {0};
    unsigned nth = 0;
    const char *name;
    assert_true(n <= 32);
    while ((name = start_with_failure(arm, ++nth)) != NULL) {
        assert_true(nth < CALLS_MAX);
        for (unsigned i = 0; i < n; i++)
            seen[i] = seen[i] || strcmp(expected[i], name) == 0;
    }
    for (unsigned i = 0; i < n; i++) {
        if (!seen[i])
            fail_msg("%s was never called", expected[i]);
    }
}

static void every_call_of_ours_fails_in_turn(void **state)
{
    (void)state;
    static const char *const expected[] = {
        "calloc", "strdup", "pipe2", "open", "uv_poll_init", "uv_poll_start", "child_clone3"};
    fail_in_turn(inject_arm, expected, sizeof expected / sizeof *expected);
}

static void every_call_of_the_new_process_fails_in_turn(void **state)
{
    (void)state;
    static const char *const expected[] = {
        "setsid", "fcntl", "close_range", "dup2", "setrlimit", "chdir", "execve"};
    fail_in_turn(inject_arm_clone, expected, sizeof expected / sizeof *expected);
}

/* Starts, looks at it, kills it. */
static void expect_start(void)
{
    struct bench b;
    struct subject s;
    struct err e;
    bench_open(&b);
    try_to_start(&s, &b, &e);
    if (!s.child)
        fail_msg("%s", e.msg);
    bench_wait(&b, s.started);
    assert_int_equal(child_signal(s.child, SIGTERM), 0);
    bench_wait(&b, s.exited);
    assert_true(s.status.known);
    assert_int_equal(s.status.code, SIGTERM);
    subject_kill(&s);
    child_free(s.child);
    bench_close(&b);
    assert_no_children();
}

static void without_clone3_it_forks(void **state)
{
    (void)state;
    inject_always("child_clone3", ENOSYS);
    expect_start();
    inject_nothing();
    inject_always("child_clone3", EPERM);
    expect_start();
    inject_nothing();
}

static void without_close_range_nothing_more_is_inherited(void **state)
{
    (void)state;
    struct bench b;
    struct subject s;
    int lines[2];
    char line[16];
    bench_open(&b);
    make_pipe(lines);
    int leak = dup2(2, 77); /* without FD_CLOEXEC */
    inject_always("close_range", ENOSYS);
    subject_spawn_shell(&s, &b, "w",
        (char[]){"[ -e /proc/$$/fd/77 ] && echo leaked >&3 || echo closed >&3"}, lines[1]);
    inject_nothing();
    close(leak);
    close(lines[1]);
    read_line(lines[0], line, sizeof line);
    assert_string_equal(line, "closed");
    close(lines[0]);
    bench_wait(&b, s.exited);
    child_free(s.child);
    bench_close(&b);
}

static void a_fork_without_pidfd_is_undone(void **state)
{
    (void)state;
    struct bench b;
    struct subject s;
    struct err e = {0};
    unsigned before = descriptors_count();
    bench_open(&b);
    inject_always("child_clone3", ENOSYS);
    inject_always("pidfd_open", ENOSYS);
    try_to_start(&s, &b, &e);
    inject_nothing();
    assert_null(s.child);
    assert_string_equal(
        e.msg, "starting \"/usr/bin/sleep\": making a process: Function not implemented");
    bench_close(&b);
    assert_no_children();
    assert_int_equal(descriptors_count(), before);
}

/* Runs the loop for a while in which nothing is expected. */
static void let_pass(struct bench *b, usec_t span)
{
    struct timer *t = timer_new(b->loop, (void (*)(void *))bench_wake, b);
    timer_arm(t, usec_add(loop_now(), span));
    loop_run(b->loop);
    timer_free(t);
}

/* Without a complete look at the processes nothing is said to be gone. */
static void a_tree_is_gone_only_after_a_look(void **state)
{
    (void)state;
    struct bench b;
    struct subject s;
    struct err e;
    bench_open(&b);
    try_to_start(&s, &b, &e);
    assert_non_null(s.child);
    bench_wait(&b, s.started);
    inject_always("opendir", EMFILE);
    child_kill_tree(s.child);
    bench_wait(&b, s.exited);
    let_pass(&b, 50 * USEC_PER_MSEC);
    assert_false(s.gone);
    inject_nothing();
    bench_wait(&b, s.gone);
    child_free(s.child);
    bench_close(&b);
}

/* As one that waits for a dead disk: it is looked at again and again, more and more seldom. */
static void a_stray_that_does_not_die_is_not_gone(void **state)
{
    (void)state;
    struct bench b;
    struct subject s;
    struct err e;
    int lines[2];
    bench_open(&b);
    assert_int_equal(child_become_subreaper(b.loop, &e), 0);
    make_pipe(lines);
    subject_spawn_shell(&s, &b, "w",
        (char[]){"setsid sh -c 'echo $$ >&3; exec sleep 1000' & read line </proc/$$/comm; exit 0"},
        lines[1]);
    close(lines[1]);
    (void)read_number(lines[0]);
    bench_wait(&b, s.exited);
    inject_count("opendir");
    inject_always("pidfd_send_signal", EPERM);
    child_kill_tree(s.child);
    let_pass(&b, 200 * USEC_PER_MSEC);
    assert_false(s.gone);
    assert_in_range(inject_counted(), 3, 12);
    inject_nothing();
    bench_wait(&b, s.gone);
    assert_int_equal(child_leftovers(s.child), 1); /* however often it was seen */
    child_free(s.child);
    close(lines[0]);
    bench_close(&b);
    assert_no_children();
}

/* libuv opens its signal pipe with the first loop and keeps it. */
static int open_what_stays(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b);
    bench_close(&b);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_call_of_ours_fails_in_turn),
        cmocka_unit_test(every_call_of_the_new_process_fails_in_turn),
        cmocka_unit_test(without_clone3_it_forks),
        cmocka_unit_test(without_close_range_nothing_more_is_inherited),
        cmocka_unit_test(a_fork_without_pidfd_is_undone),
        cmocka_unit_test(a_tree_is_gone_only_after_a_look),
        cmocka_unit_test(a_stray_that_does_not_die_is_not_gone),
    };
    return cmocka_run_group_tests(tests, open_what_stays, NULL);
}
