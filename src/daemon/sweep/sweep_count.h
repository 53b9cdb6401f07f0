/* What one pass counted of one keyspace. */
#pragma once

#include "base/span.h"
#include "core/config/config.h"
#include "core/limits.h"
#include "core/sweep/sweep.h"

#include <stdint.h>

/* Ages of the census: up to this, and beyond the one before. */
#define SWEEP_AGES(X)                                                                              \
    X(15MIN, "15min", 15 * USEC_PER_MIN)                                                           \
    X(HOUR, "1h", USEC_PER_HOUR)                                                                   \
    X(DAY, "24h", 24 * USEC_PER_HOUR)                                                              \
    X(WEEK, "7d", 7 * 24 * USEC_PER_HOUR)                                                          \
    X(OLDER, "older", USEC_INFINITY)

#define X(symbol, name, span) SWEEP_AGE_##symbol,
enum sweep_age { SWEEP_AGES(X) SWEEP_AGE_COUNT };
#undef X

struct sweep_keyspace_summary {
    char name[LIMIT_NAME + 1];
    enum config_keyspace_kind kind;
    uint64_t keys; /* seen in it; SCAN may show a key twice */
    uint64_t found[SWEEP_FINDING_COUNT];
    uint64_t removed;
    uint64_t removed_of[SWEEP_FINDING_COUNT]; /* the same, by what they were */
    uint64_t repaired;
    uint64_t survived;
    uint64_t not_tried;
    uint64_t removable; /* found so, whether or not it went */
    uint64_t live;      /* callers of now, as far as they are known */
    uint64_t unread;    /* healthy tasks: nobody looked whether they wait for their callback */
    uint64_t ages[SWEEP_AGE_COUNT]; /* of those whose age is known */
    usec_t age_sum;                 /* of all of these */
    usec_t oldest;                  /* 0: none is known */
};
