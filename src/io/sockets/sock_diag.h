/*
 * Established connections, asked of the kernel by NETLINK_SOCK_DIAG. Synchronous, and slow: the
 * kernel walks its whole table (0.4 ms for each walk through 262144 empty buckets), and describes
 * what it finds (about 3 us for each connection). On the loop only where nothing else will do.
 */
#pragma once

#include "base/err.h"
#include "core/endpoint.h"

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The other end of a connection; no padding, so that memcmp() compares them. */
struct sock_end {
    unsigned char address[16]; /* an IPv4 address as ::ffff:a.b.c.d */
    uint32_t port;
    uint32_t inode; /* unix: of the peer's socket; else 0 */
};

struct sock_connection {
    uint64_t inode; /* of our side's socket; 0 while it waits to be accepted */
    pid_t owner; /* whose descriptor that is; 0: nobody has looked, or nobody of those asked for */
    uint16_t local_port;
    struct sock_end peer;
};

struct sock_connections {
    struct sock_connection *items; /* owned */
    size_t n;
};

enum { SOCK_PEER_TEXT_MAX = 64 };

/*
 * Lists connections in state ESTABLISHED (or CLOSE_WAIT: the peer is done sending, the worker may
 * not be) whose local port is that of one of the endpoints. Unix endpoints count by their path.
 * Returns 0 or -errno.
 */
int sock_diag_list(const struct endpoint *endpoints, unsigned n_endpoints,
    struct sock_connections *out, struct err *e);
void sock_connections_fini(struct sock_connections *c);

/* Finds the owners among these processes. What was accepted since it was listed has none. */
void sock_connections_find_owners(struct sock_connections *c, const pid_t *pids, size_t n_pids);

/* The address without its port, or `unix socket INODE`, for people. */
const char *sock_peer_text(const struct sock_end *peer, char buf[SOCK_PEER_TEXT_MAX]);

void sock_end_inet(struct sock_end *out, const struct in_addr *address, uint16_t port);
void sock_end_inet6(struct sock_end *out, const struct in6_addr *address, uint16_t port);
