/*
 * One pass over Redis at a time: finds what is stuck, removes what may go, counts who is live.
 *
 *   idle ─run→ SCAN ⇄ PTTL ⇄ values of candidates ⇄ compare-and-delete ─→ on_done ─→ idle
 *
 * A key that changed after it was examined survives; a protected key and one of no configured
 * keyspace is never written; on a replica nothing is. When a pass starts is the caller's business.
 */
#pragma once

#include "base/err.h"
#include "base/span.h"
#include "core/config/config.h"
#include "core/redis_error.h"
#include "core/sweep/sweep.h"
#include "core/sweep/sweep_fuse.h"
#include "daemon/sweep/sweep_count.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct backup_keeping;
struct loop;
struct redis_link;
struct redis_link_conf;
struct sweeper;

struct sweep_key;

/* Whether a key is to be told of though it is fine, and its value read for that. */
typedef bool sweeper_wanted_fn(const struct sweep_key *key, void *arg);

struct sweep_request {
    bool dry_run;         /* find and report, write nothing */
    bool census_only;     /* count live callers: on_finding is not called, nothing is written */
    const char *keyspace; /* NULL: all; copied */
    usec_t older_than;    /* instead of each keyspace's MaxAge; 0: leave it */
    uint64_t limit;       /* removable keys after which the pass ends; 0: none */
    bool no_backup;       /* remove without one, whatever is configured */
    sweeper_wanted_fn *wanted; /* NULL: only what is not fine is told of */
    uint64_t agreed; /* keys that may go, instead of what MaxDelete allows; 0: as it does */
};

enum { SWEEP_BACKUP_NAME = 64 };

enum sweep_outcome {
    SWEEP_OUTCOME_FOUND,     /* reported only: not removable, or a dry run */
    SWEEP_OUTCOME_REMOVED,   /* it was removable and is gone */
    SWEEP_OUTCOME_REPAIRED,  /* it stays, and has the TTL that it should have */
    SWEEP_OUTCOME_SURVIVED,  /* it changed, or went by itself, after it was examined */
    SWEEP_OUTCOME_HELD,      /* removable, but more were than MaxDelete= allows: see held_why */
    SWEEP_OUTCOME_NOT_TRIED, /* removable, or to be repaired, but that is paused or not permitted:
                                see the error */
};

/* One key that is not fine. Everything is borrowed for the time of the call. */
struct sweep_key {
    const char *name; /* bytes: text_escape() it for people */
    size_t name_len;
    const struct config_keyspace *keyspace;
    const struct sweep_judgement *judgement;
    enum sweep_outcome outcome;
    bool has_ttl;
    usec_t ttl;
    const char *value; /* NULL: it was not read */
    size_t value_len;
};

/* Of a pass under way. */
struct sweep_progress {
    double fraction;         /* of Redis' keys, other ones included, that were walked: 0 to 1 */
    bool waits, total_known; /* for a Redis that is busy or away; it told how many keys it has */
    uint64_t total;          /* these */
    uint64_t keys;           /* in the keyspaces, looked at so far */
    uint64_t findings;       /* of these not fine */
    uint64_t removed;
    usec_t took;    /* so far */
    usec_t latency; /* half of the PINGs took longer; 0: none came yet */
};

/* A live caller: the id is what follows the keyspace's prefix in the key's name, as bytes. */
struct sweep_caller {
    enum config_keyspace_kind kind; /* a session in use, or a pending task */
    char *id;
    size_t id_len;
};

/* What a pass cost Redis. */
struct sweep_spent {
    uint64_t commands, bytes_sent, bytes_received;
    usec_t worked, rested;
    unsigned count; /* of SCAN, in the end */
    unsigned share; /* per mille of the time that we worked, in the end */
    bool strained;  /* Redis forked or loaded meanwhile */
    uint64_t pings; /* answered on the second connection; 0: the times are not known */
    usec_t ping_floor, ping_p50, ping_p99, ping_max;
};

