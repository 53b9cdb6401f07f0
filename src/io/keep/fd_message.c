/* SCM_RIGHTS. */
#include "io/keep/fd_message.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

union control {
    struct cmsghdr header; /* for its alignment */
    char bytes[CMSG_SPACE(FD_MESSAGE_FDS * sizeof(int))];
};

int fd_message_send(int socket, const struct fd_message *m, const struct sockaddr_un *to,
    socklen_t to_len, int flags)
{
    union control control;
    struct sockaddr_un address;
    struct iovec part = {.iov_base = (char *)m->text, .iov_len = m->len};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (to) {
        address = *to;
        message.msg_name = &address;
        message.msg_namelen = to_len;
    }
    if (m->n_fds > 0) {
        memset(&control, 0, sizeof control);
        message.msg_control = &control;
        message.msg_controllen = CMSG_SPACE(m->n_fds * sizeof(int));
        struct cmsghdr *c = CMSG_FIRSTHDR(&message);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(m->n_fds * sizeof(int));
        memcpy(CMSG_DATA(c), m->fds, m->n_fds * sizeof(int));
    }
    ssize_t n = 0;
    do
        n = sendmsg(socket, &message, flags | MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : 0;
}

static unsigned take_fds(struct msghdr *message, int fds[FD_MESSAGE_FDS])
{
    unsigned n = 0;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        n = (unsigned)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
        memcpy(fds, CMSG_DATA(c), n * sizeof(int));
    }
    return n;
}

ssize_t fd_message_receive(
    int socket, char *text, size_t size, int fds[FD_MESSAGE_FDS], unsigned *out_n_fds, int flags)
{
    union control control;
    struct iovec part = {.iov_base = text, .iov_len = size - 1};
    struct msghdr message = {.msg_iov = &part,
        .msg_iovlen = 1,
        .msg_control = &control,
        .msg_controllen = sizeof control};
    ssize_t n = 0;
    *out_n_fds = 0;
    do
        n = recvmsg(socket, &message, flags | MSG_CMSG_CLOEXEC);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return -errno;
    text[n] = '\0';
    *out_n_fds = take_fds(&message, fds);
    if (!(message.msg_flags & MSG_TRUNC))
        return n;
    while (*out_n_fds > 0)
        close(fds[--*out_n_fds]);
    return -EMSGSIZE;
}
