/*
 * Waiting for callers before the workers are stopped.
 *
 *   open ─BEGIN→ lingering ─Linger→ waiting ─no caller│deadline│HURRY→ stopping ─ALL_GONE→ drained
 *     ↑              │                  │                                 │                    │
 *     └──────────────┴──────RESUME──────┴─────────────────────────────────┴────────────────────┘
 *
 * While lingering, `/readyz` says 503 and new callers are still served, so that balancers notice.
 * Callers are counted from BEGIN on, once in CountInterval, and not before half of it has passed
 * since the count before ended; only a count that began after Linger
 * ends the wait, since callers still came before. A kind that cannot be counted now (Redis is down)
 * is unknown: the last known number stands, and none at all keeps us waiting, until that is older
 * than `stale_after`; then it counts as zero and stays marked unknown, so that the event can say
 * so. A second BEGIN with an earlier deadline shortens, a later one changes nothing; one with
 * stop_daemon makes the daemon end, also when drained already. HURRY and the deadline end Linger
 * too; where nobody was counted yet, HURRY waits for the first count, at most `first_count`, since
 * who is cut has a name. RESUME while stopping opens at once: workers that are still going are
 * followed by new ones.
 *
 * TAKEN_OVER: the daemon died, or handed over, after it had saved this state and before it had done
 * all that the last step asked for. The deadline stands; a count that was under way is lost. START
 * is told where workers shall exist, also if they do: their number may be another one now.
 */
#pragma once

#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

#define DRAIN_STATES(X)                                                                            \
    X(OPEN, "open")                                                                                \
    X(LINGERING, "lingering")                                                                      \
    X(WAITING, "waiting")                                                                          \
    X(STOPPING, "stopping")                                                                        \
    X(DRAINED, "drained")

#define X(symbol, name) DRAIN_##symbol,
enum drain_state { DRAIN_STATES(X) };
#undef X

struct drain_conf {
    usec_t linger;
    usec_t timeout; /* from BEGIN; callers left then are cut. USEC_INFINITY: wait for ever */
    usec_t count_interval;
    usec_t stale_after;
    usec_t first_count; /* > 0: at most so long HURRY waits for the first count */
    bool wait_connections;
    bool wait_tasks;
    bool wait_sessions;
};

/* One count of callers; a kind that could not be counted has known = false. */
struct callers {
    struct {
        bool known;
        uint64_t n;
    } connections, tasks, sessions;
};

struct drain {
    enum drain_state state;
    bool stop_daemon; /* the daemon ends when drained (SIGTERM), else it stays (`drain`) */
    bool counting;    /* a count is under way */
    bool counted;     /* one has ended since BEGIN */
    bool hurried;     /* only the first count is waited for */
    usec_t began_at;
    usec_t linger_until;
    usec_t deadline;       /* USEC_INFINITY: none */
    usec_t count_began_at; /* the latest count */
    usec_t next_count_at;
    struct callers callers; /* the latest known numbers, by kind */
    struct {
        usec_t connections, tasks, sessions;
    } known_at;           /* when each was last known, BEGIN at first; for stale_after */
    uint64_t waiting_for; /* sum over the kinds that are waited for */
    uint64_t cut;         /* callers left when the wait ended */
};

enum drain_event_type {
    DRAIN_EV_BEGIN,      /* stop_daemon tells SIGTERM from the verb */
    DRAIN_EV_HURRY,      /* a second signal: stop waiting now */
    DRAIN_EV_RESUME,     /* refused (no change) once stop_daemon was asked for */
    DRAIN_EV_COUNTED,    /* callers */
    DRAIN_EV_ALL_GONE,   /* no worker is left */
    DRAIN_EV_TAKEN_OVER, /* by another instance of us; what may not have been done is told again */
    DRAIN_EV_TICK,
};

struct drain_event {
    enum drain_event_type type;
    usec_t now;
    bool stop_daemon;       /* BEGIN */
    struct callers callers; /* COUNTED */
};

#define DRAIN_ACTIONS(X)                                                                           \
    X(COUNT)     /* count the callers, answer with COUNTED */                                      \
    X(BEGAN)     /* tell: not ready any more */                                                    \
    X(PROGRESS)  /* tell: n callers, t left */                                                     \
    X(CUT)       /* tell: the wait ended with callers left; name them */                           \
    X(STOP)      /* stop every worker */                                                           \
    X(DONE)      /* tell: drained */                                                               \
    X(EXIT)      /* the daemon may end */                                                          \
    X(CANCELLED) /* tell: open again */                                                            \
    X(START)     /* start the workers again (RESUME after they were stopped, TAKEN_OVER) */

#define X(symbol) DRAIN_DO_##symbol,
enum drain_action { DRAIN_ACTIONS(X) };
#undef X

enum { DRAIN_STEP_ACTIONS_MAX = 4 };

struct drain_update {
    struct drain next;
    enum drain_action actions[DRAIN_STEP_ACTIONS_MAX];
    unsigned n_actions;
};

struct drain drain_initial(void);
struct drain_update drain_step(
    const struct drain_conf *conf, struct drain d, struct drain_event ev);
usec_t drain_deadline(struct drain d);
const char *drain_state_name(enum drain_state state);
const char *drain_action_name(enum drain_action action);
