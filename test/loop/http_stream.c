/* io/http/http_stream: answers that go on, readers that leave, and readers that do not read. */
#include "http_server_rig.h"
#include "io/loop/loop_uv.h"

#include <poll.h>
#include <uv.h>

enum { BACKLOG = 64 * 1024 };

static struct {
    struct http_stream *open; /* the newest */
    struct http_stream *all[64];
    unsigned n, closed;
    usec_t stall;
    bool end_at_once;
} streams;

static void on_closed(void *arg)
{
    struct http_stream **place = arg;
    *place = NULL;
    streams.closed++;
}

/* "/" is answered at once, everything else goes on. */
static void answer_on(
    const struct http_server_request *request, struct http_server_answer *answer, void *arg)
{
    (void)arg;
    answer->status = 200;
    answer->content_type = "text/plain";
    if (strcmp(request->path, "/") == 0)
        return;
    struct http_stream **place = &streams.all[streams.n++];
    *place = http_stream_new(&(struct http_stream_spec){
        .backlog_max = BACKLOG, .stall_max = streams.stall, .on_closed = on_closed, .arg = place});
    assert_non_null(*place);
    assert_true(http_stream_write(*place, "first\n", 6));
    if (streams.end_at_once)
        http_stream_end(*place);
    answer->stream = streams.open = *place;
}

static int open_streams(void **state)
{
    memset(&streams, 0, sizeof streams);
    streams.stall = 20 * USEC_PER_SEC;
    return set_up(state);
}

static void serve_tcp(struct fixture *f)
{
    struct err e;
    const struct endpoint ep = {.family = ENDPOINT_INET, .addr = {127, 0, 0, 1}};
    f->server = http_server_new_tcp(f->pump.loop, &ep, answer_on, f, &e);
    assert_non_null(f->server);
}

struct wish {
    struct client *client;
    const char *text;
};

static bool has_come(void *arg)
{
    struct wish *wish = arg;
    client_ended(wish->client);
    wish->client->answer[wish->client->len] = '\0';
    return strstr(wish->client->answer, wish->text) != NULL;
}

static void expect(struct fixture *f, struct client *c, const char *text)
{
    struct wish wish = {c, text};
    if (!pump_try(&f->pump, has_come, &wish, 20 * USEC_PER_SEC))
        fail_msg("\"%s\" did not come, but\n%s", text, c->answer);
}

static void begin(struct fixture *f, struct client *c)
{
    client_connect(f, c);
    client_send(c, "GET /on HTTP/1.1\r\nHost: localhost\r\n\r\n");
    expect(f, c, "first\n");
}

static bool one_closed(void *arg)
{
    (void)arg;
    return streams.closed > 0;
}

static bool never(void *arg)
{
    (void)arg;
    return false;
}

static void what_is_written_later_comes_too(void **state)
{
    struct fixture *f = *state;
    struct client c;
    serve_tcp(f);
    begin(f, &c);
    assert_non_null(strstr(c.answer, "Content-Type: text/plain\r\n"));
    assert_true(http_stream_write(streams.open, "second\n", 7));
    assert_true(http_stream_write(streams.open, "third\n", 6));
    expect(f, &c, "third\n");
    assert_true(http_stream_write(streams.open, "fourth\n", 7));
    http_stream_end(streams.open);
    assert_false(http_stream_write(streams.open, "too late\n", 9));
    pump_until(&f->pump, client_ended, &c);
    expect(f, &c, "fourth\n");
    expect(f, &c, "\r\n0\r\n\r\n"); /* the end of a whole answer */
    assert_null(strstr(c.answer, "late"));
    client_close(&c);
    pump_until(&f->pump, one_closed, NULL);
}

static void one_that_ends_at_once_is_an_answer(void **state)
{
    struct fixture *f = *state;
    struct client c;
    serve_tcp(f);
    streams.end_at_once = true;
    assert_int_equal(ask(f, "GET /on HTTP/1.1\r\nHost: localhost\r\n\r\n", &c), 200);
    expect(f, &c, "first\n");
    expect(f, &c, "\r\n0\r\n\r\n");
    assert_int_equal(streams.closed, 1);
    assert_int_equal(ask(f, "HEAD /on HTTP/1.1\r\nHost: localhost\r\n\r\n", &c), 200);
    assert_null(strstr(c.answer, "first"));
}

static void a_head_of_one_ends(void **state)
{
    struct fixture *f = *state;
    struct client c;
    serve_tcp(f);
    assert_int_equal(ask(f, "HEAD /on HTTP/1.1\r\nHost: localhost\r\n\r\n", &c), 200);
    pump_until(&f->pump, one_closed, NULL);
}

static void it_outlives_other_connections(void **state)
{
    struct fixture *f = *state;
    struct client c, silent;
    serve_tcp(f);
    http_server_set_life(f->server, 30 * USEC_PER_MSEC);
    begin(f, &c);
    client_connect(f, &silent); /* younger, and cut off for its age */
    pump_until(&f->pump, client_ended, &silent);
    client_close(&silent);
    assert_true(http_stream_write(streams.open, "second\n", 7));
    expect(f, &c, "second\n");
    client_close(&c);
    pump_until(&f->pump, one_closed, NULL);
}

