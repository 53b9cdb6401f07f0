/* What the TCP and the unix part of sock_diag share. */
#pragma once

#include "io/sockets/sock_diag.h"

/* Copies `c`. Returns 0 or -ENOMEM. */
int sock_connections_add(struct sock_connections *l, const struct sock_connection *c);

/* Connections to the listener at `path`, accepted or waiting. */
int sock_diag_list_unix(int fd, const char *path, struct sock_connections *out, struct err *e);
