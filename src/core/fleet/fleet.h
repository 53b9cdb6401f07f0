/*
 * All slots of the agent together: how many workers shall exist, which of them may be replaced now,
 * and one operator's restart at a time. It owns the three machines of each slot (worker, restart,
 * prober), feeds each the others' results, and is the whole of the daemon's judgement about
 * workers: the shell performs actions and reports what came of them.
 *
 * A verified worker is activated at once. A worker that is not verified in time while the
 * dependency or a provider is down gets more time instead of a signal, and every starting one gets
 * its whole time anew when the dependency comes back or when we ourselves stalled (as does the
 * restart verb).
 *
 * A provider is down while a wanted worker says so of its own and none that serves has all that it
 * needs: one whose provider fails it alone is kept, degraded, and nobody else is held up by it. A
 * worker that is being proven is not believed against one that serves: see core/fleet/prober.h.
 *
 * Turns: a worker that still answers but shall be replaced (UNHEALTHY, ZOMBIE, an operator's
 * restart) waits, see fleet_pending(), while another wanted slot
 *   - is on its way down, unless it failed to boot,
 *   - waits for its retry after it was replaced itself, or
 *   - is starting, unless the life before it failed to boot.
 * A slot that waits for its retry after a failure of its own holds nobody up. The lowest slot goes
 * first. The verdict is dropped when the prober takes it back (passes again, or the dependency is
 * lost for everybody) or when the life ends first. A crash or a hang waits for nobody.
 *
 * The restart verb takes the wanted slots in order, each within `restart.deadline`: stop at its
 * turn, start at once (also a slot that was waiting for its retry), verify. A new life that ends
 * before it is verified fails the verb, with its cause; so does STOP (cause STOP) and the deadline
 * (cause NONE, the slot goes on as it may). The restart policy goes on in any case.
 *
 * RESIZE ends `stopping`: workers that are still on their way out are followed by new ones.
 *
 * SCALE is a RESIZE that somebody waits for, see fleet_obstacle() for when it is refused. It is
 * done when as many are verified as shall be and the surplus is gone, whose callers are waited for
 * as in a rollout. If it grows and a new life ends before it is verified, and neither an outage nor
 * a rollout may have done that, there are as many again as before it. A newer one, or a RESIZE to
 * another number, supersedes it.
 *
 * With conf.overlap workers are replaced by overlap instead, see rollout.h and fleet_overlap.c:
 * there are no turns and `restart` stays idle. Slots are seats no more: any slot may serve, be a
 * spare or be paused; a life that goes for good frees its slot, and a new life takes the lowest
 * free one. `overlap` may change only while no worker exists.
 *
 * RESUMED: the daemon died, or handed over, after it had saved this state and before it had done
 * all that the last step asked for. Probes in flight are lost. Whatever waits begins its wait anew,
 * but that for callers, KeepWarm and retries: their ends were promised. Who serves is told so again
 * at once (ACTIVATE), and SIGNAL_*, KILL_TREE of those on their way out; PAUSE only once every one
 * that serves was heard of, since it may be gone. The shell must be able to do all of these a
 * second time, and to a life without a process. Until then nobody who might have to stand in is
 * sent away either. Afterwards it tells what became of each life: SPAWNED, SPAWN_FAILED (no process
 * was found) or EXITED of one in spawning, EXITED of any other without a process, TREE_GONE as the
 * answer to KILL_TREE, DRAINED after PAUSE; then the dependency (one that was up is unknown until
 * then), and RESIZE. An end that nobody watched is a failure for the restart policy, but neither
 * begins a crash loop nor fails a rollout or the restart verb.
 *
 * Invariants (test/explore/fleet.c, test/explore/overlap.c, test/sim):
 * - A slot has at most one life; EXEC only while its worker is gone and the slot is wanted.
 * - Of the workers that still answer at most one at a time is being replaced (without overlap).
 * - With overlap: while fewer than n_workers serve no verified, healthy one is idle; the last that
 *   serves is paused only after another serves; there are at most n_workers + standby +
 *   fleet_surge() lives.
 * - While the dependency or a provider is down nothing is stopped for its sake.
 * - A restart verb that was not refused ends with one verdict, by `restart.deadline` of each slot
 *   (`rollout.deadline` with overlap, unless it is held for a person).
 * - Each STOP is answered by one TELL_ALL_GONE (one for several that overlap), unless a RESIZE
 *   came in between.
 */
