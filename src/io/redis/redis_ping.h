/*
 * How long Redis takes to answer somebody who asks for nothing: PINGs on a connection of their own,
 * beside those of whoever works it. Also whether it has something heavy to do of its own.
 */
#pragma once

#include "io/redis/redis_link.h"

struct redis_ping;

struct redis_ping_events {
    void (*on_pong)(usec_t took, void *arg);
    /* Once a second. `strained`: it forks a child, rewrites its log, loads. */
    void (*on_server)(bool strained, void *arg);
};

/* Copies `conf`. Returns owned, or NULL with *e set (a bad URL). */
struct redis_ping *redis_ping_new(struct loop *l, const struct redis_link_conf *conf,
    const struct redis_ping_events *events, void *arg, struct err *e);

/* The connection, for what may take its time. Borrowed. */
struct redis_link *redis_ping_link(struct redis_ping *p);

/* No callback comes after this. Allowed in every callback. NULL is fine. */
void redis_ping_free(struct redis_ping *p);
