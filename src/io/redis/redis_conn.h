/*
 * One connection to Redis, from connecting to lost. Whoever owns it decides about deadlines,
 * credentials and what comes after.
 */
#pragma once

#include "base/err.h"
#include "io/redis/redis_link.h"

struct redis_conn;

struct redis_conn_events {
    void (*on_open)(void *arg);
    /* Not connected, or not any more. Pending commands get their NULL reply after this. */
    void (*on_lost)(const char *why, void *arg);
    /* The last that is heard of it. */
    void (*on_closed)(void *arg);
};

/* `path` or (`ip`, `port`); the other is NULL. Returns owned, or NULL with *e set. */
struct redis_conn *redis_conn_open(struct loop *l, const char *path, const char *ip, int port,
    const struct redis_conn_events *events, void *arg, struct err *e);

/* Returns 0 or -ENOTCONN. */
int redis_conn_send(struct redis_conn *c, int argc, const char *const *argv, const size_t *argv_len,
    redis_reply_fn *on_reply, void *arg);

/* What was sent goes out now: the loop need not turn for it. NULL is fine. */
void redis_conn_flush(struct redis_conn *c);

/* Since when an answer is due and none came; USEC_INFINITY when nothing is due. */
usec_t redis_conn_waiting_since(const struct redis_conn *c);

/* Gives it up: on_lost(why) and on_closed() come from the loop soon. Allowed in every callback. */
void redis_conn_drop(struct redis_conn *c, const char *why);

/*
 * Takes `c`. Pending commands get a NULL reply from inside this call, and its owner hears nothing
 * more. Allowed in every callback. NULL is fine.
 */
void redis_conn_free(struct redis_conn *c);
