/* When a slot's next life may begin. */
#include "core/fleet/restart.h"

static void forget(struct restart *r)
{
    for (unsigned i = 0; i < WORKER_CAUSE_COUNT; i++)
        r->failures[i] = 0;
    r->failures_in_row = 0;
    r->looping = false;
}

/* A wish of ours or of an operator, not a failure of the worker. */
static bool is_wish(enum worker_cause cause)
{
    switch (cause) {
    case WORKER_CAUSE_RESTART:
    case WORKER_CAUSE_STOP:
        return true;
    case WORKER_CAUSE_NONE: /* nobody knows why: a failure */
    case WORKER_CAUSE_SPAWN:
    case WORKER_CAUSE_BOOT:
    case WORKER_CAUSE_CRASH:
    case WORKER_CAUSE_OOM:
    case WORKER_CAUSE_HANG:
    case WORKER_CAUSE_UNHEALTHY:
    case WORKER_CAUSE_ERRORS:
    case WORKER_CAUSE_ZOMBIE:
    case WORKER_CAUSE_LEFT: /* once is fine; one that does it again and again gets nowhere */
    case WORKER_CAUSE_COUNT:
        break;
    }
    return false;
}

/* The delay before the restart that follows the n-th failure in a row. */
static usec_t delay_after(const struct restart_conf *conf, unsigned n, unsigned jitter)
{
    if (n < 2)
        return 0;
    double delay = (double)conf->delay;
    double max = (double)conf->max_delay;
    /* At most ~1000 doublings reach any cap; a multiplier of 1 must not loop for ever. */
    for (unsigned i = 2; i < n && delay < max && conf->multiplier > 1; i++)
        delay *= conf->multiplier;
    if (delay > max)
        delay = max;
    delay += delay * conf->jitter / 100.0 * jitter / 1000.0;
    return (usec_t)delay;
}

static void stabilise(struct restart_update *u, usec_t now)
{
    if (now < u->next.stable_at)
        return;
    u->next.stable_at = USEC_INFINITY;
    u->loop_ended = u->next.looping;
    forget(&u->next);
}

static void start(struct restart_update *u)
{
    u->start = true;
    u->next.next_at = USEC_INFINITY;
    u->next.restarts++;
}

static void ended(
    struct restart_update *u, const struct restart_conf *conf, struct restart_event ev)
{
    struct restart *r = &u->next;
    stabilise(u, ev.now); /* the timer may come after the end of a life that was long enough */
    r->stable_at = USEC_INFINITY;
    r->last_delay = 0;
    if (is_wish(ev.cause)) {
        start(u);
        return;
    }
    /* Saturate: a slot that fails for ever must not come back to the first delay. */
    if (r->failures[ev.cause] < UINT32_MAX)
        r->failures[ev.cause]++;
    if (r->failures_in_row < UINT32_MAX)
        r->failures_in_row++;
    if (!r->looping && !ev.unwatched && r->failures_in_row >= conf->loop_after) {
        r->looping = true;
        u->loop_began = true;
    }
    r->last_delay = delay_after(conf, r->failures[ev.cause], ev.jitter);
    if (r->last_delay == 0) {
        start(u);
    } else {
        r->next_at = usec_add(ev.now, r->last_delay);
        u->wait = true;
    }
}

struct restart restart_initial(void)
{
    return (struct restart){.next_at = USEC_INFINITY, .stable_at = USEC_INFINITY};
}

struct restart_update restart_step(
    const struct restart_conf *conf, struct restart r, struct restart_event ev)
{
    struct restart_update u = {.next = r};
    switch (ev.type) {
    case RESTART_EV_ENDED:
        ended(&u, conf, ev);
        break;
    case RESTART_EV_VERIFIED:
        u.next.stable_at = usec_add(ev.now, conf->stable_after);
        break;
    case RESTART_EV_CANCEL:
        u.loop_ended = r.looping;
        forget(&u.next);
        u.next.next_at = USEC_INFINITY;
        u.next.stable_at = USEC_INFINITY;
        break;
    case RESTART_EV_TICK:
        stabilise(&u, ev.now);
        if (ev.now >= u.next.next_at)
            start(&u);
        break;
    }
    return u;
}

usec_t restart_deadline(struct restart r)
{
    return r.next_at < r.stable_at ? r.next_at : r.stable_at;
}
