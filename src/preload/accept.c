/* See accept.h. */
#include "preload/accept.h"

#include "preload/handover.h"
#include "preload/real.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>

/* What the application's own socket would have told of a peer that it accepted. */
static socklen_t peer_as(sa_family_t family, struct sockaddr_storage *peer, socklen_t length)
{
    struct sockaddr_in *in = (struct sockaddr_in *)peer;
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)peer;
    if (peer->ss_family == family)
        return length;
    if (family == AF_INET6 && peer->ss_family == AF_INET) {
        struct in_addr address = in->sin_addr;
        memset(&in6->sin6_flowinfo, 0, sizeof *in6 - offsetof(struct sockaddr_in6, sin6_flowinfo));
        in6->sin6_addr.s6_addr[10] = in6->sin6_addr.s6_addr[11] = 0xff;
        memcpy(&in6->sin6_addr.s6_addr[12], &address, sizeof address);
        length = sizeof *in6;
    } else if (family == AF_INET && peer->ss_family == AF_INET6) {
        /* A true IPv6 caller has no IPv4 address: 0.0.0.0, with its port. */
        struct in_addr address = {0};
        if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr))
            memcpy(&address, &in6->sin6_addr.s6_addr[12], sizeof address);
        memset(in->sin_zero, 0, sizeof in->sin_zero);
        in->sin_addr = address;
        length = sizeof *in;
    } else if (family == AF_UNIX) {
        length = sizeof peer->ss_family;
    }
    peer->ss_family = family;
    return length;
}

static int accept_one(
    const struct taken *t, int fd, struct sockaddr *name, socklen_t *length, int flags)
{
    struct sockaddr_storage peer;
    socklen_t peer_length = sizeof peer;
    if (!name || !length)
        return REAL(accept4)(fd, NULL, NULL, flags);
    int connection = REAL(accept4)(fd, (struct sockaddr *)&peer, &peer_length, flags);
    if (connection < 0)
        return -1;
    peer_length = peer_as(t->family, &peer, peer_length);
    memcpy(name, &peer, *length < peer_length ? *length : peer_length);
    *length = peer_length;
    return connection;
}

static int accept_public(const struct taken *t, struct sockaddr *name, socklen_t *length, int flags)
{
    int connection = -1;
    errno = EAGAIN;
    if (handover_enter_public())
        connection = accept_one(t, t->public_fd, name, length, flags);
    handover_leave_public();
    if (connection >= 0 && t->options.n > 0)
        options_apply(&t->options, connection);
    return connection;
}

/*
 * -1 and EAGAIN if no caller waits. Asked first, because an accept4() in vain costs several times
 * as much as poll(): the kernel makes the socket before it looks for a caller.
 */
static int accept_any(const struct taken *t, struct sockaddr *name, socklen_t *length, int flags)
{
    struct pollfd ready[] = {
        {.fd = handover_control_ended() ? -1 : t->control_fd, .events = POLLIN},
        {.fd = t->private_fd, .events = POLLIN},
        {.fd = handover_is_active() ? t->public_fd : -1, .events = POLLIN},
    };
    (void)poll(ready, 3, 0);
    if (ready[0].revents)
        handover_listen_to_control();
    if (ready[1].revents) {
        int connection = accept_one(t, t->private_fd, name, length, flags);
        if (connection >= 0 || errno != EAGAIN)
            return connection;
    }
    if (ready[0].revents || ready[2].revents)
        return accept_public(t, name, length, flags);
    errno = EAGAIN;
    return -1;
}

int accept_taken(const struct taken *t, int fd, struct sockaddr *name, socklen_t *length, int flags)
{
    for (;;) {
        int connection = accept_any(t, name, length, flags);
        if (connection >= 0 || errno != EAGAIN)
            return connection;
        int status = REAL(fcntl)(fd, F_GETFL);
        if (status < 0)
            return -1;
        if (status & O_NONBLOCK) {
            errno = EAGAIN;
            return -1;
        }
        /* With watches the public listener is not in the set. */
        struct pollfd ready[] = {
            {.fd = fd, .events = POLLIN},
            {.fd = handover_is_active() ? t->public_fd : -1, .events = POLLIN},
        };
        if (poll(ready, 2, -1) < 0)
            return -1;
    }
}
