/* Established connections, asked of the kernel by NETLINK_SOCK_DIAG. Synchronous: it takes < 1 ms.
 */
#pragma once

#include "base/err.h"
#include "core/endpoint.h"

#include <stddef.h>
#include <stdint.h>

struct sock_connection {
    uint64_t inode; /* of our side's socket; 0 while it waits to be accepted */
    uint16_t local_port;
    uint16_t remote_port;
    char remote[64]; /* address, for people */
};

struct sock_connections {
    struct sock_connection *items; /* owned */
    size_t n;
};

/*
 * Lists connections in state ESTABLISHED (or CLOSE_WAIT: the peer is done sending, the worker may
 * not be) whose local port is that of one of the endpoints, without those whose other end is a
 * socket of our own process (probes). Unix endpoints count by their path. Returns 0 or -errno.
 */
int sock_diag_list(const struct endpoint *endpoints, unsigned n_endpoints,
    struct sock_connections *out, struct err *e);
void sock_connections_fini(struct sock_connections *c);
