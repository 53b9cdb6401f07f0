/* Our delegated subtree of cgroup v2. */
#include "io/child/cgroup.h"

#include "base/num.h"
#include "io/child/procinfo_cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

struct cgroup {
    int fd;
    char path[PATH_MAX];
};

/* A pure v2 system, or the v2 part of a hybrid one. NULL: neither. */
static const char *find_mount(void)
{
    static const char *const candidates[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};
    for (size_t i = 0; i < sizeof candidates / sizeof *candidates; i++) {
        struct statfs fs;
        if (statfs(candidates[i], &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC)
            return candidates[i];
    }
    return NULL;
}

static int find_own_path(char path[PATH_MAX], struct err *e)
{
    int r = proc_cgroup_place(PROC_CGROUP_OWN, CGROUP_V2, path, PATH_MAX, e);
    if (r == -ENODATA)
        return err_set(e, -ENOENT, "finding our cgroup: we are in none of version 2");
    if (r == 0 && strncmp(path, "/..", 3) == 0)
        return err_set(e, -EXDEV, "finding our cgroup: \"%s\" lies outside of our namespace", path);
    return r;
}

/* Cuts `/supervisor` off the end: there we are when we were restarted or replaced in place. */
static void cut_supervisor(char *path)
{
    char *last = strrchr(path, '/');
    if (last && strcmp(last + 1, CGROUP_SUPERVISOR) == 0)
        last[last == path] = '\0';
}

static int write_file(int dir_fd, const char *path, const char *text)
{
    int fd = openat(dir_fd, path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    ssize_t n = write(fd, text, strlen(text));
    int r = n < 0 ? -errno : 0;
    close(fd);
    return r;
}

/* Returns the length, or -errno. The files here are short. */
static ssize_t read_file(int dir_fd, const char *path, char *buf, size_t size)
{
    int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    ssize_t n = read(fd, buf, size - 1);
    if (n < 0)
        n = -errno;
    else
        buf[n] = '\0';
    close(fd);
    return n;
}

/* Out of the way of workers: once a controller is on, only leaves may hold processes. */
static int move_us(struct cgroup *g, struct err *e)
{
    bool made = mkdirat(g->fd, CGROUP_SUPERVISOR, 0755) == 0;
    if (!made && errno != EEXIST)
        return err_sys(e, -errno, "making cgroup \"%s/" CGROUP_SUPERVISOR "\"", g->path);
    int r = write_file(g->fd, CGROUP_SUPERVISOR "/cgroup.procs", "0");
    if (r < 0) {
        if (made)
            (void)unlinkat(g->fd, CGROUP_SUPERVISOR, AT_REMOVEDIR);
        return err_sys(e, r, "moving to cgroup \"%s/" CGROUP_SUPERVISOR "\"", g->path);
    }
    return 0;
}

static int open_directory(struct cgroup *g, const char *mount, struct err *e)
{
    char full[PATH_MAX + 64];
    snprintf(full, sizeof full, "%s%s", mount, g->path);
    g->fd = open(full, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (g->fd < 0)
        return err_sys(e, -errno, "opening cgroup \"%s\"", g->path);
    /* The machine's own root is nobody's to divide; it is the one without this file. */
    if (faccessat(g->fd, "cgroup.events", F_OK, 0) < 0)
        return err_set(e, -EPERM, "using cgroup \"%s\": not delegated to us", g->path);
    return 0;
}

struct cgroup *cgroup_open_own(struct err *e)
{
    const char *mount = find_mount();
    if (!mount) {
        err_set(e, -ENOENT, "finding our cgroup: cgroup v2 is not mounted");
        return NULL;
    }
    struct cgroup *g = calloc(1, sizeof *g);
    if (!g) {
        err_sys(e, -ENOMEM, "finding our cgroup");
        return NULL;
    }
    g->fd = -1;
    int r = find_own_path(g->path, e);
    if (r == 0) {
        cut_supervisor(g->path);
        r = open_directory(g, mount, e);
    }
    if (r == 0)
        r = move_us(g, e);
    if (r < 0) {
        cgroup_free(g);
        return NULL;
    }
    return g;
}

void cgroup_free(struct cgroup *g)
{
    if (!g)
        return;
    if (g->fd >= 0)
        close(g->fd);
    free(g);
}

int cgroup_make(struct cgroup *g, const char *name, struct err *e)
{
    if (name[0] == '\0' || name[0] == '.' || strchr(name, '/') ||
        strcmp(name, CGROUP_SUPERVISOR) == 0)
        return err_set(e, -EINVAL, "making cgroup \"%s\": not a name for one", name);
    if (mkdirat(g->fd, name, 0755) < 0 && errno != EEXIST)
        return err_sys(e, -errno, "making cgroup \"%s/%s\"", g->path, name);
    int fd = openat(g->fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? err_sys(e, -errno, "opening cgroup \"%s/%s\"", g->path, name) : fd;
}

int cgroup_kill(struct cgroup *g, const char *name)
{
    char path[NAME_MAX + 64];
    snprintf(path, sizeof path, "%s/cgroup.kill", name);
    return write_file(g->fd, path, "1");
}

/* The number after `key` at the start of a line of a flat keyed file; 0 or -errno. */
static int read_key(struct cgroup *g, const char *path, const char *key, uint64_t *out_value)
{
    char text[1024];
    ssize_t n = read_file(g->fd, path, text, sizeof text);
    if (n < 0)
        return (int)n;
    size_t len = strlen(key);
    char *rest = NULL;
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        if (strncmp(line, key, len) == 0 && line[len] == ' ')
            return num_parse_u64(line + len + 1, 0, UINT64_MAX, out_value);
    }
    return -ENOENT;
}

bool cgroup_populated(struct cgroup *g, const char *name)
{
    char path[NAME_MAX + 64];
    uint64_t populated = 0;
    snprintf(path, sizeof path, "%s/cgroup.events", name);
    return read_key(g, path, "populated", &populated) == 0 && populated != 0;
}

pid_t *cgroup_processes(struct cgroup *g, const char *name, size_t *out_n)
{
    char path[NAME_MAX + 64];
    pid_t *pids = NULL;
    size_t n = 0;
    pid_t pid;
    snprintf(path, sizeof path, "%s/cgroup.procs", name);
    int fd = openat(g->fd, path, O_RDONLY | O_CLOEXEC);
    FILE *f = fd >= 0 ? fdopen(fd, "r") : NULL;
    while (f && fscanf(f, "%d", &pid) == 1) {
        pid_t *more = reallocarray(pids, n + 1, sizeof *pids);
        if (!more)
            break;
        pids = more;
        pids[n++] = pid;
    }
    if (f)
        fclose(f);
    else if (fd >= 0)
        close(fd);
    *out_n = n;
    return pids;
}

uint64_t cgroup_oom_kills(struct cgroup *g, const char *name)
{
    char path[NAME_MAX + 64];
    uint64_t kills = 0;
    snprintf(path, sizeof path, "%s/memory.events", name);
    if (read_key(g, path, "oom_kill", &kills) == 0)
        return kills;
    /* Without the controller in the worker's own cgroup the whole subtree's count must do. */
    return read_key(g, "memory.events", "oom_kill", &kills) == 0 ? kills : 0;
}

int cgroup_memory(const struct cgroup *g, struct cgroup_memory *out)
{
    return cgroup_memory_read(g->fd, out);
}

int cgroup_remove(struct cgroup *g, const char *name)
{
    return unlinkat(g->fd, name, AT_REMOVEDIR) < 0 ? -errno : 0;
}

const char *cgroup_path(const struct cgroup *g)
{
    return g->path;
}
