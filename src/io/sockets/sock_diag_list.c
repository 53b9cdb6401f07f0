/* The list of connections. */
#include "io/sockets/sock_diag_list.h"

#include "io/child/procinfo.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int sock_connections_add(struct sock_connections *l, const struct sock_connection *c)
{
    /* Full at every power of two: no size needs to be kept beside the count. */
    if ((l->n & (l->n - 1)) == 0) {
        size_t size = l->n ? l->n * 2 : 1;
        struct sock_connection *items = reallocarray(l->items, size, sizeof *items);
        if (!items)
            return -ENOMEM;
        l->items = items;
    }
    l->items[l->n++] = *c;
    return 0;
}

void sock_connections_fini(struct sock_connections *c)
{
    free(c->items);
    *c = (struct sock_connections){0};
}

static int by_inode(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

void sock_connections_find_owners(struct sock_connections *c, const pid_t *pids, size_t n_pids)
{
    for (size_t p = 0; p < n_pids && c->n > 0; p++) {
        size_t n = 0;
        uint64_t *sockets = procinfo_sockets(pids[p], &n);
        for (size_t i = 0; sockets && i < c->n; i++) {
            struct sock_connection *one = &c->items[i];
            if (one->owner == 0 && bsearch(&one->inode, sockets, n, sizeof *sockets, by_inode))
                one->owner = pids[p];
        }
        free(sockets);
    }
}

static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};

void sock_end_inet(struct sock_end *out, const struct in_addr *address, uint16_t port)
{
    *out = (struct sock_end){.port = port};
    memcpy(out->address, mapped, sizeof mapped);
    memcpy(out->address + sizeof mapped, address, sizeof *address);
}

void sock_end_inet6(struct sock_end *out, const struct in6_addr *address, uint16_t port)
{
    *out = (struct sock_end){.port = port};
    memcpy(out->address, address, sizeof *address);
}

const char *sock_peer_text(const struct sock_end *peer, char buf[SOCK_PEER_TEXT_MAX])
{
    if (peer->inode != 0 || peer->port == 0)
        snprintf(buf, SOCK_PEER_TEXT_MAX, "unix socket %u", peer->inode);
    else if (memcmp(peer->address, mapped, sizeof mapped) == 0)
        inet_ntop(AF_INET, peer->address + sizeof mapped, buf, SOCK_PEER_TEXT_MAX);
    else
        inet_ntop(AF_INET6, peer->address, buf, SOCK_PEER_TEXT_MAX);
    return buf;
}
