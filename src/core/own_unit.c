/* Which unit a process is part of. */
#include "core/own_unit.h"

#include "core/cgroup_line.h"

#include <string.h>

static bool ends_with(const char *text, size_t len, const char *tail)
{
    size_t n = strlen(tail);
    return len > n && memcmp(text + len - n, tail, n) == 0;
}

/* Services of a user's manager lie in that user's service: the deepest one counts. */
static bool read_path(const char *path, size_t len, struct own_unit *out)
{
    for (size_t end = len; end > 0;) {
        size_t begin = end;
        while (begin > 0 && path[begin - 1] != '/')
            begin--;
        const char *name = path + begin;
        size_t n = end - begin;
        if ((ends_with(name, n, ".service") || ends_with(name, n, ".scope")) &&
            n < OWN_UNIT_NAME_MAX && end < OWN_UNIT_PATH_MAX) {
            memcpy(out->name, name, n);
            out->name[n] = '\0';
            memcpy(out->cgroup, path, end);
            out->cgroup[end] = '\0';
            return true;
        }
        end = begin > 0 ? begin - 1 : 0;
    }
    return false;
}

static bool read_line(const char *text, const char *controller, struct own_unit *out)
{
    const char *path;
    size_t len;
    return cgroup_line_find(text, controller, &path, &len) && read_path(path, len, out);
}

bool own_unit_read(const char *text, struct own_unit *out)
{
    return read_line(text, CGROUP_V2, out) || read_line(text, CGROUP_V1_MANAGER, out);
}
