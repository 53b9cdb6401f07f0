/*
 * When the notices that wait for one receiver are sent. Which one is next, the queue knows.
 *
 *          queued, due                 sent: the next one, if there is one
 *   IDLE --------------> SENDING ------------------------------------------> IDLE
 *     |                   ^    \-- transient --> BACKOFF --due-->  (again)
 *     \--> LIMITED --due--/     \- permanent: given up, the next one
 *
 * Invariants: at most one delivery is under way. What waits is sent sooner or later, whatever
 * happened before: every state but IDLE with nothing to do has a deadline or a delivery whose end
 * is an event. The pause after failures grows to DELIVERY_PAUSE_MAX, or as long as the receiver
 * asked for, and a new notice cuts it short. Urgent notices pass the rate limit. A receiver that
 * forgets (Alertmanager) is told again before it does.
 */
#pragma once

#include "base/span.h"

#include <stdbool.h>

#define DELIVERY_PAUSE_FIRST USEC_PER_SEC
#define DELIVERY_PAUSE_MAX (5 * USEC_PER_MIN)
#define DELIVERY_PAUSE_ASKED_MAX USEC_PER_HOUR
#define DELIVERY_PAUSE_NEW (5 * USEC_PER_SEC) /* after an attempt, whatever is new */
#define DELIVERY_GIVE_UP USEC_PER_DAY         /* older than this, a notice is no news */

struct delivery_conf {
    unsigned limit; /* so many at once, and again in each `per`; 0: as many as there are */
    usec_t per;
    usec_t repeat; /* what stands is told again after this; 0: never */
};

#define DELIVERY_STATES(X)                                                                         \
    X(IDLE, "idle")                                                                                \
    X(LIMITED, "limited")                                                                          \
    X(SENDING, "sending")                                                                          \
    X(BACKOFF, "waiting to try again")

#define X(symbol, name) DELIVERY_##symbol,
enum delivery_state { DELIVERY_STATES(X) };
#undef X

struct delivery {
    enum delivery_state state;
    bool repeating;    /* SENDING: nothing new, only what stands */
    bool asked;        /* BACKOFF: the receiver named the time */
    unsigned failures; /* in a row */
    usec_t due;        /* BACKOFF, LIMITED */
    usec_t attempted;  /* when the last delivery began */
    usec_t paid;       /* the rate limit is paid for until then */
    usec_t repeat_at;
};

#define DELIVERY_EVENTS(X)                                                                         \
    X(QUEUED, "queued")                                                                            \
    X(TIMER, "timer")                                                                              \
    X(SENT, "sent")                                                                                \
    X(TRANSIENT, "transient") /* may do another time */                                            \
    X(PERMANENT, "permanent") /* never will */

#define X(symbol, name) DELIVERY_EV_##symbol,
enum delivery_event_type { DELIVERY_EVENTS(X) };
#undef X

struct delivery_event {
    enum delivery_event_type type;
    usec_t now;
    usec_t retry_after; /* TRANSIENT: that the receiver asked for; 0: nothing */
    unsigned jitter;    /* TRANSIENT: 0 to 999 */
    usec_t age;         /* TRANSIENT: of what was sent */
    /* What the queue holds, without what this event says was sent or given up. */
    unsigned waiting;
    unsigned standing;
    bool urgent; /* the next one */
};

enum delivery_action {
    DELIVERY_DO_NOTHING,
    DELIVERY_DO_SEND,   /* the next one, with what stands */
    DELIVERY_DO_REPEAT, /* what stands */
};

struct delivery_update {
    struct delivery next;
    enum delivery_action action;
    bool gave_up;   /* what was sent goes undelivered */
    bool delayed;   /* it was the first failure in a row */
    bool recovered; /* it was the first success after failures */
};

/*
 * TRANSIENT with an age of DELIVERY_GIVE_UP gives up: the queue is to be asked without it, see
 * delivery_gives_up().
 */
struct delivery_update delivery_step(
    const struct delivery_conf *conf, struct delivery d, const struct delivery_event *ev);

/* Whether an answer of this type is the last word on what was sent. */
bool delivery_gives_up(const struct delivery *d, enum delivery_event_type type, usec_t age);

/* When DELIVERY_EV_TIMER is due; USEC_INFINITY: never. */
usec_t delivery_deadline(
    const struct delivery_conf *conf, const struct delivery *d, unsigned standing);

const char *delivery_state_name(enum delivery_state state);
