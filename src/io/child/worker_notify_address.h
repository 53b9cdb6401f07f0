/* Where a worker's notify socket can be reached. */
#pragma once

#include "base/err.h"

#include <sys/un.h>

/* A path, or '@' and an abstract name, as NOTIFY_SOCKET has it. */
struct notify_address {
    char text[sizeof(struct sockaddr_un)];
};

/*
 * Binds a new datagram socket with SO_PASSCRED: to a path in `directory` which `user` (NULL: we)
 * may write to, else to an abstract address. Returns the descriptor, or -errno with *e set.
 */
int notify_address_bind(
    const char *directory, const char *user, struct notify_address *out, struct err *e);

/* The address of such a socket. Returns 0, or -errno with *e set. */
int notify_address_read(int fd, struct notify_address *out, struct err *e);

/* Its path, if it has one, goes. */
void notify_address_remove(struct notify_address *a);
