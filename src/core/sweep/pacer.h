/*
 * How hard the sweep may work a Redis that others use: COUNT of SCAN, how many commands are under
 * way at once, and which share of the time. Pure.
 *
 *   how long one SCAN, one pipeline holds Redis (its answer less the floor)  →  COUNT, depth
 *   PINGs of a second connection: more of them late while we work than while we rest
 *                                               →  share halved, COUNT and depth × 0.7
 *                                 one very late, or Redis forks or loads  →  a trickle
 *                                 100 ms without any of it  →  share + 5 %
 *
 * The floor is the least PING of the last half minute: wake-ups and the network are no load. What
 * a request holds Redis for is the least of several: the others met somebody else. PINGs that are
 * late while we rest are not late because of us: on a busy server a sweep goes on, if not quickly.
 * Where no PING was answered nothing is adapted, and Redis gets two thirds of the time for itself.
 * A length of block is what others wait for, a share of time is what they lack: both are bounded.
 */
#pragma once

#include "base/span.h"

#include <stdbool.h>

enum {
    PACER_COUNT_FIRST = 100, /* about 150 us of the server's time */
    PACER_COUNT_MIN = 20,
    PACER_COUNT_MAX = 150, /* some 200 us: more is hardly quicker, and others wait for it */
    PACER_DEPTH_FIRST = 32,
    PACER_DEPTH_MIN = 8,
    PACER_DEPTH_MAX = 128,
    PACER_SHARE_CAREFUL = 350, /* per mille */
    PACER_SHARE_TRICKLE = 10,
    PACER_SHARE_LEAST = 100, /* for late PINGs alone: a sweep of any size ends */
    PACER_SHARE_MAX = 1000,
    PACER_FLOORS = 3,
};

struct pacer_conf {
    usec_t max_latency; /* that we may add for one in a hundred requests of others */
};

/* Of the latest PINGs that were sent while we rested, or worked; older ones count for less. */
struct pacer_pings {
    unsigned n;
    unsigned late;
};

/* What requests hold Redis for. */
struct pacer_held {
    usec_t least;
    unsigned n;
};

struct pacer {
    unsigned count;
    unsigned depth;
    unsigned share;
    bool strained;              /* Redis forks or loads */
    usec_t floor[PACER_FLOORS]; /* least PING of a period, the latest first; USEC_INFINITY: none */
    usec_t floor_until;         /* end of the latest period */
    usec_t calm_since;          /* of PINGs; the share grows with it */
    usec_t cut_at;              /* the share was lowered last; 0: never */
    unsigned since_late;        /* PINGs since the latest late one */
    struct pacer_pings resting, working;
    struct pacer_held scan, pipeline;
};

enum pacer_event_type {
    PACER_EV_PING,     /* took */
    PACER_EV_SCAN,     /* took */
    PACER_EV_PIPELINE, /* took */
    PACER_EV_SERVER,   /* strained */
};

struct pacer_event {
    enum pacer_event_type type;
    usec_t now;
    usec_t took; /* from the request to its answer */
    bool strained;
    bool resting; /* of a PING: it was sent while the sweep rested */
};

/* Until the first PING is answered it leaves two thirds of the time, and then what it may. */
struct pacer pacer_initial(usec_t now);
struct pacer pacer_step(const struct pacer_conf *conf, struct pacer p, struct pacer_event ev);

/* The least PING lately; USEC_INFINITY: none was answered yet. */
usec_t pacer_floor(struct pacer p);

/* The largest share: a third of the time where others may hardly notice, all of it where they may.
 */
unsigned pacer_share_most(const struct pacer_conf *conf);

/* How long to rest for `busy` time of work. */
usec_t pacer_rest(struct pacer p, usec_t busy);
