/* What the TCP and the unix part of sock_diag share. */
#pragma once

#include "io/sock_diag.h"

#include <stdbool.h>

/* Copies `c`. Returns 0 or -ENOMEM. */
int sock_connections_add(struct sock_connections *l, const struct sock_connection *c);

/* `ours` is sorted. */
bool sock_diag_is_ours(const uint64_t *ours, size_t n_ours, uint64_t inode);

/* Connections to the listener at `path`, accepted or waiting, that are not from ourselves. */
int sock_diag_list_unix(int fd, const char *path, const uint64_t *ours, size_t n_ours,
    struct sock_connections *out, struct err *e);
