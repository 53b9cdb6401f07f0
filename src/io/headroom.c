/* How much the machine has left. */
#include "io/headroom.h"

#include "base/num.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINE_BYTES = 512 };

/* The number behind `label` in a file of lines. Returns 0 or a negative errno. */
static int read_labelled(const char *path, const char *label, uint64_t *out)
{
    char line[LINE_BYTES];
    int r = -ENODATA;
    FILE *f = fopen(path, "re");
    if (!f)
        return -errno;
    while (r < 0 && fgets(line, sizeof line, f)) {
        size_t len = strlen(label);
        char *end = NULL;
        if (strncmp(line, label, len) != 0)
            continue;
        errno = 0;
        *out = strtoull(line + len, &end, 10);
        if (strncmp(line + len + strspn(line + len, " "), "unlimited", 9) == 0)
            *out = UINT64_MAX;
        else if (errno != 0 || end == line + len)
            break;
        r = 0;
    }
    fclose(f);
    return r;
}

/* The whole file is one number, or "max". */
static int read_number(const char *path, uint64_t *out)
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

/* Our place in the one hierarchy of cgroups. */
static bool read_cgroup(char *out, size_t size)
{
    char line[PATH_MAX];
    bool found = false;
    FILE *f = fopen("/proc/self/cgroup", "re");
    if (!f)
        return false;
    while (!found && fgets(line, sizeof line, f)) {
        line[strcspn(line, "\n")] = '\0';
        found = strncmp(line, "0::/", 4) == 0;
    }
    fclose(f);
    return found && (size_t)snprintf(out, size, "/sys/fs/cgroup%s", line + 3) < size;
}

/* What this cgroup allows for; it may allow for more than those above it. */
static void limit_by(const char *cgroup, uint64_t *total, uint64_t *left)
{
    char path[PATH_MAX + 32];
    uint64_t max;
    uint64_t current;
    snprintf(path, sizeof path, "%s/memory.max", cgroup);
    if (read_number(path, &max) < 0)
        return;
    snprintf(path, sizeof path, "%s/memory.current", cgroup);
    if (read_number(path, &current) < 0)
        return;
    if (max < *total)
        *total = max;
    uint64_t free_here = max > current ? max - current : 0;
    if (free_here < *left)
        *left = free_here;
}

int headroom_memory(uint64_t *out_total, uint64_t *out_free)
{
    char cgroup[PATH_MAX];
    uint64_t total;
    uint64_t left;
    int r = read_labelled("/proc/meminfo", "MemTotal:", &total);
    if (r == 0)
        r = read_labelled("/proc/meminfo", "MemAvailable:", &left);
    if (r < 0)
        return r;
    total *= 1024;
    left *= 1024;
    if (read_cgroup(cgroup, sizeof cgroup)) {
        while (strlen(cgroup) > strlen("/sys/fs/cgroup")) {
            limit_by(cgroup, &total, &left);
            *strrchr(cgroup, '/') = '\0';
        }
    }
    *out_total = total;
    *out_free = left;
    return 0;
}

int headroom_files(uint64_t *out_open, uint64_t *out_max)
{
    uint64_t open_now;
    uint64_t unused;
    uint64_t max;
    FILE *f = fopen("/proc/sys/fs/file-nr", "re");
    if (!f)
        return -errno;
    int n = fscanf(f, "%" SCNu64 " %" SCNu64 " %" SCNu64, &open_now, &unused, &max);
    fclose(f);
    if (n != 3)
        return -ENODATA;
    *out_open = open_now;
    *out_max = max;
    return 0;
}

int headroom_descriptors(pid_t pid, uint64_t *out_max)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/limits", (int)pid);
    return read_labelled(path, "Max open files", out_max);
}

static int executable_at(const char *path)
{
    struct stat st;
    if (stat(path, &st) < 0)
        return -errno;
    if (!S_ISREG(st.st_mode))
        return -EACCES;
    return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) < 0 ? -errno : 0;
}

int headroom_executable(const char *program)
{
    const char *path = getenv("PATH");
    char at[PATH_MAX];
    int r = -ENOENT;
    if (strchr(program, '/'))
        return executable_at(program);
    while (path && *path && r < 0) {
        size_t len = strcspn(path, ":");
        if (len > 0 && snprintf(at, sizeof at, "%.*s/%s", (int)len, path, program) < PATH_MAX) {
            int here = executable_at(at);
            if (here != -ENOENT && here != -ENOTDIR)
                r = here;
        }
        path += len + (path[len] == ':');
    }
    return r;
}

static int has_entries(const char *path)
{
    const struct dirent *entry;
    int r = -ENODATA;
    DIR *d = opendir(path);
    if (!d)
        return -errno;
    while (r < 0 && (entry = readdir(d))) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            r = 0;
    }
    closedir(d);
    return r;
}

int headroom_present(const char *path)
{
    struct stat st;
    if (stat(path, &st) < 0)
        return -errno;
    if (S_ISDIR(st.st_mode))
        return has_entries(path);
    return st.st_size > 0 ? 0 : -ENODATA;
}
