/* Judging the machine. */
#include "core/doctor/doctor_host.h"

#include "core/doctor/doctor.h"

#include <inttypes.h>
#include <string.h>

enum { DISK_PERCENT = 5, MEMORY_PERCENT = 5 };

/* So much free is enough, whatever part of a large disk it is. */
#define DISK_ENOUGH (UINT64_C(2) << 30)
static const double pressure_most = 10.0;

static bool is_scarce(uint64_t left, uint64_t all, unsigned percent)
{
    return all > 0 && left * 100 < all * percent;
}

static void judge_disk(
    const struct doctor_host *f, const struct doctor_disk *d, bool told[2], struct doctor_report *r)
{
    if (!d->known)
        return;
    bool full = (is_scarce(d->free_bytes, d->bytes, DISK_PERCENT) && d->free_bytes < DISK_ENOUGH) ||
                d->free_bytes < f->min_disk_free;
    if (full && !told[0]) {
        told[0] = true;
        doctor_add(r, DOCTOR_HOST_DISK, d->path, "%" PRIu64 "M of %" PRIu64 "M are free",
            d->free_bytes >> 20, d->bytes >> 20);
        doctor_fix(r, "df -h %s; du -xh %s | sort -h | tail", d->path, d->path);
    }
    if (is_scarce(d->free_inodes, d->inodes, DISK_PERCENT) && !told[1]) {
        told[1] = true;
        doctor_add(r, DOCTOR_HOST_INODES, d->path, "%" PRIu64 " of %" PRIu64 " are free",
            d->free_inodes, d->inodes);
        doctor_fix(r, "df -i %s", d->path);
    }
}

/* Several paths are often on one file system: it is told once. */
static bool is_same(const struct doctor_disk *a, const struct doctor_disk *b)
{
    return a->bytes == b->bytes && a->inodes == b->inodes && a->free_bytes == b->free_bytes;
}

static void judge_disks(const struct doctor_host *f, struct doctor_report *r)
{
    for (unsigned i = 0; i < f->n_disks; i++) {
        bool told[2] = {false, false};
        bool seen = false;
        for (unsigned j = 0; j < i; j++)
            seen = seen || (f->disks[j].known && is_same(&f->disks[i], &f->disks[j]));
        if (!seen)
            judge_disk(f, &f->disks[i], told, r);
    }
}

static void judge_memory(const struct doctor_host *f, struct doctor_report *r)
{
    char span[SPAN_TEXT_MAX];
    if (is_scarce(f->memory_available, f->memory, MEMORY_PERCENT))
        doctor_add(r, DOCTOR_HOST_MEMORY, "", "%" PRIu64 "M of %" PRIu64 "M are available",
            f->memory_available >> 20, f->memory >> 20);
    if (f->pressure_known && f->pressure > pressure_most)
        doctor_add(r, DOCTOR_HOST_PRESSURE, "",
            "something waited for memory for %.0f%% of the last minute (/proc/pressure/memory)",
            f->pressure);
    if (f->oom_known && f->ooms.by > 0)
        doctor_add(r, DOCTOR_HOST_OOM, "", "%" PRIu64 " within %s; oom_kill is %" PRIu64 " in %s",
            f->ooms.by, span_format(f->ooms.within, span), f->oom_kills, f->oom_file);
}

static void judge_descriptors(const struct doctor_host *f, struct doctor_report *r)
{
    if (f->max_fds > 0 && f->fds >= f->max_fds / 10 * 8)
        doctor_add(r, DOCTOR_HOST_FDS, "voxkeeperd", "%" PRIu64 " of %" PRIu64 " are open", f->fds,
            f->max_fds);
    if (f->machine_max_fds > 0 && f->machine_fds >= f->machine_max_fds / 10 * 9)
        doctor_add(r, DOCTOR_HOST_FDS, "machine", "%" PRIu64 " of %" PRIu64 " are open",
            f->machine_fds, f->machine_max_fds);
}

void doctor_judge_host(const struct doctor_host *f, struct doctor_report *r)
{
    judge_disks(f, r);
    judge_memory(f, r);
    judge_descriptors(f, r);
    if (f->suppressed > 0)
        doctor_add(
            r, DOCTOR_HOST_JOURNAL, "", "%" PRIu64 " lines within the last hour", f->suppressed);
    if (f->unit_known && f->unit_changed)
        doctor_add(r, DOCTOR_UNIT_DRIFT, "",
            "%s changed on disk, and the service manager goes by what it read before", f->unit);
    if (f->program_changed)
        doctor_add(r, DOCTOR_PROGRAM_DRIFT, "", "%s is not the file that was started", f->program);
    if (f->sync_known && !f->synced)
        doctor_add(r, DOCTOR_TIME_SYNC, "", "%s", f->sync_text);
    if (!f->pressure_known)
        doctor_gap(
            r, DOCTOR_HOST, "whether processes wait for memory: the kernel does not count it");
    if (!f->oom_known)
        doctor_gap(r, DOCTOR_HOST, "kills for want of memory: no cgroup of ours counts them");
    if (!f->sync_known)
        doctor_gap(r, DOCTOR_HOST, "whether the clock is kept: the kernel does not tell us");
}
