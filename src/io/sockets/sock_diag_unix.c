/* Which connections a unix listener has. */
#include "io/sockets/sock_diag_list.h"
#include "io/sockets/sock_diag_netlink.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

struct unix_listing {
    struct sock_connections *out;
    const char *path;
};

struct unix_attributes {
    bool at_path;
    uint32_t peer; /* inode; 0: none */
    const uint32_t *waiting;
    size_t n_waiting;
};

static struct unix_attributes read_attributes(
    const struct unix_diag_msg *m, size_t len, const char *path)
{
    struct unix_attributes a = {0};
    const struct rtattr *attribute = (const struct rtattr *)(m + 1);
    size_t left = len - sizeof *m;
    for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left)) {
        const void *data = RTA_DATA(attribute);
        size_t size = RTA_PAYLOAD(attribute);
        if (attribute->rta_type == UNIX_DIAG_NAME) {
            size_t name_len = strnlen(data, size); /* the NUL at its end may be there or not */
            a.at_path = name_len == strlen(path) && memcmp(data, path, name_len) == 0;
        } else if (attribute->rta_type == UNIX_DIAG_PEER && size >= sizeof a.peer) {
            memcpy(&a.peer, data, sizeof a.peer);
        } else if (attribute->rta_type == UNIX_DIAG_ICONS) {
            a.waiting = data;
            a.n_waiting = size / sizeof *a.waiting;
        }
    }
    return a;
}

static int add_connection(struct unix_listing *l, uint32_t inode, uint32_t peer)
{
    struct sock_connection c = {.inode = inode, .peer.inode = peer};
    return sock_connections_add(l->out, &c);
}

static int on_unix(const void *payload, size_t len, void *arg)
{
    struct unix_listing *l = arg;
    const struct unix_diag_msg *m = payload;
    if (len < sizeof *m)
        return -EPROTO;
    struct unix_attributes a = read_attributes(m, len, l->path);
    if (!a.at_path)
        return 0;
    /* An accepted socket bears the listener's name; one in its queue is known by its peer. */
    if (m->udiag_state == TCP_ESTABLISHED)
        return add_connection(l, m->udiag_ino, a.peer);
    int r = 0;
    for (size_t i = 0; i < a.n_waiting && r == 0; i++)
        r = add_connection(l, 0, a.waiting[i]);
    return r;
}

int sock_diag_list_unix(int fd, const char *path, struct sock_connections *out, struct err *e)
{
    struct unix_listing l = {.out = out, .path = path};
    struct unix_diag_req request;
    memset(&request, 0, sizeof request);
    request.sdiag_family = AF_UNIX;
    request.udiag_states = 1 << TCP_ESTABLISHED | 1 << TCP_LISTEN;
    request.udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_PEER | UDIAG_SHOW_ICONS;
    return sock_diag_dump(fd, &request, sizeof request, on_unix, &l, e);
}
