/* Who is at the other end of a unix socket. */
#pragma once

#include "io/http/http_server.h"

/* Reads the kernel's word on `fd`'s peer. Returns 0 or a negative errno; the peer is then nobody
 * who may anything. Release the groups with http_server_peer_fini(). */
int http_server_peer_init(struct http_peer *peer, int fd);
void http_server_peer_fini(struct http_peer *peer);
