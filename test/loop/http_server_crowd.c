/* io/http/http_server: clients that would hold it up, and too many of them. */
#include "core/limits.h"
#include "http_server_rig.h"
#include "io/loop/loop_uv.h"

#include <poll.h>
#include <sys/resource.h>
#include <uv.h>

static bool all_ended(void *arg)
{
    struct client *clients = arg;
    bool all = true;
    for (int i = 0; clients[i].fd > 0; i++)
        all = client_ended(&clients[i]) && all;
    return all;
}

static bool is_called(void *arg)
{
    return ((struct fixture *)arg)->calls > 0;
}

/* They may last for `life`. */
static void crawl(struct fixture *f, usec_t life, struct client slow[5], struct client *deaf)
{
    http_server_set_life(f->server, life);
    f->answer_len = 32 * 1024 * 1024;
    static const char *const texts[] = {
        "",         /* says nothing */
        "GET / HT", /* stops in the head */
        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhalf", /* in the body */
    };
    for (int i = 0; i < 3; i++) {
        client_connect(f, &slow[i]);
        client_send(&slow[i], texts[i]);
    }
    client_connect(f, deaf); /* never reads its answer */
    client_send(deaf, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    pump_until(&f->pump, is_called, f);
    f->answer_len = 2;
}

static void slow_clients_hold_nobody_up(void **state)
{
    struct fixture *f = *state;
    struct client slow[5] = {0};
    struct client deaf;
    struct client c;
    start_tcp(f);
    crawl(f, USEC_PER_HOUR, slow, &deaf);
    assert_int_equal(ask(f, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", &c), 200);
    for (int i = 0; i < 3; i++) {
        assert_false(client_ended(&slow[i]));
        client_close(&slow[i]);
    }
    client_close(&deaf);
}

static void slow_clients_are_cut_off(void **state)
{
    struct fixture *f = *state;
    struct client slow[5] = {0};
    struct client deaf;
    start_tcp(f);
    usec_t began = loop_now();
    crawl(f, 200 * USEC_PER_MSEC, slow, &deaf);
    pump_until(&f->pump, all_ended, slow);
    assert_true(loop_now() - began >= 150 * USEC_PER_MSEC);
    /* the deaf one in mid-answer */
    pump_until(&f->pump, client_ended, &deaf);
    client_close(&deaf);
    for (int i = 0; i < 3; i++)
        client_close(&slow[i]);
}

static void a_dripping_client_is_cut_off_too(void **state)
{
    struct fixture *f = *state;
    start_tcp(f);
    http_server_set_life(f->server, 100 * USEC_PER_MSEC);
    struct client c;
    client_connect(f, &c);
    const char *text = "GET / HTTP/1.1\r\nHost: localhost\r\nX-Drip: ";
    client_send(&c, text);
    usec_t end = loop_now() + 10 * USEC_PER_SEC;
    while (!pump_try(&f->pump, client_ended, &c, 10 * USEC_PER_MSEC)) {
        assert_true(loop_now() < end);
        send(c.fd, "x", 1, MSG_NOSIGNAL);
    }
    client_close(&c);
    assert_int_equal(f->calls, 0);
}

static void many_connections_are_all_answered(void **state)
{
    enum { MANY = 200 };
    struct fixture *f = *state;
    start_unix(f);
    struct client *clients = calloc(MANY + 1, sizeof *clients);
    /* As many as there are places say nothing until all of them have come; the rest waits. */
    for (int i = 0; i < LIMIT_API_CONNECTIONS; i++)
        client_connect(f, &clients[i]);
    pump_try(&f->pump, all_ended, clients, 20 * USEC_PER_MSEC);
    for (int i = LIMIT_API_CONNECTIONS; i < MANY; i++) {
        client_connect(f, &clients[i]);
        client_send(&clients[i], "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    }
    assert_false(pump_try(&f->pump, all_ended, clients, 20 * USEC_PER_MSEC));
    assert_int_equal(f->calls, 0);
    for (int i = 0; i < LIMIT_API_CONNECTIONS; i++)
        client_send(&clients[i], "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    pump_until(&f->pump, all_ended, clients);
    assert_int_equal(f->calls, MANY);
    for (int i = 0; clients[i].fd > 0; i++)
        client_close(&clients[i]);
    free(clients);
}

static void places_held_in_silence_become_free(void **state)
{
    struct fixture *f = *state;
    start_unix(f);
    http_server_set_life(f->server, 50 * USEC_PER_MSEC);
    struct client silent[LIMIT_API_CONNECTIONS + 1] = {0};
    for (int i = 0; i < LIMIT_API_CONNECTIONS; i++)
        client_connect(f, &silent[i]);
    pump_try(&f->pump, all_ended, silent, 10 * USEC_PER_MSEC);
    struct client c;
    assert_int_equal(ask(f, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", &c), 200);
    pump_until(&f->pump, all_ended, silent);
    for (int i = 0; i < LIMIT_API_CONNECTIONS; i++)
        client_close(&silent[i]);
}

/* The loop would sleep for ever: no timer, no event. (The pump's own is not armed at this time.) */
static bool nothing_to_do(void *arg)
{
    struct fixture *f = arg;
    uv_loop_t *uv = loop_uv(f->pump.loop);
    struct pollfd events = {.fd = uv_backend_fd(uv), .events = POLLIN};
    return uv_backend_timeout(uv) == -1 && poll(&events, 1, 0) == 0;
}

static void strangers_leave_room_for_the_operator(void **state)
{
    struct fixture *f = *state;
    if (geteuid() != 0)
        skip();
    start_unix(f);
    assert_int_equal(chmod(f->dir, 0755), 0);
    struct client strangers[2 * LIMIT_API_CONNECTIONS + 1] = {0};
    assert_int_equal(seteuid(65534), 0);
    for (int i = 0; i < 2 * LIMIT_API_CONNECTIONS; i++)
        client_connect(f, &strangers[i]);
    assert_int_equal(seteuid(0), 0);
    usec_t began = loop_now();
    struct client c;
    assert_int_equal(ask(f, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", &c), 200);
    assert_true(loop_now() - began < 5 * USEC_PER_SEC); /* before any has lived long enough */
    unsigned left = 0;
    for (int i = 0; strangers[i].fd > 0; i++)
        left += !client_ended(&strangers[i]);
    assert_int_equal(left, LIMIT_API_CONNECTIONS / 2);
    for (int i = 0; strangers[i].fd > 0; i++)
        client_close(&strangers[i]);
    /* The places come back. */
    pump_until(&f->pump, nothing_to_do, f);
    assert_int_equal(seteuid(65534), 0);
    client_connect(f, &c);
    assert_int_equal(seteuid(0), 0);
    client_send(&c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    pump_until(&f->pump, client_ended, &c);
    client_close(&c);
    assert_non_null(strstr(c.answer, "HTTP/1.1 200"));
}

static void idle_costs_nothing(void **state)
{
    struct fixture *f = *state;
    start_tcp(f);
    struct client c;
    pump_until(&f->pump, nothing_to_do, f);
    assert_int_equal(ask(f, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", &c), 200);
    pump_until(&f->pump, nothing_to_do, f);
}

struct turns {
    uv_prepare_t prepare;
    unsigned n;
};

static void on_turn(uv_prepare_t *prepare)
{
    ((struct turns *)prepare->data)->n++;
}

static void on_turns_closed(uv_handle_t *handle)
{
    (void)handle;
}

/* Nobody can be accepted while the process has no descriptor left: they wait, the loop turns. */
static void running_out_of_descriptors_passes(void **state)
{
    struct fixture *f = *state;
    start_unix(f);
    pump_until(&f->pump, nothing_to_do, f);
    struct client c[2] = {0};
    client_connect(f, &c[0]);
    client_send(&c[0], "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    struct rlimit all, none;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &all), 0);
    none = (struct rlimit){.rlim_cur = 3, .rlim_max = all.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    struct turns turns = {.prepare = {.data = &turns}};
    unsigned ticks = f->pump.ticks;
    uv_prepare_init(loop_uv(f->pump.loop), &turns.prepare);
    uv_prepare_start(&turns.prepare, on_turn);
    assert_false(pump_try(&f->pump, all_ended, c, 200 * USEC_PER_MSEC));
    uv_close((uv_handle_t *)&turns.prepare, on_turns_closed);
    ticks = f->pump.ticks - ticks;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &all), 0);
    pump_until(&f->pump, all_ended, c);
    client_close(&c[0]);
    /* It is the pump that wakes the loop; who is woken for nothing turns far more often. */
    assert_true(turns.n <= 2 * ticks + 10);
}

static void freeing_ends_open_connections(void **state)
{
    struct fixture *f = *state;
    start_unix(f);
    struct client c[2] = {0};
    client_connect(f, &c[0]);
    client_send(&c[0], "GET / HT");
    pump_try(&f->pump, all_ended, c, 10 * USEC_PER_MSEC);
    http_server_free(f->server);
    f->server = NULL;
    pump_until(&f->pump, all_ended, c);
    client_close(&c[0]);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(slow_clients_hold_nobody_up),
        CASE(slow_clients_are_cut_off),
        CASE(a_dripping_client_is_cut_off_too),
        CASE(many_connections_are_all_answered),
        CASE(places_held_in_silence_become_free),
        CASE(strangers_leave_room_for_the_operator),
        CASE(idle_costs_nothing),
        CASE(running_out_of_descriptors_passes),
        CASE(freeing_ends_open_connections),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
