/* io/http_server: answers, refusals, peers, and clients that would hold it up. */
#include "io/http_server.h"

#include "core/limits.h"
#include "io/loop_uv.h"
#include "pump.h"
#include "voxkeeper/control.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <uv.h>

/* More than any turn of the loop may take, on a busy machine with sanitizers. */
#define HELD_UP (500 * USEC_PER_MSEC)

struct fixture {
    struct pump pump;
    struct http_server *server;
    char dir[64];
    char path[96];
    /* what the handler saw last, and what it answers */
    unsigned calls;
    char method[16], url[256], query[64], header[64], body[VK_REQUEST_BODY_MAX + 1];
    size_t body_len;
    struct http_peer peer;
    gid_t groups[4]; /* the peer's first ones */
    size_t answer_len;
};

static void handler(
    const struct http_server_request *request, struct http_server_answer *answer, void *arg)
{
    struct fixture *f = arg;
    f->calls++;
    const char *query = http_server_query(request, "after");
    const char *header = http_server_header(request, "x-reason");
    snprintf(f->method, sizeof f->method, "%s", request->method);
    snprintf(f->url, sizeof f->url, "%s", request->path);
    snprintf(f->query, sizeof f->query, "%s", query ? query : "(none)");
    snprintf(f->header, sizeof f->header, "%s", header ? header : "(none)");
    memcpy(f->body, request->body, request->body_len + 1);
    f->body_len = request->body_len;
    f->peer = *request->peer;
    for (size_t i = 0; i < f->peer.n_groups && i < 4; i++)
        f->groups[i] = f->peer.groups[i];
    answer->status = 200;
    answer->content_type = "application/json";
    answer->body_len = f->answer_len;
    answer->body = malloc(f->answer_len + 1);
    memset(answer->body, 'a', f->answer_len);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    pump_init(&f->pump);
    strcpy(f->dir, "/tmp/http_server.XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    snprintf(f->path, sizeof f->path, "%s/control.sock", f->dir);
    f->answer_len = 2;
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    struct stat st;
    http_server_free(f->server);
    assert_int_equal(lstat(f->path, &st), -1);
    rmdir(f->dir);
    pump_fini(&f->pump);
    free(f);
    return 0;
}

static void start_unix(struct fixture *f)
{
    struct err e;
    f->server = http_server_new_unix(f->pump.loop, f->path, handler, f, &e);
    assert_non_null(f->server);
}

static void start_tcp(struct fixture *f)
{
    struct err e;
    const struct endpoint ep = {.family = ENDPOINT_INET, .addr = {127, 0, 0, 1}};
    f->server = http_server_new_tcp(f->pump.loop, &ep, handler, f, &e);
    assert_non_null(f->server);
    assert_true(http_server_port(f->server) > 0);
}

/* A client that reads whatever comes, without ever blocking. */
struct client {
    int fd;
    char answer[8192];
    size_t len;
    bool ended;
};

static void client_connect(struct fixture *f, struct client *c)
{
    uint16_t port = http_server_port(f->server);
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    struct sockaddr_in in = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    snprintf(un.sun_path, sizeof un.sun_path, "%s", f->path);
    *c = (struct client){.fd = socket(port ? AF_INET : AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    const struct sockaddr *address = port ? (struct sockaddr *)&in : (struct sockaddr *)&un;
    assert_int_equal(connect(c->fd, address, port ? sizeof in : sizeof un), 0);
    fcntl(c->fd, F_SETFL, O_NONBLOCK);
}

static void client_send(struct client *c, const char *text)
{
    assert_int_equal(send(c->fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

static bool client_ended(void *arg)
{
    struct client *c = arg;
    while (!c->ended) {
        char bytes[4096];
        ssize_t n = recv(c->fd, bytes, sizeof bytes, 0);
        if (n < 0 && errno == EAGAIN)
            break;
        c->ended = n <= 0;
        if (n > 0 && c->len + (size_t)n < sizeof c->answer) {
            memcpy(c->answer + c->len, bytes, (size_t)n);
            c->len += (size_t)n;
        }
    }
    return c->ended;
}

static void client_close(struct client *c)
{
    close(c->fd);
}

/* Sends `text` on a connection of its own and returns the status of the answer. */
static int ask(struct fixture *f, const char *text, struct client *c)
{
    client_connect(f, c);
    client_send(c, text);
    pump_until(&f->pump, client_ended, c);
    client_close(c);
    return c->len > 12 ? atoi(c->answer + 9) : 0;
}

static void answers_a_request(void **state)
{
    struct fixture *f = *state;
    struct client c;
    start_unix(f);
    assert_int_equal(ask(f,
                         "POST /api/v1/x%20y?after=12 HTTP/1.1\r\nHost: any\r\nX-Reason: why\r\n"
                         "Content-Length: 7\r\n\r\n{\"a\":1}",
                         &c),
        200);
    assert_string_equal(f->method, "POST");
    assert_string_equal(f->url, "/api/v1/x y");
    assert_string_equal(f->query, "12");
    assert_string_equal(f->header, "why");
    assert_string_equal(f->body, "{\"a\":1}");
    assert_int_equal(f->body_len, 7);
    assert_non_null(strstr(c.answer, "Content-Type: application/json\r\n"));
    assert_non_null(strstr(c.answer, "Cache-Control: no-store\r\n"));
    assert_non_null(strstr(c.answer, "X-Content-Type-Options: nosniff\r\n"));
    assert_non_null(strstr(c.answer, "Connection: close\r\n"));
    assert_non_null(strstr(c.answer, "\r\n\r\naa"));

    assert_int_equal(ask(f, "GET /x HTTP/1.1\r\nHost: a\r\n\r\n", &c), 200);
    assert_string_equal(f->query, "(none)");
    assert_string_equal(f->header, "(none)");
    assert_int_equal(ask(f, "HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n", &c), 200);
    assert_string_equal(f->method, "GET");
    assert_null(strstr(c.answer, "\r\n\r\na"));
}

static void refuses_what_is_malformed(void **state)
{
    static const struct {
        int status;
        const char *text;
    } rows[] = {
        {405, "PUT / HTTP/1.1\r\nHost: localhost\r\n\r\n"},
        {405, "OPTIONS / HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil\r\n\r\n"},
        {400, "GET http://localhost/ HTTP/1.1\r\nHost: localhost\r\n\r\n"},
        {400, "GET /api%00 HTTP/1.1\r\nHost: localhost\r\n\r\n"},
        {400, "GET /api%zz HTTP/1.1\r\nHost: localhost\r\n\r\n"},
        {400, "GET /\xff HTTP/1.1\r\nHost: localhost\r\n\r\n"},
        {400, "GET / HTTP/1.1\r\n\r\n"},
        {421, "GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n"},
        {421, "GET / HTTP/1.1\r\nHost: localhost.evil.example:80\r\n\r\n"},
        {421, "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n"},
        {421, "GET / HTTP/1.1\r\nHost:\r\n\r\n"},
        {403, "POST / HTTP/1.1\r\nHost: localhost\r\nOrigin: null\r\nContent-Length: 0\r\n\r\n"},
        {411, "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"},
        {413, "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 65537\r\n\r\n"},
        {400, "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1x\r\n\r\n"},
    };
    struct fixture *f = *state;
    struct client c;
    start_tcp(f);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int status = ask(f, rows[i].text, &c);
        if (status != rows[i].status)
            fail_msg("%s: answered %d, expected %d", rows[i].text, status, rows[i].status);
    }
    assert_int_equal(f->calls, 0);
    assert_int_equal(ask(f, rows[0].text, &c), 405);
    assert_non_null(strstr(c.answer, "Allow: GET, HEAD, POST\r\n"));
    assert_non_null(strstr(c.answer, "{\"error\":{\"code\":\"method\",\"message\":\"only GET"));
}

static void survives_noise(void **state)
{
    static const char base[] = "POST /api/v1/x?a=%20 HTTP/1.1\r\nHost: localhost\r\n"
                               "Content-Length: 5\r\nX-More: y\r\n\r\n12345";
    struct fixture *f = *state;
    struct client c;
    start_tcp(f);
    http_server_set_life(f->server, 20 * USEC_PER_MSEC); /* for those that are never complete */
    srand(20261122);
    for (int i = 0; i < 300; i++) {
        char text[2 * sizeof base];
        memcpy(text, base, sizeof base);
        for (int n = rand() % 4; n >= 0; n--)
            text[(size_t)rand() % (sizeof base - 1)] = (char)(rand() % 255 + 1);
        if (rand() % 4 == 0) /* a piece comes twice */
            memcpy(text + rand() % (int)(sizeof base - 1), base, sizeof base);
        client_connect(f, &c);
        client_send(&c, text);
        shutdown(c.fd, SHUT_WR);
        pump_until(&f->pump, client_ended, &c);
        client_close(&c);
    }
    assert_int_equal(ask(f, base, &c), 200);
    assert_int_equal(ask(f,
                         "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n"
                         "Content-Length: 70000\r\n\r\nabc and very much more",
                         &c),
        200);
    assert_string_equal(f->body, "abc");
}

static void accepts_its_own_names(void **state)
{
    static const char *const hosts[] = {
        "localhost", "LOCALHOST:9464", "127.0.0.1", "127.0.0.1:9464", "[::1]", "[::1]:9464"};
    struct fixture *f = *state;
    struct client c;
    start_tcp(f);
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        char text[128];
        snprintf(text, sizeof text, "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", hosts[i]);
        assert_int_equal(ask(f, text, &c), 200);
    }
    assert_int_equal(ask(f, "GET / HTTP/1.0\r\n\r\n", &c), 200);
    assert_false(f->peer.local);
    assert_false(http_peer_may_change(&f->peer, getuid(), NULL));
}

static void takes_the_largest_body(void **state)
{
    struct fixture *f = *state;
    struct client c;
    start_tcp(f);
    char *text = malloc(VK_REQUEST_BODY_MAX + 256);
    int head = sprintf(text, "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n",
        (int)VK_REQUEST_BODY_MAX);
    memset(text + head, 'b', VK_REQUEST_BODY_MAX);
    text[head + VK_REQUEST_BODY_MAX] = '\0';
    assert_int_equal(ask(f, text, &c), 200);
    assert_int_equal(f->body_len, VK_REQUEST_BODY_MAX);
    free(text);
}

static void knows_its_peer(void **state)
{
    struct fixture *f = *state;
    struct client c;
    start_unix(f);
    ask(f, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", &c);
    assert_true(f->peer.local);
    assert_int_equal(f->peer.uid, getuid());
    assert_int_equal(f->peer.gid, getgid());
    assert_int_equal(f->peer.pid, getpid());
    struct stat st;
    assert_int_equal(stat(f->path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0666);
}

static void knows_its_peers_groups(void **state)
{
    struct fixture *f = *state;
    struct client c;
    gid_t own[NGROUPS_MAX], many[100];
    int n_own = getgroups(NGROUPS_MAX, own);
    assert_true(n_own >= 0);
    start_unix(f);
    ask(f, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", &c);
    assert_int_equal(f->peer.n_groups, n_own);
    for (int i = 0; i < n_own && i < 4; i++)
        assert_int_equal(f->groups[i], own[i]);
    if (geteuid() != 0)
        skip();
    for (gid_t i = 0; i < 100; i++)
        many[i] = 1000 + i;
    assert_int_equal(setgroups(100, many), 0);
    ask(f, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", &c);
    assert_int_equal(f->peer.n_groups, 100);
    assert_int_equal(f->groups[3], 1003);
    assert_int_equal(setgroups((size_t)n_own, own), 0);
}

static void decides_who_may_change(void **state)
{
    (void)state;
    gid_t groups[] = {3, 4};
    struct http_peer peer = {
        .local = true, .uid = 1000, .gid = 1000, .groups = groups, .n_groups = 2};
    assert_true(http_peer_may_change(&peer, 1000, NULL));
    assert_false(http_peer_may_change(&peer, 999, NULL));
    assert_false(http_peer_may_change(&peer, 999, "no-such-group"));
    assert_false(http_peer_may_change(&peer, 999, "root"));
    assert_true(http_peer_may_change(&peer, 999, "sys")); /* 3 on every Debian */
    peer.n_groups = 0;
    assert_false(http_peer_may_change(&peer, 999, "sys"));
    peer.gid = 3;
    assert_true(http_peer_may_change(&peer, 999, "sys"));
    peer.uid = 0;
    assert_true(http_peer_may_change(&peer, 999, NULL));
    peer.local = false;
    assert_false(http_peer_may_change(&peer, 0, "sys"));
}

static void replaces_a_dead_socket_and_no_living_one(void **state)
{
    struct fixture *f = *state;
    struct err e;
    start_unix(f);
    assert_null(http_server_new_unix(f->pump.loop, f->path, handler, f, &e));
    assert_int_equal(e.code, -EADDRINUSE);
    assert_non_null(strstr(e.msg, "another process answers there"));

    http_server_free(f->server);
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    snprintf(un.sun_path, sizeof un.sun_path, "%s", f->path);
    int dead = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(dead, (struct sockaddr *)&un, sizeof un), 0);
    close(dead);
    start_unix(f);
    struct client c;
    assert_int_equal(ask(f, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", &c), 200);

    char file[128];
    snprintf(file, sizeof file, "%s/file", f->dir);
    close(open(file, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    assert_null(http_server_new_unix(f->pump.loop, file, handler, f, &e));
    assert_int_equal(e.code, -EEXIST);
    assert_int_equal(unlink(file), 0);
}

static void leaves_a_successors_socket_alone(void **state)
{
    struct fixture *f = *state;
    struct stat st;
    start_unix(f);
    assert_int_equal(unlink(f->path), 0);
    struct http_server *old = f->server;
    start_unix(f);
    http_server_free(old);
    assert_int_equal(stat(f->path, &st), 0);
}

static bool all_ended(void *arg)
{
    struct client *clients = arg;
    bool all = true;
    for (int i = 0; clients[i].fd > 0; i++)
        all = client_ended(&clients[i]) && all;
    return all;
}

static void slow_clients_hold_nobody_up(void **state)
{
    struct fixture *f = *state;
    start_tcp(f);
    http_server_set_life(f->server, 200 * USEC_PER_MSEC);
    f->answer_len = 32 * 1024 * 1024;
    struct client slow[5] = {0};
    static const char *const texts[] = {
        "",         /* says nothing */
        "GET / HT", /* stops in the head */
        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhalf", /* in the body */
    };
    for (int i = 0; i < 3; i++) {
        client_connect(f, &slow[i]);
        client_send(&slow[i], texts[i]);
    }
    struct client deaf; /* never reads its answer */
    client_connect(f, &deaf);
    client_send(&deaf, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    usec_t began = loop_now();
    pump_until(&f->pump, all_ended, slow);
    assert_true(loop_now() - began >= 150 * USEC_PER_MSEC);
    f->answer_len = 2;
    struct client c;
    assert_int_equal(ask(f, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", &c), 200);
    /* the deaf one was cut off in mid-answer */
    pump_until(&f->pump, client_ended, &deaf);
    client_close(&deaf);
    for (int i = 0; i < 3; i++)
        client_close(&slow[i]);
    assert_true(f->pump.worst_delay < HELD_UP);
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
    assert_true(f->pump.worst_delay < HELD_UP);
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
    struct rusage before, after;
    getrusage(RUSAGE_SELF, &before);
    assert_false(pump_try(&f->pump, all_ended, c, 200 * USEC_PER_MSEC));
    getrusage(RUSAGE_SELF, &after);
    /* The pump itself sleeps about 200 times; who is woken for nothing hardly sleeps. */
    assert_true(after.ru_nvcsw - before.ru_nvcsw > 50);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &all), 0);
    pump_until(&f->pump, all_ended, c);
    client_close(&c[0]);
    assert_true(f->pump.worst_delay < HELD_UP);
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
        CASE(answers_a_request),
        CASE(refuses_what_is_malformed),
        CASE(survives_noise),
        CASE(accepts_its_own_names),
        CASE(takes_the_largest_body),
        CASE(knows_its_peer),
        CASE(knows_its_peers_groups),
        CASE(decides_who_may_change),
        CASE(replaces_a_dead_socket_and_no_living_one),
        CASE(leaves_a_successors_socket_alone),
        CASE(slow_clients_hold_nobody_up),
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
