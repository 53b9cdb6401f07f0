/* io/http/http_client: every way an exchange can end, and what a callback may do. */
#include "io/http/http_client.h"

#include "canned.h"
#include "pump.h"

#include <dlfcn.h>
#include <netdb.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/un.h>

/* What came of one request. */
struct outcome {
    bool came;
    struct http_answer answer;
    char body[65536];
    char what[256];
    void (*then)(struct outcome *o);
    struct http_client *client;
    struct http_request *other;
    struct outcome *next;
    const char *url;
};

static bool came(void *arg)
{
    return ((struct outcome *)arg)->came;
}

static void on_answer(const struct http_answer *answer, void *arg)
{
    struct outcome *o = arg;
    assert_false(o->came);
    o->came = true;
    o->answer = *answer;
    if (answer->body)
        memcpy(o->body, answer->body, answer->body_len);
    if (answer->what)
        snprintf(o->what, sizeof o->what, "%s", answer->what);
    if (o->then)
        o->then(o);
}

static struct http_request *ask(
    struct http_client *client, const char *url, usec_t timeout, struct outcome *o)
{
    struct err e;
    const struct http_spec spec = {.url = url, .timeout = timeout, .body_max = 100};
    struct http_request *r = http_request_start(client, &spec, on_answer, o, &e);
    assert_non_null(r);
    return r;
}

/* One exchange with `spec` (its url may be filled in by the caller) on a loop of its own. */
static void exchange(const struct http_spec *spec, struct outcome *o)
{
    struct pump p;
    struct err e;
    pump_init(&p);
    struct http_client *client = http_client_new(p.loop, &e);
    assert_non_null(client);
    assert_non_null(http_request_start(client, spec, on_answer, o, &e));
    pump_until(&p, came, o);
    http_client_free(client);
    pump_fini(&p);
}

static void exchange_canned(
    const char *answer, enum canned_end end, const char *repeat, usec_t timeout, struct outcome *o)
{
    struct canned c = {.answer = answer, .end = end, .repeat = repeat};
    canned_start(&c);
    exchange(&(struct http_spec){.url = c.url, .timeout = timeout, .body_max = 100}, o);
    canned_stop(&c);
}

static void gets_an_answer(void **state)
{
    (void)state;
    struct outcome o = {0};
    exchange_canned("HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{\"status\":\"ok\"}", CANNED_HOLD,
        NULL, 10 * USEC_PER_SEC, &o);
    assert_int_equal(o.answer.result, HTTP_ANSWERED);
    assert_int_equal(o.answer.status, 200);
    assert_int_equal(o.answer.body_len, 15);
    assert_memory_equal(o.body, "{\"status\":\"ok\"}", 15);
    assert_false(o.answer.truncated);
    assert_true(o.answer.took > 0 && o.answer.took < 10 * USEC_PER_SEC);
}

/* Stands in front of libc's: the name "hangs.test" is resolved when the test says so. */
static int release_resolver[2];

int getaddrinfo(const char *restrict node, const char *restrict service,
    const struct addrinfo *restrict hints, struct addrinfo **restrict out)
{
    static int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    char byte;
    if (node && strcmp(node, "hangs.test") == 0)
        return read(release_resolver[0], &byte, 1) >= 0 ? EAI_AGAIN : EAI_SYSTEM;
    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
    return real(node, service, hints, out);
}

static void a_hanging_name_server_holds_nobody_up(void **state)
{
    (void)state;
    struct pump p;
    struct err e;
    assert_int_equal(pipe(release_resolver), 0);
    pump_init(&p);
    struct http_client *client = http_client_new(p.loop, &e);
    struct outcome o = {0}, never = {0};
    ask(client, "http://hangs.test/", 30 * USEC_PER_MSEC, &o);
    http_request_cancel(ask(client, "http://hangs.test/", 10 * USEC_PER_SEC, &never));
    pump_until(&p, came, &o);
    assert_int_equal(o.answer.result, HTTP_TIMED_OUT);
    ask(client, "http://hangs.test/", 10 * USEC_PER_SEC, &never);
    pump_try(&p, came, &never, 20 * USEC_PER_MSEC); /* until its resolver hangs as well */
    http_client_free(client);
    pump_fini(&p);
    close(release_resolver[1]);
    assert_false(never.came);
}

