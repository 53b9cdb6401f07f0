/*
 * The shell of the fleet: takes an event, lets core/fleet decide, performs the actions in order,
 * queues what they produced, and arms one timer for the next deadline.
 */
#pragma once

#include "core/config/config.h"
#include "core/fleet/fleet.h"
#include "core/saved/saved.h"
#include "daemon/workers/slot.h"

struct connections;
struct credentials;
struct supervisor;

/* What the fleet has to tell, in order, after the machine has moved on. */
typedef void supervisor_told_fn(const struct fleet_action *told, void *arg);

struct supervisor_spec {
    struct loop *loop;
    struct http_client *http;
    struct connections *connections;       /* borrowed */
    struct cgroup *cgroup;                 /* NULL: none; borrowed */
    const struct front *front;             /* borrowed */
    const struct credentials *credentials; /* NULL: none; borrowed */
    const struct config *config;           /* borrowed until supervisor_configure() */
    struct keep *keep;                     /* what outlives us; NULL: nothing does; borrowed */
    uint64_t lineage;                      /* see slot.h */
    supervisor_told_fn *on_told;
    /* The state moved on: it is to be saved before what follows from it is done. NULL: nobody asks.
     */
    void (*on_decided)(void *arg);
    /* A round of probes ended; a paused worker has lost its last connection. NULL: nobody asks. */
    void (*on_probed)(enum probe_outcome outcome, usec_t took, void *arg);
    void (*on_handed_over)(usec_t took, void *arg);
    /* A line of a worker that goes to the log: takes note only. NULL: nobody asks. */
    void (*on_line)(unsigned slot, const char *text, size_t len, void *arg);
    /*
     * A worker did not answer in time. True: it is being found out whether its dependency does, and
     * supervisor_silence_judged() will be called. NULL: there is none.
     */
    bool (*on_silent)(void *arg);
    void *arg;
};

/* Returns owned, or NULL when memory is out. Nothing is started yet. */
struct supervisor *supervisor_new(const struct supervisor_spec *spec);

/* What lives is left alone: free it after TELL_ALL_GONE. NULL is fine. */
void supervisor_free(struct supervisor *s);

/* From now on decisions and new lives follow `config`. */
void supervisor_configure(struct supervisor *s, const struct config *config);

/*
 * While a restart with a new configuration has no verdict, lives of the generation before it begin
 * by `previous` (borrowed until the next call; NULL ends that).
 */
void supervisor_keep_previous(struct supervisor *s, const struct config *previous);

/* Puts the fleet and its processes into *out. */
void supervisor_save(const struct supervisor *s, struct saved *out);

/*
 * Goes on with what a former instance saved, instead of supervisor_start(), which is to follow. The
 * verdict of a restart that was under way comes with its number.
 */
void supervisor_resume(struct supervisor *s, const struct saved *former);

/* Starts as many workers as there shall be, or adjusts to that. */
void supervisor_start(struct supervisor *s);

/*
 * From now on there shall be as many workers as `wish` (copied) says, as long as Workers= stays
 * what it is; with `wish->workers` 0 as many as Workers= says. Of fewer, those go that have the
 * fewest callers, as `connections` were told last. The verdict comes as TELL_SCALED,
 * _SCALE_FAILED, _SCALE_SUPERSEDED or _SCALE_REFUSED with this number. After a failure the wish
 * before is back.
 */
void supervisor_scale(struct supervisor *s, const struct saved_wish *wish, uint64_t operation);

/* What stands against it. */
enum fleet_obstacle supervisor_obstacle(const struct supervisor *s, unsigned n);

/* The last wish: its `workers` are 0 if there is none. It may be for another Workers=. */
const struct saved_wish *supervisor_wish(const struct supervisor *s);
void supervisor_forget_wish(struct supervisor *s);

/* Whether the wish is for the configuration in force, and how many workers there shall be by both.
 */
bool supervisor_is_scaled(const struct supervisor *s);
unsigned supervisor_workers(const struct supervisor *s);

/*
 * While `held_off` nobody takes new callers, if somebody keeps them for later: with a socket of the
 * service manager they wait for the next start. Returns whether it is so.
 */
bool supervisor_hold_off(struct supervisor *s, bool held_off);

/* Whether every worker has said that it takes no new callers. */
bool supervisor_is_held_off(const struct supervisor *s);

void supervisor_stop(struct supervisor *s);
void supervisor_kill(struct supervisor *s);

/* The verdict comes as TELL_RESTARTED, _FAILED or _REFUSED with this number. */
void supervisor_restart(struct supervisor *s, uint64_t operation);

/* They are answered by a verdict as above, or by TELL_ROLLOUT_REFUSED. */
void supervisor_cancel(struct supervisor *s, uint64_t operation);
void supervisor_promote(struct supervisor *s, uint64_t operation);

/* The slot's present life shows errors that its probes do not show. */
void supervisor_errors(struct supervisor *s, unsigned slot);

/* Whether new lives are verified beside the old ones: then there are rollouts. */
bool supervisor_overlaps(const struct supervisor *s);

/* Who hangs, or lost the dependency, is left alone for now; no more: it is replaced. */
void supervisor_keep(struct supervisor *s, bool hung, bool zombies);

void supervisor_dependency(struct supervisor *s, enum dependency dependency);

/* What on_silent() began is found out, and was told by supervisor_dependency(). */
void supervisor_silence_judged(struct supervisor *s);
void supervisor_stalled(struct supervisor *s);

const struct fleet *supervisor_fleet(const struct supervisor *s);
const struct slot *supervisor_slot(const struct supervisor *s, unsigned index);
