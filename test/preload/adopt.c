/* A worker with the real shim that goes from one instance of voxkeeperd to the next. */
#include "io/child/handover.h"

#include "loop/fixture.h"

/* The daemon's core has a struct of this name as well. */
#define worker shimmed_worker
#include "preload/supervisor.h"
#undef worker

#include <fcntl.h>

struct scene {
    struct entrance public;
    struct shimmed_worker worker;
    struct bench bench;
    struct handover *handover;
    struct handover_spec spec;
    struct endpoint endpoint;
    struct endpoint private;
};

static void on_change(void *arg)
{
    bench_wake(arg);
}

/* A worker of a former instance: told to begin, or not. */
static void open_scene(struct scene *s, const char *kind, bool active)
{
    const char *argv[] = {getenv("VOXKEEPER_SERVER"), kind, "PORT", NULL};
    *s = (struct scene){0};
    bench_open(&s->bench);
    entrance_open(&s->public, "127.0.0.1");
    worker_start(&s->worker, &s->public, 1, argv);
    worker_expect_taken(&s->worker, 1);
    if (active)
        worker_activate(&s->worker);
    s->endpoint = (struct endpoint){.family = ENDPOINT_INET, .port = s->public.port};
    s->private = (struct endpoint){
        .family = ENDPOINT_INET, .addr = {127, 0, 0, 1}, .port = s->worker.private[0].port};
    s->spec = (struct handover_spec){.mode = HANDOVER_PRELOAD,
        .endpoints = &s->endpoint,
        .public_fds = &s->public.fd,
        .n = 1,
        .library = "/lib/shim.so"};
}

/* What the instance before saved is `saved`. Its end goes on as a duplicate, as over an exec. */
static void adopt(struct scene *s, const struct handover_state *saved)
{
    struct err e;
    int control = s->handover ? dup(handover_control_fd(s->handover)) : s->worker.control;
    handover_free(s->handover);
    s->worker.control = -1;
    s->handover = handover_adopt(
        s->bench.loop, &s->spec, control, &s->private, saved, on_change, &s->bench, &e);
    assert_non_null(s->handover);
    assert_int_equal(handover_control_fd(s->handover), control);
    assert_int_equal(fcntl(control, F_GETFD), FD_CLOEXEC);
}

static void close_scene(struct scene *s)
{
    handover_free(s->handover);
    bench_close(&s->bench);
    worker_end(&s->worker);
    entrance_close(&s->public);
}

static void switch_on_and_off(struct scene *s)
{
    const struct handover_state *state = handover_state(s->handover);
    handover_activate(s->handover);
    bench_wait(&s->bench, state->active);
    assert_int_equal(atoi(caller_fetch(&s->public, "/")), s->worker.pid);
    handover_pause(s->handover);
    bench_wait(&s->bench, !state->active);
    int fd = caller_ask(&s->public, "/");
    assert_int_equal(atoi(caller_fetch(&s->worker.private[0], "/")), s->worker.pid);
    assert_false(caller_has_answer(fd));
    handover_activate(s->handover);
    handover_activate(s->handover);
    bench_wait(&s->bench, state->active);
    assert_int_equal(atoi(caller_answer(fd, false)), s->worker.pid);
}

static void the_next_instance_goes_on(void **state)
{
    (void)state;
    static const char *const kinds[] = {"epoll-lt", "epoll-et", "blocking", "poll"};
    for (unsigned i = 0; i < 4; i++) {
        struct scene s;
        struct handover_state saved = {.loaded = true, .taken = 1};
        open_scene(&s, kinds[i], false);
        for (unsigned instance = 0; instance < 3; instance++) {
            adopt(&s, &saved);
            assert_int_equal(handover_private(s.handover)[0].port, s.private.port);
            switch_on_and_off(&s);
            saved = *handover_state(s.handover);
        }
        close_scene(&s);
    }
}

/* The state was saved before anything was told. */
static void what_was_saved_too_early_becomes_right(void **state)
{
    (void)state;
    struct scene s;
    char why[HANDOVER_WHY_MAX];
    open_scene(&s, "epoll-lt", true);
    adopt(&s, &(struct handover_state){0});
    bench_wait(&s.bench, handover_state(s.handover)->active);
    assert_string_equal(handover_why(s.handover, why), "");
    assert_int_equal(handover_state(s.handover)->taken, 1);
    close_scene(&s);
}

/* It tells more than the socket holds, without waiting for anybody to read. */
static void what_overflows_while_nobody_reads_is_reported(void **state)
{
    (void)state;
    struct scene s;
    open_scene(&s, "epoll-lt", true);
    for (unsigned i = 0; i < 400; i++)
        caller_fetch(&s.worker.private[0], "/reopen");
    assert_int_equal(atoi(caller_fetch(&s.public, "/")), s.worker.pid);
    adopt(&s, &(struct handover_state){0});
    assert_true(handover_state(s.handover)->closed > 50); /* what did fit was read */
    assert_false(handover_state(s.handover)->active);
    bench_wait(&s.bench, handover_state(s.handover)->active);
    assert_true(handover_state(s.handover)->loaded);
    assert_int_equal(handover_state(s.handover)->taken, 1);
    switch_on_and_off(&s);
    close_scene(&s);
}

/* The instance dies with answers unread: the worker hears of that as an error, not as an end. */
static void one_that_dies_with_unread_answers_changes_nothing(void **state)
{
    (void)state;
    static const char *const kinds[] = {"epoll-lt", "epoll-et", "blocking", "poll", "prefork"};
    for (unsigned i = 0; i < 5; i++) {
        struct scene s;
        open_scene(&s, kinds[i], true);
        worker_send(&s.worker, VK_HANDOVER_ACTIVATE);
        struct pollfd answer = {.fd = s.worker.control, .events = POLLIN};
        assert_int_equal(poll(&answer, 1, DEADLINE_MS), 1);
        close(s.worker.control);
        s.worker.control = -1;
        for (unsigned n = 0; n < 5; n++) {
            assert_true(atoi(caller_fetch(&s.public, "/")) > 0);
            assert_true(atoi(caller_fetch(&s.worker.private[0], "/")) > 0);
        }
        uint64_t before = worker_cpu_ns(&s.worker);
        poll(NULL, 0, 100);
        assert_true(worker_cpu_ns(&s.worker) - before < 50000000);
        close_scene(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_next_instance_goes_on),
        cmocka_unit_test(what_was_saved_too_early_becomes_right),
        cmocka_unit_test(what_overflows_while_nobody_reads_is_reported),
        cmocka_unit_test(one_that_dies_with_unread_answers_changes_nothing),
    };
    cmocka_set_test_filter(getenv("VOXKEEPER_TEST_FILTER"));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
