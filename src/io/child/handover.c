/* Our end of what one worker has of the public listener. */
#include "io/child/handover.h"

#include "io/child/handover_parts.h"
#include "io/loop/loop_uv.h"
#include "io/sockets/listener.h"
#include "voxkeeper/handover.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

/* Probes are the only ones who connect to it. */
enum { PRIVATE_BACKLOG = 64 };

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void take_message(struct handover_state *s, const struct vk_handover_message *m)
{
    switch ((enum vk_handover_kind)m->kind) {
    case VK_HANDOVER_HELLO:
        s->loaded = true;
        return;
    case VK_HANDOVER_REFUSED:
        s->refused = m->value;
        return;
    case VK_HANDOVER_TAKEN:
        if (m->listener >= 1 && m->listener <= LIMIT_LISTEN)
            s->taken |= 1U << (m->listener - 1);
        return;
    case VK_HANDOVER_CLOSED:
        s->closed++;
        return;
    case VK_HANDOVER_OTHER:
        s->other_port = m->value;
        return;
    case VK_HANDOVER_ACTIVE:
        s->active = true;
        return;
    case VK_HANDOVER_PAUSED:
        s->active = false;
        return;
    case VK_HANDOVER_ACTIVATE:
    case VK_HANDOVER_PAUSE:
    case VK_HANDOVER_REPORT:
        return; /* ours to say */
    }
}

static void read_messages(struct handover *h)
{
    struct vk_handover_message m = {0};
    ssize_t n = 0;
    for (;;) {
        n = recv(h->control, &m, sizeof m, MSG_DONTWAIT);
        if (n > 0)
            take_message(&h->state, &m);
        /* It died before it read what we sent: the kernel says that first, its own words follow. */
        else if (n == 0 || errno != ECONNRESET)
            break;
        m = (struct vk_handover_message){0};
    }
    /* Its end is closed: there is nobody to listen to any more. */
    if (n == 0 || (errno != EAGAIN && errno != EINTR))
        uv_poll_stop(&h->poll);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct handover *h = poll->data;
    (void)status;
    (void)events;
    read_messages(h);
    if (h->on_change)
        h->on_change(h->arg);
}

static int open_private(struct handover *h, unsigned i, struct err *e)
{
    struct endpoint ep = {.family = ENDPOINT_INET, .addr = {127, 0, 0, 1}};
    int fd = listener_open(&ep, PRIVATE_BACKLOG, e);
    if (fd < 0)
        return err_wrap(e, "opening the worker's private listener");
    ep.port = listener_port(fd);
    h->privates[i] = ep;
    h->private_fds[i] = fd;
    return 0;
}

