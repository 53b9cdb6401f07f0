/* Adopting what a former instance has spawned: its end. */
#include "io/child/child.h"
#include "io/child/child_exit_info.h"
#include "io/child/child_plan.h"
#include "loop/legacy.h"

/* The linker sends this through here: an older kernel can be had. */
static bool without_exit_info;

int __real_child_exit_info(int pidfd, int *out_status);
int __wrap_child_exit_info(int pidfd, int *out_status);

int __wrap_child_exit_info(int pidfd, int *out_status)
{
    return without_exit_info ? -ENOTTY : __real_child_exit_info(pidfd, out_status);
}

/* Whether this machine's own kernel tells how another's child ended. */
static bool kernel_tells_ends(void)
{
    int status = 0;
    int pidfd = pidfd_open(getpid(), 0);
    pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    assert_true(pid > 0);
    close(pidfd);
    pidfd = pidfd_open(pid, 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    int r = __real_child_exit_info(pidfd, &status);
    close(pidfd);
    return r == 0;
}

static int new_kernel(void **state)
{
    (void)state;
    without_exit_info = false;
    return 0;
}

static void expect_code(const struct subject *s, bool known, int code)
{
    assert_int_equal(s->status.known, known);
    assert_int_equal(s->status.code, known ? code : 0);
    assert_false(s->status.signaled || s->status.oom);
}

/* After an exec in place the worker is our child as before. */
static void our_own_child(void **state)
{
    (void)state;
    struct bench b;
    struct subject s;
    struct subject other;
    struct legacy l = {0};
    int go[2];
    int lines[2];
    char mark[64];
    legacy_open(&b);
    snprintf(mark, sizeof mark, CHILD_MARK "%s", legacy_name());
    make_pipe(go);
    make_pipe(lines);
    l.pid = fork();
    if (l.pid == 0) {
        setsid();
        dup2(go[0], 4);
        dup2(lines[1], 3);
        execle("/bin/sh", "sh", "-c",
            "(setsid sh -c 'echo $$ >&3; exec sleep 1000' &); read x <&4; exit 42", NULL,
            (char *[]){(char[]){"PATH=/usr/bin:/bin"}, mark, NULL});
    }
    close(lines[1]);
    l.lines = lines[0];
    (void)read_number(l.lines);
    l.pidfd = pidfd_open(l.pid, 0);
    legacy_adopt(&l, &s, &b, NULL);
    assert_int_equal(child_signal(s.child, 0), 0);
    assert_false(s.exited);
    assert_int_equal(write(go[1], "\n", 1), 1);
    bench_wait(&b, s.exited);
    expect_code(&s, true, 42);
    /* It is not reaped among the orphans, and its number stays its own. */
    subject_spawn_shell(&other, &b, "other", (char[]){"exit 0"}, -1);
    subject_kill(&other);
    assert_int_equal(kill(l.pid, 0), 0);
    child_free(other.child);
    subject_kill(&s);
    assert_int_equal(child_leftovers(s.child), 1);
    legacy_expect_all_dead(&l);
    legacy_close(&b, &s);
    close(l.lines);
    close(go[0]);
    close(go[1]);
    assert_no_children();
}

static void see_it_exit(struct legacy *l)
{
    struct bench b;
    struct subject s;
    legacy_open(&b);
    legacy_adopt(l, &s, &b, NULL);
    assert_false(s.exited);
    assert_int_equal(write(l->go, "\n", 1), 1);
    bench_wait(&b, s.exited);
    expect_code(&s, !without_exit_info, 42);
    subject_kill(&s);
    assert_int_equal(child_leftovers(s.child), 0);
    legacy_close(&b, &s);
}

static void another_ones_child(void **state)
{
    (void)state;
    without_exit_info = !kernel_tells_ends();
    legacy_tell(
        &(struct legacy_story){.script = (char[]){"read x <&4; exit 42"}, .next = see_it_exit});
}

static void another_ones_child_on_an_older_kernel(void **state)
{
    (void)state;
    without_exit_info = true;
    legacy_tell(
        &(struct legacy_story){.script = (char[]){"read x <&4; exit 42"}, .next = see_it_exit});
}

static void see_it_killed(struct legacy *l)
{
    struct bench b;
    struct subject s;
    legacy_open(&b);
    legacy_adopt(l, &s, &b, NULL);
    assert_int_equal(child_signal(s.child, SIGTERM), 0);
    bench_wait(&b, s.exited);
    assert_true(s.status.known && s.status.signaled);
    assert_int_equal(s.status.code, SIGTERM);
    legacy_close(&b, &s);
}

static void a_signal_is_told(void **state)
{
    (void)state;
    if (!kernel_tells_ends())
        return; /* nothing to tell */
    legacy_tell(
        &(struct legacy_story){.script = (char[]){"exec sleep 1000"}, .next = see_it_killed});
}

static void let_it_end(struct legacy *l)
{
    (void)read_number(l->lines);
    assert_int_equal(write(l->go, "\n", 1), 1);
    assert_int_equal(waitpid(l->pid, NULL, 0), l->pid);
}

static void see_that_it_had_exited(struct legacy *l)
{
    struct bench b;
    struct subject s;
    legacy_open(&b);
    legacy_adopt(l, &s, &b, NULL);
    assert_false(s.exited); /* not from inside the call */
    bench_wait(&b, s.exited);
    expect_code(&s, !without_exit_info, 42);
    subject_kill(&s);
    legacy_expect_all_dead(l);
    legacy_close(&b, &s);
}

static void one_that_ended_while_nobody_looked(void **state)
{
    (void)state;
    without_exit_info = !kernel_tells_ends();
    legacy_tell(&(struct legacy_story){.script = (char[]){"echo 0 >&3; read x <&4; exit 42"},
        .between = let_it_end,
        .next = see_that_it_had_exited});
    legacy_tell(&(struct legacy_story){
        .script = (char[]){"(setsid sh -c 'echo $$ >&3; exec sleep 1000' &); read x <&4; exit 42"},
        .between = let_it_end,
        .next = see_that_it_had_exited});
}

static void see_the_end_of_a_zombie(struct legacy *l)
{
    struct bench b;
    struct subject s;
    legacy_open(&b);
    legacy_adopt(l, &s, &b, NULL);
    assert_int_equal(write(l->go, "\n", 1), 1);
    bench_wait(&b, s.exited);
    expect_code(&s, false, 0);
    subject_kill(&s);
    legacy_close(&b, &s);
}

/* As in a container whose first process reaps nobody. */
static void one_that_nobody_reaps(void **state)
{
    (void)state;
    legacy_tell(&(struct legacy_story){.script = (char[]){"read x <&4; exit 42"},
        .never_reaped = true,
        .next = see_the_end_of_a_zombie});
}

static void a_descriptor_of_something_else_is_refused(void **state)
{
    (void)state;
    struct bench b;
    struct err e;
    char expected[80];
    bench_open(&b);
    struct child_adoption a = {.pid = getppid(), .pidfd = pidfd_open(getpid(), 0), .name = "w"};
    snprintf(expected, sizeof expected, "adopting process %d: descriptor %d is of process %d",
        a.pid, a.pidfd, getpid());
    assert_null(child_adopt(b.loop, &a, &subject_callbacks, NULL, &e));
    assert_string_equal(e.msg, expected);
    assert_int_equal(fcntl(a.pidfd, F_GETFD), -1); /* it was taken all the same */
    a.pidfd = dup(0);
    snprintf(expected, sizeof expected,
        "adopting process %d: descriptor %d as its pidfd: Invalid argument", a.pid, a.pidfd);
    assert_null(child_adopt(b.loop, &a, &subject_callbacks, NULL, &e));
    assert_string_equal(e.msg, expected);
    snprintf(expected, sizeof expected,
        "adopting process %d: descriptor %d as its pidfd: Bad file descriptor", a.pid, a.pidfd);
    assert_null(child_adopt(b.loop, &a, &subject_callbacks, NULL, &e));
    assert_string_equal(e.msg, expected);
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup(f, new_kernel)
        T(our_own_child),
        T(another_ones_child),
        T(another_ones_child_on_an_older_kernel),
        T(a_signal_is_told),
        T(one_that_ended_while_nobody_looked),
        T(one_that_nobody_reaps),
        T(a_descriptor_of_something_else_is_refused),
#undef T
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
