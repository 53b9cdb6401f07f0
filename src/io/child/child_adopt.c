/* Processes of a former instance of us: one that it has left to us, and what it had no time to. */
#include "io/child/child_parts.h"
#include "io/child/procinfo.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { INSTANCE_ROUNDS_MAX = 16 };

/* The process of a pidfd, -1 once it was reaped. Returns 0 or -errno. */
static int read_pidfd(int pidfd, pid_t *out_pid)
{
    char path[sizeof "/proc/self/fdinfo/" + 12];
    char line[128];
    int r = -EINVAL;
    snprintf(path, sizeof path, "/proc/self/fdinfo/%d", pidfd);
    FILE *f = fopen(path, "re");
    if (!f)
        return errno == ENOENT ? -EBADF : -errno;
    while (r < 0 && fgets(line, sizeof line, f)) {
        if (sscanf(line, "Pid: %d", out_pid) == 1)
            r = 0;
    }
    fclose(f);
    return r;
}

/* A wrong one would have us kill a stranger. */
static int check_pidfd(const struct child_adoption *a, struct err *e)
{
    pid_t pid = 0;
    int r = read_pidfd(a->pidfd, &pid);
    if (r < 0)
        return err_sys(e, r, "adopting process %d: descriptor %d as its pidfd", a->pid, a->pidfd);
    if (pid != a->pid && pid != -1)
        return err_set(e, -EINVAL, "adopting process %d: descriptor %d is of process %d", a->pid,
            a->pidfd, pid);
    return 0;
}

/* What can be known of it only while it lives. */
static void look_at_process(struct child *c)
{
    siginfo_t info;
    memset(&info, 0, sizeof info);
    c->foreign = waitid(P_PIDFD, (id_t)c->pidfd, &info, WEXITED | WNOHANG | WNOWAIT) < 0;
    if (procinfo_start_time(c->pid, &c->start_ticks) < 0)
        c->start_ticks = 0;
    /* When it ended before we came nobody knows when, and since when its number is free. */
    if (child_has_ended(c)) {
        c->number_until = 0;
        c->start_ticks = 0;
    }
}

struct child *child_adopt(struct loop *l, const struct child_adoption *adoption,
    const struct child_callbacks *callbacks, void *arg, struct err *e)
{
    struct child *c = child_new(l, adoption->name, callbacks, arg, e);
    if (!c) {
        close(adoption->pidfd);
        return NULL;
    }
    c->phase = CHILD_RUNNING;
    c->pid = adoption->pid;
    c->pidfd = adoption->pidfd;
    int r = check_pidfd(adoption, e);
    if (r == 0) {
        (void)fcntl(c->pidfd, F_SETFD, FD_CLOEXEC);
        look_at_process(c);
        c->cgroup = adoption->cgroup;
        if (c->cgroup)
            c->oom_kills_before = cgroup_oom_kills(c->cgroup, c->name);
        r = child_watch_end(c);
        if (r < 0)
            err_sys(e, r, "adopting process %d: watching it", c->pid);
    }
    if (r < 0) {
        child_free(c);
        return NULL;
    }
    if (!c->foreign)
        family_join(c->family, &c->member, c->pid);
    return c;
}

/* Of its cgroup, those that the look at the marks has not found. */
static unsigned count_unmarked(struct cgroup *cgroup, const char *name, const struct stray_list *l)
{
    size_t n = 0;
    unsigned unmarked = 0;
    pid_t *pids = cgroup_processes(cgroup, name, &n);
    for (size_t i = 0; i < n; i++) {
        bool marked = false;
        for (size_t j = 0; j < l->n; j++)
            marked = marked || l->items[j].pid == pids[i];
        unmarked += !marked;
    }
    free(pids);
    return unmarked;
}

unsigned child_kill_instance(struct cgroup *cgroup, const char *name)
{
    struct stray_list before = {0};
    unsigned n = 0;
    bool more = true;
    for (unsigned round = 0; more && round < INSTANCE_ROUNDS_MAX; round++) {
        const struct tree_query q = {.instance = name, .before = &before};
        struct stray_list found;
        if (child_tree_find(&q, &found) < 0)
            break;
        unsigned fresh = (unsigned)stray_list_count_new(&found, &before);
        if (cgroup && round == 0)
            n += count_unmarked(cgroup, name, &found);
        if (cgroup)
            (void)cgroup_kill(cgroup, name);
        child_tree_kill(&found);
        n += fresh;
        more = fresh > 0 || found.leaving;
        stray_list_fini(&before);
        before = found;
    }
    stray_list_fini(&before);
    if (cgroup)
        (void)cgroup_remove(cgroup, name); /* if they have ended already */
    return n;
}
