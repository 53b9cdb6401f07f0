/* Points in time and time spans in microseconds, in systemd's notation; sizes in bytes. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Microseconds: a span, or a point on CLOCK_BOOTTIME (monotonic, counts through suspend) unless a
 * name says `wall` (then since the Unix epoch).
 */
typedef uint64_t usec_t;

#define USEC_INFINITY UINT64_MAX
#define USEC_PER_MSEC UINT64_C(1000)
#define USEC_PER_SEC UINT64_C(1000000)
#define USEC_PER_MIN (60 * USEC_PER_SEC)
#define USEC_PER_HOUR (60 * USEC_PER_MIN)
#define USEC_PER_DAY (24 * USEC_PER_HOUR)

enum { SPAN_TEXT_MAX = 64 };

/* a + b, and USEC_INFINITY instead of overflow. */
usec_t usec_add(usec_t a, usec_t b);

/* a - b, and 0 instead of wrapping. */
usec_t usec_sub(usec_t a, usec_t b);

/*
 * Reads `30s`, `5min 20s`, `1h`, `500ms`, `2d`, `infinity`; a bare number counts seconds and may
 * have a fraction. Returns 0, -EINVAL (not a span) or -ERANGE.
 */
int span_parse(const char *text, usec_t *out_span);

/* Writes the span as systemd would (`1min 30s`); the two largest units are kept. Returns `buf`. */
const char *span_format(usec_t span, char buf[SPAN_TEXT_MAX]);

/* Writes how long something took, for people: `735us`, `804ms`, `3.27s`, `1min 30s`. Returns `buf`.
 */
const char *span_show(usec_t span, char buf[SPAN_TEXT_MAX]);

/* Reads `64M`, `1G`, `512K`, `4096` (powers of 1024). Returns 0, -EINVAL or -ERANGE. */
int size_parse(const char *text, uint64_t *out_size);

/* Writes the size with the largest unit that divides it. Returns `buf`. */
const char *size_format(uint64_t size, char buf[SPAN_TEXT_MAX]);
