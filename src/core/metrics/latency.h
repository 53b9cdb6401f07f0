/* Times in buckets of a quarter of their size each, for quantiles in little memory. Pure. */
#pragma once

#include "base/span.h"

enum { LATENCY_BUCKETS = 128 };

struct latency {
    uint64_t n;
    usec_t max;
    uint32_t buckets[LATENCY_BUCKETS];
};

void latency_add(struct latency *l, usec_t took);

/* What `permille` of the times do not exceed; up to a quarter too much, never above the longest.
 * 0 without any. */
usec_t latency_quantile(const struct latency *l, unsigned permille);
