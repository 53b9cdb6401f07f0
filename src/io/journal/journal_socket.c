/* Datagrams to journald. */
#include "io/journal/journal_socket.h"

#include "core/limits.h"
#include "io/loop/loop_uv.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    SEND_BUFFER = 8 << 20,
    FLUSH_AT_ONCE = 256, /* records a turn of the loop, so that a backlog does not hold it */
};

struct waiting {
    STAILQ_ENTRY(waiting) link;
    size_t len;
    char bytes[];
};

struct watch {
    uv_poll_t uv;
    struct journal_socket *socket;
};

struct journal_socket {
    int fd;
    struct sockaddr_un address;
    STAILQ_HEAD(, waiting) backlog;
    size_t backlog_bytes;
    struct watch *watch; /* NULL: not attached */
    uint64_t dropped;
};

struct journal_socket *journal_socket_new(const char *path)
{
    struct journal_socket *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->address.sun_family = AF_UNIX;
    strncpy(s->address.sun_path, path, sizeof s->address.sun_path - 1);
    STAILQ_INIT(&s->backlog);
    s->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (s->fd < 0) {
        free(s);
        return NULL;
    }
    /* The first needs CAP_NET_ADMIN and goes beyond wmem_max. */
    const int size = SEND_BUFFER;
    if (setsockopt(s->fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size) < 0)
        setsockopt(s->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    return s;
}

static int send_message(int fd, const struct msghdr *message)
{
    ssize_t n;
    do {
        n = sendmsg(fd, message, MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : 0;
}

static int write_sealed(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, bytes, len);
        if (n < 0 && errno != EINTR)
            return -errno;
        if (n > 0) {
            bytes += n;
            len -= (size_t)n;
        }
    }
    int r = fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
    return r < 0 ? -errno : 0;
}

/* A record too large for a datagram goes as a sealed memfd. */
static int send_memfd(int fd, const char *bytes, size_t len)
{
    int memfd = memfd_create("voxkeeper-journal", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (memfd < 0)
        return -errno;
    int r = write_sealed(memfd, bytes, len);
    if (r == 0) {
        union {
            struct cmsghdr header;
            char space[CMSG_SPACE(sizeof(int))];
        } control = {0};
        struct msghdr message = {
            .msg_control = &control, .msg_controllen = CMSG_SPACE(sizeof(int))};
        struct cmsghdr *c = CMSG_FIRSTHDR(&message);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(c), &memfd, sizeof memfd);
        r = send_message(fd, &message);
    }
    close(memfd);
    return r;
}

static int send_connected(int fd, const char *bytes, size_t len)
{
    struct iovec part = {.iov_base = (char *)bytes, .iov_len = len};
    int r = send_message(fd, &(struct msghdr){.msg_iov = &part, .msg_iovlen = 1});
    /* ENOBUFS: below the send buffer's size, but more than the kernel can have in one piece. */
    return r == -EMSGSIZE || r == -ENOBUFS ? send_memfd(fd, bytes, len) : r;
}

/* 0, -EAGAIN (later), or why it is lost. */
static int send_now(struct journal_socket *s, const char *bytes, size_t len)
{
    int r = send_connected(s->fd, bytes, len);
    if (r == 0 || r == -EAGAIN)
        return r;
    if (r == -ENOBUFS)
        return -EAGAIN;
    /* Not yet connected, or journald's socket was made anew. */
    if (connect(s->fd, (const struct sockaddr *)&s->address, sizeof s->address) < 0)
        return -errno;
    r = send_connected(s->fd, bytes, len);
    return r == -ENOBUFS ? -EAGAIN : r;
}

static void drop_first(struct journal_socket *s)
{
    struct waiting *w = STAILQ_FIRST(&s->backlog);
    STAILQ_REMOVE_HEAD(&s->backlog, link);
    s->backlog_bytes -= w->len;
    free(w);
}

/* True if the backlog is empty after it. */
static bool flush(struct journal_socket *s)
{
    struct waiting *w;
    for (int n = 0; n < FLUSH_AT_ONCE && (w = STAILQ_FIRST(&s->backlog)); n++) {
        int r = send_now(s, w->bytes, w->len);
        if (r == -EAGAIN)
            break;
        s->dropped += r != 0;
        drop_first(s);
    }
    return STAILQ_EMPTY(&s->backlog);
}

static void on_writable(uv_poll_t *uv, int status, int events)
{
    (void)status;
    (void)events;
    struct watch *watch = uv->data;
    if (flush(watch->socket))
        uv_poll_stop(uv);
}

static void watch_writable(struct journal_socket *s)
{
    if (s->watch && !uv_is_active((uv_handle_t *)&s->watch->uv))
        uv_poll_start(&s->watch->uv, UV_WRITABLE, on_writable);
}

static void keep(struct journal_socket *s, const char *bytes, size_t len, bool important)
{
    size_t limit = important ? LIMIT_JOURNAL_BACKLOG : LIMIT_JOURNAL_BACKLOG / 2;
    struct waiting *w = NULL;
    if (s->backlog_bytes + len <= limit)
        w = malloc(sizeof *w + len);
    if (!w) {
        s->dropped++;
        return;
    }
    w->len = len;
    memcpy(w->bytes, bytes, len);
    STAILQ_INSERT_TAIL(&s->backlog, w, link);
    s->backlog_bytes += len;
    watch_writable(s);
}

void journal_socket_send(struct journal_socket *s, const char *bytes, size_t len, bool important)
{
    int r = flush(s) ? send_now(s, bytes, len) : -EAGAIN;
    if (r == -EAGAIN)
        keep(s, bytes, len, important);
    else
        s->dropped += r != 0;
}

void journal_socket_attach(struct journal_socket *s, struct loop *l)
{
    struct watch *watch = calloc(1, sizeof *watch);
    if (!watch)
        abort();
    int r = uv_poll_init(loop_uv(l), &watch->uv, s->fd);
    assert(r == 0);
    watch->uv.data = watch;
    watch->socket = s;
    uv_unref((uv_handle_t *)&watch->uv);
    s->watch = watch;
    if (!STAILQ_EMPTY(&s->backlog))
        watch_writable(s);
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void journal_socket_detach(struct journal_socket *s, usec_t patience)
{
    usec_t until = usec_add(loop_now(), patience);
    while (!flush(s)) {
        usec_t left = usec_sub(until, loop_now());
        struct pollfd p = {.fd = s->fd, .events = POLLOUT};
        if (left < USEC_PER_MSEC || poll(&p, 1, (int)(left / USEC_PER_MSEC)) == 0)
            break;
    }
    if (s->watch)
        uv_close((uv_handle_t *)&s->watch->uv, on_closed);
    s->watch = NULL;
}

bool journal_socket_idle(const struct journal_socket *s)
{
    return STAILQ_EMPTY(&s->backlog);
}

uint64_t journal_socket_dropped(const struct journal_socket *s)
{
    return s->dropped;
}

void journal_socket_free(struct journal_socket *s)
{
    if (!s)
        return;
    assert(!s->watch);
    while (!STAILQ_EMPTY(&s->backlog))
        drop_first(s);
    close(s->fd);
    free(s);
}
