/* Which connections our endpoints have: TCP. Those of unix sockets are in sock_diag_unix.c. */
#include "io/sock_diag.h"

#include "io/procinfo.h"
#include "io/sock_diag_list.h"
#include "io/sock_diag_netlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The peer's side may have said its last word, and ours not yet. */
enum { OUR_STATES = 1 << TCP_ESTABLISHED | 1 << TCP_CLOSE_WAIT };

/* Everything that still has a descriptor: a probe that we close is in one of these. */
enum {
    PEER_STATES = 1 << TCP_ESTABLISHED | 1 << TCP_CLOSE_WAIT | 1 << TCP_FIN_WAIT1 |
                  1 << TCP_FIN_WAIT2 | 1 << TCP_CLOSING | 1 << TCP_LAST_ACK
};

/* An address with IPv4 as ::ffff:a.b.c.d: the two ends of a connection may differ in family. */
struct address {
    unsigned char bytes[16];
    uint16_t port;
};

struct inet_listing {
    struct sock_connections *out;
    const struct endpoint *endpoint;
    bool own;             /* listing the other ends that are ours, not the connections */
    const uint64_t *ours; /* sorted inodes */
    size_t n_ours;
    struct address *probes; /* remote ends of connections that are from ourselves */
    size_t n_probes;
    size_t probes_size;
};

static struct address address_of(int family, const __be32 words[4], __be16 port)
{
    struct address a = {.port = ntohs(port)};
    if (family == AF_INET) {
        a.bytes[10] = a.bytes[11] = 0xff;
        memcpy(a.bytes + 12, words, 4);
    } else {
        memcpy(a.bytes, words, 16);
    }
    return a;
}

static bool is_wildcard(const struct endpoint *ep)
{
    static const unsigned char zero[16];
    return memcmp(ep->addr, zero, ep->family == ENDPOINT_INET ? 4 : 16) == 0;
}

static bool is_at(const struct endpoint *ep, const struct address *local)
{
    if (is_wildcard(ep))
        return true;
    if (ep->family == ENDPOINT_INET)
        return memcmp(ep->addr, local->bytes + 12, 4) == 0;
    return memcmp(ep->addr, local->bytes, 16) == 0;
}

static bool is_probe(const struct inet_listing *l, const struct address *remote)
{
    for (size_t i = 0; i < l->n_probes; i++) {
        if (l->probes[i].port == remote->port &&
            memcmp(l->probes[i].bytes, remote->bytes, sizeof remote->bytes) == 0)
            return true;
    }
    return false;
}

static int add_probe(struct inet_listing *l, const struct address *a)
{
    if (l->n_probes == l->probes_size) {
        size_t size = l->probes_size ? l->probes_size * 2 : 16;
        struct address *probes = reallocarray(l->probes, size, sizeof *probes);
        if (!probes)
            return -ENOMEM;
        l->probes = probes;
        l->probes_size = size;
    }
    l->probes[l->n_probes++] = *a;
    return 0;
}

static int add_connection(
    struct inet_listing *l, const struct address *remote, uint16_t local_port, uint64_t inode)
{
    struct sock_connection c = {
        .inode = inode, .local_port = local_port, .remote_port = remote->port};
    static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
    if (memcmp(remote->bytes, mapped, sizeof mapped) == 0)
        inet_ntop(AF_INET, remote->bytes + 12, c.remote, sizeof c.remote);
    else
        inet_ntop(AF_INET6, remote->bytes, c.remote, sizeof c.remote);
    return sock_connections_add(l->out, &c);
}

static int on_inet(const void *payload, size_t len, void *arg)
{
    struct inet_listing *l = arg;
    const struct inet_diag_msg *m = payload;
    if (len < sizeof *m)
        return -EPROTO;
    struct address local = address_of(m->idiag_family, m->id.idiag_src, m->id.idiag_sport);
    struct address remote = address_of(m->idiag_family, m->id.idiag_dst, m->id.idiag_dport);
    if (l->own) {
        /* Seen from the other side: its local address is the remote one of the connection. */
        return sock_diag_is_ours(l->ours, l->n_ours, m->idiag_inode) ? add_probe(l, &local) : 0;
    }
    if (!is_at(l->endpoint, &local) || is_probe(l, &remote))
        return 0;
    return add_connection(l, &remote, local.port, m->idiag_inode);
}

static int dump_inet(int fd, struct inet_listing *l, int family, struct err *e)
{
    struct inet_diag_req_v2 request;
    memset(&request, 0, sizeof request);
    request.sdiag_family = (uint8_t)family;
    request.sdiag_protocol = IPPROTO_TCP;
    request.idiag_states = l->own ? PEER_STATES : OUR_STATES;
    /* In a dump the kernel itself leaves out what has another port. */
    if (l->own)
        request.id.idiag_dport = htons(l->endpoint->port);
    else
        request.id.idiag_sport = htons(l->endpoint->port);
    return sock_diag_dump(fd, &request, sizeof request, on_inet, l, e);
}

/* Both families: a dual-stack listener's IPv4 connections are IPv6 sockets, their clients are not.
 */
static int list_inet(int fd, struct inet_listing *l, struct err *e)
{
    int r = 0;
    l->n_probes = 0;
    for (int own = 1; own >= 0 && r == 0; own--) {
        l->own = own == 1;
        if (l->own && l->n_ours == 0)
            continue;
        r = dump_inet(fd, l, AF_INET, e);
        if (r == 0)
            r = dump_inet(fd, l, AF_INET6, e);
    }
    return r;
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
    size_t n_ours = 0;
    uint64_t *ours = procinfo_sockets(getpid(), &n_ours);
    struct inet_listing l = {.out = &found, .ours = ours, .n_ours = n_ours};
    int r = 0;
    for (unsigned i = 0; i < n_endpoints && r == 0; i++) {
        if (is_repeated(endpoints, i))
            continue;
        l.endpoint = &endpoints[i];
        r = l.endpoint->family == ENDPOINT_UNIX
                ? sock_diag_list_unix(fd, l.endpoint->path, ours, n_ours, &found, e)
                : list_inet(fd, &l, e);
    }
    free(l.probes);
    free(ours);
    close(fd);
    if (r < 0)
        sock_connections_fini(&found);
    else
        *out = found;
    return r;
}
