/*
 * The functions that the shim stands before. Each goes straight on for a descriptor that is none of
 * ours, and in a vfork child, whose memory is its parent's.
 */
#include "preload/hooks.h"

#include "preload/accept.h"
#include "preload/fds.h"
#include "preload/handover.h"
#include "preload/real.h"
#include "preload/taken.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <string.h>
#include <sys/syscall.h>

HOOK int accept4(int fd, __SOCKADDR_ARG name, socklen_t *restrict length, int flags)
{
    if (fds_kind(fd) != FD_TAKEN)
        return REAL(accept4)(fd, name, length, flags);
    return accept_taken(taken_of(fd), fd, name.__sockaddr__, length, flags);
}

HOOK int accept(int fd, __SOCKADDR_ARG name, socklen_t *restrict length)
{
    return accept4(fd, name, length, 0);
}

static bool is_stream(int fd)
{
    int type = 0;
    socklen_t length = sizeof type;
    return REAL(getsockopt)(fd, SOL_SOCKET, SO_TYPE, &type, &length) == 0 && type == SOCK_STREAM;
}

HOOK int bind(int fd, __CONST_SOCKADDR_ARG name, socklen_t length)
{
    int listener = -1;
    if (handover_in_force() && name.__sockaddr__ && handover_owns_memory())
        listener = handover_find(name.__sockaddr__, length);
    if (listener < 0 || !is_stream(fd)) /* what is taken already is no socket */
        return REAL(bind)(fd, name, length);
    if (fds_kind(fd) == FD_TAKEN)
        taken_closing(fd); /* closed behind our back: its number is a socket's again */
    int r = taken_make(fd, (unsigned)listener, name.__sockaddr__, length);
    if (r == 0)
        handover_tell(VK_HANDOVER_TAKEN, listener, 0);
    return r;
}

static void tell_other(int fd)
{
    struct sockaddr_storage name;
    socklen_t length = sizeof name;
    if (REAL(getsockname)(fd, (struct sockaddr *)&name, &length) < 0)
        return;
    /* The port is at the same place in both versions. */
    if (name.ss_family == AF_INET || name.ss_family == AF_INET6)
        handover_tell(VK_HANDOVER_OTHER, -1, ntohs(((const struct sockaddr_in *)&name)->sin_port));
}

HOOK int listen(int fd, int backlog)
{
    if (fds_kind(fd) == FD_TAKEN)
        return 0;
    int r = REAL(listen)(fd, backlog);
    if (r == 0 && handover_in_force() && handover_owns_memory() && handover_is_worker())
        tell_other(fd);
    return r;
}

HOOK int epoll_ctl(int epfd, int op, int fd, struct epoll_event *event)
{
    if (fds_kind(fd) != FD_TAKEN || !handover_owns_memory())
        return REAL(epoll_ctl)(epfd, op, fd, event);
    return taken_control(epfd, op, fd, event);
}

HOOK int getsockname(int fd, __SOCKADDR_ARG name, socklen_t *restrict length)
{
    if (fds_kind(fd) != FD_TAKEN)
        return REAL(getsockname)(fd, name, length);
    const struct taken *t = taken_of(fd);
    memcpy(name.__sockaddr__, &t->name, *length < t->name_length ? *length : t->name_length);
    *length = t->name_length;
    return 0;
}

HOOK int getsockopt(int fd, int level, int option, void *restrict value, socklen_t *restrict length)
{
    if (fds_kind(fd) != FD_TAKEN)
        return REAL(getsockopt)(fd, level, option, value, length);
    const struct taken *t = taken_of(fd);
    if (level == SOL_SOCKET && option == SO_DOMAIN && *length >= sizeof(int)) {
        int family = t->family;
        memcpy(value, &family, sizeof family);
        *length = sizeof family;
        return 0;
    }
    int listener = options_know(level, option) ? t->private_fd : t->public_fd;
    return REAL(getsockopt)(listener, level, option, value, length);
}

HOOK int setsockopt(int fd, int level, int option, const void *value, socklen_t length)
{
    if (fds_kind(fd) != FD_TAKEN)
        return REAL(setsockopt)(fd, level, option, value, length);
    return taken_option(fd, level, option, value, length);
}

