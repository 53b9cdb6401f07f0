/* The insides of `struct slot`, shared by slot.c, slot_begin.c and slot_view.c. */
#pragma once

#include "base/strlist.h"
#include "daemon/release.h"
#include "daemon/said.h"
#include "daemon/slot.h"
#include "io/child.h"
#include "io/handover.h"
#include "io/output.h"

enum { SLOT_PROGRAM_MAX = 256 };

struct slot {
    struct slot_spec spec;
    uint64_t life;
    uint64_t generation;
    pid_t pid;
    char release[RELEASE_MAX];
    char program[SLOT_PROGRAM_MAX];   /* path of what it runs, as far as is known */
    struct child *child;              /* of the present life, until the next begins */
    struct output *output;            /* the same */
    struct handover *handover;        /* the same; NULL: it binds its own port */
    struct said *said;                /* the same; what it says of itself */
    char *pid_texts[CHILD_PID_TEXTS]; /* in `environment`; NULL: nobody asks */
    struct strlist environment;
    struct err spawn_error;
    struct strbuf evidence;
    struct {
        struct probe_round *round;
        uint64_t seq;
        uint64_t life;
        bool verified; /* the round under way is of a verified worker */
        enum probe_outcome outcome;
        char reason[PROBE_REASON_MAX];
        struct strbuf body;
        usec_t took;
        bool well; /* what was asked passed, whatever the handover says */
    } probe;
};

/* Tells the supervisor; slot and life are filled in. */
void slot_report(struct slot *s, struct fleet_event ev);

/* A round that passed does not count for a worker that the shim has no hold of. */
void slot_judge_handover(struct slot *s);

/* Unique among all processes that live: the slot, the life, and whose they are. */
void slot_instance_name(const struct slot *s, char *buf, size_t size);
