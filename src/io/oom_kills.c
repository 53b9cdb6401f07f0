/* oom_kill of our cgroup. */
#include "io/oom_kills.h"

#include "base/num.h"
#include "io/child/procinfo_cgroup.h"
#include "io/manager.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* The number in the line "oom_kill N". */
static int read_count(const char *path, uint64_t *out)
{
    static const char name[] = "oom_kill ";
    char line[256];
    int r = -ENOENT;
    FILE *f = fopen(path, "re");
    if (!f)
        return -errno;
    while (r < 0 && fgets(line, sizeof line, f)) {
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, name, sizeof name - 1) == 0)
            r = num_parse_u64(line + sizeof name - 1, 0, UINT64_MAX, out);
    }
    fclose(f);
    return r;
}

/* The count in `file` of the cgroup `place` of the hierarchy that is mounted at `mount`. */
static int read_at(const char *mount, const char *place, const char *file,
    char path[OOM_KILLS_PATH_MAX], uint64_t *out)
{
    int n = snprintf(path, OOM_KILLS_PATH_MAX, "%s%s/%s", mount, place, file);
    return n < OOM_KILLS_PATH_MAX ? read_count(path, out) : -ENOENT;
}

static bool own_place(const char *controller, char place[OOM_KILLS_PATH_MAX])
{
    struct err none = {0};
    return proc_cgroup_place(PROC_CGROUP_OWN, controller, place, OOM_KILLS_PATH_MAX, &none) == 0;
}

int oom_kills_read(char path[OOM_KILLS_PATH_MAX], uint64_t *out)
{
    char place[OOM_KILLS_PATH_MAX];
    struct own_unit unit;
    struct err e = {0};
    int r = -ENOENT;
    /* We may be in a part of our unit, and workers in another one. */
    if (manager_own_unit(&unit, &e) == 0)
        r = read_at("/sys/fs/cgroup", unit.cgroup, "memory.events", path, out);
    if (r < 0 && own_place(CGROUP_V2, place))
        r = read_at("/sys/fs/cgroup", place, "memory.events", path, out);
    if (r < 0 && own_place("memory", place))
        r = read_at("/sys/fs/cgroup/memory", place, "memory.oom_control", path, out);
    return r;
}
