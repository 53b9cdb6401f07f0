/* Metrics of voxkeeperd itself: its configuration, its disk, its memory, its loop, its process. */
#include "daemon/metrics/metrics_parts.h"

#include "io/child/cgroup.h"
#include "io/child/procinfo.h"

#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

static void write_config(const struct daemon *d, struct exposition *x)
{
    exposition_one_count(x, METRIC_CONFIG_LAST_RELOAD_SUCCESSFUL, d->meters->config_taken);
    exposition_one_seconds(x, METRIC_CONFIG_LAST_RELOAD_SUCCESS, d->config_loaded_wall);
}

static void write_disk(const struct daemon *d, struct exposition *x)
{
    struct statvfs disk;
    exposition_family(x, METRIC_STATE_DIRECTORY_FREE);
    if (statvfs(d->config->admin.state_directory, &disk) == 0)
        exposition_count(x, NULL, (uint64_t)disk.f_bavail * disk.f_frsize);
    else
        exposition_unknown(x, NULL);
}

static void write_memory(const struct daemon *d, struct exposition *x)
{
    struct cgroup_memory memory;
    bool known = d->cgroup && cgroup_memory(d->cgroup, &memory) == 0;
    exposition_family(x, METRIC_MEMORY_USED);
    if (known)
        exposition_count(x, NULL, memory.used);
    exposition_family(x, METRIC_MEMORY_LIMIT);
    if (known && memory.limited)
        exposition_count(x, NULL, memory.limit);
}

void metrics_write_process(const struct daemon *d, struct exposition *x)
{
    struct procinfo self = {0};
    struct rlimit files = {0};
    write_config(d, x);
    write_disk(d, x);
    write_memory(d, x);
    exposition_one_histogram(x, METRIC_LOOP_LAG, &d->meters->loop_lag);
    /* Neither fails for ourselves. */
    (void)procinfo_read(getpid(), &self);
    (void)getrlimit(RLIMIT_NOFILE, &files);
    exposition_one_count(x, METRIC_PROCESS_RESIDENT_MEMORY, self.resident_bytes);
    exposition_one_seconds(x, METRIC_PROCESS_CPU, self.cpu_usec);
    exposition_one_count(x, METRIC_PROCESS_OPEN_FDS, self.descriptors);
    exposition_one_count(x, METRIC_PROCESS_MAX_FDS, files.rlim_cur);
    exposition_one_seconds(x, METRIC_PROCESS_START_TIME, d->started_wall);
}
