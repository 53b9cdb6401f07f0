/*
 * Going through one backup file for an operator: shows what is in it, or puts it back into Redis.
 *
 *   look at the whole file ─→ block ─→ up to RESTORE_BATCH keys at a time ─→ block ... ─→ verdict
 *
 * What the sweep did not remove is shown and never put back; a protected key is not, whoever wrote
 * the file. The newer value of a key that exists stays, unless it is to be replaced.
 */
#pragma once

#include "base/err.h"
#include "core/config/config.h"

#include <stdbool.h>

struct loop;
struct operation;
struct redis_link;
struct restore;

#define RESTORE_RESULTS(X)                                                                         \
    X(LISTED, "listed") /* only shown */                                                           \
    X(RESTORED, "restored")                                                                        \
    X(WOULD_RESTORE, "would-restore") /* a rehearsal: it can be */                                 \
    X(CONVERTED, "converted")         /* the same, as a string of an older format */               \
    X(EXISTS, "exists")               /* it is there; left alone */                                \
    X(EXPIRED, "expired")             /* its time is over */                                       \
    X(NOT_REMOVED, "not-removed")     /* the sweep had left it where it was */                     \
    X(PROTECTED, "protected")                                                                      \
    X(REFUSED, "refused") /* this Redis does not know its format */                                \
    X(FAILED, "failed")   /* Redis answered an error */

#define X(symbol, name) RESTORE_##symbol,
enum restore_result { RESTORE_RESULTS(X) RESTORE_RESULT_COUNT };
#undef X

struct restore_wish {
    const char *file; /* its name alone */
    const char *key;  /* a glob; NULL: all */
    bool replace;
    bool dry_run;
    bool show; /* only look: Redis is not asked */
};

struct restore_spec {
    struct loop *loop;
    struct redis_link *link; /* NULL with `show` */
    const struct config *config;
    struct restore_wish wish;
    const char *author;
    struct operation *op;
    void (*on_done)(void *arg);
    void *arg;
};

/*
 * Begins; `op` ends with the verdict, and `on_done` comes then, from the loop. All is copied but
 * `link` and `op`, borrowed until then. Returns owned; NULL with *e set: -EINVAL (the file's name),
 * -ENOTCONN (Redis is not up).
 */
struct restore *restore_new(const struct restore_spec *spec, struct err *e);

/* Ends it without on_done; `op` ends as failed. Allowed in on_done. NULL is fine. */
void restore_free(struct restore *r);
