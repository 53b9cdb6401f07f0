/* The end of everything in a cgroup. */
#include "io/child/cgroup_sweep.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Where the manager puts its helpers, and us. */
#define CONTROL ".control"

enum { ROUNDS = 100, ROUND_MS = 20, DEPTH = 8 };

struct left {
    int killed;
    int leaving; /* cgroups of which a process is on its way out */
};

/* SIGKILL by number: for cgroup v1, and for kernels without cgroup.kill. Returns how many. */
static int kill_members(int dir)
{
    int n = 0;
    int pid = 0;
    int fd = openat(dir, "cgroup.procs", O_RDONLY | O_CLOEXEC);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "r");
    if (!f) {
        if (fd >= 0)
            close(fd);
        return 0;
    }
    while (fscanf(f, "%d", &pid) == 1) {
        /* 0: a process of another pid namespace. */
        if (pid <= 0 || pid == getpid())
            continue;
        n++;
        (void)kill(pid, SIGKILL);
    }
    fclose(f);
    return n;
}

/* One write that no fork escapes; only where we ourselves are not inside. */
static void kill_at_once(int dir)
{
    int fd = openat(dir, "cgroup.kill", O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    (void)!write(fd, "1", 1);
    close(fd);
}

/*
 * Whether something is in it that cgroup.procs does not list: the last threads of a process whose
 * first one has ended, which may yet have to close its sockets. Version 1 does not tell.
 */
static bool is_populated(int dir)
{
    char text[128] = "";
    int fd = openat(dir, "cgroup.events", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t len = read(fd, text, sizeof text - 1);
    close(fd);
    return len > 0 && strstr(text, "populated 1");
}

static void kill_below(int dir, const char *prefix, unsigned depth, struct left *left);

/* Removed, too, when it turns out empty. */
static void kill_in(int parent, const char *name, unsigned depth, struct left *left)
{
    struct left here = {0};
    int dir = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0)
        return;
    kill_below(dir, "", depth, &here);
    here.killed += kill_members(dir);
    if (here.killed > 0)
        kill_at_once(dir);
    else if (here.leaving > 0 || is_populated(dir))
        here.leaving++;
    else
        (void)unlinkat(parent, name, AT_REMOVEDIR);
    close(dir);
    left->killed += here.killed;
    left->leaving += here.leaving;
}

/* Everything in the cgroups below `dir` that are named so, but in the manager's own. */
static void kill_below(int dir, const char *prefix, unsigned depth, struct left *left)
{
    int again = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = again < 0 ? NULL : fdopendir(again);
    if (!d) {
        if (again >= 0)
            close(again);
        return;
    }
    for (struct dirent *entry; depth > 0 && (entry = readdir(d));) {
        if (entry->d_type == DT_DIR && strcmp(entry->d_name, ".") != 0 &&
            strcmp(entry->d_name, "..") != 0 && strcmp(entry->d_name, CONTROL) != 0 &&
            strncmp(entry->d_name, prefix, strlen(prefix)) == 0)
            kill_in(dir, entry->d_name, depth - 1, left);
    }
    closedir(d);
}

static int open_cgroup(const char *path)
{
    static const char *const mounts[] = {
        "/sys/fs/cgroup", "/sys/fs/cgroup/unified", "/sys/fs/cgroup/systemd"};
    for (size_t i = 0; i < sizeof mounts / sizeof *mounts; i++) {
        char full[PATH_MAX];
        snprintf(full, sizeof full, "%s%s", mounts[i], path);
        int dir = open(full, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (dir >= 0)
            return dir;
    }
    return -ENOENT;
}

/* `prefix`: NULL for what is in the cgroup itself as well. */
static int sweep(const char *path, const char *prefix, struct err *e)
{
    int dir = open_cgroup(path);
    if (dir < 0)
        return err_sys(e, dir, "opening cgroup \"%s\"", path);
    int first = -1;
    int n = 1;
    for (unsigned i = 0; n > 0 && i < ROUNDS; i++) {
        struct left left = {0};
        kill_below(dir, prefix ? prefix : "", DEPTH, &left);
        if (!prefix)
            left.killed += kill_members(dir);
        if (first < 0)
            first = left.killed;
        n = left.killed > 0 ? left.killed : left.leaving;
        if (n > 0)
            nanosleep(&(struct timespec){.tv_nsec = ROUND_MS * 1000000L}, NULL);
    }
    close(dir);
    return n > 0 ? err_set(e, -ETIMEDOUT, "ending what is left in cgroup \"%s\": %d processes stay",
                       path, n)
                 : first;
}

int cgroup_sweep(const char *path, struct err *e)
{
    return sweep(path, NULL, e);
}

int cgroup_sweep_below(const char *path, const char *prefix, struct err *e)
{
    return sweep(path, prefix, e);
}
