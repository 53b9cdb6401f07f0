/*
 * Our connection to Redis: async hiredis on the loop, kept alive for ever.
 *
 *   CONNECTING ─answered well→ UP ─lost│PING unanswered→ DOWN ─(0.2 s ×2 .. 2 s, jittered)→ UP
 *        └─→ DOWN   LOADING (asks again each second)   REFUSED (tries again each minute)
 *
 * A connection on which nothing moves for CommandTimeout while answers are due is given up; so a
 * half-open one is noticed within ping_interval + command_timeout. The backoff stops at 2 s, not
 * later: whether a worker lost Redis can only be told once we have it back ourselves.
 */
#pragma once

#include "base/err.h"
#include "base/span.h"
#include "core/metrics/histogram.h"
#include "core/redis_error.h"
#include "io/loop/loop.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct redis_link;

/* What was asked and answered in batches (redis_batch.h), and the link's own PINGs, ever. */
struct redis_usage {
    uint64_t commands;
    uint64_t bytes_sent; /* of arguments */
    uint64_t bytes_received;
    struct histogram pings; /* what those took that were answered well */
};

#define REDIS_LINK_STATES(X)                                                                       \
    X(DOWN, "down")             /* nobody answers, or not yet */                                   \
    X(CONNECTING, "connecting") /* the first attempt is under way */                               \
    X(LOADING, "loading")       /* it answers, but cannot serve yet: LOADING, BUSY, MASTERDOWN */  \
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
const char *redis_link_state_name(enum redis_link_state state); /* "down" */
/* Of the state. When up, "" or what Redis complains about though it serves (MISCONF). */
const char *redis_link_why(const struct redis_link *r);
usec_t redis_link_ping_latency(const struct redis_link *r); /* of the latest PING; 0: none yet */
uint64_t redis_link_connects(const struct redis_link *r);
struct redis_usage *redis_link_usage(struct redis_link *r);
const char *redis_link_address(const struct redis_link *r); /* without credentials */

/* Tries now instead of at the next turn: credentials may have changed. Nothing when connected. */
void redis_link_retry(struct redis_link *r);

/*
 * Sends one command. Returns 0, or -ENOTCONN (neither up nor loading): then no callback comes.
 * Replies come in the order of the commands.
 */
int redis_link_command(struct redis_link *r, int argc, const char *const *argv,
    const size_t *argv_len, redis_reply_fn *on_reply, void *arg);

/* Sends what was asked so far without waiting for the next turn of the loop. */
void redis_link_flush(struct redis_link *r);

/*
 * Pending commands get a NULL reply from inside this call. Allowed in every callback. NULL is fine.
 */
void redis_link_free(struct redis_link *r);
