/*
 * A suspend without one, and time that passes without anybody waiting for it. The linker sends
 * clock_gettime() through here (test/loop/meson.build); libuv itself goes on reading the real
 * CLOCK_MONOTONIC, which is just what happens in a suspend.
 */
#pragma once

#include "io/loop/loop.h"
#include "io/loop/loop_uv.h"

#include <time.h>

static usec_t suspended; /* whole seconds */
static unsigned clock_reads;

int __real_clock_gettime(clockid_t clock, struct timespec *ts);
int __wrap_clock_gettime(clockid_t clock, struct timespec *ts);

int __wrap_clock_gettime(clockid_t clock, struct timespec *ts)
{
    int r = __real_clock_gettime(clock, ts);
    clock_reads++;
    if (clock == CLOCK_BOOTTIME)
        ts->tv_sec += (time_t)(suspended / USEC_PER_SEC);
    return r;
}

static inline void suspend_ignore(usec_t from, usec_t until, void *arg)
{
    (void)from;
    (void)until;
    (void)arg;
}

/* Once for a loop: its timers follow from now on. */
static inline void suspend_follow(struct loop *l)
{
    loop_watch_stalls(l, 20 * USEC_PER_MSEC, suspend_ignore, NULL);
}

/* We did not run for `span`. The loop turns often enough for what is due to come, and for what that
 * has armed. */
static inline void suspend_for(struct loop *l, usec_t span)
{
    suspended += span;
    loop_check_stall(l);
    for (int i = 0; i < 4; i++)
        uv_run(loop_uv(l), UV_RUN_NOWAIT);
}

/* So much time passes while we run: nothing comes later than `step`. */
static inline void suspend_pass(struct loop *l, usec_t span, usec_t step)
{
    for (usec_t passed = 0; passed < span; passed += step)
        suspend_for(l, step);
}
