/*
 * Adopting a worker while the system refuses: each fallible call fails in turn. Whatever fails, the
 * worker lives on, it is adopted or there is a reason, and no descriptor is left.
 */
#include "fault/inject.h"
#include "io/child/handover.h"
#include "io/child/output.h"
#include "loop/descriptors.h"
#include "loop/worker_bench.h"

#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>

enum { CALLS_MAX = 100 };

static pid_t start_worker(void)
{
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* when a test fails */
        setsid();
        execl("/bin/sleep", "sleep", "1000", NULL);
        _exit(127);
    }
    assert_true(pid > 0);
    return pid;
}

static void end_worker(pid_t pid)
{
    int status = 0;
    assert_int_equal(waitpid(pid, NULL, WNOHANG), 0); /* whatever failed was not its fault */
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
}

/* An object of a former instance in the hands of the next. Returns owned, or NULL with *e set. */
typedef void *adopt_fn(struct bench *b, int fd, pid_t pid, struct err *e);
typedef void free_fn(void *object);

static void *adopt_child(struct bench *b, int fd, pid_t pid, struct err *e)
{
    return child_adopt(b->loop, &(struct child_adoption){.pid = pid, .pidfd = fd, .name = "faulty"},
        &subject_callbacks, NULL, e);
}

static void free_child(void *object)
{
    child_free(object);
}

static struct output *adopt_output(struct bench *b, int fd, pid_t pid, struct err *e)
{
    return output_adopt(b->loop,
        &(struct output_conf){.identifier = "agent", .worker = 1, .release = ""}, pid, fd, -1, e);
}

static void *adopt_handover(struct bench *b, int fd, pid_t pid, struct err *e)
{
    static const struct endpoint endpoint = {.family = ENDPOINT_INET, .port = 3004};
    const struct handover_spec spec = {
        .mode = HANDOVER_PRELOAD, .endpoints = &endpoint, .n = 1, .library = ""};
    (void)pid;
    return handover_adopt(
        b->loop, &spec, fd, &endpoint, &(struct handover_state){0}, NULL, NULL, e);
}

static void free_handover(void *object)
{
    handover_free(object);
}

static const char *adopt_with_failure(
    unsigned nth, pid_t pid, int fd, adopt_fn *adopt, free_fn *give_back)
{
    struct bench b;
    struct err e = {0};
    bench_open(&b);
    int taken = dup(fd);
    inject_arm(nth);
    void *object = adopt(&b, taken, pid, &e);
    inject_nothing();
    const char *name = inject_failed();
    if (!object && (!name || e.msg[0] == '\0'))
        fail_msg("%s failed, and there is no reason", name ? name : "nothing");
    give_back(object);
    bench_close(&b);
    if (fcntl(taken, F_GETFD) >= 0)
        fail_msg("%s failed, and the descriptor is left", name ? name : "nothing");
    return name;
}

/* Each of `expected` must have failed once. */
static void fail_in_turn(
    pid_t pid, int fd, adopt_fn *adopt, free_fn *give_back, const char *const *expected)
{
    const char *name;
    char all[1024] = "";
    unsigned nth = 0;
    unsigned before = descriptors_count();
    while ((name = adopt_with_failure(++nth, pid, fd, adopt, give_back)) != NULL) {
        assert_true(nth < CALLS_MAX);
        snprintf(all + strlen(all), sizeof all - strlen(all), "%s ", name);
    }
    for (; *expected; expected++) {
        if (!strstr(all, *expected))
            fail_msg("%s was never called, but %s", *expected, all);
    }
    assert_int_equal(descriptors_count(), before);
}

static void a_process(void **state)
{
    (void)state;
    static const char *const expected[] = {
        "calloc", "strdup", "fcntl", "open", "uv_poll_init", "uv_poll_start", NULL};
    pid_t pid = start_worker();
    int pidfd = pidfd_open(pid, 0);
    fail_in_turn(pid, pidfd, adopt_child, free_child, expected);
    close(pidfd);
    end_worker(pid);
}

/* Without memory for a timer we abort, as everywhere: not every call can fail here. */
static void its_output(void **state)
{
    (void)state;
    static const char *const names[] = {"calloc", "strdup", "fcntl", "uv_poll_init"};
    int ends[2];
    make_pipe(ends);
    unsigned before = descriptors_count();
    for (unsigned i = 0; i < 4; i++) {
        struct bench b;
        struct err e = {0};
        bench_open(&b);
        int taken = dup(ends[0]);
        inject_always(names[i], ENOMEM);
        struct output *output = adopt_output(&b, taken, 1, &e);
        inject_nothing();
        assert_int_equal(output == NULL, i < 2);
        if (!output)
            assert_string_equal(e.msg, "preparing the output of worker 1: Cannot allocate memory");
        output_free(output);
        bench_close(&b);
        assert_int_equal(descriptors_count(), before);
    }
    close(ends[0]);
    close(ends[1]);
}

static void its_control_socket(void **state)
{
    (void)state;
    static const char *const expected[] = {"calloc", "fcntl", "uv_poll_init", NULL};
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    fail_in_turn(1, ends[0], adopt_handover, free_handover, expected);
    close(ends[0]);
    close(ends[1]);
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
        cmocka_unit_test(a_process),
        cmocka_unit_test(its_output),
        cmocka_unit_test(its_control_socket),
    };
    return cmocka_run_group_tests(tests, open_what_stays, NULL);
}
