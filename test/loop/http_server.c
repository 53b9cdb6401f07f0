/* io/http/http_server: answers, refusals, peers, and the socket file. */
#include "base/strbuf.h"
#include "http_server_rig.h"

#include <grp.h>
#include <limits.h>

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
        {403, "GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n"},
        {403, "GET / HTTP/1.1\r\nHost: localhost.evil.example:80\r\n\r\n"},
        {403, "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n"},
        {403, "GET / HTTP/1.1\r\nHost:\r\n\r\n"},
        {403, "GET / HTTP/1.1\r\nHost: status.example:80\r\n\r\n"},
        {403, "POST / HTTP/1.1\r\nHost: localhost\r\nOrigin: null\r\nContent-Length: 0\r\n\r\n"},
        {403, "GET / HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\n\r\n"},
        {403, "GET / HTTP/1.1\r\nHost: localhost:1\r\nOrigin: http://localhost:2\r\n\r\n"},
        {403, "GET / HTTP/1.1\r\nHost: localhost\r\nOrigin: localhost\r\n\r\n"},
        {403, "GET / HTTP/1.0\r\nOrigin: http://localhost\r\n\r\n"},
        {403, "POST / HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: cross-site\r\n\r\n"},
        {403, "POST / HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: same-site\r\n\r\n"},
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

static void accepts_its_own_pages(void **state)
{
    static const char *const texts[] = {
        "GET / HTTP/1.1\r\nHost: localhost:1\r\nOrigin: http://localhost:1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: [::1]:1\r\nOrigin: https://[::1]:1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: cross-site\r\n\r\n", /* a link */
        ("POST / HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\n"
         "Sec-Fetch-Site: same-origin\r\n\r\n"),
        "POST / HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: none\r\n\r\n",
    };
    struct fixture *f = *state;
    struct client c;
    start_tcp(f);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (ask(f, texts[i], &c) != 200)
            fail_msg("%s: answered %s", texts[i], c.answer);
    }
}

static void no_page_changes_anything_by_the_unix_socket(void **state)
{
    struct fixture *f = *state;
    struct client c;
    start_unix(f);
    assert_int_equal(ask(f, "POST / HTTP/1.1\r\nHost: a\r\nOrigin: http://a\r\n\r\n", &c), 403);
    assert_int_equal(ask(f, "GET / HTTP/1.1\r\nHost: a\r\nOrigin: http://b\r\n\r\n", &c), 200);
    assert_int_equal(f->calls, 1);
}

static void answers_to_the_names_it_is_given(void **state)
{
    char name[] = "status.example";
    char *items[] = {name, NULL};
    const struct strlist names = {items, 1};
    struct fixture *f = *state;
    struct client c;
    start_tcp(f);
    assert_int_equal(ask(f, "GET / HTTP/1.1\r\nHost: status.example\r\n\r\n", &c), 403);
    assert_int_equal(http_server_set_hosts(f->server, &names), 0);
    assert_int_equal(ask(f, "GET / HTTP/1.1\r\nHost: Status.Example:443\r\n\r\n", &c), 200);
    assert_int_equal(ask(f, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", &c), 200);
    assert_int_equal(ask(f, "GET / HTTP/1.1\r\nHost: x.status.example\r\n\r\n", &c), 403);
    assert_int_equal(http_server_set_hosts(f->server, &(struct strlist){0}), 0);
    assert_int_equal(ask(f, "GET / HTTP/1.1\r\nHost: status.example\r\n\r\n", &c), 403);
}

/* microhttpd's own answers: the head does not fit its memory. */
static void a_head_has_its_limit(void **state)
{
    struct fixture *f = *state;
    struct client c;
    start_tcp(f);
    static const struct {
        const char *before, *piece, *end;
        int status;
    } rows[] = {
        {"GET /", "x", " HTTP/1.1\r\nHost: localhost\r\n\r\n", 414},
        {"GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: ", "x", "\r\n\r\n", 431},
        {"GET / HTTP/1.1\r\nHost: localhost\r\n", "X-Many: 1\r\n", "\r\n", 431},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct strbuf text = STRBUF_INIT;
        strbuf_adds(&text, rows[i].before);
        while (text.len < 48 * 1024)
            strbuf_adds(&text, rows[i].piece);
        strbuf_adds(&text, rows[i].end);
        assert_int_equal(ask(f, strbuf_text(&text), &c), rows[i].status);
        strbuf_fini(&text);
    }
    assert_int_equal(f->calls, 0);
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

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(answers_a_request),
        CASE(refuses_what_is_malformed),
        CASE(survives_noise),
        CASE(accepts_its_own_names),
        CASE(accepts_its_own_pages),
        CASE(no_page_changes_anything_by_the_unix_socket),
        CASE(answers_to_the_names_it_is_given),
        CASE(a_head_has_its_limit),
        CASE(takes_the_largest_body),
        CASE(knows_its_peer),
        CASE(knows_its_peers_groups),
        CASE(decides_who_may_change),
        CASE(replaces_a_dead_socket_and_no_living_one),
        CASE(leaves_a_successors_socket_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
