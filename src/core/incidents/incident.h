/*
 * Whether something that is wrong is an incident: when one opens, and when it is over.
 *
 *   quiet ─RAISE→ holding ─hold→ open ─CLEAR→ clearing ─clear→ resolved
 *     │             │             ↑ ↑            │
 *     │             └─CLEAR→quiet │ └───RAISE────┘
 *     └─NOTE→ passing ─RAISE──────┘
 *               └─clear, or CLEAR→ resolved
 *
 * RAISE says that it is so until CLEAR, NOTE that it happened at this moment. What is shorter than
 * `hold` opens nothing; what comes again within `clear` goes on as the same incident, so that one
 * which flaps is one. RAISE and CLEAR may be said as often as somebody likes. An incident is opened
 * once, acknowledged at most once, resolved once and then never changes; people are told that it
 * goes on at most once in `quiet`.
 *
 * TAKEN_OVER: another instance of us goes on. What was held is forgotten: it will be said again if
 * it is so. An open one is resolved unless it is raised again within `settle`; one of a moment goes
 * on for the rest of its time.
 */
#pragma once

#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

#define INCIDENT_STATES(X)                                                                         \
    X(QUIET, "quiet")                                                                              \
    X(HOLDING, "holding")                                                                          \
    X(OPEN, "open")                                                                                \
    X(PASSING, "passing")                                                                          \
    X(CLEARING, "clearing")                                                                        \
    X(RESOLVED, "resolved")

#define X(symbol, name) INCIDENT_##symbol,
enum incident_state { INCIDENT_STATES(X) };
#undef X

struct incident_conf {
    usec_t hold;
    usec_t clear;
    usec_t settle; /* not shorter than `clear` is used */
    usec_t quiet;
};

struct incident {
    enum incident_state state;
    bool acknowledged;
    usec_t began_at;   /* the first RAISE or NOTE of what led here */
    usec_t changed_at; /* it was said last that it is so, or no more */
    usec_t until;      /* of holding, passing and clearing; else USEC_INFINITY */
    usec_t told_at;    /* that it is so */
    uint32_t times;    /* that it came (again); 1 when it opens */
};

#define INCIDENT_EVENTS(X)                                                                         \
    X(RAISE, "raise")                                                                              \
    X(NOTE, "note")                                                                                \
    X(CLEAR, "clear")                                                                              \
    X(ACKNOWLEDGE, "acknowledge")                                                                  \
    X(TAKEN_OVER, "taken-over")                                                                    \
    X(TICK, "tick")

#define X(symbol, name) INCIDENT_EV_##symbol,
enum incident_event_type { INCIDENT_EVENTS(X) };
#undef X

struct incident_event {
    enum incident_event_type type;
    usec_t now;
    usec_t left; /* TAKEN_OVER of a passing one: what was left of its time */
};

#define INCIDENT_ACTIONS(X)                                                                        \
    X(OPEN)        /* there is an incident */                                                      \
    X(AGAIN)       /* for the timeline: it came again */                                           \
    X(UPDATE)      /* the same, and people are told */                                             \
    X(CEASED)      /* for the timeline: it is no more so; resolved if that lasts */                \
    X(ACKNOWLEDGE) /* somebody has it in hand */                                                   \
    X(RESOLVE)     /* it is over */                                                                \
    X(FORGET)      /* there was none */

#define X(symbol) INCIDENT_DO_##symbol,
enum incident_action { INCIDENT_ACTIONS(X) };
#undef X

enum { INCIDENT_STEP_ACTIONS_MAX = 2 };

struct incident_update {
    struct incident next;
    enum incident_action actions[INCIDENT_STEP_ACTIONS_MAX];
    unsigned n_actions;
};

struct incident incident_initial(void);
struct incident_update incident_step(
    const struct incident_conf *conf, struct incident i, struct incident_event ev);

/* When TICK is due; USEC_INFINITY: never. */
usec_t incident_deadline(struct incident i);

/* Whether people should know of it: opened, and not resolved. */
bool incident_is_open(struct incident i);

const char *incident_state_name(enum incident_state state);
const char *incident_event_name(enum incident_event_type type);
const char *incident_action_name(enum incident_action action);
