/* Answers that go on: a queue that microhttpd empties, and a suspended connection while it is
 * empty. */
#include "io/http/http_server_stream.h"

#include "base/strbuf.h"
#include "io/http/http_server_life.h"
#include "io/loop/loop_uv.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { BLOCK = 4096 };

struct http_stream {
    struct http_stream_spec spec;
    struct http_server_streams *streams; /* NULL: not given away */
    struct http_stream *next;
    struct MHD_Connection *connection;
    /* microhttpd does not watch a suspended connection: this tells when the reader leaves. */
    uv_poll_t *watch;
    int fd;
    bool suspended;
    bool ended; /* no more comes after what waits */
    bool cut;
    struct strbuf queue;
    size_t taken;    /* bytes at its beginning that are gone */
    usec_t moved_at; /* when the queue was empty or the reader took something, last */
};

struct http_stream *http_stream_new(const struct http_stream_spec *spec)
{
    struct http_stream *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->spec = *spec;
    s->moved_at = loop_now();
    return s;
}

void http_stream_free(struct http_stream *s)
{
    if (!s)
        return;
    strbuf_fini(&s->queue);
    free(s);
}

/* Inside of microhttpd's run as well as outside: it finds the connection in its next one. */
static void resume(struct http_stream *s)
{
    if (!s->suspended)
        return;
    s->suspended = false;
    MHD_resume_connection(s->connection);
    s->streams->on_news(s->streams->arg);
}

static void cut_off(struct http_stream *s)
{
    if (s->cut)
        return;
    s->cut = true;
    if (!s->streams)
        return;
    shutdown(s->fd, SHUT_RDWR);
    resume(s);
}

bool http_stream_write(struct http_stream *s, const char *bytes, size_t len)
{
    usec_t now = loop_now();
    size_t waiting = s->queue.len - s->taken;
    if (s->cut || s->ended)
        return false;
    if (waiting == 0)
        s->moved_at = now;
    if (len > s->spec.backlog_max || waiting > s->spec.backlog_max - len ||
        usec_sub(now, s->moved_at) > s->spec.stall_max) {
        cut_off(s);
        return false;
    }
    strbuf_add(&s->queue, bytes, len);
    if (s->queue.failed) {
        cut_off(s);
        return false;
    }
    resume(s);
    return true;
}

size_t http_stream_waiting(const struct http_stream *s)
{
    return s->queue.len - s->taken;
}

void http_stream_end(struct http_stream *s)
{
    s->ended = true;
    resume(s);
}

static void take(struct http_stream *s, char *out, size_t n)
{
    memcpy(out, strbuf_text(&s->queue) + s->taken, n);
    s->taken += n;
    s->moved_at = loop_now();
    /* What is left moves to the front now and then, so that the queue takes no more room than
     * waits in it, and no byte moves often. */
    if (s->taken * 2 < s->queue.len)
        return;
    size_t left = s->queue.len - s->taken;
    memmove(s->queue.data, s->queue.data + s->taken, left);
    s->queue.len = left;
    s->queue.data[left] = '\0';
    s->taken = 0;
}

/* An MHD_ContentReaderCallback. */
static ssize_t read_queue(void *cls, uint64_t pos, char *out, size_t max)
{
    struct http_stream *s = cls;
    (void)pos;
    size_t waiting = s->queue.len - s->taken;
    if (s->cut)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    if (waiting > 0) {
        size_t n = waiting < max ? waiting : max;
        take(s, out, n);
        return (ssize_t)n;
    }
    if (s->ended)
        return MHD_CONTENT_READER_END_OF_STREAM;
    MHD_suspend_connection(s->connection);
    s->suspended = true;
    return 0;
}

static void on_watch(uv_poll_t *watch, int status, int events)
{
    (void)status;
    (void)events;
    struct http_stream *s = watch->data;
    uv_poll_stop(watch);
    cut_off(s);
}

static void on_watch_closed(uv_handle_t *watch)
{
    free(watch);
}

/* Without a watch the next write finds out as well. */
static void watch(struct http_stream *s)
{
    s->watch = calloc(1, sizeof *s->watch);
    if (!s->watch)
        return;
    if (uv_poll_init(loop_uv(s->streams->loop), s->watch, s->fd) < 0) {
        free(s->watch);
        s->watch = NULL;
        return;
    }
    s->watch->data = s;
    uv_poll_start(s->watch, UV_DISCONNECT, on_watch);
}

struct MHD_Response *http_server_stream_response(
    struct http_server_streams *streams, struct http_stream *s, struct MHD_Connection *connection)
{
    struct MHD_Response *response =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, read_queue, s, NULL);
    if (!response)
        return NULL;
    s->streams = streams;
    s->connection = connection;
    s->fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    s->ended = s->ended || streams->closing;
    s->next = streams->first;
    streams->first = s;
    http_server_life_exempt(
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context);
    watch(s);
    return response;
}

void http_server_stream_closed(struct http_stream *s)
{
    if (!s->streams) {
        http_stream_free(s);
        return;
    }
    struct http_stream **at = &s->streams->first;
    while (*at != s)
        at = &(*at)->next;
    *at = s->next;
    if (s->watch)
        uv_close((uv_handle_t *)s->watch, on_watch_closed);
    s->spec.on_closed(s->spec.arg);
    http_stream_free(s);
}

void http_server_streams_end(struct http_server_streams *streams)
{
    for (struct http_stream *s = streams->first; s; s = s->next)
        http_stream_end(s);
}
