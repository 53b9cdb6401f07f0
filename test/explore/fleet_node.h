/* A fleet of two slots and its world, as a state for the exploration. */
#pragma once

#include "core/fleet/fleet.h"

#include <stdbool.h>

enum { NOW = 1000, SEQ = 10, SLOTS = 2 };

enum process { NONE, EXECUTING, RUNNING, DEAD };

struct world_slot {
    enum process process;
    bool killed; /* SIGKILL was sent to what there is */
    bool active; /* takes callers */
    bool gap;    /* replaced although it answered, and no new life was verified or failed since */
    bool gap_started; /* the gap's new life was begun */
    bool looping;
};

struct world {
    struct world_slot slots[SLOTS];
    bool verb;       /* an operator's restart has no verdict yet */
    unsigned scaled; /* verdicts owed to those who wanted another number of workers */
    bool stop_owed;  /* TELL_ALL_GONE is */
};

/* A slot without what no decision depends on. */
struct packed_slot {
    bool wanted;
    enum worker_cause last_cause;
    struct worker worker;
    struct restart restart;
    struct prober prober;
    struct watchdog watchdog; /* off, unless the exploration turns it on */
};

struct node {
    unsigned n_slots;
    bool stopping, gone_told;
    enum dependency dependency;
    unsigned restart_state, restart_slot;
    usec_t restart_deadline;
    unsigned n_workers;
    unsigned scale_from; /* 0: nobody scales */
    struct packed_slot slots[SLOTS];
    struct world world;
};

usec_t node_shift(usec_t at, usec_t now);
void slot_pack(struct packed_slot *to, const struct fleet_slot *from, usec_t now);
void slot_unpack(struct fleet_slot *to, const struct packed_slot *from, unsigned slot);

/* Puts the fleet and the world at time `now` into canonical form; padding is zero, too. */
void node_pack(struct node *to, const struct fleet *f, const struct world *world, usec_t now);

/* The fleet of the node, at time NOW; slots that are never used stay as they are in *f. */
void node_unpack(struct fleet *f, const struct node *from);