#pragma once

#include "base/span.h"
#include "core/fleet/notify_message.h"
#include "core/fleet/prober.h"
#include "core/fleet/restart.h"
#include "core/fleet/rollout.h"
#include "core/fleet/worker.h"
#include "core/limits.h"
#include "core/watchdog.h"

#include <stdbool.h>
#include <stdint.h>

struct fleet_conf {
    struct worker_conf worker;
    struct restart_conf restart;
    struct prober_conf prober;
    struct rollout_conf rollout; /* overlap only */
    bool overlap;                /* lives can be verified and paused privately (Handover=) */
    unsigned standby; /* verified spares that are kept; overlap only, live at the next event */
};

struct fleet_slot {
    bool wanted;                  /* a worker shall exist here */
    bool drained;                 /* (draining) its last caller is gone */
    bool inherited;               /* its restart policy went on to the slot that replaces it */
    bool errors;                  /* ERRORS was reported of the present life */
    bool silent;                  /* its watchdog says that it hangs, and it is kept */
    bool unwatched;               /* since RESUMED: nothing was heard of the present life yet (of a
                                     paused one: it was not told so again) */
    enum worker_cause last_cause; /* why the life before the present one ended */
    uint64_t life;       /* number of the present or last life, unique over the fleet, from 1 */
    uint64_t generation; /* of that life, from 1; one more for each operator's restart */
    struct worker worker;
    struct restart restart;
    struct prober prober;
    struct watchdog watchdog;
};

/* An operator's restart: each wanted slot in turn is stopped, started and verified. */
enum fleet_restart_state { FLEET_RESTART_IDLE, FLEET_RESTART_STOPPING, FLEET_RESTART_STARTING };

/* An operator's wish for another number of workers; all 0: none is under way. */
struct fleet_scale {
    uint64_t operation; /* the asker's number, returned in the verdict */
    unsigned from;      /* so many shall there be again if the new ones fail */
    usec_t began_at;
};

struct fleet {
    unsigned n_workers; /* that shall serve */
    unsigned n_slots;   /* highest wanted slot + 1, or more while surplus workers are stopping */
    bool stopping;      /* every worker is to go and none to come */
    bool gone_told;     /* (stopping) TELL_ALL_GONE was said */
    enum dependency dependency;
    bool provider_down;             /* as far as the workers tell */
    bool keeps_hung, keeps_zombies; /* see KEEP */
    uint64_t next_life;
    struct {
        enum fleet_restart_state state;
        uint64_t operation; /* the asker's number, returned in the verdict */
        unsigned slot;
        usec_t began_at;
        usec_t deadline;    /* of the present slot; USEC_INFINITY when idle */
    } restart;              /* in place; idle with overlap */
    struct rollout rollout; /* with overlap; in any case it counts the generations */
    struct fleet_scale scale;
    struct fleet_slot slots[LIMIT_WORKERS];
};

#define FLEET_EVENTS(X)                                                                            \
    X(RESIZE)  /* n_workers slots are wanted; starts and stops follow. Also the first start */     \
    X(SCALE)   /* the same for `operation`, which gets a verdict; TELL_SCALE_REFUSED if something  \
                  stands against it */                                                             \
    X(STOP)    /* every worker goes (cause STOP) */                                                \
    X(KILL)    /* and at once */                                                                   \
    X(RESTART) /* an operator's restart: `operation`; REFUSED while stopping, and without overlap  \
                  if one runs (with overlap that one is superseded) */                             \
    X(CANCEL)  /* roll back what runs, is held or is kept warm; `operation`: see                   \
                  core/fleet/rollout.h */                                                          \
    X(PROMOTE) /* end Bake or KeepWarm now, or go on from hold; `operation` likewise */            \
    X(ERRORS)  /* slot, life: it shows errors that probes do not show. A rollout's new life fails  \
                  (cause ERRORS); of any other life, and in an outage, it means nothing */         \
    X(SPAWNED) /* slot, life, watchdog: the interval that it was told, 0: none */                  \
    X(SPAWN_FAILED) /* slot, life */                                                               \
    X(EXITED)       /* slot, life, exit */                                                         \
    X(TREE_GONE)    /* slot, life */                                                               \
    X(PROBED)       /* slot, life, seq, outcome */                                                 \
    X(NOTIFIED)     /* slot, life, wish: what the worker says of itself */                         \
    X(DRAINED)      /* slot, life: a paused worker has no connection left */                       \
    X(DEPENDENCY)   /* dependency */                                                               \
    X(KEEP)    /* keeps_hung, keeps_zombies: who hangs, or lost the dependency, is told of and     \
                  left alone, unless a rollout is to judge it; no more: it is replaced */          \
    X(RESUMED) /* this is what another instance of us left, see below; to be told first */         \
    X(STALLED) /* we did not run for a while, until `now` */                                       \
    X(TICK)

