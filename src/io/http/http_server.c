/* The admin listeners: microhttpd in its external epoll mode, turned by the loop. */
#include "io/http/http_server.h"

#include "base/log.h"
#include "base/strbuf.h"
#include "core/limits.h"
#include "io/http/http_server_exchange.h"
#include "io/http/http_server_life.h"
#include "io/loop/loop_uv.h"
#include "io/sockets/listener.h"

#include <assert.h>
#include <errno.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

enum { CONNECTION_MEMORY = 32 * 1024, BACKLOG = 256 };

#define CONNECTION_LIFE (10 * USEC_PER_SEC)
#define ACCEPT_PAUSE (100 * USEC_PER_MSEC)

struct http_server {
    struct MHD_Daemon *mhd;
    uv_poll_t poll; /* microhttpd's epoll descriptor */
    struct timer *timer;
    struct http_server_exchange_conf conf;
    struct http_server_lives lives;
    uint16_t port;
    bool turning;
    bool news;  /* some suspended connection has something to do */
    char *path; /* the socket file, and which one it was */
    dev_t dev;
    ino_t ino;
};

/*
 * microhttpd's descriptors are edge-triggered inside, so that work it left over is told by
 * MHD_get_timeout() and by no event (systemd#7130 is what happens to those who do not ask). And it
 * listens again only at the beginning of a run: when the last place became free in this one, those
 * who wait are seen in the next.
 */
static void turn(struct http_server *s)
{
    uint64_t changes = s->lives.changes;
    usec_t now = loop_now();
    s->turning = true;
    s->news = false;
    http_server_lives_cut(&s->lives, now);
    MHD_run(s->mhd);
    s->turning = false;

    MHD_UNSIGNED_LONG_LONG ms;
    usec_t due = http_server_lives_deadline(&s->lives);
    if (s->news || changes != s->lives.changes)
        due = now;
    else if (MHD_get_timeout(s->mhd, &ms) == MHD_YES && usec_add(now, ms * USEC_PER_MSEC) < due)
        due = usec_add(now, ms * USEC_PER_MSEC);
    if (due == USEC_INFINITY)
        timer_disarm(s->timer);
    else
        timer_arm(s->timer, due);
}

/*
 * A wake-up that neither found nor left a connection: somebody waits whom the process has no
 * descriptor for. microhttpd would be woken for him again and again.
 */
static void on_poll(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    struct http_server *s = poll->data;
    uint64_t changes = s->lives.changes;
    turn(s);
    if (changes == s->lives.changes && !s->lives.oldest) {
        uv_poll_stop(&s->poll);
        timer_arm(s->timer, usec_add(loop_now(), ACCEPT_PAUSE));
    }
}

static void on_due(void *arg)
{
    struct http_server *s = arg;
    uv_poll_start(&s->poll, UV_READABLE, on_poll);
    turn(s);
}

/* Some stream has something to write: not here, where whoever wrote it still is at work. */
static void on_news(void *arg)
{
    struct http_server *s = arg;
    s->news = true;
    if (!s->turning)
        timer_arm(s->timer, loop_now());
}

static void on_log(void *cls, const char *fmt, va_list ap)
{
    (void)cls;
    struct strbuf text = STRBUF_INIT;
    strbuf_vaddf(&text, fmt, ap);
    while (text.len > 0 && text.data[text.len - 1] == '\n')
        text.data[--text.len] = '\0';
    log_printf(LOG_LEVEL_DEBUG, "HTTP server: %s", strbuf_text(&text));
    strbuf_fini(&text);
}

/* Takes `fd` if it succeeds. */
static int start_microhttpd(struct http_server *s, int fd)
{
    s->mhd = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0, NULL,
        NULL, http_server_exchange_step, &s->conf, MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL,
        MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT, (unsigned)LIMIT_API_CONNECTIONS,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY, MHD_OPTION_STRICT_FOR_CLIENT,
        1, MHD_OPTION_URI_LOG_CALLBACK, http_server_exchange_begin, &s->conf,
        MHD_OPTION_NOTIFY_COMPLETED, http_server_exchange_end, &s->conf,
        MHD_OPTION_NOTIFY_CONNECTION, http_server_lives_notify, &s->lives, MHD_OPTION_END);
    return s->mhd ? 0 : -ENOMEM;
}

