/* What the parts of the fleet share: fleet.c (events, queries), fleet_slot.c (the machines of one
 * slot), fleet_turn.c (who may be replaced now, and the restart verb). */
#pragma once

#include "core/fleet.h"

/* One step in progress. */
struct fleet_ctx {
    const struct fleet_conf *conf;
    struct fleet *f;
    struct fleet_update *out;
    usec_t now;
    unsigned jitter;
};

/* Appends an action about the slot's present life; fill in what else it carries. */
struct fleet_action *fleet_act(struct fleet_ctx *c, enum fleet_action_type type, unsigned slot);

/* fleet_slot.c */
void fleet_slot_init(struct fleet_slot *slot);
void fleet_slot_start(struct fleet_ctx *c, unsigned slot);
void fleet_slot_worker(struct fleet_ctx *c, unsigned slot, struct worker_event ev);
void fleet_slot_prober(struct fleet_ctx *c, unsigned slot, struct prober_event ev);
/* Starts the slot now if it waits for a retry. */
void fleet_slot_hasten(struct fleet_ctx *c, unsigned slot);
/* The slot shall stay down: ends its life and its wait. */
void fleet_slot_dismiss(struct fleet_ctx *c, unsigned slot, enum worker_event_type how);
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
