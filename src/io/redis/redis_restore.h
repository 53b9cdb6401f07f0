/*
 * Puts keys into Redis from what DUMP gave once, with the expiry that they had. What is there is
 * left alone unless it is to be replaced; what would have expired by now stays away.
 *
 * A payload that the server refuses (written by a newer one, as a rule) goes in a second time as a
 * string of an RDB version that every server knows, if it is a string.
 */
#pragma once

#include "base/span.h"
#include "core/redis_error.h"
#include "io/redis/redis_link.h"
#include "io/redis/redis_scan.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum redis_restoral {
    REDIS_RESTORAL_UNKNOWN, /* no answer came, or an error: see the fault */
    REDIS_RESTORAL_DONE,    /* a rehearsal: it would be */
    REDIS_RESTORAL_EXISTS,  /* a key of that name is there, and was left alone */
    REDIS_RESTORAL_EXPIRED, /* its time is over */
    REDIS_RESTORAL_REFUSED, /* the server does not know this version of its type */
};

/* Bytes are borrowed until on_done. */
struct redis_restoree {
    const char *name;
    size_t name_len;
    const char *payload;
    size_t payload_len;
    int64_t expire_ms; /* absolute, by the server's clock; -1: none */
    enum redis_restoral result;
    bool converted;       /* DONE by the second try */
    char error_text[160]; /* why UNKNOWN or REFUSED, in Redis' words */
};

struct redis_restorer;

struct redis_restore_how {
    bool replace;  /* what is there is overwritten */
    bool rehearse; /* nothing is written */
};

/* Called once a run. `fault` is the first error that came, about a key or all. */
typedef void redis_restored_fn(
    struct redis_restoree *items, size_t n, const struct redis_fault *fault, void *arg);

/* `link` is borrowed until redis_restorer_free(). Aborts when memory is out. */
struct redis_restorer *redis_restorer_new(struct redis_link *link,
    const struct redis_restore_how *how, redis_restored_fn *on_done, void *arg);

/* Borrows `items` until on_done, which may come from inside the call. One run at a time; n > 0. */
void redis_restorer_run(struct redis_restorer *r, struct redis_restoree *items, size_t n);

/* No callback comes after this. Allowed in on_done. NULL is fine. */
void redis_restorer_free(struct redis_restorer *r);
