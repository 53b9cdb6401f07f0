/*
 * The prober of one worker: when to probe, and what the results in a row mean.
 *
 *   idle ─START→ proving ─Rise passes→ healthy ⇄ suspect ─Fall failures→ failed
 *                                         ↑                                 │
 *                                         └───────────Rise passes───────────┘
 *
 * A failed worker may have to wait for its turn to be replaced, so it is probed on: Rise passes in
 * a row, or the loss of the dependency that it may have been failed for, take the verdict back; one
 * HUNG makes it a hang. While proving nothing is given up: the worker's own deadline does that.
 *
 * Intervals depend on the state: StartInterval while proving, Interval when healthy, FastInterval
 * when suspect or failed. Only a TICK begins a probe. One probe at a time; the next is due an
 * interval after the last *began*, or at once when the answer took longer than that. A result
 * counts only if its probe began after START, after our own last stall (suspend, SIGSTOP, a blocked
 * loop) ended, and, for a dependency's sake, after the dependency came back: older ones are
 * discarded and a new probe is due at once. RESUMED is a stall in which a probe was lost besides. A
 * stall and a change of the dependency begin the count of passes and failures anew for what they
 * make doubtful.
 *
 * One probe is a full round: every probe that is configured, the worst outcome counts.
 *
 *   outcome      our link to the dependency     while proving            when verified
 *   PASS         any                            counts towards Rise      healthy
 *   FAIL         any                            resets Rise              unhealthy after Fall
 *   HUNG         up or unknown                  resets Rise              hung after Fall
 *   HUNG         down                           resets Rise              degraded; never a failure
 *   DEPENDENCY   up                             resets Rise              zombie after Fall
 *   DEPENDENCY   down or unknown                counts, as degraded      degraded; never a failure
 *   PROVIDER     any                            see below                degraded; never a failure
 *
 * HUNG is no answer in time. A worker whose answer waits for a dependency that hangs is silent as
 * well, and cannot be told from one that hangs by itself; whoever tells of HUNG makes sure first
 * that the dependency is still there.
 *
 * We have no link of our own to a provider (of speech, of a language model): what is known of it is
 * what other workers say. While proving, PROVIDER counts as degraded if no worker that serves has
 * its providers. Else it resets Rise, and it is found out whose fault that is: the one that serves
 * may have been asked before the outage began. It is asked sooner (DOUBTED), and if it passes after
 * that, and this one then says PROVIDER again, the fault is its own. `doubt` tells; until it is
 * decided, nobody shall be ended for it.
 */
#pragma once

#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

#define PROBER_STATES(X)                                                                           \
    X(IDLE, "idle")                                                                                \
    X(PROVING, "proving")                                                                          \
    X(HEALTHY, "healthy")                                                                          \
    X(SUSPECT, "suspect")                                                                          \
    X(FAILED, "failed")

#define PROBE_OUTCOMES(X)                                                                          \
    X(PASS, "pass")                                                                                \
    X(FAIL, "fail")                                                                                \
    X(HUNG, "hung")                                                                                \
    X(DEPENDENCY, "dependency")                                                                    \
    X(PROVIDER, "provider")

/* Of a worker being proven whose provider fails: is it the provider, or the worker? */
#define PROBER_DOUBTS(X)                                                                           \
    X(NONE, "none")                                                                                \
    X(SUSPECTED, "suspected") /* others had it, when they were asked last */                       \
    X(WITNESSED, "witnessed") /* others have it, asked since */                                    \
    X(OWN_FAULT, "own-fault") /* others have it, and this one said once more that it has not */

#define X(symbol, name) PROBER_##symbol,
enum prober_state { PROBER_STATES(X) };
#undef X
#define X(symbol, name) PROBE_##symbol,
enum probe_outcome { PROBE_OUTCOMES(X) };
#undef X
#define X(symbol, name) PROBER_DOUBT_##symbol,
enum prober_doubt { PROBER_DOUBTS(X) };
#undef X

