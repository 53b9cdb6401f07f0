/* Which connections our endpoints have: TCP. Those of unix sockets are in sock_diag_unix.c. */
#include "io/sockets/sock_diag.h"

#include "io/sockets/sock_diag_list.h"
#include "io/sockets/sock_diag_netlink.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

/* The peer's side may have said its last word, and ours not yet. */
enum { OUR_STATES = 1 << TCP_ESTABLISHED | 1 << TCP_CLOSE_WAIT };

struct inet_listing {
    struct sock_connections *out;
    const struct endpoint *endpoint;
};

static struct sock_end end_of(int family, const __be32 words[4], __be16 port)
{
    struct sock_end end;
    if (family == AF_INET)
        sock_end_inet(&end, (const struct in_addr *)words, ntohs(port));
    else
        sock_end_inet6(&end, (const struct in6_addr *)words, ntohs(port));
    return end;
}

static bool is_wildcard(const struct endpoint *ep)
{
    static const unsigned char zero[16];
    return memcmp(ep->addr, zero, ep->family == ENDPOINT_INET ? 4 : 16) == 0;
}

static bool is_at(const struct endpoint *ep, const struct sock_end *local)
{
    if (is_wildcard(ep))
        return true;
    if (ep->family == ENDPOINT_INET)
        return memcmp(ep->addr, local->address + 12, 4) == 0;
    return memcmp(ep->addr, local->address, 16) == 0;
}

static int on_inet(const void *payload, size_t len, void *arg)
{
    struct inet_listing *l = arg;
    const struct inet_diag_msg *m = payload;
    if (len < sizeof *m)
        return -EPROTO;
    struct sock_end local = end_of(m->idiag_family, m->id.idiag_src, m->id.idiag_sport);
    if (!is_at(l->endpoint, &local))
        return 0;
    struct sock_connection c = {
        .inode = m->idiag_inode,
        .local_port = (uint16_t)local.port,
        .peer = end_of(m->idiag_family, m->id.idiag_dst, m->id.idiag_dport),
    };
    return sock_connections_add(l->out, &c);
}

static int dump_inet(int fd, struct inet_listing *l, int family, struct err *e)
{
    struct inet_diag_req_v2 request;
    memset(&request, 0, sizeof request);
    request.sdiag_family = (uint8_t)family;
    request.sdiag_protocol = IPPROTO_TCP;
    request.idiag_states = OUR_STATES;
    /* In a dump the kernel itself leaves out what has another port. */
    request.id.idiag_sport = htons(l->endpoint->port);
    return sock_diag_dump(fd, &request, sizeof request, on_inet, l, e);
}

/* Both families: a listener of all addresses may be of the one or of the other, and a connection
 * from an IPv4 address to one of IPv6 is an IPv6 socket. */
static int list_inet(
    int fd, const struct endpoint *endpoint, struct sock_connections *out, struct err *e)
{
    struct inet_listing l = {.out = out, .endpoint = endpoint};
    int r = dump_inet(fd, &l, AF_INET, e);
    return r < 0 ? r : dump_inet(fd, &l, AF_INET6, e);
}

static bool is_repeated(const struct endpoint *endpoints, unsigned i)
{
    for (unsigned j = 0; j < i; j++) {
        if (endpoint_equal(&endpoints[i], &endpoints[j]))
            return true;
    }
    return false;
}

int sock_diag_list(const struct endpoint *endpoints, unsigned n_endpoints,
    struct sock_connections *out, struct err *e)
{
    struct sock_connections found = {0};
    int fd = sock_diag_open(e);
    if (fd < 0)
        return fd;
    int r = 0;
    for (unsigned i = 0; i < n_endpoints && r == 0; i++) {
        if (is_repeated(endpoints, i))
            continue;
        r = endpoints[i].family == ENDPOINT_UNIX
                ? sock_diag_list_unix(fd, endpoints[i].path, &found, e)
                : list_inet(fd, &endpoints[i], &found, e);
    }
    close(fd);
    if (r < 0)
        sock_connections_fini(&found);
    else
        *out = found;
    return r;
}
