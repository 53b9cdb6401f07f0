/* Counts of times in buckets. */
#include "core/metrics/histogram.h"

#include <assert.h>

#define MSEC USEC_PER_MSEC
#define SEC USEC_PER_SEC

const usec_t *histogram_bounds(enum histogram_scale scale, unsigned *out_n)
{
    static const usec_t answers[] = {100, 250, 500, MSEC, 2500, 5 * MSEC, 10 * MSEC, 25 * MSEC,
        50 * MSEC, 100 * MSEC, 250 * MSEC, 500 * MSEC, SEC, 2500 * MSEC, 5 * SEC, 10 * SEC};
    static const usec_t work[] = {10 * MSEC, 50 * MSEC, 100 * MSEC, 250 * MSEC, 500 * MSEC, SEC,
        2500 * MSEC, 5 * SEC, 10 * SEC, 30 * SEC, 60 * SEC, 120 * SEC, 300 * SEC, 600 * SEC,
        1800 * SEC, 3600 * SEC};
    static const usec_t ages[] = {900 * SEC, 3600 * SEC, 86400 * SEC, 604800 * SEC};
    switch (scale) {
    case HISTOGRAM_ANSWERS:
        *out_n = sizeof answers / sizeof *answers;
        return answers;
    case HISTOGRAM_WORK:
        *out_n = sizeof work / sizeof *work;
        return work;
    case HISTOGRAM_AGES:
        break;
    }
    *out_n = sizeof ages / sizeof *ages;
    return ages;
}

void histogram_add(struct histogram *h, usec_t value)
{
    unsigned n;
    const usec_t *bounds = histogram_bounds(h->scale, &n);
    unsigned i = 0;
    while (i < n && value > bounds[i])
        i++;
    h->buckets[i]++;
    h->n++;
    h->sum = usec_add(h->sum, value);
}

void histogram_put(struct histogram *h, unsigned bucket, uint64_t n)
{
    unsigned bounded;
    histogram_bounds(h->scale, &bounded);
    assert(bucket <= bounded);
    h->buckets[bucket] += n;
    h->n += n;
}

void histogram_clear(struct histogram *h)
{
    *h = (struct histogram){.scale = h->scale};
}
