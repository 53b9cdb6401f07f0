/* What the parts of the fleet share: fleet.c (events, queries), fleet_slot.c (the machines of one
 * slot), fleet_turn.c (who may be replaced now, and the restart verb, in place), fleet_notify.c
 * (what workers say of themselves), fleet_provider.c (who has its providers), fleet_overlap.c (who
 * serves, is spare, or goes, when lives overlap), fleet_rollout.c (what that tells the rollout and
 * what the rollout tells the shell), fleet_scale.c (another number of workers), fleet_resume.c (a
 * new instance of us). */
#pragma once

#include "core/fleet/fleet.h"

/* One step in progress. */
struct fleet_ctx {
    const struct fleet_conf *conf;
    struct fleet *f;
    struct fleet_update *out;
    usec_t now;
    unsigned jitter;
    const unsigned *callers; /* of each slot, as far as the event says */
    struct {
        bool failed; /* in this step; the verdict follows when all of it is known */
        unsigned slot;
        enum worker_cause cause;
    } scale;
};

/* Appends an action about the slot's present life; fill in what else it carries. */
struct fleet_action *fleet_act(struct fleet_ctx *c, enum fleet_action_type type, unsigned slot);

/* fleet_slot.c */
void fleet_slot_init(struct fleet_slot *slot);
void fleet_slot_start(struct fleet_ctx *c, unsigned slot, uint64_t generation);
void fleet_slot_worker(struct fleet_ctx *c, unsigned slot, struct worker_event ev);
void fleet_slot_prober(struct fleet_ctx *c, unsigned slot, struct prober_event ev);
/* Starts the slot now if it waits for a retry. */
void fleet_slot_hasten(struct fleet_ctx *c, unsigned slot);
/* The slot shall stay down: ends its life and its wait. */
void fleet_slot_dismiss(struct fleet_ctx *c, unsigned slot, enum worker_event_type how);
/* The same for a slot whose life goes in its own time, or is gone: no further one is begun. */
void fleet_slot_release(struct fleet_ctx *c, unsigned slot);
/* The failure of `from`'s life is counted, and the next life begun, in `slot`. */
void fleet_slot_inherit(struct fleet_ctx *c, unsigned slot, unsigned from, enum worker_cause cause);
/* When the worker's state has lasted too long; a paused one that is kept warm has no limit. */
usec_t fleet_slot_patience_until(const struct fleet *f, unsigned slot);
/* Lets every deadline of the slot that is due take effect. */
void fleet_slot_tick(struct fleet_ctx *c, unsigned slot);

/* fleet_turn.c */
void fleet_turn_give(struct fleet_ctx *c);
void fleet_restart_begin(struct fleet_ctx *c, uint64_t operation);
void fleet_restart_fail(struct fleet_ctx *c, enum worker_cause cause);
void fleet_restart_on_verified(struct fleet_ctx *c, unsigned slot);
/* The life of a wanted slot ended. Returns whether the verb wants the next one begun at once. */
bool fleet_restart_on_ended(struct fleet_ctx *c, unsigned slot, enum worker_cause cause);
/* We did not run for a while: the verb's present slot gets its whole time anew. */
void fleet_restart_postpone(struct fleet_ctx *c);
void fleet_restart_tick(struct fleet_ctx *c);

/* fleet_notify.c: what workers say of themselves. */
void fleet_notify_heard(struct fleet_ctx *c, unsigned slot, const struct notify_wish *wish);
/* Its watchdog's deadline, if it is due, takes effect. */
void fleet_notify_tick(struct fleet_ctx *c, unsigned slot);

/* fleet_keep.c: who is left alone although it is not well. */
bool fleet_keeps(const struct fleet *f, const struct fleet_slot *s, enum worker_cause cause);
bool fleet_is_kept(const struct fleet *f, const struct fleet_slot *s);
/* Those who hang and are kept no more. */
void fleet_keep_end(struct fleet_ctx *c);

/* fleet_provider.c: whether providers are there, as far as workers tell by their probes. */
void fleet_provider_probed(struct fleet_ctx *c, const struct fleet_event *ev);
/* Finds out whether a provider is down; what changes is told to the rollout. */
void fleet_provider_look(struct fleet_ctx *c);
/* The slot's worker is not verified in time, but that may be a provider's fault. */
bool fleet_provider_excuses(const struct fleet *f, unsigned slot);

/* fleet.c: so many shall there be from now on. */
void fleet_resize(struct fleet_ctx *c, unsigned n);

/* fleet_scale.c */
void fleet_scale_begin(struct fleet_ctx *c, const struct fleet_event *ev);
/* Somebody else says how many there shall be. */
void fleet_scale_supersede(struct fleet_ctx *c);
void fleet_scale_stop(struct fleet_ctx *c);
/* The life of a wanted slot ended. Returns whether the slot is given up with it. */
bool fleet_scale_on_ended(struct fleet_ctx *c, unsigned slot);
/* If it has failed in this step there are as many again as before. */
void fleet_scale_settle(struct fleet_ctx *c);
/* Tells whether it is done. */
void fleet_scale_judge(struct fleet_ctx *c);

/* fleet_resume.c */
void fleet_resume(struct fleet_ctx *c);
/* A life was heard of, see `unwatched`. */
void fleet_resume_heard(struct fleet *f, unsigned slot);
/* Those that are paused are told so again as soon as those that serve were heard of. */
void fleet_resume_pause(struct fleet_ctx *c);
/* Somebody who serves was not heard of yet, and may be gone: nobody else may be sent away. */
bool fleet_resume_waits(const struct fleet *f);
/* A worker that was in `before` may not have been paused yet. */
bool fleet_resume_owes_pause(const struct fleet *f, unsigned slot, enum worker_state before);
/* For everybody: the prober of every slot, the rollout. */
void fleet_tell_probers(struct fleet_ctx *c, struct prober_event ev);
void fleet_on_dependency(struct fleet_ctx *c, enum dependency dependency);
/* The dependency or a provider came or went. */
void fleet_tell_outage(struct fleet_ctx *c);

/* fleet_overlap.c: all of it only with conf.overlap. */
void fleet_overlap_balance(struct fleet_ctx *c);
/* Who can take over from those who are missing does. */
void fleet_overlap_serve(struct fleet_ctx *c);
/* The worker has just left `before`; called before anything else is done about it. */
void fleet_overlap_on_left(struct fleet_ctx *c, unsigned slot, enum worker_state before);
/* A paused life that a rollback would need at once. */
bool fleet_overlap_is_warm(const struct fleet *f, unsigned slot);

/* fleet_rollout.c: with conf.overlap; without, the rollout stays idle. */
unsigned fleet_seats(const struct fleet_ctx *c); /* n_workers and their spares */
void fleet_rollout_step(struct fleet_ctx *c, struct rollout_event ev);
void fleet_rollout_tell(struct fleet_ctx *c, enum rollout_event_type type);
/* Tells the rollout what has come about. */
void fleet_rollout_judge(struct fleet_ctx *c);
/* The slot's life failed, whatever became of it. */
void fleet_rollout_blame(struct fleet_ctx *c, unsigned slot, enum worker_cause cause);
void fleet_rollout_on_verdict(struct fleet_ctx *c, unsigned slot, enum worker_cause cause);
/* The slot failed once more in a crash loop; its next life is not begun yet. */
void fleet_rollout_on_loop(struct fleet_ctx *c, unsigned slot);
/* The shell saw errors of this life that its probes do not show. */
void fleet_rollout_on_errors(struct fleet_ctx *c, unsigned slot);
