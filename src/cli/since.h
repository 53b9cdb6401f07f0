/* A point in time as people write it. */
#pragma once

#include "base/span.h"

/*
 * Reads a span back from `now` (`10min`, `2h 30min`), the last time that it was so late (`03:10`), a
 * day or a day and a time (`2026-01-02`, `2026-01-02 03:10:00`, local time), or a time with its
 * offset (`2026-01-02T03:10:00Z`). Both are microseconds since the epoch. Returns 0 or -EINVAL.
 */
int since_parse(const char *text, usec_t now, usec_t *out_wall);

/* The same, but for a span: `18:30` is the next time that it is so late. */
int ahead_parse(const char *text, usec_t now, usec_t *out_wall);
