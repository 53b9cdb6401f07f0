/* A point in the past as people write it. */
#pragma once

#include "base/span.h"

/*
 * Reads a span back from `now` (`10min`, `2h 30min`), a time of today (`03:10`), a day or a day and
 * a time (`2026-01-02`, `2026-01-02 03:10:00`, local time), or a time with its offset
 * (`2026-01-02T03:10:00Z`). Both are microseconds since the epoch. Returns 0 or -EINVAL.
 */
int since_parse(const char *text, usec_t now, usec_t *out_wall);
