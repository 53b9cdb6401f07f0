/*
 * One life of one worker, from spawn to gone. A slot of the fleet has one life after another.
 *
 *                 SPAWNED          VERIFIED          ACTIVATE
 *   gone ─SPAWN→ spawning ─────→ starting ─────→ standby ─────→ serving
 *                   │               │               │              │ DRAIN ↑ ACTIVATE
 *                   │ SPAWN_FAILED  │ deadline,     │ FAILED, STOP │→ draining
 *                   ↓               │ FAILED, STOP  ↓              ↓    │ DRAINED, deadline
 *                 gone ←───────── stopping ←────────┴──────────────┴────┘
 *                   ↑ TREE_GONE     │ deadline: KILL_TREE
 *                   └───────────── killed
 *
 * Invariants (test/explore/worker.c enforces them over every reachable state):
 * - EXEC is asked for only in `gone`; so there is at most one process a life.
 * - A signal is asked for only while the main process is known to be alive (after SPAWNED, before
 *   EXITED). KILL_TREE may come in every state but `gone`: after EXITED, since grandchildren can be
 *   left, and before SPAWNED, when exec itself takes too long.
 * - Every EXITED is followed by one KILL_TREE, which the hands answer with TREE_GONE, also when
 *   nothing was left. A life that ended by itself passes through `killed` for that moment.
 * - `gone` is entered only when no process of the life is left.
 * - Every state but gone, standby and serving has a deadline; from each of them `gone` is reached
 *   whatever the process does, as long as SIGKILL works.
 * - The wish to stop may come in any state, also before SPAWNED, and is never lost.
 * - The first cause stands: what a worker does while it is being ended does not change why.
 *
 * A worker that leaves by itself is stopping, without a signal: it has DrainTimeout for its
 * callers, then KillSignal is due, which a STOP brings at once. It ended in good order only if it
 * ended by itself with exit code 0; else what it did is a crash like any other.
 *
 * The deadline of spawning and starting is StartTimeout after SPAWN: kill when exec is still under
 * way, else the stop signal. POSTPONE restarts it, in starting only: exec needs no dependency.
 *
 * RESUMED begins every wait anew but that for callers, whose end was promised. It asks again for
 * ACTIVATED, PAUSED and the signal of `stopping`, and KILL_TREE; for PAUSED of a worker that goes on
 * the fleet does, in its own time.
 */
#pragma once

#include "base/span.h"

#include <stdbool.h>

#define WORKER_STATES(X)                                                                           \
    X(GONE, "gone")         /* no process */                                                       \
    X(SPAWNING, "spawning") /* exec under way */                                                   \
    X(STARTING, "starting") /* running, not yet verified */                                        \
    X(STANDBY, "standby")   /* verified, takes no callers */                                       \
    X(SERVING, "serving")   /* verified, takes callers */                                          \
    X(DRAINING, "draining") /* takes no new callers, finishes its own */                           \
    X(STOPPING, "stopping") /* told to stop (KillSignal, or SIGABRT when hung) */                  \
    X(KILLED, "killed")     /* SIGKILL sent to the whole tree */

/* Why a life ended, or is being ended. The restart policy keeps a budget for each. */
#define WORKER_CAUSES(X)                                                                           \
    X(NONE, "none")                                                                                \
    X(SPAWN, "spawn-failed") /* exec failed */                                                     \
    X(BOOT, "boot")          /* exited, or was not verified in time, before it was verified */     \
    X(CRASH, "crash")        /* exited by itself after it was verified */                          \
    X(OOM, "oom")            /* killed by the kernel for memory */                                 \
    X(HANG, "hang")          /* did not answer */                                                  \
    X(UNHEALTHY, "unhealthy")                                                                      \
    X(ERRORS, "errors")   /* showed errors that its probes do not show, in a rollout */            \
    X(ZOMBIE, "zombie")   /* lost a dependency that is there */                                    \
    X(LEFT, "left")       /* it told us that it ends by itself, and did in good order */           \
    X(RESTART, "restart") /* an operator's wish */                                                 \
    X(STOP, "stop")       /* drain, shutdown or scaling down */

#define X(symbol, name) WORKER_##symbol,
enum worker_state { WORKER_STATES(X) };
#undef X
#define X(symbol, name) WORKER_CAUSE_##symbol,
enum worker_cause { WORKER_CAUSES(X) WORKER_CAUSE_COUNT };
#undef X

/* How a process ended, as waitid(2) tells; `known` is false for an adopted one on an old kernel. */
struct exit_status {
    bool known;
    bool signaled;
    bool core_dumped;
    bool oom; /* our cgroup counted an OOM kill */
    int code; /* exit code, or the signal's number */
};

