/*
 * One pass: sweep_pass.c keeps it going, and the other parts of it (sweep_step.c judges) work on
 * the same struct.
 */
#pragma once

#include "core/sweep/idle_ledger.h"
#include "core/sweep/sweep_fuse.h"
#include "core/sweep/sweep_plan.h"
#include "core/sweep/sweep_policy.h"
#include "daemon/sweep/sweep_hold.h"
#include "daemon/sweep/sweep_mend.h"
#include "daemon/sweep/sweep_pace.h"
#include "daemon/sweep/sweep_tally.h"
#include "daemon/sweep/sweeper.h"
#include "io/files/backup_writer.h"
#include "io/loop/loop.h"
#include "io/redis/redis_batch.h"
#include "io/redis/redis_remove.h"
#include "io/redis/redis_scan.h"

/* A key that is to be removed, while that is under way. */
struct sweep_condemned {
    const struct redis_key *key;
    struct sweep_judgement judgement;
};

/* The keys that were looked at, while they are judged a slice at a time. */
struct sweep_looked {
    struct redis_key *keys;
    size_t n;
    size_t next;
    usec_t now;
};

struct sweep_backup_conf;

struct sweep_pass {
    struct redis_link *link;
    struct idle_ledger *ledger;
    struct sweep_plan plan;
    struct sweep_summary summary;
    sweeper_finding_fn *on_finding;
    void *arg; /* of on_finding and wanted */
    sweeper_done_fn *on_done;
    void *owner; /* of on_done */

    struct timer *timer; /* ends a rest */
    struct timer *turn;  /* goes on with `looked` */
    struct redis_batch *prologue;
    struct redis_scan *scan;
    struct redis_remover *remover;
    struct sweep_mend *mend;
    bool has_expire; /* the server knows PEXPIRETIME */
    bool may_remove;
    bool cancelled;
    bool resting; /* nothing is under way but the timer */
    bool wait;    /* Redis is busy: go on after a while */
    bool lost;    /* the connection, or what answers on it: go on when it is back */
    bool end;     /* an error after which nothing is to be asked */
    /* Of sweep_flow.c. A step, a window is under way; the one that was started last was not alone;
     * a step was advanced over, and none was begun after it; there will be no other. */
    bool starting, walking, looking, beside, walked, walked_all;
    bool skip_keyspace[LIMIT_KEYSPACES];
    sweeper_wanted_fn *wanted;
    uint64_t limit;   /* of removable keys; UINT64_MAX: none */
    bool total_known; /* Redis told how many keys it has */
    uint64_t total;
    unsigned waits;   /* in a row */
    unsigned skipped; /* keys, for an error of their own */
    usec_t began_at;
    usec_t busy_from; /* the work that was not paced yet began */
    struct sweep_pace *pace;
    struct sweep_limits limits;
    struct sweep_hold hold;
    struct redis_lease *lease; /* NULL: not asked for, or given back */
    bool lease_known;
    struct loop *loop;

    char run[48];  /* of the server: run_id; "": not known */
    bool same_run; /* it is the one that it was before the connection was lost */
    unsigned reconnects;
    uint64_t connects;       /* of the link, when it was asked who answers */
    usec_t lost_until;       /* the pass ends then */
    struct redis_fault loss; /* the latest */

    struct sweep_looked looked;
    /* sweep_backup.c's */
    struct backup_writer *backup; /* NULL: what is removed is not saved */
    struct strbuf backup_records; /* results that were not written yet */
    char server_version[32];
    bool complete; /* how it ended, while the last results are written */
    bool ending;

    struct sweep_condemned *condemned;
    struct redis_removee *removees;
    size_t n_condemned;
};

/* What a pass begins with: the sweeper's. */
struct sweep_pass_conf {
    struct loop *loop;
    struct redis_link *link;       /* borrowed, as the ledger is */
    const struct sweep_plan *plan; /* copied */
    struct idle_ledger *ledger;
    struct sweep_limits limits;
    const struct redis_link_conf *beside;   /* copied; NULL: there is no second connection */
    const struct sweep_backup_conf *backup; /* copied */
    sweeper_finding_fn *on_finding;
    void *arg; /* of on_finding and the request's wanted */
    sweeper_done_fn *on_done;
    void *owner; /* of on_done, after which the pass frees itself */
};

/* It begins with the next turn of the loop. Returns 0, or a negative errno with *e set. */
int sweep_pass_new(const struct sweep_pass_conf *conf, const struct sweep_request *request,
    struct sweep_pass **out, struct err *e);
struct sweep_progress sweep_pass_progress(const struct sweep_pass *p);
void sweep_pass_cancel(struct sweep_pass *p);

/* Ends it without on_done. NULL is fine. */
void sweep_pass_free(struct sweep_pass *p);

/* ---- sweep_pass.c ---- */

/* It is known who answers. */
void sweep_pass_known(struct sweep_pass *p);

/* Something stands in the way of going on: an error, the limit, who asked for it. */
bool sweep_pass_is_stopped(const struct sweep_pass *p);

/* What answers now may be another server than the one that was asked. */
bool sweep_pass_is_cut_off(const struct sweep_pass *p);

/* Nothing is under way, and it is stopped: it ends, or rests until it can go on. */
void sweep_pass_stop(struct sweep_pass *p);

/* sweep_flow_run() goes on then. */
void sweep_pass_rest(struct sweep_pass *p, usec_t span);

/* As sweep_pass_finish(), once the backup says what became of its keys. */
void sweep_pass_end(struct sweep_pass *p, bool complete);

/* Lets the loop turn, and then calls sweep_step_judge(). */
void sweep_pass_yield(struct sweep_pass *p);

/* Notes an error and what follows from it. */
void sweep_pass_react(
    struct sweep_pass *p, enum sweep_reaction reaction, enum redis_error error, const char *text);

/* The last results are written. */
void sweep_pass_finish(struct sweep_pass *p);

/* ---- sweep_step.c ---- */

/* The callbacks of the scan and of the remover. */
bool sweep_step_name(const char *name, size_t len, unsigned *tag, void *arg);
void sweep_step_keys(struct redis_key *keys, size_t n, usec_t now, void *arg);
void sweep_step_looked(struct redis_key *keys, size_t n, usec_t now, void *arg);
void sweep_step_removed(
    struct redis_removee *items, size_t n, const struct redis_fault *fault, void *arg);

/* Judges more of `looked`; then removes, or goes on. */
void sweep_step_judge(struct sweep_pass *p);

/* What was condemned is saved, if it is to be: removes it. */
void sweep_step_remove(struct sweep_pass *p);

/* It cannot be saved, or the pass ends: nothing of it is removed. Goes on. */
void sweep_step_spare(struct sweep_pass *p);

/* Counts what became of a key, and tells who wants to know, also what it held. */
void sweep_step_tell(struct sweep_pass *p, const struct redis_key *key,
    const struct sweep_judgement *j, enum sweep_outcome outcome);

/* A key that is held and will not go; its finding is told. */
void sweep_step_tell_held(struct sweep_pass *p, const struct sweep_held *held);

void sweep_step_forget(struct sweep_pass *p);
