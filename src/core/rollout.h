/*
 * One rollout: how a fleet of overlapping lives goes from one generation to the next, and back.
 *
 *         BEGIN        SWITCHED         SETTLED          COMPLETE        SETTLED
 *   idle ──────→ canary ──────→ baking ────────→ rolling ────────→ warm ────────→ idle
 *                  │  ↑ excused   │                 │                │
 *                  │  └───────────┤                 │                │
 *                  │ FAILED, CANCEL, deadline       │                │ FAILED, CANCEL
 *                  └──────────────┴──→ back ←───────┴────────────────┘
 *                                       └─ COMPLETE, deadline ──────────────────→ idle
 *
 * canary   one life of the new generation is begun beside the others and verified privately
 * baking   it serves; the life that it replaced is paused and warm. Bake must pass
 * rolling  the others follow, one at a time
 * warm     the verdict is given; the last old life stays paused and warm for KeepWarm
 * back     the old generation takes over again: what is warm at once, the rest by cold starts
 *
 * It knows phases, deadlines and verdicts; which slot begins, serves and goes is decided in
 * fleet_overlap.c, which tells what came of it. BEGIN in any state supersedes: the older verb ends
 * at once, and the generation to go back to stays the last one that was proven.
 *
 * While the dependency is down the rollout is held: no deadline runs, and a failure is excused (a
 * lost canary is begun once more). When the dependency returns, and when we ourselves stalled,
 * deadlines and Bake begin anew. A zombie is excused in any case: an outage made it.
 *
 * Invariants (test/unit/rollout.c, test/explore/overlap.c):
 * - Each BEGIN is answered by exactly one of DONE, FAILED, ROLLED_BACK, SUPERSEDED.
 * - Every state but idle has a deadline unless it is held; warm's may wait for a stand-in to end.
 * - A generation number is used once.
 */
#pragma once

#include "base/span.h"
#include "core/worker.h"

#include <stdbool.h>
#include <stdint.h>

#define ROLLOUT_STATES(X)                                                                          \
    X(IDLE, "idle")                                                                                \
    X(CANARY, "canary")                                                                            \
    X(BAKING, "baking")                                                                            \
    X(ROLLING, "rolling")                                                                          \
    X(WARM, "warm")                                                                                \
    X(BACK, "back")

#define X(symbol, name) ROLLOUT_##symbol,
enum rollout_state { ROLLOUT_STATES(X) };
#undef X

struct rollout_conf {
    usec_t bake;      /* of the canary, under callers */
    usec_t keep_warm; /* of the last old life, after the last switch */
};

struct rollout {
    enum rollout_state state;
    bool owed;           /* `operation` has no verdict yet */
    bool held;           /* the dependency is down */
    uint64_t operation;  /* the asker's number */
    uint64_t latest;     /* generation number given last, from 1 */
    uint64_t generation; /* the present one, or the one that is being rolled out */
    uint64_t from;       /* where a failure leads back to; counts in canary, baking .. back */
    uint64_t warm_life;  /* of the life that was replaced last; 0: none */
    usec_t began_at;
    usec_t switched_at;      /* that replacement */
    usec_t until;            /* end of Bake or KeepWarm; USEC_INFINITY: passed, or none runs */
    usec_t deadline;         /* then: back, or the end of trying to get back */
    enum worker_cause cause; /* what led back; NONE: the deadline, RESTART: an operator */
    unsigned slot;           /* which slot's life did */
};

enum rollout_event_type {
    ROLLOUT_EV_BEGIN,      /* operation */
    ROLLOUT_EV_SWITCHED,   /* the canary serves */
    ROLLOUT_EV_REPLACED,   /* life: an old one takes no new callers any more */
    ROLLOUT_EV_SETTLED,    /* rollout_time_is_up() and all is well; or the warm life must go now */
    ROLLOUT_EV_COMPLETE,   /* every life is of the generation that is wanted; serving */
    ROLLOUT_EV_FAILED,     /* a life of the new generation: slot, cause */
    ROLLOUT_EV_CANCEL,     /* in warm `operation` gets the verdict, else that of BEGIN counts */
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
    unsigned slot;
};

enum rollout_action_type {
    ROLLOUT_TELL_STATE, /* it changed */
    ROLLOUT_TELL_DONE,
    ROLLOUT_TELL_FAILED,
    ROLLOUT_TELL_ROLLED_BACK,
    ROLLOUT_TELL_SUPERSEDED,
};

struct rollout_action {
    enum rollout_action_type type;
    enum rollout_state state;
    uint64_t operation; /* TELL_STATE: 0 when nobody waits for a verdict */
    usec_t took;
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
/* Which generation a life gets that begins now, unless it is the canary. */
uint64_t rollout_proven(struct rollout r);
/* Whether a life of this generation shall not stay. */
bool rollout_is_wrong(struct rollout r, uint64_t generation);
/* A restart in place: the next number, and no way back. */
struct rollout rollout_next_generation(struct rollout r);

const char *rollout_state_name(enum rollout_state state);
