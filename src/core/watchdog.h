/*
 * Whether a worker that reports by WATCHDOG=1 still does. It is off until the first report of a
 * life: a worker that never speaks is judged by its probes alone.
 */
#pragma once

#include "base/span.h"

struct watchdog {
    usec_t interval; /* 0: off */
    usec_t last;     /* the latest report, or when its time was begun anew */
    usec_t deadline; /* USEC_INFINITY: none, it has not reported yet or is not to */
};

/* Of a life that begins. */
struct watchdog watchdog_initial(usec_t interval);

struct watchdog watchdog_report(struct watchdog w, usec_t now);

/* A new interval counts from `now`, if the worker has reported before. */
struct watchdog watchdog_set(struct watchdog w, usec_t interval, usec_t now);

/* We ourselves did not run until `now`, so that reports may have been missed. */
struct watchdog watchdog_stalled(struct watchdog w, usec_t now);