static void follows_no_redirect(void **state)
{
    (void)state;
    struct outcome o = {0};
    exchange_canned("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n\r\n", CANNED_CLOSE,
        NULL, 10 * USEC_PER_SEC, &o);
    assert_int_equal(o.answer.result, HTTP_ANSWERED);
    assert_int_equal(o.answer.status, 302);
}

static void ignores_a_proxy_in_the_environment(void **state)
{
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    setenv("all_proxy", "http://127.0.0.1:1", 1);
    gets_an_answer(state);
    unsetenv("http_proxy");
    unsetenv("all_proxy");
}

static void keeps_no_more_than_asked_for(void **state)
{
    (void)state;
    char answer[1024] = "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n";
    size_t head = strlen(answer);
    memset(answer + head, 'x', 500);
    struct outcome o = {0};
    exchange_canned(answer, CANNED_CLOSE, NULL, 10 * USEC_PER_SEC, &o);
    assert_int_equal(o.answer.result, HTTP_ANSWERED);
    assert_int_equal(o.answer.body_len, 100);
    assert_true(o.answer.truncated);
}

static void cuts_an_endless_body_off(void **state)
{
    (void)state;
    struct outcome o = {0};
    exchange_canned(
        "HTTP/1.1 200 OK\r\n\r\n", CANNED_ENDLESS, "0123456789abcdef", USEC_PER_MIN, &o);
    assert_int_equal(o.answer.result, HTTP_ANSWERED);
    assert_int_equal(o.answer.status, 200);
    assert_int_equal(o.answer.body_len, 100);
    assert_true(o.answer.truncated);
}

static void cuts_endless_headers_off(void **state)
{
    (void)state;
    struct outcome o = {0};
    exchange_canned(
        "HTTP/1.1 200 OK\r\n", CANNED_ENDLESS, "X-More: 0123456789abcdef\r\n", USEC_PER_MIN, &o);
    assert_int_equal(o.answer.result, HTTP_FAILED);
    assert_non_null(strstr(o.what, "headers are too long"));
}

static void times_out_when_nobody_answers(void **state)
{
    (void)state;
    struct canned c = {0};
    canned_listen(&c);
    struct outcome o = {0};
    exchange(&(struct http_spec){.url = c.url, .timeout = 30 * USEC_PER_MSEC}, &o);
    close(c.fd);
    assert_int_equal(o.answer.result, HTTP_TIMED_OUT);
    assert_true(o.answer.took >= 30 * USEC_PER_MSEC);
}

/* The same server that never answers: that it is there is enough when no more is asked. */
static void may_ask_for_the_connection_alone(void **state)
{
    (void)state;
    struct canned c = {0};
    canned_listen(&c);
    struct outcome o = {0};
    exchange(
        &(struct http_spec){.url = c.url, .timeout = 10 * USEC_PER_SEC, .connect_only = true}, &o);
    close(c.fd);
    assert_int_equal(o.answer.result, HTTP_ANSWERED);
    assert_int_equal(o.answer.status, 0);
}

static void times_out_when_the_answer_stops_half_way(void **state)
{
    (void)state;
    struct outcome o = {0};
    exchange_canned("HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{\"sta", CANNED_HOLD, NULL,
        30 * USEC_PER_MSEC, &o);
    assert_int_equal(o.answer.result, HTTP_TIMED_OUT);
}

