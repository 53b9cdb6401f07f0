/* A fleet whose lives overlap, and its world, as a state for the exploration. */
#pragma once

#include "fleet_node.h"

enum { PLACES = 3 }; /* slots; n_workers + standby + the surge must not be more */

/* Generations as far as decisions tell them apart. */
enum { FROM = 1, NEXT = 2, OTHER = 3, LATEST = 3 };

/* Who asked. */
enum { OPERATION = 7, STEERING = 8, SCALING = 9 };

struct overlap_world {
    enum process process[PLACES];
    bool killed[PLACES];
    bool active[PLACES];
    bool again[PLACES]; /* within a step: what was done before a kill may be asked for once more */
    unsigned verb;      /* answers owed to those who began a rollout */
    unsigned steered;   /* and to those who promoted or cancelled */
    unsigned scaled;    /* and to those who wanted another number */
    bool stop_owed;
};

struct overlap_slot {
    struct packed_slot slot;
    uint64_t generation;
    bool drained, inherited, errors, unwatched;
};

struct overlap_node {
    unsigned n_slots, n_workers;
    bool stopping, gone_told;
    enum dependency dependency;
    bool provider_down;
    enum rollout_state state;
    bool owed, steered, outage;
    enum rollout_state failed_in; /* hold */
    unsigned scale_from;          /* 0: nobody scales */
    unsigned warm;                /* slot + 1 */
    usec_t until;
    struct overlap_slot slots[PLACES];
    struct overlap_world world;
};

void overlap_pack(
    struct overlap_node *to, const struct fleet *f, const struct overlap_world *world, usec_t now);
void overlap_unpack(struct fleet *f, const struct overlap_node *from);
