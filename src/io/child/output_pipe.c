/* Reading a worker's pipe. */
#include "io/child/output_pipe.h"

#include "base/log.h"
#include "core/limits.h"
#include "io/loop/loop_uv.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/*
 * What a worker writes while no daemon is alive waits here. A user without privileges may have so
 * much in all pipes together (pipe-user-pages-soft) and in one (pipe-max-size): the largest that
 * is granted will do.
 */
static void enlarge(int fd)
{
    int size = fcntl(fd, F_GETPIPE_SZ);
    for (int want = LIMIT_OUTPUT_PIPE; want > size; want /= 2) {
        if (fcntl(fd, F_SETPIPE_SZ, want) >= 0)
            return;
    }
}

int output_pipe_init(struct output_pipe *p, lines_fn *on_line, void (*on_closed)(void *arg),
    void *arg, struct err *e)
{
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) < 0)
        return err_sys(e, -errno, "making an output pipe");
    /* Only our end: a worker that gets EAGAIN from its stdout loses output, or dies of it. */
    if (fcntl(fds[0], F_SETFL, O_NONBLOCK) < 0) {
        int code = -errno;
        close(fds[0]);
        close(fds[1]);
        return err_sys(e, code, "making an output pipe non-blocking");
    }
    enlarge(fds[0]);
    *p = (struct output_pipe){.read_fd = fds[0],
        .write_fd = fds[1],
        .on_line = on_line,
        .on_closed = on_closed,
        .arg = arg};
    return 0;
}

void output_pipe_adopt(
    struct output_pipe *p, int read_fd, lines_fn *on_line, void (*on_closed)(void *arg), void *arg)
{
    *p = (struct output_pipe){.read_fd = read_fd,
        .write_fd = -1,
        .closed = read_fd < 0,
        .on_line = on_line,
        .on_closed = on_closed,
        .arg = arg};
    if (read_fd < 0)
        return;
    (void)fcntl(read_fd, F_SETFD, FD_CLOEXEC);
    (void)fcntl(read_fd, F_SETFL, O_NONBLOCK);
}

static void on_poll_closed(uv_handle_t *handle)
{
    struct output_pipe *p = handle->data;
    close(p->read_fd);
    p->on_closed(p->arg);
}

/* Reads at most `budget` bytes; false at the end of the stream. */
static bool read_some(struct output_pipe *p, size_t budget)
{
    char bytes[16 * 1024];
    while (budget > 0) {
        size_t want = budget < sizeof bytes ? budget : sizeof bytes;
        ssize_t n = read(p->read_fd, bytes, want);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return true;
        if (n < 0)
            log_printf(LOG_LEVEL_WARNING, "reading a worker's output: %s", strerror(errno));
        if (n <= 0)
            return false;
        lines_feed(&p->lines, bytes, (size_t)n, p->on_line, p->arg);
        budget -= (size_t)n;
    }
    return true;
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct output_pipe *p = poll->data;
    (void)events;
    (void)status; /* read(2) tells more */
    if (!read_some(p, LIMIT_OUTPUT_TURN))
        output_pipe_close(p);
}

void output_pipe_start(struct output_pipe *p, struct loop *l)
{
    if (p->closed)
        return;
    if (p->write_fd >= 0)
        close(p->write_fd);
    p->write_fd = -1;
    int r = uv_poll_init(loop_uv(l), &p->poll, p->read_fd);
    if (r < 0) {
        /* Unread, but open: a worker whose output nobody can take must not die of that. */
        log_printf(
            LOG_LEVEL_WARNING, "watching a worker's output, which is lost: %s", uv_strerror(r));
        return;
    }
    p->poll.data = p;
    p->started = true;
    uv_poll_start(&p->poll, UV_READABLE, on_poll);
}

void output_pipe_drain(struct output_pipe *p)
{
    if (!p->started || p->closed)
        return;
    /* Bounded by what is there now: a grandchild may write faster than we read. */
    int there = 0;
    if (ioctl(p->read_fd, FIONREAD, &there) == 0 && there > 0)
        read_some(p, (size_t)there);
    lines_flush(&p->lines, p->on_line, p->arg);
}

void output_pipe_close(struct output_pipe *p)
{
    if (p->closed)
        return;
    p->closed = true;
    lines_flush(&p->lines, p->on_line, p->arg);
    lines_fini(&p->lines);
    if (p->started) {
        uv_close((uv_handle_t *)&p->poll, on_poll_closed);
    } else {
        if (p->write_fd >= 0)
            close(p->write_fd);
        close(p->read_fd);
    }
}

int output_pipe_read_fd(const struct output_pipe *p)
{
    return p->closed ? -1 : p->read_fd;
}
