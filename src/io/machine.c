/* What the kernel tells of the machine. */
#include "io/machine.h"

#include "base/num.h"
#include "io/child/procinfo_cgroup.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <unistd.h>

/* The number behind `name` in a file of lines "name number". */
static int read_number(const char *path, const char *name, uint64_t *out)
{
    char line[256];
    int r = -ENODATA;
    size_t len = strlen(name);
    FILE *f = fopen(path, "re");
    if (!f)
        return -errno;
    while (r < 0 && fgets(line, sizeof line, f)) {
        if (strncmp(line, name, len) == 0 && sscanf(line + len, " %" SCNu64, out) == 1)
            r = 0;
    }
    fclose(f);
    return r;
}

int machine_memory(uint64_t *out_total, uint64_t *out_available)
{
    uint64_t total = 0;
    uint64_t available = 0;
    int r = read_number("/proc/meminfo", "MemTotal:", &total);
    if (r == 0)
        r = read_number("/proc/meminfo", "MemAvailable:", &available);
    if (r < 0)
        return r;
    *out_total = total * 1024;
    *out_available = available * 1024;
    return 0;
}

/* The whole file is one number, or "max". */
static int read_bound(const char *path, uint64_t *out)
{
    char text[32];
    FILE *f = fopen(path, "re");
    if (!f)
        return -errno;
    bool any = fgets(text, sizeof text, f) != NULL;
    fclose(f);
    if (!any)
        return -ENODATA;
    text[strcspn(text, "\n")] = '\0';
    if (strcmp(text, "max") != 0)
        return num_parse_u64(text, 0, UINT64_MAX, out);
    *out = UINT64_MAX;
    return 0;
}

/* What this cgroup allows for; it may allow for more than those above it. */
static void limit_by(const char *cgroup, uint64_t *total, uint64_t *left)
{
    char path[PATH_MAX + 32];
    uint64_t max;
    uint64_t current;
    snprintf(path, sizeof path, "%s/memory.max", cgroup);
    if (read_bound(path, &max) < 0)
        return;
    snprintf(path, sizeof path, "%s/memory.current", cgroup);
    if (read_bound(path, &current) < 0)
        return;
    if (max < *total)
        *total = max;
    uint64_t free_here = max > current ? max - current : 0;
    if (free_here < *left)
        *left = free_here;
}

int machine_room(uint64_t *out_total, uint64_t *out_free)
{
    static const char mount[] = "/sys/fs/cgroup";
    char cgroup[PATH_MAX];
    char *place = stpcpy(cgroup, mount);
    size_t room = sizeof cgroup - strlen(mount);
    uint64_t total;
    uint64_t left;
    struct err none = {0};
    int r = machine_memory(&total, &left);
    if (r < 0)
        return r;
    if (proc_cgroup_place(PROC_CGROUP_OWN, CGROUP_V2, place, room, &none) == 0) {
        while (*place) {
            limit_by(cgroup, &total, &left);
            *strrchr(cgroup, '/') = '\0';
        }
    }
    *out_total = total;
    *out_free = left;
    return 0;
}

int machine_memory_pressure(double *out_percent)
{
    double percent = 0;
    FILE *f = fopen("/proc/pressure/memory", "re");
    if (!f)
        return -errno;
    int n = fscanf(f, "some avg10=%*f avg60=%lf", &percent);
    fclose(f);
    if (n != 1)
        return -ENODATA;
    *out_percent = percent;
    return 0;
}

int machine_files(uint64_t *out_open, uint64_t *out_max)
{
    FILE *f = fopen("/proc/sys/fs/file-nr", "re");
    if (!f)
        return -errno;
    int n = fscanf(f, "%" SCNu64 " %*u %" SCNu64, out_open, out_max);
    fclose(f);
    return n == 2 ? 0 : -ENODATA;
}

int machine_clock(bool *out_synced, uint64_t *out_error)
{
    struct timex t = {0};
    int state = adjtimex(&t);
    if (state < 0)
        return -errno;
    *out_synced = state != TIME_ERROR;
    *out_error = t.maxerror > 0 ? (uint64_t)t.maxerror : 0;
    return 0;
}

bool machine_program_changed(char *path, unsigned size)
{
    static const char deleted[] = " (deleted)";
    struct stat running;
    struct stat installed;
    ssize_t n = readlink("/proc/self/exe", path, size - 1);
    if (n <= 0)
        return false;
    path[n] = '\0';
    size_t len = (size_t)n;
    if (len > sizeof deleted && strcmp(path + len - (sizeof deleted - 1), deleted) == 0)
        path[len - (sizeof deleted - 1)] = '\0';
    /* One that is not installed (any more) cannot be taken over by. */
    if (stat("/proc/self/exe", &running) < 0 || stat(path, &installed) < 0)
        return false;
    return running.st_dev != installed.st_dev || running.st_ino != installed.st_ino;
}

int machine_disk(const char *path, struct machine_disk *out)
{
    struct statvfs s;
    if (statvfs(path, &s) < 0)
        return -errno;
    *out = (struct machine_disk){.bytes = (uint64_t)s.f_blocks * s.f_frsize,
        .free_bytes = (uint64_t)s.f_bavail * s.f_frsize,
        .inodes = s.f_files,
        .free_inodes = s.f_favail};
    return 0;
}
