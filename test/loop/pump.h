/* Turns a loop until a condition holds. */
#pragma once

#include "cmocka_all.h"
#include "io/loop/loop.h"

struct pump {
    struct loop *loop;
    struct timer *tick;
    bool (*done)(void *arg);
    void *arg;
    usec_t deadline;
    unsigned ticks; /* since pump_init() */
};

static inline void pump_on_tick(void *arg)
{
    struct pump *p = arg;
    usec_t now = loop_now();
    p->ticks++;
    if (p->done(p->arg) || now > p->deadline) {
        loop_stop(p->loop);
        return;
    }
    timer_arm(p->tick, now + USEC_PER_MSEC);
}

static inline void pump_init(struct pump *p)
{
    struct err e;
    *p = (struct pump){.loop = loop_new(&e)};
    assert_non_null(p->loop);
    p->tick = timer_new(p->loop, pump_on_tick, p);
}

/* Everything else on the loop must be closed: that is asserted by loop_free(). */
static inline void pump_fini(struct pump *p)
{
    timer_free(p->tick);
    loop_free(p->loop);
}

/* Whether `done` came true within `span`; it is called every millisecond. */
static inline bool pump_try(struct pump *p, bool (*done)(void *arg), void *arg, usec_t span)
{
    p->done = done;
    p->arg = arg;
    p->deadline = loop_now() + span;
    timer_arm(p->tick, loop_now());
    loop_run(p->loop);
    return done(arg);
}

static inline void pump_until(struct pump *p, bool (*done)(void *arg), void *arg)
{
    assert_true(pump_try(p, done, arg, 20 * USEC_PER_SEC));
}
