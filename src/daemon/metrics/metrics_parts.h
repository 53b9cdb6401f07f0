/* The files of daemon/metrics: each writes some families, in the order of the table. */
#pragma once

#include "core/metrics/exposition.h"
#include "daemon/daemon.h"
#include "daemon/metrics/meters.h"

/* Room for a number as a label. */
struct metric_number {
    char text[24];
};
struct metric_number metric_number(uint64_t value);

/* Series of a counter with one label: the values of a list of names. */
void metrics_counts(struct exposition *x, enum metric_family family, const char *const *names,
    const uint64_t *counts, unsigned n);

void metrics_write_workers(const struct daemon *d, struct exposition *x);
void metrics_write_service(const struct daemon *d, struct exposition *x);
void metrics_write_redis(const struct daemon *d, struct exposition *x);
void metrics_write_told(const struct daemon *d, struct exposition *x);
void metrics_write_credentials(const struct daemon *d, struct exposition *x);
void metrics_write_process(const struct daemon *d, struct exposition *x);
