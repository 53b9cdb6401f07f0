/* A curl multi handle on the loop. */
#include "io/http/http_client_uv.h"

#include "io/loop/loop_uv.h"
#include "io/sockets/own_sockets.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

struct http_client_uv {
    CURLM *multi;
    uv_loop_t *uv;
    struct timer *timer;
    struct own_sockets *own;
    void (*on_turn)(void *arg);
    void *arg;
};

/*
 * One descriptor that curl watches. It is closed the moment curl lets go of the descriptor: the
 * kernel may give the same number to the next connection before libuv's close callback runs, and
 * uv_close() is what takes the number out of libuv's table at once.
 */
struct watch {
    uv_poll_t poll;
    struct http_client_uv *owner;
    curl_socket_t fd;
};

static void work(struct http_client_uv *u, curl_socket_t fd, int what)
{
    int running;
    curl_multi_socket_action(u->multi, fd, what, &running);
    u->on_turn(u->arg);
}

static void on_due(void *arg)
{
    work(arg, CURL_SOCKET_TIMEOUT, 0);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct watch *w = poll->data;
    int what = 0;
    if (status < 0)
        what |= CURL_CSELECT_ERR;
    if (events & UV_READABLE)
        what |= CURL_CSELECT_IN;
    if (events & UV_WRITABLE)
        what |= CURL_CSELECT_OUT;
    work(w->owner, w->fd, what);
}

static void on_watch_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static struct watch *watch_new(struct http_client_uv *u, curl_socket_t fd)
{
    struct watch *w = calloc(1, sizeof *w);
    if (!w)
        return NULL;
    w->owner = u;
    w->fd = fd;
    if (uv_poll_init_socket(u->uv, &w->poll, fd) < 0) {
        free(w);
        return NULL;
    }
    w->poll.data = w;
    return w;
}

/*
 * curl's wish for a descriptor. A failure is not told to curl, which would give up the whole multi
 * handle: that one transfer then ends at its deadline.
 */
static int on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
    (void)easy;
    struct http_client_uv *u = arg;
    struct watch *w = socket_arg;
    if (what == CURL_POLL_REMOVE) {
        if (w)
            uv_close((uv_handle_t *)&w->poll, on_watch_closed);
        curl_multi_assign(u->multi, fd, NULL);
        return 0;
    }
    if (!w) {
        w = watch_new(u, fd);
        if (!w)
            return 0;
        curl_multi_assign(u->multi, fd, w);
    }
    int events = 0;
    if (what & CURL_POLL_IN)
        events |= UV_READABLE;
    if (what & CURL_POLL_OUT)
        events |= UV_WRITABLE;
    uv_poll_start(&w->poll, events, on_poll);
    return 0;
}

static int on_timeout(CURLM *multi, long ms, void *arg)
{
    (void)multi;
    struct http_client_uv *u = arg;
    if (ms < 0)
        timer_disarm(u->timer);
    else
        timer_arm(u->timer, loop_now() + (usec_t)ms * USEC_PER_MSEC);
    return 0;
}

struct http_client_uv *http_client_uv_new(
    struct loop *l, void (*on_turn)(void *arg), void *arg, struct err *e)
{
    struct http_client_uv *u = calloc(1, sizeof *u);
    struct own_sockets *own = own_sockets_new();
    CURLM *multi = curl_multi_init();
    if (!u || !own || !multi) {
        own_sockets_free(own);
        free(u);
        if (multi)
            curl_multi_cleanup(multi);
        err_sys(e, -ENOMEM, "start HTTP client");
        return NULL;
    }
    *u = (struct http_client_uv){.multi = multi,
        .uv = loop_uv(l),
        .timer = timer_new(l, on_due, u),
        .own = own,
        .on_turn = on_turn,
        .arg = arg};
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, u);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timeout);
    curl_multi_setopt(multi, CURLMOPT_TIMERDATA, u);
    return u;
}

static curl_socket_t on_open(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
    (void)purpose;
    struct http_client_uv *u = arg;
    int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (fd < 0)
        return CURL_SOCKET_BAD;
    if (own_sockets_add(u->own, fd) == 0)
        return fd;
    close(fd);
    return CURL_SOCKET_BAD;
}

static int on_close(void *arg, curl_socket_t fd)
{
    struct http_client_uv *u = arg;
    own_sockets_close(u->own, fd, loop_now());
    return 0;
}

bool http_client_uv_keep_books(struct http_client_uv *u, CURL *easy)
{
    return curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, u) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, on_close) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, u) == CURLE_OK;
}

struct own_sockets *http_client_uv_own(struct http_client_uv *u)
{
    return u->own;
}

CURLM *http_client_uv_multi(struct http_client_uv *u)
{
    return u->multi;
}

void http_client_uv_close(struct http_client_uv *u)
{
    /* This closes what curl still holds, through on_socket() and on_close(): what they need goes
     * last. */
    curl_multi_cleanup(u->multi);
    own_sockets_free(u->own);
    timer_free(u->timer);
    free(u);
}