/* How the dependency (Redis) looks from here. */
enum dependency { DEPENDENCY_UNKNOWN, DEPENDENCY_UP, DEPENDENCY_DOWN };

struct prober_conf {
    usec_t interval;
    usec_t start_interval;
    usec_t fast_interval;
    unsigned rise; /* >= 1 */
    unsigned fall; /* >= 1 */
};

struct prober {
    enum prober_state state;
    enum dependency dependency;
    bool in_flight;
    bool hastened;       /* HASTEN came while a probe was in flight: the next is due at once */
    bool degraded;       /* verified, or being proven, without its dependency or a provider */
    bool lacks_provider; /* the last result that counts was an excused PROVIDER */
    enum prober_doubt doubt;
    uint64_t seq;             /* of the latest probe */
    unsigned passes;          /* in a row */
    unsigned failures;        /* in a row, of any bad outcome that counts */
    enum probe_outcome worst; /* of those failures: decides the verdict (HUNG over FAIL over ...) */
    usec_t began_at;          /* the latest probe */
    usec_t passed_at;         /* when that probe began which passed last; 0: none in this life */
    usec_t doubted_at;        /* the answer that `doubt` began with */
    uint64_t void_to;         /* results of this probe and earlier ones are discarded */
    uint64_t void_dependency_to; /* the same for DEPENDENCY and HUNG */
    usec_t next_at;              /* USEC_INFINITY: none due (idle, or one is in flight) */
};

enum prober_event_type {
    PROBER_EV_START, /* a new life */
    PROBER_EV_STOP,
    PROBER_EV_RESULT,
    PROBER_EV_DEPENDENCY, /* our view of it changed */
    PROBER_EV_DOUBTED,    /* another one says that a provider is down: look soon */
    PROBER_EV_HASTEN,     /* the worker says that it is ready: prove it now, if it is unproven */
    PROBER_EV_RESUMED,    /* another instance of us took over: the probe in flight is lost */
    PROBER_EV_STALLED,    /* we ourselves did not run for a while, until `now` */
    PROBER_EV_TICK,
};

struct prober_event {
    enum prober_event_type type;
    usec_t now;
    uint64_t seq;               /* RESULT */
    enum probe_outcome outcome; /* RESULT */
    usec_t witness; /* RESULT: when one was asked last that serves and has all; 0: none has */
    enum dependency dependency; /* DEPENDENCY */
};

/* What changed for those above; at most one an event. */
#define PROBER_VERDICTS(X)                                                                         \
    X(NONE, "none")                                                                                \
    X(VERIFIED, "verified")   /* Rise passes in a row: the first proof of this life */             \
    X(SUSPECT, "suspect")     /* first failure after health */                                     \
    X(RECOVERED, "recovered") /* suspect or degraded, healthy again */                             \
    X(DEGRADED, "degraded")   /* the dependency or a provider is down; the worker is kept */       \
    X(UNHEALTHY, "unhealthy") /* give it up: cause UNHEALTHY */                                    \
    X(HUNG, "hung")           /* give it up: cause HANG */                                         \
    X(ZOMBIE, "zombie")       /* give it up: cause ZOMBIE */

#define X(symbol, name) PROBER_VERDICT_##symbol,
enum prober_verdict { PROBER_VERDICTS(X) };
#undef X

struct prober_update {
    struct prober next;
    bool probe; /* begin the probe with number next.seq now */
    enum prober_verdict verdict;
};

struct prober prober_initial(void);
struct prober_update prober_step(
    const struct prober_conf *conf, struct prober p, struct prober_event ev);
usec_t prober_deadline(struct prober p);

const char *prober_state_name(enum prober_state state);
const char *prober_verdict_name(enum prober_verdict verdict);
const char *probe_outcome_name(enum probe_outcome outcome);

/* Whether an outage of the dependency alone may be the cause of it. */
bool prober_may_be_dependency(enum probe_outcome outcome);

/* From harmless to grave: what nobody answered outweighs a bad answer. */
unsigned probe_outcome_severity(enum probe_outcome outcome);