/* Of a descriptor that is not foreign, in the process that owns the memory: what goes with it. */
static void forget(int fd)
{
    if (fds_kind(fd) == FD_TAKEN)
        taken_closing(fd);
    else
        taken_closing_set(fd);
}

HOOK int close(int fd)
{
    if (fds_kind(fd) == FD_FOREIGN || !handover_owns_memory())
        return REAL(close)(fd);
    if (fds_kind(fd) == FD_OURS) {
        errno = EBADF;
        return -1;
    }
    forget(fd);
    return REAL(close)(fd);
}

/* A stretch at a time, around our own. */
static int close_stretches(unsigned first, unsigned last, int flags)
{
    unsigned from = first;
    for (unsigned fd = first; fd < FDS_MAX && fd <= last; fd++) {
        if (fds_kind((int)fd) == FD_FOREIGN)
            continue;
        if (fds_kind((int)fd) != FD_OURS) {
            forget((int)fd);
            continue;
        }
        if (fd > from && REAL(close_range)(from, fd - 1, flags) < 0)
            return -1;
        from = fd + 1;
    }
    return from <= last ? REAL(close_range)(from, last, flags) : 0;
}

HOOK int close_range(unsigned first, unsigned last, int flags)
{
    if (!handover_in_force() || !handover_owns_memory() || first > last || flags != 0)
        return REAL(close_range)(first, last, flags);
    return close_stretches(first, last, flags);
}

HOOK void closefrom(int first)
{
    if (!handover_in_force() || !handover_owns_memory())
        REAL(closefrom)(first);
    else
        (void)close_stretches(first > 0 ? (unsigned)first : 0, ~0U, 0);
}

HOOK int dup(int fd)
{
    int copy = REAL(dup)(fd);
    if (copy >= 0 && fds_kind(fd) == FD_TAKEN && handover_owns_memory())
        taken_copied(fd, copy);
    return copy;
}

/* Makes way for dup2() and dup3() onto `copy`. Returns false if they must not happen. */
static bool make_way(int fd, int copy)
{
    if (fds_kind(copy) == FD_FOREIGN || fd == copy || !handover_owns_memory())
        return true;
    if (fds_kind(copy) == FD_OURS || REAL(fcntl)(fd, F_GETFD) < 0) {
        errno = fds_kind(copy) == FD_OURS ? EBUSY : EBADF;
        return false;
    }
    forget(copy);
    return true;
}

HOOK int dup2(int fd, int copy)
{
    if (!make_way(fd, copy))
        return -1;
    int r = REAL(dup2)(fd, copy);
    if (r >= 0 && fd != copy && fds_kind(fd) == FD_TAKEN && handover_owns_memory())
        taken_copied(fd, copy);
    return r;
}

HOOK int dup3(int fd, int copy, int flags)
{
    if (!make_way(fd, copy))
        return -1;
    int r = REAL(dup3)(fd, copy, flags);
    if (r >= 0 && fds_kind(fd) == FD_TAKEN && handover_owns_memory())
        taken_copied(fd, copy);
    return r;
}

/* Every command takes one argument at most, and all of them fit into a pointer. */
HOOK int fcntl(int fd, int command, ...)
{
    va_list arguments;
    va_start(arguments, command);
    void *argument = va_arg(arguments, void *);
    va_end(arguments);
    int r = REAL(fcntl)(fd, command, argument);
    if (r >= 0 && (command == F_DUPFD || command == F_DUPFD_CLOEXEC) && fds_kind(fd) == FD_TAKEN &&
        handover_owns_memory())
        taken_copied(fd, r);
    return r;
}

/* With 64-bit offsets, which is what ours are, they are one. */
HOOK int fcntl64(int fd, int command, ...) __attribute__((alias("fcntl")));

/* libuv closes and accepts by number in some versions. Six arguments are the most there are. */
HOOK long syscall(long number, ...)
{
    long a[6];
    va_list arguments;
    va_start(arguments, number);
    for (unsigned i = 0; i < 6; i++)
        a[i] = va_arg(arguments, long);
    va_end(arguments);
    if (__builtin_expect(number == SYS_close, 0))
        return close((int)a[0]);
    if (__builtin_expect(number == SYS_accept4, 0))
        return accept4((int)a[0], (struct sockaddr *)a[1], (socklen_t *)a[2], (int)a[3]);
    return REAL(syscall)(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
