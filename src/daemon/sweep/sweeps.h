/* When sweeps run, and what is told of them: every Interval=, and when an operator asks. */
#pragma once

#include "base/err.h"
#include "core/config/config.h"

struct cJSON;
struct loop;
struct operation;
struct sweeper;
struct sweeps;

/* What an operator may ask for. */
struct sweep_wish {
    bool dry_run;
    const char *keyspace; /* NULL: all */
    usec_t older_than;    /* 0: each keyspace's MaxAge */
    uint64_t limit;       /* removable keys after which it ends; 0: none */
    bool no_backup;       /* whatever Backup= says */
    const char *confirm;  /* token of a sweep that MaxDelete= held; NULL: none */
};

/* All are borrowed until sweeps_free() or sweeps_configure(). Returns owned; NULL: out of memory.
 */
struct sweeps *sweeps_new(struct loop *l, struct sweeper *sweeper, const struct config *config);
void sweeps_free(struct sweeps *s);

/* Applies Interval=, the keyspaces and Protect=. Returns 0 or a negative errno with *e set. */
int sweeps_configure(struct sweeps *s, const struct config *config, struct err *e);

/* Redis is there: a sweep that came due without it begins. */
void sweeps_redis_up(struct sweeps *s);

/* Runs one for `op`, which ends with the verdict. Returns 0, or a negative errno with *e set. */
int sweeps_run(
    struct sweeps *s, const struct sweep_wish *wish, struct operation *op, struct err *e);

/* Whether a sweep, and no census or list, is under way; and who waits for it, NULL: nobody. */
bool sweeps_running(const struct sweeps *s);
struct operation *sweeps_operation(const struct sweeps *s);

/* No more from now on; the one under way is cancelled. */
void sweeps_stop(struct sweeps *s);

/* The latest summary and what runs now, for the status. Returns owned JSON. */
struct cJSON *sweeps_json(const struct sweeps *s);

/* The same with the summaries of the latest LIMIT_SWEEP_HISTORY, the newest first: owned text. NULL
 * when memory is out. */
char *sweeps_history_json(const struct sweeps *s);
