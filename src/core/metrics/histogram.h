/* Counts of times in fixed buckets, for who draws distributions over long spans. Pure. */
#pragma once

#include "base/span.h"

#include <stdint.h>

enum { HISTOGRAM_BUCKETS_MAX = 17 }; /* the last of a scale, without a bound, included */

/* Which bounds: how long an answer takes, how long work takes, how old something is. */
enum histogram_scale { HISTOGRAM_ANSWERS, HISTOGRAM_WORK, HISTOGRAM_AGES };

struct histogram {
    enum histogram_scale scale;
    uint64_t n;
    usec_t sum;
    uint64_t buckets[HISTOGRAM_BUCKETS_MAX]; /* each of its own, not cumulative */
};

/* The upper bounds of a scale, rising, each included in its bucket; one bucket more has none. */
const usec_t *histogram_bounds(enum histogram_scale scale, unsigned *out_n);

void histogram_add(struct histogram *h, usec_t value);

/* `n` values in bucket number `bucket`; whoever knows their sum adds it. */
void histogram_put(struct histogram *h, unsigned bucket, uint64_t n);

/* Forgets what was counted; the scale stays. */
void histogram_clear(struct histogram *h);
