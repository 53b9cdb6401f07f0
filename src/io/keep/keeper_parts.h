/* The insides of the keeper. */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

/* A kept descriptor. */
struct keeper_item {
    char *name; /* owned */
    int fd;
    bool is_process; /* a pidfd */
    bool ended;      /* its process has */
};

struct keeper_items {
    struct keeper_item *items; /* owned, in the order in which they came */
    size_t n;
};

/* Takes `fd`. Returns 0 or -ENOMEM, and then it is closed. */
int keeper_items_put(struct keeper_items *l, const char *name, int fd);
void keeper_items_drop(struct keeper_items *l, const char *name);
void keeper_items_fini(struct keeper_items *l);

/* Sends everything to a daemon that has just connected. Waits for it to read. Returns 0 or -errno.
 */
int keeper_items_greet(const struct keeper_items *l, int socket);

/* keeper_socket.c. The listening socket, and the lock that makes it the only one. */
struct keeper_socket {
    const char *path; /* borrowed */
    int fd;
    int lock;
};

/* Returns 0, -EADDRINUSE when another keeper is there, or another negative errno, with *e set. */
int keeper_socket_open(struct keeper_socket *s, const char *path, struct err *e);
/* Nobody finds it any more; then it is closed, and then another may open it. */
void keeper_socket_close(struct keeper_socket *s);
