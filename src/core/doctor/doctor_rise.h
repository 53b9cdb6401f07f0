/*
 * Counters that never fall (evicted_keys of Redis, oom_kill of a cgroup), looked at again and
 * again: by how much each rose lately. What happened once is no finding for ever.
 */
#pragma once

#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

/* X(SYMBOL): what is counted. */
#define DOCTOR_COUNTERS(X)                                                                         \
    X(EVICTED)  /* keys that Redis threw away to make room */                                      \
    X(REJECTED) /* connections that it refused for want of room */                                 \
    X(OOM)      /* processes of our cgroup that the kernel killed for want of memory */

#define X(symbol) DOCTOR_COUNTER_##symbol,
enum doctor_counter { DOCTOR_COUNTERS(X) DOCTOR_COUNTER_COUNT };
#undef X

enum { DOCTOR_RISE_KEPT = 64 };

/* All zero: nothing was looked at yet. */
struct doctor_rise {
    uint64_t origin;
    uint64_t taken; /* the n-th, counted from 0, is at n % KEPT */
    uint64_t values[DOCTOR_RISE_KEPT];
    usec_t at[DOCTOR_RISE_KEPT];
};

/* Who counts, and since when: another one begins at 0. */
struct doctor_count_now {
    uint64_t origin; /* tells one run of a server, one cgroup from another */
    uint64_t value;
    usec_t age; /* it counts since then; USEC_INFINITY: not known */
};

struct doctor_risen {
    bool known;
    uint64_t by;
    usec_t within;
};

/* An origin by its name. Never 0. */
uint64_t doctor_rise_origin(const char *name);

/* Notes a look at `now` (any clock that runs on). */
void doctor_rise_note(struct doctor_rise *r, const struct doctor_count_now *count, usec_t now);

/*
 * By how much it rose within at most `window` until now. Not known when it counts for longer than
 * that and was never looked at before. `r` NULL: nobody has looked.
 */
struct doctor_risen doctor_rise_lately(
    const struct doctor_rise *r, const struct doctor_count_now *count, usec_t now, usec_t window);
