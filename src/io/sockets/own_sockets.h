/*
 * The connections that this process makes, by its own books: the kernel cannot be asked whose a
 * connection is without looking at each one twice.
 */
#pragma once

#include "base/span.h"
#include "io/sockets/sock_diag.h"

/* A connection is still told apart for so long after it was closed: the other end may not have
 * noticed, and a list may be older than the closing. */
#define OWN_SOCKETS_LINGER (5 * USEC_PER_SEC)

struct own_sockets;

/* Returns owned; NULL when memory is out. */
struct own_sockets *own_sockets_new(void);
void own_sockets_free(struct own_sockets *o);

/* From now on `fd` is one of them, whether it is connected yet or not. Returns 0 or -ENOMEM. */
int own_sockets_add(struct own_sockets *o, int fd);

/* Closes it. */
void own_sockets_close(struct own_sockets *o, int fd, usec_t now);

/* Takes those out of `list` whose other end is one of them: by both ends. */
void own_sockets_drop(struct own_sockets *o, struct sock_connections *list, usec_t now);
