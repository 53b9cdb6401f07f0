/*
 * A key of Redis that one of several holds: SET NX PX with a value that is nobody else's, renewed
 * while it is needed, deleted only by who holds it.
 *
 *   take ─→ on_held(NULL) ─renewed every third of its time─→ release ─→ on_released
 *      └──→ on_held(who)   another one holds it, or (later) it was lost to another one
 */
#pragma once

#include "io/redis/redis_link.h"

struct redis_lease;

/* Unless there is a reason for another one. */
#define REDIS_LEASE_TIME (30 * USEC_PER_SEC)

struct redis_lease_events {
    /* `other` NULL: it is ours, or cannot be had at all: `trouble` says why, "" if it is ours.
     * Otherwise who holds it, for people. May come again with another one. */
    void (*on_held)(const char *other, const char *trouble, void *arg);
    void (*on_released)(void *arg);
};

/* Begins to take it for `time`, and again for that at each renewal. `link` is borrowed; it may not
 * be up yet. Returns owned; aborts when memory is out. */
struct redis_lease *redis_lease_new(struct loop *l, struct redis_link *link, const char *key,
    usec_t time, const struct redis_lease_events *events, void *arg);

/* Gives it back; on_released follows, from the loop, also when that failed. */
void redis_lease_release(struct redis_lease *x);

/* No callback comes after this; what is held runs out. Allowed in every callback. NULL is fine. */
void redis_lease_free(struct redis_lease *x);
