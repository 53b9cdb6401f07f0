/* Listening sockets for the admin API. */
#pragma once

#include "base/err.h"
#include "core/endpoint.h"

#include <stdint.h>

/*
 * A unix socket at `path`, mode 0666. A socket file that nobody answers on is replaced; one that
 * somebody does, and anything else, is refused. Returns the descriptor or a negative errno.
 */
int http_server_listen_unix(const char *path, struct err *e);

/* A TCP socket; `[::]` takes IPv4 as well. Returns the descriptor or a negative errno. */
int http_server_listen_tcp(const struct endpoint *ep, struct err *e);

/* The port that `fd` is bound to; 0 if it has none. */
uint16_t http_server_listen_port(int fd);
