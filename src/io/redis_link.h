/*
 * Our connection to Redis: async hiredis on the loop, kept alive for ever. Reconnects with jittered
 * backoff (0.2 s to 30 s), gives each command a deadline, and knows what an error reply means.
 */
#pragma once

#include "base/err.h"
#include "base/span.h"
#include "io/loop.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct redis_link;

#define REDIS_LINK_STATES(X)                                                                       \
    X(DOWN, "down")             /* nobody answers, or not yet */                                   \
    X(CONNECTING, "connecting") /* the first attempt is under way */                               \
    X(LOADING, "loading")       /* it answers, but reads its data from disk */                     \
    X(REFUSED, "refused")       /* it answers, and refuses us: credentials, rights, protected */   \
    X(UP, "up")                 /* a command was answered well */

#define X(symbol, name) REDIS_LINK_##symbol,
enum redis_link_state { REDIS_LINK_STATES(X) };
#undef X

struct redis_link_conf {
    const char *url; /* redis://..., unix://...; copied, as are the others */
    const char *username;
    const char *password_file; /* first line; read again at each connect. NULL: none */
    usec_t connect_timeout;
    usec_t command_timeout;
    usec_t ping_interval;
};

/* A reply without hiredis' types; borrowed for the time of the callback. */
enum redis_reply_type {
    REDIS_NIL,
    REDIS_INTEGER,
    REDIS_STRING,
    REDIS_STATUS,
    REDIS_ERROR,
    REDIS_ARRAY
};
struct redis_value {
    enum redis_reply_type type;
    int64_t integer;
    const char *str; /* STRING, STATUS, ERROR */
    size_t len;
    const void *handle; /* ARRAY: for redis_value_at() */
    size_t n_items;
};
struct redis_value redis_value_at(const struct redis_value *array, size_t index);

/* `reply` is NULL when the connection was lost or the deadline passed before the answer came. */
typedef void redis_reply_fn(const struct redis_value *reply, void *arg);

/*
 * Begins to connect. `on_state` comes from the loop at each change, `why` is one line for people.
 * Returns owned, or NULL with *e set (a bad URL).
 */
struct redis_link *redis_link_new(struct loop *l, const struct redis_link_conf *conf,
    void (*on_state)(enum redis_link_state state, const char *why, void *arg), void *arg,
    struct err *e);

enum redis_link_state redis_link_state(const struct redis_link *r);
const char *redis_link_why(const struct redis_link *r);     /* of the state; "" when up */
usec_t redis_link_ping_latency(const struct redis_link *r); /* of the latest PING; 0: none yet */
uint64_t redis_link_connects(const struct redis_link *r);
const char *redis_link_address(const struct redis_link *r); /* without credentials */

/* Sends one command. Returns 0, or -ENOTCONN: then no callback comes. */
int redis_link_command(struct redis_link *r, int argc, const char *const *argv,
    const size_t *argv_len, redis_reply_fn *on_reply, void *arg);

/* What an error reply means for whoever sent the command. */
enum redis_error {
    REDIS_ERR_OTHER,
    REDIS_ERR_LOADING,
    REDIS_ERR_BUSY,
    REDIS_ERR_OOM,
    REDIS_ERR_READONLY,
    REDIS_ERR_NOAUTH,
    REDIS_ERR_NOPERM,
    REDIS_ERR_MOVED,
    REDIS_ERR_CLUSTERDOWN,
    REDIS_ERR_MISCONF,
    REDIS_ERR_NOSCRIPT,
    REDIS_ERR_WRONGTYPE,
};
enum redis_error redis_error_class(const char *text, size_t len);

/* Pending commands get a NULL reply from inside this call. NULL is fine. */
void redis_link_free(struct redis_link *r);