#define X(symbol) FLEET_EV_##symbol,
enum fleet_event_type { FLEET_EVENTS(X) };
#undef X

/* Events of a life that is over (another number) are ignored. */
struct fleet_event {
    enum fleet_event_type type;
    usec_t now;
    unsigned jitter; /* uniform in 0..1000, fresh for each event */
    unsigned slot;
    uint64_t life;
    unsigned n_workers;
    unsigned callers[LIMIT_WORKERS]; /* RESIZE, SCALE: of each slot, 0 where it is not known. Of
                                        those that are equally well the fewest are disturbed */
    uint64_t operation;
    struct exit_status exit;
    uint64_t seq;
    enum probe_outcome outcome;
    enum dependency dependency;
    bool keeps_hung, keeps_zombies;
    usec_t watchdog;
    struct notify_wish wish;
};

/* What the shell does (EXEC .. KILL_TREE), and what it tells the operator (TELL_*). */
#define FLEET_ACTIONS(X)                                                                           \
    X(EXEC)                                                                                        \
    X(PROBE)       /* seq */                                                                       \
    X(PROBE_STOP)  /* forget the probe in flight, if any */                                        \
    X(ACTIVATE)    /* let it take callers */                                                       \
    X(PAUSE)       /* let it take no new ones */                                                   \
    X(EVIDENCE)    /* collect what explains a hang, before the signal that follows */              \
    X(SIGNAL_STOP) /* KillSignal */                                                                \
    X(SIGNAL_ABRT)                                                                                 \
    X(KILL_TREE)                                                                                   \
    X(TELL_STARTED)      /* exec succeeded; took */                                                \
    X(TELL_VERIFIED)     /* took */                                                                \
    X(TELL_VERDICT)      /* verdict: suspect, recovered, degraded, unhealthy, hung, zombie */      \
    X(TELL_NOT_VERIFIED) /* TimeoutStartSec passed; took */                                        \
    X(TELL_WATCHDOG) /* it hangs by its own account; took: since its last WATCHDOG=1, 0: it said   \
                        so */                                                                      \
    X(TELL_LEAVING)  /* it ends by itself */                                                       \
    X(TELL_KILLED)   /* it ignored the signal before, or outlives SIGKILL; took: since that */     \
    X(TELL_ENDED)    /* the life is over: cause, exit, took (uptime) */                            \
    X(TELL_RETRY)    /* the next start waits: delay */                                             \
    X(TELL_LOOP_BEGAN)                                                                             \
    X(TELL_LOOP_ENDED)                                                                             \
    X(TELL_RESTARTED)       /* the verb's verdict: done; operation, took */                        \
    X(TELL_RESTART_FAILED)  /* the verb's verdict: slot and cause say what failed; operation */    \
    X(TELL_RESTART_REFUSED) /* one runs already, or the fleet is stopping; operation */            \
    X(TELL_RESTART_STEP)    /* progress: slot is next; operation */                                \
    X(TELL_RESTART_ROLLED_BACK) /* the verb's verdict: the old generation serves; slot, cause */   \
    X(TELL_RESTART_SUPERSEDED)  /* the verb's verdict: a newer one took over; operation */         \
    X(TELL_ROLLOUT) /* rollout changed (rollout_before): operation, steering, generation, from,    \
                       took; cause and slot of hold and back */                                    \
    X(TELL_ROLLOUT_REFUSED)  /* PROMOTE's or CANCEL's only answer: operation; rollout says why */  \
    X(TELL_SCALED)           /* SCALE's verdict: done; operation, took */                          \
    X(TELL_SCALE_FAILED)     /* SCALE's verdict: slot and cause say why there are as many again as \
                                before, or cause STOP; operation, took */                          \
    X(TELL_SCALE_SUPERSEDED) /* SCALE's verdict: a newer number counts; operation */               \
    X(TELL_SCALE_REFUSED)    /* SCALE's only answer: operation */                                  \
    X(TELL_ALL_GONE)         /* after STOP: no process is left */

