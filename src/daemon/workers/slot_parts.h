/* The insides of `struct slot`, shared by slot.c, slot_begin.c and slot_view.c. */
#pragma once

#include "base/strlist.h"
#include "core/saved/saved.h"
#include "daemon/workers/release.h"
#include "daemon/workers/said.h"
#include "daemon/workers/slot.h"
#include "io/child/child.h"
#include "io/child/handover.h"
#include "io/child/output.h"

enum { SLOT_PROGRAM_MAX = 256 };

struct slot {
    struct slot_spec spec;
    uint64_t life;
    uint64_t generation;
    pid_t pid;
    uint64_t start_time;       /* of that process */
    char name[SAVED_NAME_MAX]; /* VOXKEEPER_INSTANCE of its tree */
    char release[RELEASE_MAX];
    char program[SLOT_PROGRAM_MAX];   /* path of what it runs, as far as is known */
    struct child *child;              /* of the present life, until the next begins */
    struct output *output;            /* the same */
    struct handover *handover;        /* the same; NULL: it binds its own port */
    unsigned n_privates;              /* of the handover */
    bool kept;                        /* slot_keep() was done */
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

const struct child_callbacks *slot_child_callbacks(void);
void slot_on_wish(const struct notify_wish *wish, void *slot);
struct output_conf slot_output_conf(struct slot *s, const struct config *config);

/* What of the life outlives us, from its beginning to when it is forgotten. */
void slot_keep(struct slot *s);
void slot_keep_no_more(struct slot *s);
