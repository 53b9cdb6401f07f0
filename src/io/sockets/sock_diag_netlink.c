/* Speaking NETLINK_SOCK_DIAG. */
#include "io/sockets/sock_diag_netlink.h"

#include <errno.h>
#include <linux/sock_diag.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

int sock_diag_open(struct err *e)
{
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    if (fd < 0)
        return err_sys(e, -errno, "opening a sock_diag socket");
    /* The kernel answers at once or, on a fault, never: the loop must not stand still for that. */
    struct timeval patience = {.tv_sec = 1};
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    return fd;
}

static int send_request(int fd, const void *request, size_t len)
{
    struct nlmsghdr header = {
        .nlmsg_len = (uint32_t)NLMSG_LENGTH(len),
        .nlmsg_type = SOCK_DIAG_BY_FAMILY,
        .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
    };
    struct iovec parts[] = {
        {.iov_base = &header, .iov_len = sizeof header},
        {.iov_base = (void *)request, .iov_len = len},
    };
    struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    struct msghdr message = {
        .msg_name = &kernel,
        .msg_namelen = sizeof kernel,
        .msg_iov = parts,
        .msg_iovlen = 2,
    };
    return sendmsg(fd, &message, 0) < 0 ? -errno : 0;
}

static int error_of(const struct nlmsghdr *header)
{
    const struct nlmsgerr *error = NLMSG_DATA(header);
    return header->nlmsg_len >= NLMSG_LENGTH(sizeof *error) && error->error < 0 ? error->error
                                                                                : -EPROTO;
}

/* Returns 1 when the dump is complete, 0 when more comes, or -errno. */
static int take_messages(const char *buf, size_t n,
    int (*on_message)(const void *payload, size_t len, void *arg), void *arg)
{
    const struct nlmsghdr *header = (const struct nlmsghdr *)buf;
    for (; NLMSG_OK(header, n); header = NLMSG_NEXT(header, n)) {
        if (header->nlmsg_type == NLMSG_DONE)
            return 1;
        if (header->nlmsg_type == NLMSG_ERROR)
            return error_of(header);
        if (header->nlmsg_type != SOCK_DIAG_BY_FAMILY)
            continue;
        int r = on_message(NLMSG_DATA(header), header->nlmsg_len - NLMSG_HDRLEN, arg);
        if (r < 0)
            return r;
    }
    return 0;
}

int sock_diag_dump(int fd, const void *request, size_t request_len,
    int (*on_message)(const void *payload, size_t len, void *arg), void *arg, struct err *e)
{
    _Alignas(struct nlmsghdr) char buf[32 * 1024];
    int r = send_request(fd, request, request_len);
    while (r == 0) {
        ssize_t n = recv(fd, buf, sizeof buf, 0);
        if (n < 0 && errno == EINTR)
            continue;
        r = n < 0 ? -errno : take_messages(buf, (size_t)n, on_message, arg);
    }
    return r < 0 ? err_sys(e, r, "asking the kernel for connections") : 0;
}