struct worker_conf {
    usec_t start_timeout; /* spawning and starting together */
    usec_t drain_timeout;
    usec_t stop_timeout;  /* after KillSignal */
    usec_t abort_timeout; /* after SIGABRT to a hung worker */
    usec_t kill_timeout;  /* after SIGKILL, before the kill is repeated and reported */
};

struct worker {
    enum worker_state state;
    enum worker_cause cause; /* of the end; NONE while nothing speaks against it */
    bool alive;              /* the main process runs as far as we know */
    bool stop_wanted;        /* STOP or FAILED came before it could be acted upon */
    bool leaving;            /* (stopping) it ends by itself, no signal was sent yet */
    bool exited;             /* EXITED was seen in this life: a late SPAWNED changes nothing */
    struct exit_status exit; /* of the last life, once it ended */
    usec_t started_at;       /* SPAWN */
    usec_t verified_at;      /* 0: not verified in this life */
    usec_t since;            /* entry into `state` */
    usec_t deadline;         /* of `state`, USEC_INFINITY if none */
};

#define WORKER_EVENTS(X)                                                                           \
    X(SPAWN)        /* begin a life (only in gone) */                                              \
    X(SPAWNED)      /* exec succeeded */                                                           \
    X(SPAWN_FAILED) /* exec failed; no process */                                                  \
    X(VERIFIED)     /* the prober is satisfied */                                                  \
    X(ACTIVATE)     /* standby or draining -> serving: a paused worker is as good as a spare */    \
    X(DRAIN)        /* serving -> draining; `cause` says why, NONE: nothing speaks against it */   \
    X(DRAINED)      /* its last caller is gone */                                                  \
    X(STOP)         /* end this life in good order; `cause` says why */                            \
    X(FAILED)       /* the prober gave it up; `cause` is HANG, UNHEALTHY, ZOMBIE or BOOT */        \
    X(KILL)         /* end this life now */                                                        \
    X(LEAVING)   /* it says that it ends by itself: no new callers, and no signal for a while */   \
    X(EXTEND)    /* it asks for `patience` from now on; heard while starting only */               \
    X(EXITED)    /* the main process ended; `exit` says how */                                     \
    X(TREE_GONE) /* no process of the tree is left; counts only after EXITED */                    \
    X(POSTPONE)  /* a dependency is down: restart the deadline of starting */                      \
    X(RESUMED)   /* another instance of us took over: what may not have been done of what was      \
                    asked for is asked for again */                                                \
    X(TICK)      /* time passed */

#define X(symbol) WORKER_EV_##symbol,
enum worker_event_type { WORKER_EVENTS(X) };
#undef X

struct worker_event {
    enum worker_event_type type;
    usec_t now;
    enum worker_cause cause; /* STOP, FAILED, DRAIN */
    usec_t patience;         /* EXTEND */
    struct exit_status exit; /* EXITED */
};

#define WORKER_ACTIONS(X)                                                                          \
    X(EXEC)                                                                                        \
    X(PROBE)       /* begin to verify */                                                           \
    X(PROBE_STOP)  /* no probe any more */                                                         \
    X(ACTIVATED)   /* tell: it may take callers */                                                 \
    X(PAUSED)      /* tell: it must take no new ones */                                            \
    X(EVIDENCE)    /* collect what a person needs to understand a hang, before the signal */       \
    X(SIGNAL_STOP) /* KillSignal to the main process */                                            \
    X(SIGNAL_ABRT) /* SIGABRT to the main process */                                               \
    X(KILL_TREE)   /* SIGKILL to everything of this life */                                        \
    X(ENDED)       /* tell: the life is over, state is gone */

#define X(symbol) WORKER_DO_##symbol,
enum worker_action { WORKER_ACTIONS(X) };
#undef X

enum { WORKER_STEP_ACTIONS_MAX = 4 };

struct worker_update {
    struct worker next;
    enum worker_action actions[WORKER_STEP_ACTIONS_MAX];
    unsigned n_actions;
};

/* `gone`, nothing known. */
struct worker worker_initial(void);

struct worker_update worker_step(
    const struct worker_conf *conf, struct worker w, struct worker_event ev);

/* Whether a life in this state goes on: it has begun, and nothing ends it yet. */
bool worker_is_live(enum worker_state state);

/* When a TICK is due; USEC_INFINITY if never. */
usec_t worker_deadline(struct worker w);

const char *worker_state_name(enum worker_state state);
const char *worker_cause_name(enum worker_cause cause);
const char *worker_event_name(enum worker_event_type type);
const char *worker_action_name(enum worker_action action);

/* "exit code 7", "signal 9 (SIGKILL)", "unknown"; into `buf`, returned. */
enum { EXIT_STATUS_TEXT_MAX = 64 };
const char *exit_status_text(struct exit_status status, char buf[EXIT_STATUS_TEXT_MAX]);
