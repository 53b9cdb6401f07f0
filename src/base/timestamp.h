/* Points in time as people and programs write them: ISO 8601 with an offset, epoch s and ms. */
#pragma once

#include "base/span.h"

#include <stddef.h>

enum { TIMESTAMP_TEXT_MAX = 32 };

/*
 * Reads `2025-06-01T12:30:00.123Z`, `2025-06-01 14:30:00+02:00`; any number of fraction digits,
 * `.` or `,`, offsets `Z`, `+hh`, `+hhmm`, `+hh:mm`. The offset must be there: local time without
 * one may be half a day away. Returns 0, -EINVAL, or -ERANGE (before 1970). The bytes need no NUL.
 */
int timestamp_parse(const char *text, size_t len, usec_t *out_wall);

/*
 * Seconds or milliseconds since the epoch, told apart by size: both readings lie between 1973 and
 * 5138. Returns 0 or -ERANGE.
 */
int timestamp_from_number(double number, usec_t *out_wall);

/* Writes `2025-06-01T12:30:00.123Z`; years beyond 9999 as `infinity`. Returns `buf`. */
const char *timestamp_format(usec_t wall, char buf[TIMESTAMP_TEXT_MAX]);
