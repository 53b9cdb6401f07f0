/* Turning a loop until something is so. */
#pragma once

#include "io/loop/loop.h"
#include "io/loop/loop_uv.h"

#include <stdbool.h>

/* Far beyond what a loaded machine needs: reached only when the test fails. */
#define TURNING_DEADLINE (20 * USEC_PER_SEC)

static inline void turning_nothing(void *arg)
{
    (void)arg;
}

/* False if `holds` did not become true in time. */
static inline bool turn_until(struct loop *l, bool (*holds)(const void *arg), const void *arg)
{
    struct timer *guard = timer_new(l, turning_nothing, NULL);
    usec_t deadline = usec_add(loop_now(), TURNING_DEADLINE);
    timer_arm(guard, deadline);
    while (!holds(arg) && loop_now() < deadline)
        uv_run(loop_uv(l), UV_RUN_ONCE);
    timer_free(guard);
    return holds(arg);
}
