/* Which unit a process is part of. */
#include "core/own_unit.h"

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

/* `hierarchy`: what is between the number and the path, with its colons. */
static bool read_line(const char *text, const char *hierarchy, struct own_unit *out)
{
    for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
        const char *rest = line + strspn(line, "0123456789");
        size_t n = strlen(hierarchy);
        if (strncmp(rest, hierarchy, n) == 0 && read_path(rest + n, strcspn(rest + n, "\n"), out))
            return true;
    }
    return false;
}

bool own_unit_read(const char *text, struct own_unit *out)
{
    return read_line(text, "::", out) || read_line(text, ":name=systemd:", out);
}
