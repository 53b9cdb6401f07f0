/* See child_kin.h. */
#include "io/child/child_kin.h"

#include "io/child/procinfo_cgroup.h"
#include "io/child/procinfo_stat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Deeper trees end the search, and so does a loop that pids reused meanwhile may form. */
enum { GENERATIONS_MAX = 64 };

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

/* Owned; NULL when it cannot be read. */
static char *read_cgroup(pid_t pid)
{
    char path[32];
    char *text = NULL;
    struct err none = {0};
    snprintf(path, sizeof path, "/proc/%d/cgroup", (int)pid);
    return proc_cgroup_read(path, &text, &none) < 0 ? NULL : text;
}

/* One that is not ours: there everybody is who has none of his own. */
static bool shares_cgroup(pid_t main_pid, pid_t pid)
{
    char *main = read_cgroup(main_pid);
    char *ours = read_cgroup(getpid());
    char *theirs = read_cgroup(pid);
    bool shared =
        main && main[0] && ours && theirs && strcmp(main, ours) != 0 && strcmp(main, theirs) == 0;
    free(main);
    free(ours);
    free(theirs);
    return shared;
}

bool child_kin(pid_t main_pid, pid_t pid)
{
    if (main_pid <= 0 || pid <= 0)
        return false;
    return pid == main_pid || descends(main_pid, pid) || shares_cgroup(main_pid, pid);
}
