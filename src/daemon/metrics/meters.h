/*
 * What is counted for /metrics: plain numbers that grow from the begin of this instance. The parts
 * that know tell by the functions below; daemon/metrics reads the members.
 */
#pragma once

#include "core/config/config.h"
#include "core/drain.h"
#include "core/event.h"
#include "core/fleet/fleet.h"
#include "core/fleet/rollout.h"
#include "core/metrics/histogram.h"
#include "daemon/history/history.h"
#include "daemon/sweep/sweeper.h"
#include "daemon/workers/rollout_record.h"

#include <stdint.h>

/* Why no verified worker serves. */
#define METERS_GAPS(X)                                                                             \
    X(STARTING, "starting") /* none was verified yet, since the first start or a drain */          \
    X(DOWN, "down")         /* some were */                                                        \
    X(DRAINED, "drained")   /* an operator or the service manager wants it so */

/* X(SYMBOL, outcome, event that it is counted by) */
#define METERS_ROLLOUTS(X)                                                                         \
    X(DONE, "done", ROLLOUT_DONE)                                                                  \
    X(HELD, "held", ROLLOUT_HELD)                                                                  \
    X(CANCELLED, "cancelled", ROLLOUT_CANCELLED)                                                   \
    X(SUPERSEDED, "superseded", ROLLOUT_SUPERSEDED)                                                \
    X(ROLLED_BACK, "rolled-back", ROLLOUT_ROLLED_BACK)                                             \
    X(ROLLBACK_FAILED, "rollback-failed", ROLLBACK_FAILED)
#define METERS_RELOADS(X)                                                                          \
    X(DONE, "done", CONFIG_RELOADED)                                                               \
    X(REFUSED, "refused", CONFIG_REFUSED) /* or rolled back */
#define METERS_RESTARTS(X)                                                                         \
    X(DONE, "done", RESTART_DONE)                                                                  \
    X(FAILED, "failed", RESTART_FAILED)

#define METERS_DRAINS(X)                                                                           \
    X(DONE, "done")           /* no caller was left */                                             \
    X(CUT, "cut")             /* some were */                                                      \
    X(CANCELLED, "cancelled") /* open again before its end */

#define METERS_SWEEPS(X)                                                                           \
    X(DONE, "done")                                                                                \
    X(HELD, "held")           /* by MaxDelete= */                                                  \
    X(ELSEWHERE, "elsewhere") /* another voxkeeperd sweeps */                                      \
    X(ABORTED, "aborted")     /* somebody, or a stop, ended it */                                  \
    X(FAILED, "failed")

#define X(symbol, name) METERS_GAP_##symbol,
enum meters_gap { METERS_GAPS(X) METERS_GAP_COUNT };
#undef X
#define X(symbol, name) METERS_DRAIN_##symbol,
enum meters_drain { METERS_DRAINS(X) METERS_DRAIN_COUNT };
#undef X
#define X(symbol, name) METERS_SWEEP_##symbol,
enum meters_sweep { METERS_SWEEPS(X) METERS_SWEEP_COUNT };
#undef X
#define X(symbol, name) +1
enum { METERS_VERDICT_COUNT = PROBER_VERDICTS(X), METERS_OUTCOME_COUNT = PROBE_OUTCOMES(X) };
#undef X

struct meters_keyspace {
    char name[LIMIT_NAME + 1]; /* "": unused */
    bool known;
    uint64_t keys; /* of the latest pass that saw them all */
    uint64_t found[SWEEP_FINDING_COUNT];
    uint64_t removed[SWEEP_FINDING_COUNT];
};

/* The latest pass over all keyspaces. */
enum meters_walk { METERS_NOT_WALKED, METERS_WALKED, METERS_WALK_CUT_SHORT };
enum { METERS_TROUBLE_MAX = 160 };

struct meters_notifier {
    char name[LIMIT_NAME + 1];
    uint64_t sent, failed;
};

struct meters {
    struct history_listener listener;
    uint64_t starts;
    uint64_t exits[WORKER_CAUSE_COUNT];
    uint64_t restarts[WORKER_CAUSE_COUNT];
    uint64_t verdicts[METERS_VERDICT_COUNT];
    uint64_t probes[METERS_OUTCOME_COUNT];
    uint64_t drains[METERS_DRAIN_COUNT];
    uint64_t sweeps[METERS_SWEEP_COUNT];
    uint64_t events[EVENT_COUNT];
    uint64_t callers_cut;
    uint64_t lines_dropped;
    uint64_t redis_reconnects;
    uint64_t alerts_queued;
    usec_t without[METERS_GAP_COUNT];
    enum meters_gap gap; /* METERS_GAP_COUNT: somebody serves */
    usec_t gap_counted;  /* up to then `without` was counted */
    bool config_taken;   /* what was read last */
    struct {
        bool known;
        uint64_t n;
        usec_t at;     /* when that pass ended */
    } sessions, tasks; /* callers, as of the latest pass that knew them */
    enum meters_walk walked;
    char walk_trouble[METERS_TROUBLE_MAX]; /* of the latest one that walked all; "": none */
    struct histogram start_duration;
    struct histogram probe_duration;
    struct histogram phase_duration[ROLLOUT_STATE_COUNT];
    struct histogram handover_duration;
    struct histogram sweep_duration;
    struct histogram loop_lag;
    struct histogram session_age, task_age;
    struct meters_keyspace keyspaces[LIMIT_KEYSPACES];
    unsigned n_keyspaces; /* that are configured */
    struct meters_notifier notifiers[LIMIT_NOTIFIERS];
};

/* Borrows `h` until meters_free(). Returns owned; NULL when memory is out. */
struct meters *meters_new(struct history *h);
void meters_free(struct meters *m, struct history *h);

/* Series of keyspaces and notifiers that are no more are forgotten, new ones begin. */
void meters_configure(struct meters *m, const struct config *config);
void meters_configure_keyspaces(struct meters *m, const struct config *config); /* part of it */

/* From now on; METERS_GAP_COUNT: somebody serves. The same again brings the count up to `now`. */
void meters_gap(struct meters *m, enum meters_gap gap, usec_t now);

/* What the fleet tells. `rollout` is as it was before that, `stopping` whether all workers go. */
void meters_told(struct meters *m, const struct fleet_action *told,
    const struct rollout_record *rollout, bool stopping, usec_t now);
void meters_drain_told(struct meters *m, enum drain_action action, const struct drain *drain);
void meters_probed(struct meters *m, enum probe_outcome outcome, usec_t took);

/* A pass over Redis ended: a sweep, a census, or a list of keys. */
void meters_swept(struct meters *m, const struct sweep_summary *summary, usec_t now);

/* Of a notifier that is configured; another one is passed over. */
void meters_alert_sent(struct meters *m, const char *notifier);
void meters_alert_failed(struct meters *m, const char *notifier);
