/* Reading /proc/PID/stat. */
#include "io/child/procinfo_stat.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Of the flags in field 9; the kernel's include/linux/sched.h. */
enum { PF_EXITING = 0x4, PF_KTHREAD = 0x200000 };

int proc_stat_parse(const char *text, struct proc_stat *out)
{
    /* The name may hold anything, a closing parenthesis included: the last one ends it. */
    const char *open_paren = strchr(text, '(');
    const char *close_paren = strrchr(text, ')');
    if (!open_paren || !close_paren || close_paren < open_paren)
        return -EINVAL;
    struct proc_stat s = {0};
    size_t len = (size_t)(close_paren - open_paren - 1);
    if (len >= sizeof s.name)
        len = sizeof s.name - 1;
    memcpy(s.name, open_paren + 1, len);
    unsigned flags = 0;
    uint64_t user = 0;
    uint64_t system = 0;
    if (sscanf(text, "%d", &s.pid) != 1 ||
        sscanf(close_paren + 1,
            " %c %d %d %d %*d %*d %u %*u %*u %*u %*u %" SCNu64 " %" SCNu64
            " %*d %*d %*d %*d %u %*d %" SCNu64 " %*u %" SCNu64,
            &s.state, &s.parent, &s.group, &s.session, &flags, &user, &system, &s.threads,
            &s.start_ticks, &s.resident_pages) != 10)
        return -EINVAL;
    s.exiting = (flags & PF_EXITING) != 0;
    s.kernel = (flags & PF_KTHREAD) != 0;
    s.cpu_ticks = user + system;
    *out = s;
    return 0;
}

int proc_stat_read(const char *path, struct proc_stat *out)
{
    char text[1024]; /* 52 numbers and a name of at most 64 bytes */
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? -ESRCH : -errno;
    ssize_t n = read(fd, text, sizeof text - 1);
    int error = errno;
    close(fd);
    if (n < 0)
        return -error;
    if (n == 0)
        return -ESRCH;
    text[n] = '\0';
    return proc_stat_parse(text, out);
}

bool proc_stat_is_dead(const struct proc_stat *s)
{
    return s->state == 'Z' || s->state == 'X' || s->state == 'x';
}