/* Takes `fd` in any case. */
static struct http_server *server_new(
    struct loop *l, int fd, bool local, http_server_handler *handler, void *arg, struct err *e)
{
    struct http_server *s = calloc(1, sizeof *s);
    if (!s) {
        close(fd);
        err_sys(e, -ENOMEM, "start HTTP server");
        return NULL;
    }
    s->conf = (struct http_server_exchange_conf){.local = local,
        .handler = handler,
        .arg = arg,
        .streams = {.loop = l, .on_news = on_news, .arg = s}};
    s->lives = (struct http_server_lives){
        .span = CONNECTION_LIFE, .local = local, .strangers_max = LIMIT_API_CONNECTIONS / 2};
    s->port = listener_port(fd);
    if (start_microhttpd(s, fd) < 0) {
        close(fd);
        free(s);
        err_set(e, -ENOMEM, "start HTTP server: libmicrohttpd refuses");
        return NULL;
    }
    int epoll_fd = MHD_get_daemon_info(s->mhd, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    int rc = uv_poll_init(loop_uv(l), &s->poll, epoll_fd);
    if (rc < 0) {
        MHD_stop_daemon(s->mhd);
        free(s);
        err_sys(e, rc, "start HTTP server");
        return NULL;
    }
    s->poll.data = s;
    s->timer = timer_new(l, on_due, s);
    timer_arm(s->timer, loop_now()); /* the first run lets microhttpd listen */
    return s;
}

struct http_server *http_server_new_unix(
    struct loop *l, const char *path, http_server_handler *handler, void *arg, struct err *e)
{
    struct endpoint ep = {.family = ENDPOINT_UNIX};
    if (strlen(path) >= sizeof ep.path) {
        err_set(e, -ENAMETOOLONG, "listen on \"%s\": the path is longer than %zu bytes", path,
            sizeof ep.path - 1);
        return NULL;
    }
    strcpy(ep.path, path);
    int fd = listener_open(&ep, BACKLOG, e);
    if (fd < 0)
        return NULL;
    struct http_server *s = server_new(l, fd, true, handler, arg, e);
    struct stat st;
    if (s && lstat(path, &st) == 0) {
        s->path = strdup(path);
        s->dev = st.st_dev;
        s->ino = st.st_ino;
    }
    return s;
}

struct http_server *http_server_new_tcp(struct loop *l, const struct endpoint *ep,
    http_server_handler *handler, void *arg, struct err *e)
{
    int fd = listener_open(ep, BACKLOG, e);
    return fd < 0 ? NULL : server_new(l, fd, false, handler, arg, e);
}

uint16_t http_server_port(const struct http_server *s)
{
    return s->port;
}

int http_server_set_hosts(struct http_server *s, const struct strlist *hosts)
{
    struct strlist copy = {0};
    if (strlist_copy(&copy, hosts) < 0)
        return -ENOMEM;
    strlist_fini(&s->conf.hosts);
    s->conf.hosts = copy;
    return 0;
}

void http_server_set_life(struct http_server *s, usec_t span)
{
    s->lives.span = span;
}

void http_server_end_streams(struct http_server *s)
{
    assert(!s->turning);
    http_server_streams_end(&s->conf.streams);
    turn(s); /* resumes them */
    turn(s); /* and writes */
}

static void remove_socket_file(struct http_server *s)
{
    struct stat st;
    /* Another instance may have put its own there. */
    if (s->path && lstat(s->path, &st) == 0 && st.st_dev == s->dev && st.st_ino == s->ino)
        unlink(s->path);
    free(s->path);
}

static void on_poll_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void http_server_free(struct http_server *s)
{
    if (!s)
        return;
    assert(!s->turning);
    remove_socket_file(s);
    s->conf.streams.closing = true;
    http_server_end_streams(s);
    s->turning = true;
    timer_free(s->timer);
    uv_close((uv_handle_t *)&s->poll, on_poll_closed);
    MHD_stop_daemon(s->mhd);
    strlist_fini(&s->conf.hosts);
}
