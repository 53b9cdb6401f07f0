/* See worker_notify.h. */
#include "io/child/worker_notify.h"

#include "core/limits.h"
#include "io/child/child_kin.h"
#include "io/child/worker_notify_address.h"
#include "io/loop/loop_uv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

/* Descriptors that are taken from one datagram, to be closed; the kernel drops any beyond. */
enum { FDS_MAX = 4 };

struct worker_notify {
    struct worker_notify_spec spec;
    struct notify_address address;
    uv_poll_t poll;
    int fd;
    pid_t main_pid; /* 0: nobody is heard */
    uint64_t ignored;
};

static struct worker_notify *make(
    const struct worker_notify_spec *spec, int fd, const struct notify_address *a, struct err *e)
{
    struct worker_notify *n = calloc(1, sizeof *n);
    int r = n ? uv_poll_init(loop_uv(spec->loop), &n->poll, fd) : -ENOMEM;
    if (r < 0) {
        err_sys(e, r, "watching the worker's notify socket");
        free(n);
        return NULL;
    }
    n->spec = *spec;
    n->address = *a;
    n->fd = fd;
    n->poll.data = n;
    return n;
}

struct worker_notify *worker_notify_new(const struct worker_notify_spec *spec, struct err *e)
{
    struct notify_address address;
    int fd = notify_address_bind(spec->directory, spec->user, &address, e);
    if (fd < 0)
        return NULL;
    struct worker_notify *n = make(spec, fd, &address, e);
    if (!n) {
        notify_address_remove(&address);
        close(fd);
    }
    return n;
}

struct worker_notify *worker_notify_adopt(
    const struct worker_notify_spec *spec, int fd, struct err *e)
{
    struct notify_address address;
    return notify_address_read(fd, &address, e) < 0 ? NULL : make(spec, fd, &address, e);
}

const char *worker_notify_address(const struct worker_notify *n)
{
    return n->address.text;
}

int worker_notify_fd(const struct worker_notify *n)
{
    return n->fd;
}

uint64_t worker_notify_ignored(const struct worker_notify *n)
{
    return n->ignored;
}

/* The process that sent it; 0: not told. */
static pid_t sender_of(struct msghdr *msg)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
        struct ucred credentials;
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_CREDENTIALS ||
            c->cmsg_len != CMSG_LEN(sizeof credentials))
            continue;
        memcpy(&credentials, CMSG_DATA(c), sizeof credentials);
        return credentials.pid;
    }
    return 0;
}

/* Answers a barrier: the sender may end now, and be nobody the moment after. */
static void close_descriptors(struct msghdr *msg)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        for (size_t at = 0; CMSG_LEN(at + sizeof(int)) <= c->cmsg_len; at += sizeof(int)) {
            int fd = -1;
            memcpy(&fd, CMSG_DATA(c) + at, sizeof fd);
            close(fd);
        }
    }
}

/* One datagram. Returns false when none is left. */
static bool hear_one(struct worker_notify *n)
{
    char data[LIMIT_NOTIFY_DATAGRAM];
    union {
        struct cmsghdr align;
        char room[CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(FDS_MAX * sizeof(int))];
    } control;
    struct iovec iov = {.iov_base = data, .iov_len = sizeof data};
    struct msghdr msg = {.msg_iov = &iov,
        .msg_iovlen = 1,
        .msg_control = &control,
        .msg_controllen = sizeof control};
    ssize_t len = recvmsg(n->fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (len < 0)
        return errno == EINTR;
    struct notify_message m;
    if (!(msg.msg_flags & MSG_TRUNC) && child_kin(n->main_pid, sender_of(&msg)) &&
        notify_message_parse(data, (size_t)len, &m))
        n->spec.on_message(&m, n->spec.arg);
    else
        n->ignored++;
    close_descriptors(&msg);
    return true;
}

/* What is left after a turn makes the socket readable again. */
void worker_notify_hear(struct worker_notify *n)
{
    for (unsigned i = 0; i < LIMIT_NOTIFY_TURN && n->main_pid > 0 && hear_one(n); i++)
        ;
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    worker_notify_hear(poll->data);
}

void worker_notify_listen(struct worker_notify *n, pid_t main_pid)
{
    n->main_pid = main_pid;
    uv_poll_start(&n->poll, UV_READABLE, on_readable);
}

void worker_notify_end(struct worker_notify *n)
{
    n->main_pid = 0;
    uv_poll_stop(&n->poll);
    notify_address_remove(&n->address);
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void worker_notify_free(struct worker_notify *n)
{
    if (!n)
        return;
    n->main_pid = 0;
    uv_close((uv_handle_t *)&n->poll, on_closed);
    close(n->fd);
}
