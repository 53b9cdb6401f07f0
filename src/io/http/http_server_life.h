/*
 * How long a connection may live: from its accept to its end, whatever it does meanwhile. That is
 * what ends the client that sends a byte now and then and the one that never reads its answer.
 */
#pragma once

#include "base/span.h"

#include <microhttpd.h>
#include <stdbool.h>

struct http_server_life;

/*
 * On the unix socket everybody may connect, so strangers (neither root nor our own user) get no
 * more than `strangers_max` places at a time: an operator always finds one.
 */
struct http_server_lives {
    struct http_server_life *oldest, *youngest;
    usec_t span;
    bool local; /* peers have credentials */
    unsigned strangers, strangers_max;
    uint64_t changes; /* connections that began or ended, ever */
};

/* An MHD_NotifyConnectionCallback; `cls` is the struct http_server_lives. */
void http_server_lives_notify(void *cls, struct MHD_Connection *connection, void **socket_context,
    enum MHD_ConnectionNotificationCode code);

/* It lives on, whatever its age: somebody else watches it. NULL is fine. */
void http_server_life_exempt(struct http_server_life *life);

/* When the oldest connection has lived long enough; USEC_INFINITY if there is none. */
usec_t http_server_lives_deadline(const struct http_server_lives *lives);

/* Shuts down those that lived long enough; microhttpd then finds them at their end. */
void http_server_lives_cut(struct http_server_lives *lives, usec_t now);
