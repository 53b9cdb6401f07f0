/* Reading /proc/PID/cgroup. */
#include "io/child/procinfo_cgroup.h"

#include "base/strbuf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int proc_cgroup_read(const char *path, char **out_text, struct err *e)
{
    char part[1024];
    ssize_t n;
    struct strbuf text = STRBUF_INIT;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_sys(e, -errno, "reading \"%s\"", path);
    while ((n = read(fd, part, sizeof part)) > 0)
        strbuf_add(&text, part, (size_t)n);
    int r = n < 0 ? -errno : 0;
    close(fd);
    char *all = strbuf_take(&text);
    if (r == 0 && !all)
        r = -ENOMEM;
    if (r < 0) {
        free(all);
        return err_sys(e, r, "reading \"%s\"", path);
    }
    *out_text = all;
    return 0;
}

int proc_cgroup_place(
    const char *path, const char *controller, char *out, size_t size, struct err *e)
{
    char *text = NULL;
    const char *place = NULL;
    size_t len = 0;
    int r = proc_cgroup_read(path, &text, e);
    if (r < 0)
        return r;
    if (!cgroup_line_find(text, controller, &place, &len)) {
        r = err_set(e, -ENODATA, "finding a cgroup in \"%s\": none of \"%s\"", path, controller);
    } else if (len >= size) {
        r = err_set(e, -ENAMETOOLONG,
            "finding a cgroup in \"%s\": its path has %zu bytes, and "
            "there is room for less than %zu",
            path, len, size);
    } else {
        memcpy(out, place, len);
        out[len] = '\0';
    }
    free(text);
    return r;
}
