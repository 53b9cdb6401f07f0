/*
 * The restart policy of one slot: when the next life may begin.
 *
 *   first failure                        -> at once
 *   n-th failure in a row, same cause    -> Delay x Multiplier^(n-2), at most MaxDelay, + jitter
 *   StableAfter of verified life         -> every counter back to zero
 *   RESTART, STOP, ZOMBIE's first        -> at once, and no counter moves for RESTART and STOP
 *
 * Each cause has its own counter, so that a hang does not pay for a boot failure. The cap is
 * applied before the jitter. An end for RESTART also ends the wait of a slot that is down already.
 * CANCEL forgets everything but the count of restarts, and ends a crash loop. A slot is never given
 * up: retries go on at MaxDelay for ever. `loop_after` failures in a row, of whatever cause, are a
 * crash loop: it is told once when it begins and once when it ends. An end that nobody watched
 * counts for the delay, but no loop begins with it: what happened meanwhile is not known.
 */
#pragma once

#include "base/span.h"
#include "core/fleet/worker.h"

#include <stdbool.h>

struct restart_conf {
    usec_t delay;      /* of the second restart in a row */
    double multiplier; /* >= 1 */
    usec_t max_delay;
    unsigned jitter;     /* per cent of the delay that may be added, 0..100 */
    usec_t stable_after; /* of verified life */
    unsigned loop_after; /* failures in a row, >= 2 */
};

struct restart {
    unsigned failures[WORKER_CAUSE_COUNT]; /* in a row, by cause */
    unsigned failures_in_row;              /* of any cause */
    bool looping;
    usec_t next_at;    /* start due then; USEC_INFINITY: none waits */
    usec_t stable_at;  /* counters reset then; USEC_INFINITY: no verified life */
    usec_t last_delay; /* that was chosen */
    uint64_t restarts; /* ever */
};

enum restart_event_type {
    RESTART_EV_ENDED,    /* a life ended: cause */
    RESTART_EV_VERIFIED, /* the new life is verified */
    RESTART_EV_CANCEL,   /* the slot shall stay down */
    RESTART_EV_TICK,
};

struct restart_event {
    enum restart_event_type type;
    usec_t now;
    enum worker_cause cause; /* ENDED */
    bool unwatched;          /* ENDED: while no instance of us ran */
    unsigned jitter;         /* ENDED: uniform in 0..1000 */
};

struct restart_update {
    struct restart next;
    bool start; /* begin a life now */
    bool wait;  /* a start waits until next.next_at */
    bool loop_began;
    bool loop_ended;
};

struct restart restart_initial(void);
struct restart_update restart_step(
    const struct restart_conf *conf, struct restart r, struct restart_event ev);
usec_t restart_deadline(struct restart r);
