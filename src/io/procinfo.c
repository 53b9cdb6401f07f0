/* What /proc tells about a process. */
#include "io/procinfo.h"

#include "io/procinfo_stat.h"

#include <stdio.h>

int procinfo_start_time(pid_t pid, uint64_t *out_ticks)
{
    char path[64];
    struct proc_stat stat;
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    int r = proc_stat_read(path, &stat);
    if (r < 0)
        return r;
    *out_ticks = stat.start_ticks;
    return 0;
}
