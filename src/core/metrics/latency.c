/* Times in buckets. */
#include "core/metrics/latency.h"

/* 0..3 have a bucket each; then four buckets a power of two, the last one for all that is left. */
static unsigned bucket_of(usec_t took)
{
    unsigned log = 0;
    if (took < 4)
        return (unsigned)took;
    for (usec_t t = took; t >= 8; t >>= 1)
        log++;
    unsigned bucket = 4 + 4 * log + (unsigned)((took >> log) - 4);
    return bucket < LATENCY_BUCKETS ? bucket : LATENCY_BUCKETS - 1;
}

/* The longest time of it. */
static usec_t end_of(unsigned bucket)
{
    if (bucket < 4)
        return bucket;
    unsigned log = (bucket - 4) / 4;
    return ((usec_t)(4 + (bucket - 4) % 4 + 1) << log) - 1;
}

void latency_add(struct latency *l, usec_t took)
{
    l->n++;
    l->buckets[bucket_of(took)]++;
    if (took > l->max)
        l->max = took;
}

usec_t latency_quantile(const struct latency *l, unsigned permille)
{
    uint64_t below = 0;
    for (unsigned i = 0; l->n > 0 && i < LATENCY_BUCKETS - 1; i++) {
        below += l->buckets[i];
        if (below * 1000 >= l->n * permille && below > 0)
            return end_of(i) < l->max ? end_of(i) : l->max;
    }
    return l->max;
}
