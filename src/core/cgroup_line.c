/* Lines of /proc/PID/cgroup. */
#include "core/cgroup_line.h"

#include <string.h>

/* Whether `name` is one of those between the commas; of an empty list, whether it is empty too. */
static bool lists(const char *list, const char *end, const char *name)
{
    size_t len = strlen(name);
    for (;;) {
        size_t n = strcspn(list, ",:");
        if (n == len && memcmp(list, name, n) == 0)
            return true;
        if (list + n == end)
            return false;
        list += n + 1;
    }
}

bool cgroup_line_find(
    const char *text, const char *controller, const char **out_path, size_t *out_len)
{
    for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
        const char *list = line + strcspn(line, ":\n");
        const char *end = *list == ':' ? list + 1 + strcspn(list + 1, ":\n") : list;
        if (*end != ':' || end[1] != '/' || !lists(list + 1, end, controller))
            continue;
        *out_path = end + 1;
        *out_len = strcspn(end + 1, "\n");
        return true;
    }
    return false;
}
