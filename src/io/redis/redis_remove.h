/*
 * Removes, or gives another TTL to, keys that are still what they were when they were examined, and
 * only those.
 *
 * A script compares the TTL and the DUMP payload and unlinks in one go, on a master only. Where
 * scripts are not permitted WATCH and MULTI do it: a key that changes meanwhile saves its group.
 * Doing it twice is harmless: what is gone is gone, and what came anew differs.
 */
#pragma once

#include "core/redis_error.h"
#include "io/redis/redis_link.h"
#include "io/redis/redis_scan.h"

enum redis_removal {
    REDIS_REMOVAL_UNKNOWN,   /* no answer came, or an error: see the fault */
    REDIS_REMOVAL_DONE,      /* it was as examined, and is gone */
    REDIS_REMOVAL_GONE,      /* somebody else was faster */
    REDIS_REMOVAL_CHANGED,   /* it has another value */
    REDIS_REMOVAL_REFRESHED, /* it has another expiry */
    REDIS_REMOVAL_REPAIRED,  /* it was as examined, and has the TTL that it was to get */
};

/* Bytes are borrowed until on_done. */
struct redis_removee {
    const char *name;
    size_t name_len;
    const char *payload;
    size_t payload_len;
    int64_t expire_ms; /* -1: none */
    int64_t repair_ms; /* 0: remove it; else it stays and gets this TTL */
    enum redis_removal result;
    enum redis_error error; /* why UNKNOWN */
};

struct redis_remover;

/* Called once a run. `fault` is the first error that came, about a key or all. */
typedef void redis_removed_fn(
    struct redis_removee *items, size_t n, const struct redis_fault *fault, void *arg);

/*
 * `link` is borrowed until redis_remover_free(). `has_expire` as for the scan: without it, items
 * that have an expiry are not removed (UNKNOWN). Aborts when memory is out.
 */
struct redis_remover *redis_remover_new(
    struct redis_link *link, bool has_expire, redis_removed_fn *on_done, void *arg);

/*
 * Whether one call waits for the answer of the one before, and is about fewer keys, so that Redis
 * serves others in between; else all go out at once, as at first.
 */
void redis_remover_pace(struct redis_remover *r, bool one_by_one);

/* Borrows `items` until on_done, which may come from inside the call. One run at a time. */
void redis_remover_run(struct redis_remover *r, struct redis_removee *items, size_t n);

/* Whether scripts turned out not to be permitted. */
bool redis_remover_watches(const struct redis_remover *r);

/* No callback comes after this. Allowed in on_done. NULL is fine. */
void redis_remover_free(struct redis_remover *r);
