/* oom_kill of our cgroup. */
#include "io/oom_kills.h"

#include "base/num.h"
#include "core/own_unit.h"
#include "io/manager.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { LINE_BYTES = OWN_UNIT_PATH_MAX + 256 };

/* The number in the line "oom_kill N". */
static int read_count(const char *path, uint64_t *out)
{
    static const char name[] = "oom_kill ";
    char line[LINE_BYTES];
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

/* Whether `name` is one of those between the commas. */
static bool has_controller(const char *list, size_t len, const char *name)
{
    size_t n = strlen(name);
    for (const char *at = list; at < list + len; at += strcspn(at, ",:") + 1) {
        if (strcspn(at, ",:") == n && strncmp(at, name, n) == 0)
            return true;
    }
    return false;
}

/* Our place in the hierarchy of a controller ("": in that of version 2). */
static bool read_place(const char *controller, char *out, size_t size)
{
    char line[LINE_BYTES];
    bool found = false;
    FILE *f = fopen("/proc/self/cgroup", "re");
    if (!f)
        return false;
    while (!found && fgets(line, sizeof line, f)) {
        line[strcspn(line, "\n")] = '\0';
        const char *list = strchr(line, ':');
        const char *place = list ? strchr(list + 1, ':') : NULL;
        if (!place)
            continue;
        size_t len = (size_t)(place - list - 1);
        found = controller[0] ? has_controller(list + 1, len, controller) : len == 0;
        if (found)
            found = (size_t)snprintf(out, size, "%s", place + 1) < size;
    }
    fclose(f);
    return found;
}

int oom_kills_read(char path[OOM_KILLS_PATH_MAX], uint64_t *out)
{
    char place[OOM_KILLS_PATH_MAX];
    struct own_unit unit;
    struct err e = {0};
    int r = -ENOENT;
    /* We may be in a part of our unit, and workers in another one. */
    if (manager_own_unit(&unit, &e) == 0 &&
        snprintf(path, OOM_KILLS_PATH_MAX, "/sys/fs/cgroup%s/memory.events", unit.cgroup) <
            OOM_KILLS_PATH_MAX)
        r = read_count(path, out);
    if (r < 0 && read_place("", place, sizeof place) &&
        snprintf(path, OOM_KILLS_PATH_MAX, "/sys/fs/cgroup%s/memory.events", place) <
            OOM_KILLS_PATH_MAX)
        r = read_count(path, out);
    if (r < 0 && read_place("memory", place, sizeof place) &&
        snprintf(path, OOM_KILLS_PATH_MAX, "/sys/fs/cgroup/memory%s/memory.oom_control", place) <
            OOM_KILLS_PATH_MAX)
        r = read_count(path, out);
    return r;
}