static void a_reader_that_leaves_is_noticed(void **state)
{
    struct fixture *f = *state;
    struct client c;
    serve_tcp(f);
    begin(f, &c);
    client_close(&c);
    pump_until(&f->pump, one_closed, NULL); /* though nothing is written */
    assert_int_equal(ask(f, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", &c), 200);
}

/* Writes until no more is taken in; a turn of the loop between any two. */
static size_t write_until_cut(struct fixture *f)
{
    static char block[16 * 1024];
    size_t written = 0;
    memset(block, 'x', sizeof block);
    while (http_stream_write(streams.all[0], block, sizeof block)) {
        written += sizeof block;
        pump_try(&f->pump, never, NULL, USEC_PER_MSEC);
        assert_true(written < 64 * 1024 * 1024);
    }
    return written;
}

static void a_deaf_reader_is_cut_off(void **state)
{
    struct fixture *f = *state;
    struct client c, other;
    serve_tcp(f);
    begin(f, &c);
    write_until_cut(f);
    pump_until(&f->pump, one_closed, NULL);
    assert_int_equal(ask(f, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", &other), 200);
    pump_until(&f->pump, client_ended, &c);
    client_close(&c);
}

static void more_than_may_wait_is_not_taken_in(void **state)
{
    struct fixture *f = *state;
    struct client c;
    serve_tcp(f);
    begin(f, &c);
    char *much = calloc(1, BACKLOG + 1);
    assert_true(http_stream_write(streams.open, much, BACKLOG));
    assert_int_equal(http_stream_waiting(streams.open), BACKLOG);
    assert_false(http_stream_write(streams.open, much, 1));
    assert_false(http_stream_write(streams.open, much, 1));
    pump_until(&f->pump, one_closed, NULL);
    free(much);
    client_close(&c);
}

static bool stalled(void *arg)
{
    (void)arg;
    return !streams.all[0] || !http_stream_write(streams.all[0], "x", 1);
}

static void a_reader_that_takes_nothing_is_cut_off_in_time(void **state)
{
    struct fixture *f = *state;
    struct client c;
    static char block[16 * 1024];
    serve_tcp(f);
    streams.stall = 50 * USEC_PER_MSEC;
    begin(f, &c);
    while (http_stream_waiting(streams.open) < BACKLOG / 2) {
        assert_true(http_stream_write(streams.open, block, sizeof block));
        pump_try(&f->pump, never, NULL, USEC_PER_MSEC);
    }
    usec_t began = loop_now();
    pump_until(&f->pump, stalled, NULL); /* far from what may wait */
    assert_true(loop_now() - began < 10 * USEC_PER_SEC);
    pump_until(&f->pump, one_closed, NULL);
    client_close(&c);
}

/* The loop would sleep for ever: no timer, no event. */
static bool nothing_to_do(void *arg)
{
    struct fixture *f = arg;
    uv_loop_t *uv = loop_uv(f->pump.loop);
    struct pollfd events = {.fd = uv_backend_fd(uv), .events = POLLIN};
    return uv_backend_timeout(uv) == -1 && poll(&events, 1, 0) == 0;
}

static void those_that_wait_cost_nothing_and_starve_nobody(void **state)
{
    enum { MANY = 20 };
    struct fixture *f = *state;
    struct client c[MANY], other;
    serve_tcp(f);
    for (int i = 0; i < MANY; i++)
        begin(f, &c[i]);
    for (int i = 0; i < 2 * MANY; i++)
        assert_int_equal(ask(f, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", &other), 200);
    for (int i = 0; i < MANY; i++)
        assert_true(http_stream_write(streams.all[i], "more\n", 5));
    for (int i = 0; i < MANY; i++)
        expect(f, &c[i], "more\n");
    assert_int_equal(streams.closed, 0);
    pump_until(&f->pump, nothing_to_do, f); /* the connections' lives do not count */
    for (int i = 0; i < MANY; i++)
        client_close(&c[i]);
}

static void freeing_ends_them_whole(void **state)
{
    struct fixture *f = *state;
    struct client c;
    serve_tcp(f);
    begin(f, &c);
    assert_true(http_stream_write(streams.open, "last\n", 5));
    http_server_free(f->server);
    f->server = NULL;
    assert_int_equal(streams.closed, 1);
    pump_until(&f->pump, client_ended, &c);
    expect(f, &c, "last\n");
    expect(f, &c, "\r\n0\r\n\r\n");
    client_close(&c);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, open_streams, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(what_is_written_later_comes_too),
        CASE(one_that_ends_at_once_is_an_answer),
        CASE(a_head_of_one_ends),
        CASE(it_outlives_other_connections),
        CASE(a_reader_that_leaves_is_noticed),
        CASE(a_deaf_reader_is_cut_off),
        CASE(more_than_may_wait_is_not_taken_in),
        CASE(a_reader_that_takes_nothing_is_cut_off_in_time),
        CASE(those_that_wait_cost_nothing_and_starve_nobody),
        CASE(freeing_ends_them_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
