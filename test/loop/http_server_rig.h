/* A server whose handler notes what it is asked, and clients that read without ever blocking. */
#pragma once

#include "io/http/http_server.h"
#include "pump.h"
#include "voxkeeper/control.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

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

static inline void handler(
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

static inline int set_up(void **state)
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

static inline int tear_down(void **state)
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

static inline void start_unix(struct fixture *f)
{
    struct err e;
    f->server = http_server_new_unix(f->pump.loop, f->path, handler, f, &e);
    assert_non_null(f->server);
}

static inline void start_tcp(struct fixture *f)
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

static inline void client_connect(struct fixture *f, struct client *c)
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

static inline void client_send(struct client *c, const char *text)
{
    assert_int_equal(send(c->fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

static inline bool client_ended(void *arg)
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

static inline void client_close(struct client *c)
{
    close(c->fd);
}

/* Sends `text` on a connection of its own and returns the status of the answer. */
static inline int ask(struct fixture *f, const char *text, struct client *c)
{
    client_connect(f, c);
    client_send(c, text);
    pump_until(&f->pump, client_ended, c);
    client_close(c);
    return c->len > 12 ? atoi(c->answer + 9) : 0;
}
