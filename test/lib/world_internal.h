/* What the parts of the world share: world.c (what is asked for and what comes of it),
 * world_provider.c (who has one), world_death.c (the daemon is killed and resumed), world_overlap.c
 * (what must hold of lives that overlap). */
#pragma once

#include "lib/world.h"

#define HOLDS(w, condition)                                                                        \
    do {                                                                                           \
        if (!(condition))                                                                          \
            (w)->broken((w)->log_arg, #condition);                                                 \
    } while (0)

/* world.c */
struct happening *world_plan(struct world *w, usec_t in);
void world_plan_fleet(struct world *w, usec_t in, enum fleet_event_type type, unsigned slot,
    struct exit_status status);
void world_unplan(struct world *w, enum fleet_event_type type, unsigned slot);
void world_new_life_failed(struct world_slot *s);
void world_check(struct world *w);

/* world_provider.c: an answer of the slot is about to be told; whether it speaks for the worker, if
 * it is PROVIDER; nobody is ended for what an outage does. */
void world_provider_answered(struct world *w, const struct fleet_event *ev);
bool world_provider_excuses(const struct world *w, unsigned slot);
void world_provider_check(struct world *w, unsigned slot);

/* world_death.c: the daemon did one more thing. Returns whether it is dead. */
bool world_dies(struct world *w);
/* No daemon hears of it: what is left of a process that ended so. */
void world_unheard(struct world *w, const struct happening *h);
void world_check_waits(struct world *w);
void world_check_promise(struct world *w);
