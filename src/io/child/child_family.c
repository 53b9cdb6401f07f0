/* Who our children are; reaping those that nobody waits for. */
#include "io/child/child_family.h"

#include "io/child/procinfo_stat.h"
#include "io/loop/loop_uv.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct family {
    struct loop_resident resident; /* first: loop.c knows us by it */
    struct loop *loop;
    struct signal_watch *sigchld; /* NULL: not a subreaper, or not in this loop */
    LIST_HEAD(, family_member) members;
    pid_t lodger; /* 0: none */
};

static void family_close(struct loop_resident *r)
{
    struct family *f = (struct family *)r;
    signal_watch_free(f->sigchld);
    while (!LIST_EMPTY(&f->members))
        family_leave(LIST_FIRST(&f->members));
    loop_set_resident(f->loop, NULL);
    free(f);
}

struct family *family_of(struct loop *l, struct err *e)
{
    struct family *f = (struct family *)loop_resident(l);
    if (f)
        return f;
    f = calloc(1, sizeof *f);
    if (!f) {
        err_sys(e, -ENOMEM, "watching for child processes");
        return NULL;
    }
    f->resident.close = family_close;
    f->loop = l;
    LIST_INIT(&f->members);
    loop_set_resident(l, &f->resident);
    return f;
}

void family_join(struct family *f, struct family_member *m, pid_t pid)
{
    m->pid = pid;
    LIST_INSERT_HEAD(&f->members, m, link);
}

void family_leave(struct family_member *m)
{
    if (m->pid == 0)
        return;
    LIST_REMOVE(m, link);
    m->pid = 0;
}

static bool is_member(const struct family *f, pid_t pid)
{
    const struct family_member *m;
    LIST_FOREACH(m, &f->members, link)
    {
        if (m->pid == pid)
            return true;
    }
    return false;
}

void family_lodge(struct family *f, pid_t pid)
{
    f->lodger = pid;
}

void family_reap_orphans(struct family *f)
{
    for (;;) {
        siginfo_t info;
        memset(&info, 0, sizeof info);
        /* Only a look: who it is decides whether its status is ours to take. */
        if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid == 0)
            return;
        if (is_member(f, info.si_pid))
            return;
        if (info.si_pid == f->lodger)
            f->lodger = 0;
        if (waitid(P_PID, (id_t)info.si_pid, &info, WEXITED | WNOHANG) < 0)
            return;
    }
}

static bool is_alive(pid_t pid)
{
    char path[64];
    struct proc_stat stat;
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    return proc_stat_read(path, &stat) == 0 && !proc_stat_is_dead(&stat);
}

static FILE *open_children(void)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", getpid(), getpid());
    return fopen(path, "re");
}

bool family_sees_orphans(const struct family *f)
{
    /* Orphans go to the first thread of a subreaper, which must be the one that forks. */
    FILE *list = f->sigchld && gettid() == getpid() ? open_children() : NULL;
    if (list)
        fclose(list);
    return list != NULL;
}

bool family_any_stranger(
    const struct family *f, bool (*is_wanted)(pid_t pid, const void *arg), const void *arg)
{
    FILE *list = open_children();
    if (!list)
        return true; /* out of descriptors, say: better look again than miss one */
    bool found = false;
    pid_t pid;
    /* Nobody but us takes children off the list, so that none is missed while it is read. */
    while (!found && fscanf(list, "%d", &pid) == 1)
        found = !is_member(f, pid) && pid != f->lodger && is_alive(pid) &&
                (!is_wanted || is_wanted(pid, arg));
    found = found || ferror(list);
    fclose(list);
    return found;
}

static void on_sigchld(int signum, void *arg)
{
    (void)signum;
    family_reap_orphans(arg);
}

int family_watch_orphans(struct family *f, struct err *e)
{
    if (f->sigchld)
        return 0;
    f->sigchld = signal_watch_new(f->loop, SIGCHLD, on_sigchld, f, e);
    if (!f->sigchld)
        return e ? e->code : -ENOMEM;
    signal_watch_unref(f->sigchld);
    return 0;
}