static void tells_refused_from_failed(void **state)
{
    (void)state;
    struct canned c = {0};
    canned_listen(&c);
    close(c.fd);
    struct outcome refused = {0};
    exchange(&(struct http_spec){.url = c.url, .timeout = 10 * USEC_PER_SEC}, &refused);
    assert_int_equal(refused.answer.result, HTTP_REFUSED);
    assert_true(refused.what[0] != '\0');

    struct outcome reset = {0};
    exchange_canned("", CANNED_RESET, NULL, 10 * USEC_PER_SEC, &reset);
    assert_int_equal(reset.answer.result, HTTP_FAILED);

    struct outcome empty = {0};
    exchange_canned("", CANNED_CLOSE, NULL, 10 * USEC_PER_SEC, &empty);
    assert_int_equal(empty.answer.result, HTTP_FAILED);

    struct outcome short_body = {0};
    exchange_canned("HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{", CANNED_CLOSE, NULL,
        10 * USEC_PER_SEC, &short_body);
    assert_int_equal(short_body.answer.result, HTTP_FAILED);

    struct outcome garbage = {0};
    exchange_canned("SSH-2.0-OpenSSH\r\n", CANNED_CLOSE, NULL, 10 * USEC_PER_SEC, &garbage);
    assert_int_equal(garbage.answer.result, HTTP_FAILED);

    struct outcome scheme = {0};
    exchange(&(struct http_spec){.url = "file:///etc/passwd", .timeout = USEC_PER_SEC}, &scheme);
    assert_int_equal(scheme.answer.result, HTTP_FAILED);
}

