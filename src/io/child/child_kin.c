/* See child_kin.h. */
#include "io/child/child_kin.h"

#include "io/child/procinfo_stat.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Deeper trees end the search, and so does a loop that pids reused meanwhile may form. */
enum { GENERATIONS_MAX = 64, CGROUP_TEXT_MAX = 4096 };

static bool read_stat(pid_t pid, struct proc_stat *out)
{
    char path[32];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    return proc_stat_read(path, out) == 0;
}

static bool descends(pid_t main_pid, pid_t pid)
{
    struct proc_stat stat;
    for (unsigned i = 0; i < GENERATIONS_MAX && pid > 1 && read_stat(pid, &stat); i++) {
        if (stat.parent == main_pid || stat.session == main_pid || stat.group == main_pid)
            return true;
        pid = stat.parent;
    }
    return false;
}

static bool read_cgroup(pid_t pid, char text[CGROUP_TEXT_MAX])
{
    char path[32];
    snprintf(path, sizeof path, "/proc/%d/cgroup", (int)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t n = read(fd, text, CGROUP_TEXT_MAX - 1);
    close(fd);
    text[n > 0 ? n : 0] = '\0';
    return n > 0;
}

static bool shares_cgroup(pid_t main_pid, pid_t pid)
{
    char theirs[CGROUP_TEXT_MAX];
    char other[CGROUP_TEXT_MAX];
    return read_cgroup(main_pid, theirs) && read_cgroup(getpid(), other) &&
           strcmp(theirs, other) != 0 && read_cgroup(pid, other) && strcmp(theirs, other) == 0;
}

bool child_kin(pid_t main_pid, pid_t pid)
{
    if (main_pid <= 0 || pid <= 0)
        return false;
    return pid == main_pid || descends(main_pid, pid) || shares_cgroup(main_pid, pid);
}
