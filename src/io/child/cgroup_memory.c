/* memory.current, memory.stat and memory.max. */
#include "io/child/cgroup_memory.h"

#include "base/num.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

/* What is wanted of memory.stat is among its first thirty lines. */
enum { TEXT_MAX = 2048 };

static int read_text(int dir_fd, const char *name, char text[TEXT_MAX])
{
    int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC);
    text[0] = '\0';
    if (fd < 0)
        return -errno;
    ssize_t n = read(fd, text, TEXT_MAX - 1);
    int r = n < 0 ? -errno : 0;
    close(fd);
    text[n < 0 ? 0 : n] = '\0';
    return r;
}

static int read_number(int dir_fd, const char *name, uint64_t *out)
{
    char text[TEXT_MAX];
    int r = read_text(dir_fd, name, text);
    text[strcspn(text, "\n")] = '\0';
    return r < 0 ? r : num_parse_u64(text, 0, UINT64_MAX, out);
}

/* 0 where it is not told. */
static uint64_t inactive_file(int dir_fd)
{
    static const char key[] = "inactive_file ";
    char text[TEXT_MAX];
    uint64_t value = 0;
    char *rest = NULL;
    if (read_text(dir_fd, "memory.stat", text) < 0)
        return 0;
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        if (strncmp(line, key, sizeof key - 1) == 0 &&
            num_parse_u64(line + sizeof key - 1, 0, UINT64_MAX, &value) == 0)
            return value;
    }
    return 0;
}

int cgroup_memory_read(int dir_fd, struct cgroup_memory *out)
{
    uint64_t current, limit = 0;
    int r = read_number(dir_fd, "memory.current", &current);
    if (r < 0)
        return r;
    uint64_t reclaimable = inactive_file(dir_fd);
    /* "max" is no number, and the root has no such file. */
    bool limited = read_number(dir_fd, "memory.max", &limit) == 0;
    *out = (struct cgroup_memory){.used = current > reclaimable ? current - reclaimable : 0,
        .limited = limited,
        .limit = limit};
    return 0;
}
