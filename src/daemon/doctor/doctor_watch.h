/* What cannot be seen at a glance: how the workers' memory grows, and which counters rise. */
#pragma once

#include "core/doctor/doctor_rise.h"

#include <stdint.h>

struct daemon;
struct doctor_host;
struct doctor_redis;
struct doctor_watch;
struct doctor_worker;

/* Looks every [Doctor] SampleInterval=. Returns owned, or NULL when memory is out. */
struct doctor_watch *doctor_watch_new(const struct daemon *d);

/* Fills in how the memory of this life has grown. */
void doctor_watch_growth(
    const struct doctor_watch *w, unsigned slot, uint64_t life, struct doctor_worker *out);

/* By how much the counters in these facts rose of late. `w` NULL: nobody has watched. */
void doctor_watch_rises(
    const struct doctor_watch *w, struct doctor_redis *redis, struct doctor_host *host);

/* NULL is fine. */
void doctor_watch_free(struct doctor_watch *w);
