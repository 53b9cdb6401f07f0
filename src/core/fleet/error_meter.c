/* Counting errors in buckets. */
#include "core/fleet/error_meter.h"

struct error_meter error_meter_initial(usec_t now)
{
    return (struct error_meter){.began_at = now};
}

static uint64_t bucket_of(const struct error_meter *m, usec_t now)
{
    return usec_sub(now, m->began_at) / ERROR_METER_BUCKET;
}

/* Empties the buckets that time has passed since the last error. */
static void turn(struct error_meter *m, uint64_t bucket)
{
    for (unsigned n = 0; m->latest < bucket && n < ERROR_METER_BUCKETS; n++)
        m->counts[++m->latest % ERROR_METER_BUCKETS] = 0;
    m->latest = bucket;
}

void error_meter_add(struct error_meter *m, usec_t now)
{
    uint64_t bucket = bucket_of(m, now);
    if (bucket > m->latest)
        turn(m, bucket);
    m->counts[bucket % ERROR_METER_BUCKETS]++;
    m->total++;
}

struct error_rate error_meter_rate(const struct error_meter *m, usec_t now)
{
    struct error_rate rate = {0};
    uint64_t bucket = bucket_of(m, now);
    uint64_t oldest = bucket >= ERROR_METER_BUCKETS ? bucket - ERROR_METER_BUCKETS + 1 : 0;
    for (uint64_t b = oldest; b <= m->latest; b++)
        rate.errors += m->counts[b % ERROR_METER_BUCKETS];
    rate.span = usec_sub(now, usec_add(m->began_at, oldest * ERROR_METER_BUCKET));
    return rate;
}
