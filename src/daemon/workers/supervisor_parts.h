/* The insides of `struct supervisor`, shared by supervisor.c, supervisor_drains.c,
 * supervisor_resume.c, supervisor_silence.c and supervisor_wish.c. */
#pragma once

#include "daemon/workers/connections.h"
#include "daemon/workers/supervisor.h"
#include "io/loop/loop.h"

enum { QUEUE_MAX = 4 * LIMIT_WORKERS };

struct supervisor {
    struct supervisor_spec spec;
    struct fleet_conf conf;
    struct fleet fleet;
    struct fleet_update update;
    struct timer *timer;
    const struct config *previous; /* of the generations before the latest; NULL: as the latest */
    struct timer *drain_timer;     /* looks whether paused workers still have callers */
    bool watching_drains;          /* it is armed, or the kernel is being asked */
    usec_t drain_look;             /* for so long, when it is armed next */
    struct connections_question drain_question;
    uint64_t drain_asked[LIMIT_WORKERS]; /* lives that were paused when it was put; 0: none */
    struct slot *slots[LIMIT_WORKERS];
    struct saved_wish wish;        /* how many workers, instead of Workers= */
    struct saved_wish wish_before; /* of the scaling under way: counts again if that fails */
    bool held_off;                 /* see supervisor_hold_off() */
    bool stepping;
    struct fleet_event queue[QUEUE_MAX];
    unsigned n_queued;
    bool is_silent[LIMIT_WORKERS];
    struct fleet_event silent[LIMIT_WORKERS]; /* results that wait; see supervisor_silence.c */
};

/* Whether the result of a probe waits for supervisor_silence_judged(). */
bool supervisor_silence_waits(struct supervisor *s, const struct fleet_event *ev);

/* Queues the event; whoever is outermost works the queue off, so that nothing is re-entered. */
void supervisor_feed(struct supervisor *s, const struct fleet_event *ev);

/* Made at first use; NULL when memory is out. */
struct slot *supervisor_slot_at(struct supervisor *s, unsigned index);

/* By which a life of this generation was begun, or begins. */
const struct config *supervisor_config_of(const struct supervisor *s, uint64_t generation);

/* supervisor_wish.c: the fleet has decided something, which is not saved yet. */
void supervisor_wish_decided(struct supervisor *s);

/* Who has how many callers, as it was told last. */
void supervisor_count_callers(const struct supervisor *s, unsigned out[LIMIT_WORKERS]);

/* Looks soon after a pause, and ever more seldom, whether paused workers may go. */
void supervisor_drains_init(struct supervisor *s);
void supervisor_drains_fini(struct supervisor *s);
void supervisor_watch_drains(struct supervisor *s);
void supervisor_drain_begins(struct supervisor *s); /* one is being paused */
