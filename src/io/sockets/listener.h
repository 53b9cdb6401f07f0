/* Listening sockets, the admin's and the agent's: close-on-exec, non-blocking, bound to stay. */
#pragma once

#include "base/err.h"
#include "core/endpoint.h"

#include <stdint.h>

/*
 * A socket for the endpoint; `[::]` takes IPv4 as well (and IPv4 alone where there is no IPv6), a
 * unix socket gets mode 0666. A socket file that nobody answers on is replaced; one that somebody
 * does, and anything else, is refused. `backlog`: connections that may wait to be accepted (the
 * kernel caps it at net.core.somaxconn). Returns the descriptor, or a negative errno with *e set.
 */
int listener_open(const struct endpoint *ep, int backlog, struct err *e);

/* Where the listening stream socket `fd` is bound. Returns 0, or -ENOTSOCK if it is no such thing.
 */
int listener_address(int fd, struct endpoint *out);

/* The TCP port that `fd` is bound to; 0 if it has none. */
uint16_t listener_port(int fd);
