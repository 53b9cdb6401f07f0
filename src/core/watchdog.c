/* See watchdog.h. */
#include "core/watchdog.h"

struct watchdog watchdog_initial(usec_t interval)
{
    return (struct watchdog){.interval = interval, .deadline = USEC_INFINITY};
}

struct watchdog watchdog_report(struct watchdog w, usec_t now)
{
    w.last = now;
    w.deadline = w.interval > 0 ? usec_add(now, w.interval) : USEC_INFINITY;
    return w;
}

struct watchdog watchdog_set(struct watchdog w, usec_t interval, usec_t now)
{
    w.interval = interval;
    return w.last > 0 ? watchdog_report(w, now) : w;
}

struct watchdog watchdog_stalled(struct watchdog w, usec_t now)
{
    return w.deadline < USEC_INFINITY ? watchdog_report(w, now) : w;
}
