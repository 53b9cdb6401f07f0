/*
 * How many lines of level err one life wrote lately: counts of the last ten minutes, in buckets of
 * ten seconds, so that what lies long back, or a long life, thins nothing out.
 */
#pragma once

#include "base/span.h"

#include <stdint.h>

#define ERROR_METER_BUCKET (10 * USEC_PER_SEC)

enum { ERROR_METER_BUCKETS = 60 };

struct error_meter {
    usec_t began_at;
    uint64_t latest; /* number of the newest bucket, counted from `began_at` */
    uint64_t total;
    uint32_t counts[ERROR_METER_BUCKETS];
};

struct error_rate {
    uint64_t errors;
    usec_t span; /* in which they were written; 0: nothing is known */
};

struct error_meter error_meter_initial(usec_t now);
void error_meter_add(struct error_meter *m, usec_t now);

/* Of the last ten minutes, or of as much of them as there was. */
struct error_rate error_meter_rate(const struct error_meter *m, usec_t now);
