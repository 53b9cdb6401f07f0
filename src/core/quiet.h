/*
 * When it disturbs the fewest to do something that need not be done at once: nobody calls; or after
 * QUIET_LOOK, no more than the fewest that called since it is wanted; or it was wanted for long.
 */
#pragma once

#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

#define QUIET_LOOK (10 * USEC_PER_MIN)
#define QUIET_PATIENCE (6 * USEC_PER_HOUR)

struct quiet {
    usec_t since; /* it is wanted */
    uint64_t fewest;
};

struct quiet quiet_begin(usec_t now);

/* `callers` call now; `known` is false where they cannot be counted. */
bool quiet_is_now(struct quiet *q, uint64_t callers, bool known, usec_t now);
