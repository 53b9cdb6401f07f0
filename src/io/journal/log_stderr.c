/* Lines to stderr. */
#include "io/journal/log_stderr.h"

#include "base/strbuf.h"
#include "io/loop/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATIENCE (10 * USEC_PER_MSEC) /* in each PATIENCE_PERIOD */
#define PATIENCE_PERIOD USEC_PER_SEC

enum kind {
    KIND_FILE,     /* never blocks in a way that we could avoid */
    KIND_OWN,      /* reopened for us alone, non-blocking */
    KIND_SOCKET,   /* asked for non-blocking with each send */
    KIND_BLOCKING, /* shared and blocking: asked before each write, and little at a time */
};

struct log_stderr {
    int fd;
    enum kind kind;
    struct strbuf rest; /* of a line that was begun */
    usec_t period_from;
    usec_t patience; /* left in this period */
    uint64_t dropped;
};

struct log_stderr *log_stderr_new(int fd)
{
    struct log_stderr *s = calloc(1, sizeof *s);
    struct stat st = {0};
    if (!s)
        return NULL;
    s->fd = fd;
    s->kind = KIND_FILE;
    if (fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode)) {
        s->kind = KIND_SOCKET;
    } else if (S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode)) {
        /* O_NONBLOCK belongs to the open file, which we share with whoever started us; so we open
         * it anew. */
        char path[64];
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        int own = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        s->kind = own >= 0 ? KIND_OWN : KIND_BLOCKING;
        s->fd = own >= 0 ? own : fd;
    }
    return s;
}

static ssize_t write_some(struct log_stderr *s, const char *bytes, size_t len)
{
    switch (s->kind) {
    case KIND_FILE:
    case KIND_OWN:
        return write(s->fd, bytes, len);
    case KIND_SOCKET:
        return send(s->fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);
    case KIND_BLOCKING:
        break;
    }
    struct pollfd p = {.fd = s->fd, .events = POLLOUT};
    if (poll(&p, 1, 0) == 0) {
        errno = EAGAIN;
        return -1;
    }
    return write(s->fd, bytes, len < PIPE_BUF ? len : PIPE_BUF);
}

static bool wait_writable(struct log_stderr *s)
{
    usec_t from = loop_now();
    if (from - s->period_from >= PATIENCE_PERIOD) {
        s->period_from = from;
        s->patience = PATIENCE;
    }
    struct pollfd p = {.fd = s->fd, .events = POLLOUT};
    int n = poll(&p, 1, (int)(s->patience / USEC_PER_MSEC));
    s->patience = usec_sub(s->patience, loop_now() - from);
    return n != 0;
}

/* Returns how much of it could be written. */
static size_t write_patiently(struct log_stderr *s, const char *bytes, size_t len)
{
    size_t done = 0;
    while (done < len) {
        ssize_t n = write_some(s, bytes + done, len - done);
        if (n >= 0)
            done += (size_t)n;
        else if (errno != EINTR && (errno != EAGAIN || !wait_writable(s)))
            break;
    }
    return done;
}

void log_stderr_write(struct log_stderr *s, const char *line, size_t len)
{
    struct strbuf rest = s->rest;
    s->rest = (struct strbuf)STRBUF_INIT;
    size_t done = write_patiently(s, strbuf_text(&rest), rest.len);
    if (done < rest.len) {
        strbuf_add(&s->rest, rest.data + done, rest.len - done);
        s->dropped++;
    } else {
        done = write_patiently(s, line, len);
        if (done == 0)
            s->dropped++;
        else
            strbuf_add(&s->rest, line + done, len - done);
    }
    strbuf_fini(&rest);
}

uint64_t log_stderr_dropped(const struct log_stderr *s)
{
    return s->dropped;
}

void log_stderr_free(struct log_stderr *s)
{
    if (!s)
        return;
    if (s->kind == KIND_OWN)
        close(s->fd);
    strbuf_fini(&s->rest);
    free(s);
}