static void sends_method_headers_and_body(void **state)
{
    (void)state;
    struct canned c = {.answer = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"};
    canned_start(&c);
    struct outcome o = {0};
    static const char *const headers[] = {"Content-Type: application/json", "X-A: b", NULL};
    exchange(&(struct http_spec){.method = "POST",
                 .url = c.url,
                 .headers = headers,
                 .body = "{\"a\":1}",
                 .body_len = 7,
                 .timeout = 10 * USEC_PER_SEC},
        &o);
    canned_stop(&c);
    assert_int_equal(o.answer.status, 400);
    assert_non_null(strstr(c.request, "POST /health HTTP/1.1\r\n"));
    assert_non_null(strstr(c.request, "Content-Type: application/json\r\n"));
    assert_non_null(strstr(c.request, "X-A: b\r\n"));
    assert_null(strstr(c.request, "Expect:"));
    assert_non_null(strstr(c.request, "\r\n\r\n{\"a\":1}"));
}

static void uses_a_fresh_connection_each_time(void **state)
{
    (void)state;
    struct canned c = {
        .answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", .end = CANNED_HOLD};
    canned_start(&c);
    struct pump p;
    struct err e;
    pump_init(&p);
    struct http_client *client = http_client_new(p.loop, &e);
    /* The descriptor's number comes back at once: each must be watched anew. */
    for (int i = 0; i < 20; i++) {
        struct outcome o = {0};
        ask(client, c.url, 10 * USEC_PER_SEC, &o);
        pump_until(&p, came, &o);
        assert_int_equal(o.answer.result, HTTP_ANSWERED);
    }
    http_client_free(client);
    pump_fini(&p);
    canned_stop(&c);
    assert_int_equal(c.connections, 20);
}

static void speaks_over_a_unix_socket(void **state)
{
    (void)state;
    char dir[] = "/tmp/http_client.XXXXXX";
    assert_non_null(mkdtemp(dir));
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s/s", dir);
    struct canned c = {.answer = "HTTP/1.1 204 No Content\r\n\r\n"};
    c.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(c.fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(c.fd, 1), 0);
    assert_int_equal(pthread_create(&c.thread, NULL, canned_run, &c), 0);
    const struct http_spec spec = {
        .url = "http://agent/x", .unix_socket = address.sun_path, .timeout = 10 * USEC_PER_SEC};
    struct outcome o = {0};
    exchange(&spec, &o);
    canned_stop(&c);
    assert_int_equal(o.answer.status, 204);

    struct outcome nobody = {0};
    exchange(&spec, &nobody);
    assert_int_equal(nobody.answer.result, HTTP_REFUSED);
    unlink(address.sun_path);
    struct outcome absent = {0};
    exchange(&spec, &absent);
    assert_int_equal(absent.answer.result, HTTP_REFUSED);
    rmdir(dir);
}

static void cancel_other(struct outcome *o)
{
    http_request_cancel(o->other);
    o->other = NULL;
}

static void start_next(struct outcome *o)
{
    ask(o->client, o->url, 10 * USEC_PER_SEC, o->next);
}

static void free_client(struct outcome *o)
{
    http_client_free(o->client);
}

static void a_callback_may_start_and_cancel(void **state)
{
    (void)state;
    struct canned c = {.answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"};
    struct canned silent = {0};
    canned_start(&c);
    canned_listen(&silent);
    struct pump p;
    struct err e;
    pump_init(&p);
    struct http_client *client = http_client_new(p.loop, &e);
    struct outcome last = {0}, never = {0};
    struct outcome second = {.then = start_next, .client = client, .url = c.url, .next = &last};
    struct outcome first = {.then = cancel_other};
    first.other = ask(client, silent.url, 10 * USEC_PER_SEC, &never);
    ask(client, c.url, 10 * USEC_PER_SEC, &first);
    ask(client, c.url, 10 * USEC_PER_SEC, &second);
    pump_until(&p, came, &last);
    pump_until(&p, came, &first);
    assert_false(never.came);
    assert_null(first.other);
    http_client_free(client);
    pump_fini(&p);
    canned_stop(&c);
    close(silent.fd);
}

static void a_callback_may_free_the_client(void **state)
{
    (void)state;
    struct canned c = {.answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"};
    struct canned silent = {0};
    canned_start(&c);
    canned_listen(&silent);
    struct pump p;
    struct err e;
    pump_init(&p);
    struct http_client *client = http_client_new(p.loop, &e);
    struct outcome never = {0}, o = {.then = free_client, .client = client};
    ask(client, silent.url, 10 * USEC_PER_SEC, &never);
    ask(client, c.url, 10 * USEC_PER_SEC, &o);
    pump_until(&p, came, &o);
    pump_fini(&p);
    canned_stop(&c);
    close(silent.fd);
    assert_false(never.came);
}

static bool never_true(void *arg)
{
    (void)arg;
    return false;
}

static void freeing_ends_requests_in_every_state(void **state)
{
    (void)state;
    struct canned silent = {0};
    canned_listen(&silent);
    struct pump p;
    struct err e;
    pump_init(&p);
    struct http_client *client = http_client_new(p.loop, &e);
    struct outcome never = {0};
    ask(client, silent.url, 10 * USEC_PER_SEC, &never);
    pump_try(&p, never_true, NULL, 20 * USEC_PER_MSEC); /* connected, waiting for the answer */
    ask(client, silent.url, 10 * USEC_PER_SEC, &never); /* not yet connected */
    ask(client, "http://localhost:1/", 10 * USEC_PER_SEC, &never); /* resolving */
    http_client_free(client);
    pump_fini(&p);
    close(silent.fd);
    assert_false(never.came);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gets_an_answer),
        cmocka_unit_test(a_hanging_name_server_holds_nobody_up),
        cmocka_unit_test(follows_no_redirect),
        cmocka_unit_test(ignores_a_proxy_in_the_environment),
        cmocka_unit_test(keeps_no_more_than_asked_for),
        cmocka_unit_test(cuts_an_endless_body_off),
        cmocka_unit_test(cuts_endless_headers_off),
        cmocka_unit_test(times_out_when_nobody_answers),
        cmocka_unit_test(may_ask_for_the_connection_alone),
        cmocka_unit_test(times_out_when_the_answer_stops_half_way),
        cmocka_unit_test(tells_refused_from_failed),
        cmocka_unit_test(sends_method_headers_and_body),
        cmocka_unit_test(uses_a_fresh_connection_each_time),
        cmocka_unit_test(speaks_over_a_unix_socket),
        cmocka_unit_test(a_callback_may_start_and_cancel),
        cmocka_unit_test(a_callback_may_free_the_client),
        cmocka_unit_test(freeing_ends_requests_in_every_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
