/*
 * One rollout: how a fleet of overlapping lives goes from one generation to the next, and back.
 *
 *         BEGIN        SWITCHED     SETTLED, PROMOTE     COMPLETE        SETTLED
 *   idle ──────→ canary ──────→ baking ────────→ rolling ────────→ warm ────────→ idle
 *                  │  ↑ excused   │                 │                │
 *                  │  └───────────┤                 │                │
 *                  └──────────────┴──────┬──────────┴────────────────┘
 *              OnFailure=rollback, CANCEL│       │FAILED, deadline: OnFailure=hold
 *                                        ↓       ↓
 *      idle ←─COMPLETE, deadline─────── back ←─ hold ──PROMOTE─→ canary | rolling
 *                                         CANCEL
 *
 * canary   `canary` lives of the new generation, one after the other, are begun beside the others,
 *          verified privately, and serve
 * baking   they serve; the lives that they replaced are paused and warm. Bake must pass
 * rolling  the others follow, one at a time
 * warm     the verdict is given; the last old life stays paused and warm for KeepWarm
 * hold     the new generation failed and a person shall decide; the old one stands in for what
 *          failed, whatever serves goes on serving. PROMOTE begins again (from canary and baking)
 *          or rolls on (from rolling and warm), CANCEL goes back
 * back     the old generation takes over again: what is warm at once, the rest by cold starts
 *
 * It knows phases, deadlines and verdicts; which slot begins, serves and goes is decided in
 * fleet_overlap.c, which tells what came of it. BEGIN in any state supersedes: the older verb ends
 * at once, and the generation to go back to stays the last one that was proven.
 *
 * Who asks: BEGIN's `operation` and that of the last PROMOTE or CANCEL (`steering`) both wait for
 * the verdict; a newer one of either kind supersedes the one before. PROMOTE ends Bake or KeepWarm
 * now, or goes on from hold; CANCEL goes back. Where there is nothing of the kind to do they are
 * REFUSED, with the state that says why. In hold the verdict stays open: TELL_STATE says so.
 *
 * While a dependency or provider is down the rollout stands still (`outage`): no deadline runs, and
 * a failure is excused (a lost canary is begun once more). When it returns, and when we ourselves
 * stalled, deadlines and Bake begin anew. A zombie is excused in any case: an outage made it. So is
 * an end that nobody watched: it may have been ours that brought it about, and Bake begins anew.
 *
 * Invariants (test/unit/rollout.c, test/explore/overlap.c):
 * - Each BEGIN is answered by exactly one of DONE, FAILED, ROLLED_BACK, SUPERSEDED; each PROMOTE
 *   and CANCEL by one of those or REFUSED.
 * - Every state but idle and hold has a deadline unless there is an outage; warm's may wait for a
 *   stand-in to end, and for a slot that failed to be stable or in a crash loop.
 * - A generation number is used once.
 */
#pragma once

#include "base/span.h"
#include "core/fleet/worker.h"

#include <stdbool.h>
#include <stdint.h>

#define ROLLOUT_STATES(X)                                                                          \
    X(IDLE, "idle")                                                                                \
    X(CANARY, "canary")                                                                            \
    X(BAKING, "baking")                                                                            \
    X(ROLLING, "rolling")                                                                          \
    X(WARM, "warm")                                                                                \
    X(HOLD, "hold")                                                                                \
    X(BACK, "back")

#define X(symbol, name) ROLLOUT_##symbol,
enum rollout_state { ROLLOUT_STATES(X) };
#undef X
#define X(symbol, name) +1
enum { ROLLOUT_STATE_COUNT = ROLLOUT_STATES(X) };
#undef X

/* A number of lives, or per cent of the workers, rounded up. */
struct rollout_share {
    unsigned n;
    bool percent;
};

struct rollout_conf {
    usec_t bake;      /* of the canaries, under callers */
    usec_t keep_warm; /* of the last old life, after the last switch */
    unsigned canary;
    struct rollout_share max_surge; /* lives beside n_workers + standby, whatever they do */
    bool hold;                      /* OnFailure=hold, looked at when something fails */
};