struct sweep_summary {
    bool dry_run, census_only;
    bool complete; /* every key was looked at; false: cancelled, or `error_text` says why */
    bool limited;  /* it ended early because as many keys were found as were asked for */
    enum redis_error error; /* REDIS_E_NONE, or the first that mattered; also when complete */
    char error_text[256];   /* "" when error is REDIS_E_NONE and it was not cancelled */
    usec_t took;
    unsigned reconnects; /* the connection was lost and found again */
    struct sweep_spent spent;
    uint64_t keys; /* in all keyspaces */
    uint64_t removed, repaired, survived, not_tried;
    bool backup_failed;             /* nothing was removed from then on; `error_text` says why */
    char backup[SWEEP_BACKUP_NAME]; /* name of the backup file; "": there is none */
    uint64_t backed_up;             /* keys in it */
    bool elsewhere;                 /* another voxkeeperd sweeps: `error_text` says who */
    bool held; /* more were removable than MaxDelete= allows; a dry run: would be held */
    char held_why[160];
    struct sweep_keyspace_summary keyspaces[LIMIT_KEYSPACES];
    unsigned n_keyspaces;
    /* Exact in a census. A sweep reads no healthy task, and so `tasks_known` is false there. */
    uint64_t live_sessions, pending_tasks;
    bool sessions_known, tasks_known;
    struct sweep_caller callers[LIMIT_CUT_CALLERS];
    unsigned n_callers; /* up to LIMIT_CUT_CALLERS of them are named */
};

/* `link` is borrowed until sweeper_free(). Returns owned; aborts when memory is out. */
struct sweeper *sweeper_new(struct loop *l, struct redis_link *link);

/* From now on what this one touches counts as touched by `other` too, and the other way round. Not
 * while a pass of `s` is under way; `other` may go first. */
void sweeper_share_idle(struct sweeper *s, const struct sweeper *other);

/*
 * What later passes go by; a pass under way goes on with what it began with. Copies. Keyspaces
 * with a pattern that is not a prefix are not accepted (config_parse() refuses them earlier).
 * Returns 0, -EINVAL or -ENOMEM with *e set, and then nothing changed.
 */
int sweeper_configure(struct sweeper *s, const struct config_keyspace *keyspaces,
    unsigned n_keyspaces, const struct strlist *protect, usec_t active_window, struct err *e);

/* What passes from now on keep to. */
struct sweep_limits {
    usec_t max_latency; /* that we may add for one in a hundred requests of others; 1 ms at first */
    struct sweep_cap max_delete; /* none at first */
    bool lease;                  /* one at a time of all who sweep this Redis; not at first */
    usec_t lease_time;           /* 0: REDIS_LEASE_TIME */
    usec_t patience;             /* for a lost connection to come back; 0: a minute */
};
void sweeper_limit(struct sweeper *s, const struct sweep_limits *limits);

/* Passes from now on measure by a second connection with this; copied. */
void sweeper_beside(struct sweeper *s, const struct redis_link_conf *conf);
/*
 * Where later passes save what they remove, before they remove it; until this is called, nowhere.
 * What is there too long or too much goes at the beginning of each. Copies.
 */
void sweeper_set_backup(
    struct sweeper *s, bool enabled, const char *directory, const struct backup_keeping *keep);

typedef void sweeper_finding_fn(const struct sweep_key *key, void *arg);
typedef void sweeper_done_fn(const struct sweep_summary *summary, void *arg);

/* Who hears of the end of every pass, whoever began it, before that one does. */
void sweeper_watch(struct sweeper *s, sweeper_done_fn *on_pass, void *arg);

/*
 * Begins a pass; `on_done` comes exactly once, from the loop, unless this fails or the sweeper is
 * freed. `on_finding` may be NULL. Returns 0, or with *e set: -EBUSY (a pass is under way),
 * -ENOTCONN (Redis is not up), -ENOENT (no such keyspace, or none configured).
 */
int sweeper_run(struct sweeper *s, const struct sweep_request *request,
    sweeper_finding_fn *on_finding, sweeper_done_fn *on_done, void *arg, struct err *e);

bool sweeper_busy(const struct sweeper *s);

/* How far the pass under way is. Returns false when none is. */
bool sweeper_progress(const struct sweeper *s, struct sweep_progress *out);

/* Ends the pass soon: `on_done` comes with complete = false. No pass: nothing happens. */
void sweeper_cancel(struct sweeper *s);

/* Ends a pass without `on_done`. NULL is fine. Free it before its link. */
void sweeper_free(struct sweeper *s);
