/* daemon/service: what the service manager hears, how often, and that it is the truth. */
#include "daemon/service.h"

#include "pump.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct rig {
    struct pump pump;
    struct service *service;
    int manager;
    char heard[4096]; /* one datagram a line, their line feeds as spaces */
};

static int set_up(void **state)
{
    static struct rig rig;
    char name[128];
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    socklen_t len = sizeof un;
    rig = (struct rig){0};
    rig.manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    /* A free abstract name, chosen by the kernel. */
    assert_int_equal(bind(rig.manager, (struct sockaddr *)&un, sizeof un.sun_family), 0);
    assert_int_equal(getsockname(rig.manager, (struct sockaddr *)&un, &len), 0);
    snprintf(name, sizeof name, "@%.*s", (int)(len - sizeof un.sun_family - 1), un.sun_path + 1);
    setenv("NOTIFY_SOCKET", name, 1);
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
    pump_init(&rig.pump);
    *state = &rig;
    return 0;
}

static int tear_down(void **state)
{
    struct rig *r = *state;
    service_free(r->service);
    pump_fini(&r->pump);
    close(r->manager);
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    return 0;
}

static void start(struct rig *r)
{
    r->service = service_new(r->pump.loop);
    assert_non_null(r->service);
}

/* Everything that was said since the last call. */
static const char *heard(struct rig *r)
{
    size_t used = 0;
    ssize_t n;
    while ((n = recv(r->manager, r->heard + used, sizeof r->heard - used - 2, 0)) > 0) {
        for (ssize_t i = 0; i < n; i++) {
            if (r->heard[used + (size_t)i] == '\n')
                r->heard[used + (size_t)i] = ' ';
        }
        used += (size_t)n;
        r->heard[used++] = '\n';
    }
    r->heard[used] = '\0';
    return r->heard;
}

static bool something_waits(void *arg)
{
    struct pollfd p = {.fd = ((struct rig *)arg)->manager, .events = POLLIN};
    return poll(&p, 1, 0) == 1;
}

/* Turns the loop until something is said; returns that. */
static const char *hear(struct rig *r)
{
    pump_until(&r->pump, something_waits, r);
    return heard(r);
}

static bool is_over(void *arg)
{
    return loop_now() >= *(usec_t *)arg;
}

static void ready_brings_the_status(void **state)
{
    struct rig *r = *state;
    start(r);
    service_status(r->service, "1/1 workers serve");
    service_ready(r->service);
    assert_string_equal(heard(r), "READY=1 STATUS=1/1 workers serve\n");
}

static void the_status_at_most_once_a_second(void **state)
{
    struct rig *r = *state;
    start(r);
    service_status(r->service, "one");
    assert_string_equal(hear(r), "STATUS=one\n");
    usec_t first = loop_now();
    service_status(r->service, "two");
    service_status(r->service, "three"); /* the last one wins */
    assert_string_equal(hear(r), "STATUS=three\n");
    assert_true(loop_now() - first >= 900 * USEC_PER_MSEC);
    service_status(r->service, "three"); /* nothing new */
    usec_t until = loop_now() + 1100 * USEC_PER_MSEC;
    pump_until(&r->pump, is_over, &until);
    assert_string_equal(heard(r), "");
    service_status(r->service, "four"); /* the second is over: at once */
    assert_string_equal(hear(r), "STATUS=four\n");
}

static void a_long_status_is_cut(void **state)
{
    struct rig *r = *state;
    char text[1000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    start(r);
    service_status(r->service, text);
    assert_int_equal(strlen(hear(r)), strlen("STATUS=\n") + 255);
}

static void patience_is_asked_for_while_stopping(void **state)
{
    struct rig *r = *state;
    start(r);
    service_status(r->service, "draining");
    service_stopping(r->service);
    usec_t began = loop_now();
    assert_string_equal(heard(r), "STOPPING=1 STATUS=draining\nEXTEND_TIMEOUT_USEC=5000000\n");
    service_stopping(r->service); /* once is enough */
    assert_string_equal(heard(r), "");
    assert_string_equal(hear(r), "STATUS=draining\n");
    assert_string_equal(hear(r), "EXTEND_TIMEOUT_USEC=5000000\n");
    assert_true(loop_now() - began < 4 * USEC_PER_SEC); /* well before the patience ends */
}

static void a_reload_has_a_begin_and_an_end(void **state)
{
    struct rig *r = *state;
    start(r);
    service_status(r->service, "fine");
    service_ready(r->service);
    heard(r);
    service_reloading(r->service);
    assert_int_equal(strncmp(heard(r), "RELOADING=1 MONOTONIC_USEC=", 27), 0);
    service_reloaded(r->service);
    assert_string_equal(heard(r), "READY=1 STATUS=fine\n");
}

/* The manager would take the end of the reload for the proof that a worker serves. */
static void a_reload_before_we_are_ready_is_not_told(void **state)
{
    struct rig *r = *state;
    start(r);
    service_reloading(r->service);
    service_reloaded(r->service);
    assert_string_equal(heard(r), "");
    /* Ready in the middle of one. */
    service_reloading(r->service);
    service_ready(r->service);
    assert_string_equal(heard(r), "READY=1 STATUS=\n");
    service_reloaded(r->service);
    assert_string_equal(heard(r), "READY=1 STATUS=\n");
}

static void who_stops_is_not_ready_again(void **state)
{
    struct rig *r = *state;
    start(r);
    service_ready(r->service);
    service_reloading(r->service);
    service_stopping(r->service);
    heard(r);
    service_reloaded(r->service);
    assert_string_equal(heard(r), "");
}

static void the_watchdog_barks_only_while_the_loop_turns(void **state)
{
    struct rig *r = *state;
    setenv("WATCHDOG_USEC", "40000", 1);
    start(r);
    assert_string_equal(heard(r), "WATCHDOG=1\n");
    for (int i = 0; i < 3; i++)
        assert_string_equal(hear(r), "WATCHDOG=1\n");
    /* The loop stands still for several periods: nobody speaks for it. */
    struct pollfd p = {.fd = r->manager, .events = POLLIN};
    assert_int_equal(poll(&p, 1, 200), 0);
    assert_string_equal(hear(r), "WATCHDOG=1\n");
}

static void no_watchdog_was_asked_for(void **state)
{
    struct rig *r = *state;
    start(r);
    usec_t until = loop_now() + 50 * USEC_PER_MSEC;
    pump_until(&r->pump, is_over, &until);
    assert_string_equal(heard(r), "");
    service_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
        T(ready_brings_the_status),
        T(the_status_at_most_once_a_second),
        T(a_long_status_is_cut),
        T(patience_is_asked_for_while_stopping),
        T(a_reload_has_a_begin_and_an_end),
        T(a_reload_before_we_are_ready_is_not_told),
        T(who_stops_is_not_ready_again),
        T(the_watchdog_barks_only_while_the_loop_turns),
        T(no_watchdog_was_asked_for),
#undef T
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