struct rollout {
    enum rollout_state state;
    enum rollout_state failed_in; /* hold: the state before */
    bool owed;                    /* `operation` has no verdict yet */
    bool steered;                 /* `steering` has none */
    bool outage;                  /* a dependency or provider is down */
    uint64_t operation;           /* BEGIN's number */
    uint64_t steering;            /* the last PROMOTE's or CANCEL's */
    uint64_t latest;              /* generation number given last, from 1 */
    uint64_t generation;          /* the present one, or the one that is being rolled out */
    uint64_t from;      /* where a failure leads back to; counts in canary, baking .. back */
    uint64_t warm_life; /* of the life that was replaced last; 0: none */
    usec_t began_at;
    usec_t switched_at;      /* that replacement */
    usec_t until;            /* end of Bake or KeepWarm; USEC_INFINITY: passed, or none runs */
    usec_t deadline;         /* then: a failure, or the end of trying to get back */
    enum worker_cause cause; /* of hold and back; NONE: the deadline, RESTART: an operator */
    unsigned slot;           /* whose life it was */
};

enum rollout_event_type {
    ROLLOUT_EV_BEGIN,      /* operation */
    ROLLOUT_EV_SWITCHED,   /* the canaries serve */
    ROLLOUT_EV_REPLACED,   /* life: an old one takes no new callers any more */
    ROLLOUT_EV_SETTLED,    /* rollout_time_is_up() and all is well; or the warm life must go now */
    ROLLOUT_EV_COMPLETE,   /* every life is of the generation that is wanted; serving */
    ROLLOUT_EV_FAILED,     /* a life of the new generation: slot, cause */
    ROLLOUT_EV_PROMOTE,    /* operation */
    ROLLOUT_EV_CANCEL,     /* operation */
    ROLLOUT_EV_STOP,       /* the fleet stops */
    ROLLOUT_EV_DEPENDENCY, /* down */
    ROLLOUT_EV_STALLED,
    ROLLOUT_EV_TICK,
};

struct rollout_event {
    enum rollout_event_type type;
    usec_t now;
    usec_t patience; /* that replacing every life may take */
    uint64_t operation;
    uint64_t life;
    bool serving; /* COMPLETE: somebody does, or nobody needs to */
    bool down;
    enum worker_cause cause;
    bool unwatched; /* FAILED: while no instance of us ran */
    unsigned slot;
};

enum rollout_action_type {
    ROLLOUT_TELL_STATE, /* it changed */
    ROLLOUT_TELL_DONE,
    ROLLOUT_TELL_FAILED,
    ROLLOUT_TELL_ROLLED_BACK,
    ROLLOUT_TELL_SUPERSEDED,
    ROLLOUT_TELL_REFUSED, /* PROMOTE or CANCEL: `state` has nothing to promote or to cancel */
};

struct rollout_action {
    enum rollout_action_type type;
    enum rollout_state state;
    enum rollout_state before; /* TELL_STATE */
    uint64_t operation;        /* TELL_STATE: BEGIN's, 0 when it does not wait for a verdict */
    uint64_t steering;         /* TELL_STATE: as `operation` */
    uint64_t generation, from; /* then */
    usec_t took;               /* since BEGIN */
    enum worker_cause cause;
    unsigned slot;
};

enum { ROLLOUT_STEP_ACTIONS_MAX = 3 };

struct rollout_update {
    struct rollout next;
    struct rollout_action actions[ROLLOUT_STEP_ACTIONS_MAX];
    unsigned n_actions;
};

struct rollout rollout_initial(void);
struct rollout_update rollout_step(
    const struct rollout_conf *conf, struct rollout r, struct rollout_event ev);
usec_t rollout_deadline(struct rollout r);

/* Bake or KeepWarm has passed. */
bool rollout_time_is_up(struct rollout r);
/* Which generation a life gets that begins now, unless it is a canary. */
uint64_t rollout_proven(struct rollout r);
/* Whether a life of this generation shall not stay. */
bool rollout_is_wrong(struct rollout r, uint64_t generation);
/* Of the new generation while that is held: what is not verified yet is not begun again. */
bool rollout_is_held(struct rollout r, uint64_t generation);
/* The next number, and no way back: for a restart in place. */
struct rollout rollout_next_generation(struct rollout r);

/* Both at least 1: lives that a rollout may have beside the others, and canaries among them. */
unsigned rollout_surge(const struct rollout_conf *conf, unsigned n_workers);
unsigned rollout_canaries(const struct rollout_conf *conf, unsigned n_workers);

const char *rollout_state_name(enum rollout_state state);
