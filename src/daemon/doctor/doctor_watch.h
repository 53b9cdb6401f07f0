/* The workers' memory over time: growth cannot be seen at a glance. */
#pragma once

#include <stdint.h>

struct daemon;
struct doctor_watch;
struct doctor_worker;

/* Looks every [Doctor] SampleInterval=. Returns owned, or NULL when memory is out. */
struct doctor_watch *doctor_watch_new(const struct daemon *d);

/* Fills in how the memory of this life has grown. */
void doctor_watch_growth(
    const struct doctor_watch *w, unsigned slot, uint64_t life, struct doctor_worker *out);

/* NULL is fine. */
void doctor_watch_free(struct doctor_watch *w);
