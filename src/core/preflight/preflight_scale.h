/*
 * Whether the workers will do for the callers that are expected, and the machine for the workers.
 * Arithmetic on what was configured and measured; pure.
 */
#pragma once

#include "base/err.h"
#include "base/strlist.h"
#include "core/preflight/preflight.h"

#include <stdint.h>

enum { PEAK_DAYS = 7, PEAK_HOURS = 24 };

/* Callers that are expected at the same time, by weekday (0: Monday) and hour. */
struct peaks {
    uint64_t callers[PEAK_DAYS][PEAK_HOURS];
    bool any; /* there was an entry */
};

/*
 * Reads one entry of ExpectedPeak=: `[DAYS] [HOURS] CALLERS`, as in `Mon..Fri 9..17 120`, `Sat,Sun
 * 80`, `20..6 10` or `40`. HOURS are first and last, the last one included, over midnight of the
 * days named if the last is before the first. Where entries overlap the larger number holds.
 * Returns 0, or -EINVAL with *e. `p` may be NULL: it is only to be checked.
 */
int peaks_read(const char *entry, struct peaks *p, struct err *e);

/* Every value 0 where it is not configured or not known. */
struct preflight_scale {
    uint64_t workers, standby, surge; /* surge: further workers beside them during a rollout */
    uint64_t configured;              /* Workers= says so many */
    const char *scaled_by; /* who asked for another number, which is in force; NULL: nobody */
    bool in_place;         /* a rollout takes them away one by one */
    uint64_t min_workers, max_workers;
    uint64_t per_worker;     /* callers */
    unsigned up_at, down_at; /* percent of it */
    const struct strlist *peaks;
    unsigned day, hour;       /* now, local time */
    uint64_t worker_memory;   /* bytes, configured */
    uint64_t largest_worker;  /* bytes, measured */
    uint64_t memory_free;     /* that can be had */
    uint64_t memory_total;    /* of the machine, or what our cgroup may have if that is less */
    uint64_t worker_fds;      /* open in a worker now, the most */
    uint64_t worker_fds_max;  /* that a worker may have */
    uint64_t fds_per_session; /* configured */
    uint64_t files_open, files_max; /* of the machine */
};

/* Notes the evidence for every check of PREFLIGHT_ITEM_SCALING. */
void preflight_scale(const struct preflight_scale *s, struct preflight *p);