#define X(symbol) FLEET_DO_##symbol,
enum fleet_action_type { FLEET_ACTIONS(X) };
#undef X

struct fleet_action {
    enum fleet_action_type type;
    unsigned slot;
    uint64_t life;
    uint64_t seq;                /* PROBE */
    usec_t took;                 /* TELL_VERIFIED, ..: duration */
    usec_t delay;                /* TELL_RETRY */
    enum worker_cause cause;     /* TELL_ENDED, TELL_LOOP_BEGAN, TELL_RESTART_FAILED */
    enum prober_verdict verdict; /* TELL_VERDICT */
    bool kept;                   /* TELL_VERDICT, TELL_WATCHDOG: nothing follows */
    struct exit_status exit;     /* TELL_ENDED, TELL_LOOP_BEGAN, TELL_RESTART_FAILED in place */
    uint64_t operation;          /* TELL_RESTART*, TELL_ROLLOUT* (0: nobody waits) */
    uint64_t steering;           /* TELL_ROLLOUT, TELL_RESTART_STEP: waits as well (0: nobody) */
    uint64_t generation;         /* the rollout's in TELL_ROLLOUT and verdicts, else the life's */
    uint64_t from;               /* with the rollout's: where back and hold lead or stay */
    enum rollout_state rollout;  /* TELL_ROLLOUT* */
    enum rollout_state rollout_before;
    unsigned failures;     /* TELL_LOOP_BEGAN, TELL_RETRY: in a row */
    unsigned workers;      /* TELL_SCALE*: so many were asked for */
    unsigned workers_from; /* and so many there were before */
};

/* More than any event can cause: a few for every slot. */
enum { FLEET_ACTIONS_MAX = 10 * LIMIT_WORKERS };

struct fleet_update {
    struct fleet_action actions[FLEET_ACTIONS_MAX];
    unsigned n_actions;
};

void fleet_init(struct fleet *f);

/* Changes *f in place (it is large) and writes the actions, in order, to *out. */
void fleet_step(const struct fleet_conf *conf, struct fleet *f, const struct fleet_event *ev,
    struct fleet_update *out);

/* When a TICK is due; USEC_INFINITY if never. */
usec_t fleet_deadline(const struct fleet *f);

/* Workers that are verified and take callers. */
unsigned fleet_serving(const struct fleet *f);

/* Workers that are kept although they hang (cause HANG) or lost the dependency (ZOMBIE). */
unsigned fleet_kept(const struct fleet *f, enum worker_cause cause);

/* Workers that serve, without those that hang and are kept: nobody hears from them. */
unsigned fleet_answering(const struct fleet *f);

/* Why the slot's worker shall be replaced when it is its turn; WORKER_CAUSE_NONE: it shall not. */
enum worker_cause fleet_pending(const struct fleet *f, unsigned slot);

/* Workers that shall serve: none while stopping. */
unsigned fleet_wanted(const struct fleet *f);

/* What stands against SCALE to `n` workers. */
enum fleet_obstacle {
    FLEET_OBSTACLE_NONE,
    FLEET_OBSTACLE_STOPPED,  /* every worker is gone or to go */
    FLEET_OBSTACLE_REPLACED, /* workers are being replaced: a rollout, a restart in place */
    FLEET_OBSTACLE_IN_PLACE, /* one that would stay does not serve, and no other can stay in its
                                stead */
};

enum fleet_obstacle fleet_obstacle(
    const struct fleet_conf *conf, const struct fleet *f, unsigned n);

/* Lives that there may be beside n_workers + standby. */
unsigned fleet_surge(const struct fleet_conf *conf, const struct fleet *f);

const char *fleet_event_name(enum fleet_event_type type);
const char *fleet_action_name(enum fleet_action_type type);
