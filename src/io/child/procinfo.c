/* What /proc tells about a process: numbers and descriptors. The evidence is in
 * procinfo_evidence.c. */
#include "io/child/procinfo.h"

#include "base/num.h"
#include "base/span.h"
#include "io/child/procinfo_stat.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int read_stat(pid_t pid, struct proc_stat *out)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    return proc_stat_read(path, out);
}

int procinfo_start_time(pid_t pid, uint64_t *out_ticks)
{
    struct proc_stat stat;
    int r = read_stat(pid, &stat);
    if (r < 0)
        return r;
    *out_ticks = stat.start_ticks;
    return 0;
}

void procinfo_program(pid_t pid, char *buf, size_t size)
{
    char link[64];
    char path[4096];
    snprintf(link, sizeof link, "/proc/%d/exe", pid);
    ssize_t n = readlink(link, path, sizeof path);
    if (n <= 0 || (size_t)n >= size || (size_t)n == sizeof path)
        return;
    memcpy(buf, path, (size_t)n);
    buf[n] = '\0';
}

bool procinfo_has_children(pid_t pid)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", pid, pid);
    FILE *list = fopen(path, "re");
    bool any = list && fgetc(list) != EOF;
    if (list)
        fclose(list);
    return any;
}

/* NULL with errno; a process that is gone is ESRCH. */
static DIR *open_descriptors(pid_t pid)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/fd", pid);
    DIR *d = opendir(path);
    if (!d && errno == ENOENT)
        errno = ESRCH;
    return d;
}

/* What the kernel has counted, since Linux 6.2; else by reading them all. */
static int count_descriptors(pid_t pid, unsigned *out_n)
{
    char path[64];
    struct stat st;
    unsigned n = 0;
    snprintf(path, sizeof path, "/proc/%d/fd", pid);
    if (stat(path, &st) == 0 && st.st_size > 0) {
        *out_n = (unsigned)st.st_size;
        return 0;
    }
    DIR *d = open_descriptors(pid);
    if (!d)
        return -errno;
    while (readdir(d))
        n++;
    closedir(d);
    *out_n = n < 2 ? 0 : n - 2; /* . and .. */
    return 0;
}

int procinfo_read(pid_t pid, struct procinfo *out)
{
    struct proc_stat stat;
    int r = read_stat(pid, &stat);
    if (r < 0)
        return r;
    struct procinfo p = {
        .resident_bytes = stat.resident_pages * (uint64_t)sysconf(_SC_PAGESIZE),
        .cpu_usec = stat.cpu_ticks * USEC_PER_SEC / (uint64_t)sysconf(_SC_CLK_TCK),
        .threads = stat.threads,
    };
    r = count_descriptors(pid, &p.descriptors);
    if (r == 0)
        *out = p;
    return r;
}

static int compare_u64(const void *a, const void *b)
{
    const uint64_t *x = a;
    const uint64_t *y = b;
    return (*x > *y) - (*x < *y);
}

/* The number of `socket:[12345]`; 0 for a link to anything else. */
static uint64_t socket_of(int dir_fd, const char *name)
{
    char target[64];
    uint64_t inode = 0;
    ssize_t n = readlinkat(dir_fd, name, target, sizeof target - 1);
    if (n < 10 || memcmp(target, "socket:[", 8) != 0)
        return 0;
    target[n - 1] = '\0';
    return num_parse_u64(target + 8, 1, UINT64_MAX, &inode) == 0 ? inode : 0;
}

uint64_t *procinfo_sockets(pid_t pid, size_t *out_n)
{
    uint64_t *inodes = NULL;
    size_t n = 0;
    size_t size = 0;
    DIR *d = open_descriptors(pid);
    *out_n = 0;
    if (!d)
        return NULL;
    for (struct dirent *de = readdir(d); de; de = readdir(d)) {
        uint64_t inode = socket_of(dirfd(d), de->d_name);
        if (inode == 0)
            continue;
        if (n == size) {
            size = size ? size * 2 : 64;
            uint64_t *more = reallocarray(inodes, size, sizeof *more);
            if (!more)
                break; /* what was found so far is better than nothing */
            inodes = more;
        }
        inodes[n++] = inode;
    }
    closedir(d);
    if (n > 0)
        qsort(inodes, n, sizeof *inodes, compare_u64);
    *out_n = n;
    return inodes;
}