static void send_message(struct handover *h, enum vk_handover_kind kind)
{
    const struct vk_handover_message m = {.kind = (uint8_t)kind};
    if (h->control < 0)
        return;
    /* A worker that reads none of its messages hangs, and its probes tell that. */
    (void)!send(h->control, &m, sizeof m, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static int watch_control(struct handover *h, struct loop *l, struct err *e)
{
    int r = uv_poll_init(loop_uv(l), &h->poll, h->control);
    if (r < 0) {
        close_fd(&h->control);
        return err_sys(e, r, "watching the worker's control socket");
    }
    h->poll.data = h;
    uv_poll_start(&h->poll, UV_READABLE, on_readable);
    return 0;
}

static int open_control(struct handover *h, struct loop *l, struct err *e)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
        return err_sys(e, -errno, "making the worker's control socket");
    h->control = pair[0];
    h->worker_control = pair[1];
    return watch_control(h, l, e);
}

/* Without a descriptor. */
static struct handover *prepare(
    const struct handover_spec *spec, void (*on_change)(void *arg), void *arg, struct err *e)
{
    struct handover *h = calloc(1, sizeof *h);
    if (!h) {
        err_sys(e, -ENOMEM, "preparing the handover");
        return NULL;
    }
    h->spec = *spec;
    h->on_change = on_change;
    h->arg = arg;
    h->control = -1;
    h->worker_control = -1;
    for (unsigned i = 0; i < LIMIT_LISTEN; i++)
        h->private_fds[i] = -1;
    return h;
}

struct handover *handover_new(struct loop *l, const struct handover_spec *spec,
    void (*on_change)(void *arg), void *arg, struct err *e)
{
    struct handover *h = prepare(spec, on_change, arg, e);
    if (!h)
        return NULL;
    int r = 0;
    for (unsigned i = 0; r == 0 && i < handover_n_private(h); i++)
        r = open_private(h, i, e);
    if (r == 0 && handover_has_shim(h))
        r = open_control(h, l, e);
    if (r < 0) {
        handover_free(h);
        return NULL;
    }
    return h;
}

struct handover *handover_adopt(struct loop *l, const struct handover_spec *spec, int control,
    const struct endpoint *privates, const struct handover_state *state,
    void (*on_change)(void *arg), void *arg, struct err *e)
{
    struct handover *h = prepare(spec, on_change, arg, e);
    if (!h || !handover_has_shim(h))
        close_fd(&control);
    if (!h)
        return NULL;
    h->control = control;
    h->state = *state;
    for (unsigned i = 0; i < handover_n_private(h); i++)
        h->privates[i] = privates[i];
    if (!handover_has_shim(h))
        return h;
    (void)fcntl(control, F_SETFD, FD_CLOEXEC);
    if (watch_control(h, l, e) < 0) {
        handover_free(h);
        return NULL;
    }
    /* What was saved may be older than what was told last, and what was told may be lost if nobody
     * read for long. First there must be room for the answer. */
    read_messages(h);
    send_message(h, VK_HANDOVER_REPORT);
    return h;
}

int handover_control_fd(const struct handover *h)
{
    return h->control;
}

bool handover_has_shim(const struct handover *h)
{
    return h->spec.mode == HANDOVER_PRELOAD;
}

unsigned handover_n_private(const struct handover *h)
{
    if (handover_has_shim(h))
        return h->spec.n;
    return h->spec.private ? 1 : 0;
}

void handover_started(struct handover *h)
{
    close_fd(&h->worker_control);
    if (!handover_has_shim(h))
        return; /* by our own copy we see whether it is served */
    for (unsigned i = 0; i < h->spec.n; i++)
        close_fd(&h->private_fds[i]);
}

void handover_activate(struct handover *h)
{
    h->state.active = true;
    send_message(h, VK_HANDOVER_ACTIVATE);
}

void handover_pause(struct handover *h)
{
    send_message(h, VK_HANDOVER_PAUSE);
}

const struct endpoint *handover_private(const struct handover *h)
{
    return handover_n_private(h) > 0 ? &h->privates[0] : NULL;
}

const struct handover_state *handover_state(const struct handover *h)
{
    return &h->state;
}

/* The first address of Listen= that the worker has not bound; NULL: it has them all. */
static const struct endpoint *missing(const struct handover *h)
{
    for (unsigned i = 0; i < h->spec.n; i++) {
        if (!(h->state.taken & 1U << i))
            return &h->spec.endpoints[i];
    }
    return NULL;
}

/* Connections that nobody has accepted; the kernel tells it of a listener in this field. */
static unsigned waiting_at(int fd)
{
    struct tcp_info info = {0};
    socklen_t len = sizeof info;
    return fd >= 0 && getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) == 0 ? info.tcpi_unacked
                                                                              : 0;
}

const char *handover_why(const struct handover *h, char buf[HANDOVER_WHY_MAX])
{
    const struct handover_state *s = &h->state;
    const struct endpoint *absent = missing(h);
    char name[ENDPOINT_TEXT_MAX];
    buf[0] = '\0';
    if (!handover_has_shim(h)) {
        if (waiting_at(h->private_fds[0]) > 0)
            snprintf(buf, HANDOVER_WHY_MAX,
                "it does not serve the descriptor \"private\" (%d), as ListenPrivate=yes says",
                handover_private_target(h, 0));
    } else if (s->refused)
        snprintf(
            buf, HANDOVER_WHY_MAX, "the listener shim is inert: %s", strerrordesc_np(s->refused));
    else if (!s->loaded)
        snprintf(buf, HANDOVER_WHY_MAX,
            "the listener shim was not loaded: LD_PRELOAD has no effect on it");
    else if (s->taken == 0 && s->other_port)
        snprintf(buf, HANDOVER_WHY_MAX,
            "it listens on port %u, which is none of Listen=", s->other_port);
    else if (s->taken == 0)
        snprintf(buf, HANDOVER_WHY_MAX, "it has bound no port of Listen=");
    else if (absent)
        snprintf(buf, HANDOVER_WHY_MAX,
            "it has not bound %.110s of Listen=", endpoint_text(absent, name));
    return buf;
}

void handover_look(struct handover *h)
{
    if (h->control >= 0)
        read_messages(h);
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void handover_free(struct handover *h)
{
    if (!h)
        return;
    bool watched = h->control >= 0;
    close_fd(&h->worker_control);
    for (unsigned i = 0; i < LIMIT_LISTEN; i++)
        close_fd(&h->private_fds[i]);
    if (!watched) {
        free(h);
        return;
    }
    uv_close((uv_handle_t *)&h->poll, on_closed);
    close_fd(&h->control);
}
