/* One variable of another process. */
#include "io/child/procinfo.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Where in an entry of the environment the reader is. */
struct reader {
    const char *name;
    size_t name_len;
    size_t matched; /* bytes of NAME= that fit so far */
    bool other;     /* it is another variable, until the next NUL */
    char *out;
    size_t size;
    size_t len; /* bytes of the value so far */
};

/* Returns 1 while there is more to read, 0 when the value is complete, or -ENOSPC. */
static int take(struct reader *r, char c)
{
    if (r->matched == r->name_len + 1) {
        if (r->len == r->size)
            return -ENOSPC;
        r->out[r->len++] = c;
        return c != '\0';
    }
    char wanted = r->matched < r->name_len ? r->name[r->matched] : '=';
    if (!r->other && c == wanted) {
        r->matched++;
    } else {
        r->other = c != '\0';
        r->matched = 0;
    }
    return 1;
}

static int read_value(int fd, struct reader *r, char *chunk, size_t size)
{
    ssize_t n;
    while ((n = read(fd, chunk, size)) > 0) {
        for (ssize_t i = 0; i < n; i++) {
            int more = take(r, chunk[i]);
            if (more <= 0)
                return more;
        }
    }
    return n < 0 ? -errno : -ENOENT;
}

int procinfo_variable(pid_t pid, const char *name, char *out, size_t size)
{
    char path[64];
    char chunk[4096];
    struct reader r = {.name = name, .name_len = strlen(name), .out = out, .size = size};
    snprintf(path, sizeof path, "/proc/%d/environ", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    int result = read_value(fd, &r, chunk, sizeof chunk);
    close(fd);
    explicit_bzero(chunk, sizeof chunk);
    if (result < 0)
        explicit_bzero(out, size);
    return result;
}
