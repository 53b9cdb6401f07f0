/*
 * A simulated world for the daemon's core: processes, probes, callers and a dependency in virtual
 * time, around the real fleet and drain, joined as the daemon joins them. It checks with every
 * decision what must hold whatever happens.
 */
#pragma once

#include "base/strbuf.h"
#include "core/drain.h"
#include "core/fleet/fleet.h"

#include <stdbool.h>
#include <stdint.h>

/* How a life goes; the one set for a slot when EXEC is asked for holds for that life. */
struct behaviour {
    usec_t exec_takes;
    bool exec_fails;
    usec_t ready_after;        /* after exec; USEC_INFINITY: never answers well */
    enum probe_outcome health; /* once ready, while dependency and provider are up; PROVIDER: it
                                  has a wrong key */
    usec_t probe_takes;
    bool zombie;              /* never finds the dependency again once it was lost */
    usec_t crash_after;       /* after exec; USEC_INFINITY: not by itself */
    struct exit_status crash; /* how */
    bool ignores_stop;
    bool ignores_abort;
    usec_t stop_takes;
    usec_t callers_stay; /* after it was paused, until the last connection is gone */
    usec_t tree_takes;   /* from SIGKILL to the last grandchild's end */
};

enum world_process { WORLD_NONE, WORLD_EXECUTING, WORLD_RUNNING, WORLD_DEAD };

struct world_slot {
    struct behaviour next; /* for lives to come */
    struct behaviour now;
    enum world_process process;
    uint64_t life;
    usec_t running_since;
    bool active;
    bool tree_dies;
    bool lost; /* the dependency went away under it, and it is a zombie now */
    bool told_to_go;
    bool pid_saved;         /* the state names its process */
    bool orphan;            /* its daemon died, and the next one has not found it yet */
    bool doubtful;          /* a daemon died since it was paused or activated: it may be so again */
    bool reports;           /* by WATCHDOG=, so that its silence is a hang */
    usec_t complains_since; /* PROVIDER is all that it has answered from then on; 0: it has not */
    unsigned good, bad;     /* answers in a row */
    unsigned clean;   /* good ones in a row since Redis is back; after Rise bad is forgotten */
    bool gap;         /* replaced although it answered, no new life verified or failed since */
    bool gap_started; /* and that new life was begun */
    unsigned callers; /* of its present process, as the kernel counts them */
};

enum { WORLD_HAPPENINGS_MAX = 1024 };

/* Something that will be told to the core. */
struct happening {
    usec_t at;
    uint64_t order; /* of those at the same time */
    bool to_drain;
    struct fleet_event fleet;
    struct drain_event drain;
};

struct world {
    struct fleet_conf fleet_conf;
    struct drain_conf drain_conf;
    unsigned n_workers;
    usec_t now;
    struct fleet fleet;
    struct drain drain;
    struct fleet_update update;
    enum dependency dependency;
    bool provider_down;
    usec_t provider_since; /* it is as it is */
    struct callers callers;
    struct world_slot slots[LIMIT_WORKERS];
    struct happening happenings[WORLD_HAPPENINGS_MAX];
    unsigned n_happenings;
    uint64_t order;
    uint64_t random; /* state of the generator; 0: every jitter is 0 */
    bool exit_asked;
    bool dead;        /* no daemon runs; what would be told to it is lost */
    bool resuming;    /* a new one runs, but has not heard of everything yet */
    uint64_t dies_in; /* things that it still does; 0: it lives on */
    uint64_t deaths;
    unsigned sabotage;   /* a rule that is broken on purpose, see world_sabotage.h; 0: none */
    struct fleet before; /* the last step, kept for one of them */
    struct strbuf state; /* what the dead one saved last */
    usec_t promised_for, promised; /* the deadline of the drain that began then */
    uint64_t operations;           /* restart verbs begun */
    uint64_t verdicts;             /* of those */
    uint64_t undone;               /* of those, rolled back */
    uint64_t steps;
    unsigned wanted_in_hold; /* the most since it began, or at the last event before */
    bool judged;             /* a rollout was under way when the latest event came */
    unsigned most_lives;     /* overlap: that there may be */
    bool meddles;            /* operators type at the worst moment */
    bool show_probes;
    /* Called with one line for each decision (no newline); may be NULL. */
    void (*log)(void *arg, const char *line);
    void *log_arg;
    /* Called when something that must hold does not; does not return. */
    void (*broken)(void *arg, const char *what);
};

/* The defaults of the configuration, workers that start in 600 ms and behave. */
void world_init(struct world *w);
void world_fini(struct world *w);

/* Lets time pass until `until`; everything that is due by then happens. */
void world_run(struct world *w, usec_t until);

/* Tells the core at once. */
void world_fleet(struct world *w, struct fleet_event ev);
void world_drain(struct world *w, struct drain_event ev);
void world_dependency(struct world *w, enum dependency dependency);

/* Nobody is told: what becomes of it is seen by probes. */
void world_provider(struct world *w, bool down);

/* The slot's present process ends by itself. False if none runs. */
bool world_crash(struct world *w, unsigned slot, struct exit_status how);

/* The slot's present process says this of itself. False if none runs. */
bool world_notify(struct world *w, unsigned slot, struct notify_wish wish);

/*
 * The daemon is killed at the n-th thing that it does from now on (1: the next). Things are: an
 * action, to save the number of a process that was begun, and to wait for the next event. What a
 * step decided is saved before its actions.
 */
void world_kill(struct world *w, uint64_t n);

/*
 * Another instance goes on from what was saved, with the configuration that the world has now, and
 * is told what became of the lives. It may be killed on its way.
 */
void world_resume(struct world *w);

uint64_t world_random(struct world *w, uint64_t below);
