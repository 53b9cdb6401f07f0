/* Whether workers and machine will do. */
#include "core/preflight/preflight_scale.h"

#include <stdio.h>

typedef unsigned long long ull;

static const char *const day_names[PEAK_DAYS] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};

enum { NUMBER_MAX = 192 };

/* Whose number it is: it may not be in any file. */
static const char *number(const struct preflight_scale *s, char out[NUMBER_MAX])
{
    if (s->scaled_by)
        snprintf(out, NUMBER_MAX, "voxkeeper scale %llu (by %.100s, in place of Workers=%llu)",
            (ull)s->workers, s->scaled_by, (ull)s->configured);
    else
        snprintf(out, NUMBER_MAX, "Workers=%llu", (ull)s->workers);
    return out;
}

static const char *origin(const struct preflight_scale *s)
{
    return s->scaled_by ? " (voxkeeper scale)" : "";
}

static void bounds(const struct preflight_scale *s, struct preflight *p)
{
    const enum preflight_check c = PREFLIGHT_BOUNDS;
    char words[NUMBER_MAX];
    number(s, words);
    if (s->min_workers > s->max_workers)
        preflight_note(p, c, false, "MinWorkers=%llu is above MaxWorkers=%llu", (ull)s->min_workers,
            (ull)s->max_workers);
    else if (s->workers < s->min_workers)
        preflight_note(p, c, false, "%s is below MinWorkers=%llu", words, (ull)s->min_workers);
    else if (s->workers > s->max_workers)
        preflight_note(p, c, false, "%s is above MaxWorkers=%llu", words, (ull)s->max_workers);
    else
        preflight_note(p, c, true, "MinWorkers=%llu <= %s <= MaxWorkers=%llu", (ull)s->min_workers,
            words, (ull)s->max_workers);
}

static void thresholds(const struct preflight_scale *s, struct preflight *p)
{
    const enum preflight_check c = PREFLIGHT_THRESHOLDS;
    bool ordered = s->down_at < s->up_at && s->up_at <= 100;
    preflight_note(p, c, ordered, "ScaleDownAt=%u%% %s ScaleUpAt=%u%%%s", s->down_at,
        s->down_at < s->up_at ? "<" : "is not below", s->up_at,
        s->up_at > 100 ? " is above 100%" : "");
    /* With one worker less each of the others has more: that must not call for one more again. */
    if (ordered && s->max_workers > 1 && s->down_at * 2 > s->up_at && s->min_workers < 2)
        preflight_note(p, c, false,
            "from 2 workers at ScaleDownAt=%u%% to 1 is %u%%, above ScaleUpAt=%u%%: it would go up "
            "and down for ever",
            s->down_at, s->down_at * 2, s->up_at);
}

static bool read_peaks(const struct preflight_scale *s, struct peaks *out)
{
    *out = (struct peaks){0};
    for (size_t i = 0; i < s->peaks->n; i++) {
        if (peaks_read(s->peaks->items[i], out, NULL) < 0)
            return false;
    }
    return out->any;
}

/* Every hour of the week with all workers; this hour with what a rollout leaves of them. */
static void compare_peaks(
    const struct preflight_scale *s, const struct peaks *peaks, struct preflight *p)
{
    const enum preflight_check c = PREFLIGHT_CAPACITY;
    uint64_t all = s->workers * s->per_worker;
    uint64_t rolling = (s->workers - (s->in_place && s->workers > 0)) * s->per_worker;
    uint64_t now = peaks->callers[s->day][s->hour];
    unsigned day = 0;
    unsigned hour = 0;
    unsigned beyond = 0;
    for (unsigned i = 0; i < PEAK_DAYS * PEAK_HOURS; i++) {
        unsigned d = i / PEAK_HOURS;
        unsigned h = i % PEAK_HOURS;
        beyond += peaks->callers[d][h] > all;
        if (peaks->callers[d][h] > peaks->callers[day][hour]) {
            day = d;
            hour = h;
        }
    }
    preflight_note(p, c, beyond == 0,
        "%llu workers%s of %llu callers each take %llu; the most, %llu, are expected on %s at "
        "%02u:00",
        (ull)s->workers, origin(s), (ull)s->per_worker, (ull)all, (ull)peaks->callers[day][hour],
        day_names[day], hour);
    if (beyond > 0)
        preflight_note(p, c, false, "too few in %u hours of the week", beyond);
    preflight_note(p, c, now <= rolling,
        "a rollout now leaves room for %llu; %llu are expected on %s at %02u:00", (ull)rolling,
        (ull)now, day_names[s->day], s->hour);
}

static void capacity(const struct preflight_scale *s, struct preflight *p)
{
    struct peaks peaks;
    bool known = read_peaks(s, &peaks);
    if (s->per_worker == 0)
        preflight_note(p, PREFLIGHT_CAPACITY, false,
            "[Preflight] SessionsPerWorker= does not say how many callers a worker takes");
    if (!known)
        preflight_note(p, PREFLIGHT_CAPACITY, false,
            "[Preflight] ExpectedPeak= does not say how many callers to expect");
    if (known && s->per_worker > 0)
        compare_peaks(s, &peaks, p);
}

static void memory(const struct preflight_scale *s, struct preflight *p)
{
    const enum preflight_check c = PREFLIGHT_MEMORY;
    uint64_t each = s->worker_memory > s->largest_worker ? s->worker_memory : s->largest_worker;
    uint64_t all = s->workers + s->standby + s->surge;
    if (each == 0)
        preflight_note(p, c, false,
            "no worker runs whose memory could be measured, and [Preflight] WorkerMemory= does not "
            "tell");
    else if (s->memory_total == 0)
        preflight_note(p, c, false, "the kernel does not tell how much memory there is");
    if (each > 0 && s->memory_total > 0) {
        preflight_note(p, c, each * s->surge <= s->memory_free,
            "a rollout takes %llu MiB for %llu more workers; %llu MiB can be had",
            (ull)(each * s->surge >> 20), (ull)s->surge, (ull)(s->memory_free >> 20));
        preflight_note(p, c, each * all <= s->memory_total,
            "%llu workers of %llu MiB each take %llu MiB of %llu MiB", (ull)all, (ull)(each >> 20),
            (ull)(each * all >> 20), (ull)(s->memory_total >> 20));
    }
}

static void descriptors(const struct preflight_scale *s, struct preflight *p)
{
    const enum preflight_check c = PREFLIGHT_DESCRIPTORS;
    uint64_t more = s->per_worker * s->fds_per_session;
    if (s->per_worker == 0)
        preflight_note(p, c, false,
            "[Preflight] SessionsPerWorker= does not say how many callers a worker takes");
    else if (s->worker_fds_max == 0)
        preflight_note(p, c, false, "no worker runs whose descriptors could be counted");
    else
        preflight_note(p, c, s->worker_fds + more <= s->worker_fds_max,
            "a worker has %llu open, %llu callers take %llu more; its limit is %llu",
            (ull)s->worker_fds, (ull)s->per_worker, (ull)more, (ull)s->worker_fds_max);
    if (s->files_max == 0)
        preflight_note(p, c, false, "the kernel does not tell how many files are open");
    else
        preflight_note(p, c, s->files_open + more * (s->workers + s->surge) <= s->files_max,
            "the machine has %llu open of %llu", (ull)s->files_open, (ull)s->files_max);
}

void preflight_scale(const struct preflight_scale *s, struct preflight *p)
{
    bounds(s, p);
    thresholds(s, p);
    capacity(s, p);
    memory(s, p);
    descriptors(s, p);
}
