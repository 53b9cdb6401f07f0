/* Strays: found in /proc, killed by pidfd. */
#include "io/child_tree.h"

#include "io/child_plan.h"
#include "io/procinfo.h"
#include "io/procinfo_stat.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

struct entry {
    struct proc_stat stat;
    bool ours;  /* descends from us */
    bool stray; /* belongs to the worker */
};

struct table {
    struct entry *items;
    size_t n;
    size_t size;
};

static int table_add(struct table *t, const struct proc_stat *stat)
{
    if (t->n == t->size) {
        size_t size = t->size ? t->size * 2 : 256;
        struct entry *items = reallocarray(t->items, size, sizeof *items);
        if (!items)
            return -ENOMEM;
        t->items = items;
        t->size = size;
    }
    t->items[t->n++] = (struct entry){.stat = *stat};
    return 0;
}

static int table_read(struct table *t)
{
    DIR *d = opendir("/proc");
    if (!d)
        return -errno;
    int r = 0;
    for (struct dirent *de = readdir(d); de && r == 0; de = readdir(d)) {
        if (de->d_name[0] < '1' || de->d_name[0] > '9')
            continue;
        char path[sizeof "/proc//stat" + sizeof de->d_name];
        snprintf(path, sizeof path, "/proc/%s/stat", de->d_name);
        struct proc_stat stat;
        if (proc_stat_read(path, &stat) == 0) /* else it has just ended */
            r = table_add(t, &stat);
    }
    closedir(d);
    return r;
}

static int compare_pids(const void *a, const void *b)
{
    const struct entry *x = a;
    const struct entry *y = b;
    return (x->stat.pid > y->stat.pid) - (x->stat.pid < y->stat.pid);
}

static struct entry *table_find(const struct table *t, pid_t pid)
{
    struct entry key = {.stat = {.pid = pid}};
    return t->n ? bsearch(&key, t->items, t->n, sizeof *t->items, compare_pids) : NULL;
}

/* The environment at its start holds our mark with exactly this value. */
static bool has_mark(pid_t pid, const char *mark, size_t mark_size)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/environ", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool found = false;
    size_t matched = 0;    /* bytes of the mark, its NUL included, that fit so far */
    bool mismatch = false; /* until the next NUL */
    char chunk[4096];
    ssize_t n;
    while (!found && (n = read(fd, chunk, sizeof chunk)) > 0) {
        for (ssize_t i = 0; i < n && !found; i++) {
            if (!mismatch && chunk[i] == mark[matched]) {
                found = ++matched == mark_size;
            } else {
                mismatch = chunk[i] != '\0';
                matched = 0;
            }
        }
    }
    close(fd);
    return found;
}

/* Hands `ours` and `stray` down from parents to children until nothing changes. */
static void inherit(struct table *t, pid_t main_pid)
{
    pid_t self = getpid();
    bool changed = true;
    while (changed) {
        changed = false;
        for (size_t i = 0; i < t->n; i++) {
            struct entry *p = &t->items[i];
            const struct entry *parent = table_find(t, p->stat.parent);
            bool ours = p->stat.parent == self || (parent && parent->ours);
            bool stray = p->stat.parent == main_pid || (parent && parent->stray);
            if ((ours && !p->ours) || (stray && !p->stray)) {
                p->ours |= ours;
                p->stray |= stray;
                changed = true;
            }
        }
    }
}

static struct stray stray_of(const struct entry *p)
{
    return (struct stray){.pid = p->stat.pid, .start_ticks = p->stat.start_ticks};
}

static bool stray_list_has(const struct stray_list *l, const struct stray *s)
{
    for (size_t i = 0; i < l->n; i++) {
        if (l->items[i].pid == s->pid && l->items[i].start_ticks == s->start_ticks)
            return true;
    }
    return false;
}

static int classify(
    struct table *t, pid_t main_pid, const char *instance, const struct stray_list *before)
{
    char *mark = NULL;
    int len = asprintf(&mark, CHILD_MARK "%s", instance);
    if (len < 0)
        return -ENOMEM;
    for (size_t i = 0; i < t->n; i++) {
        struct entry *p = &t->items[i];
        struct stray s = stray_of(p);
        p->stray =
            p->stat.session == main_pid || p->stat.group == main_pid || stray_list_has(before, &s);
    }
    inherit(t, main_pid);
    for (size_t i = 0; i < t->n; i++) {
        struct entry *p = &t->items[i];
        if (p->ours && !p->stray && !proc_stat_is_dead(&p->stat))
            p->stray = has_mark(p->stat.pid, mark, (size_t)len + 1);
    }
    inherit(t, main_pid);
    free(mark);
    return 0;
}

static int collect(const struct table *t, pid_t main_pid, struct stray_list *out)
{
    pid_t self = getpid();
    struct stray_list l = {.items = calloc(t->n + 1, sizeof *l.items)};
    if (!l.items)
        return -ENOMEM;
    for (size_t i = 0; i < t->n; i++) {
        const struct entry *p = &t->items[i];
        if (p->stat.pid == main_pid || proc_stat_is_dead(&p->stat))
            continue;
        if (p->stray)
            l.items[l.n++] = stray_of(p);
        else if (p->stat.parent == self && p->stat.exiting)
            l.leaving = true;
    }
    *out = l;
    return 0;
}

static bool is_unknown(pid_t pid, const void *arg)
{
    return table_find(arg, pid) == NULL;
}

int child_tree_find(const struct family *family, pid_t main_pid, const char *instance,
    const struct stray_list *before, struct stray_list *out)
{
    struct table t = {0};
    int r = table_read(&t);
    if (r == 0 && t.n > 0)
        qsort(t.items, t.n, sizeof *t.items, compare_pids);
    if (r == 0)
        r = classify(&t, main_pid, instance, before);
    if (r == 0)
        r = collect(&t, main_pid, out);
    /* What forks and ends while /proc is read is in it neither before nor after; its child is ours.
     */
    if (r == 0 && family_sees_orphans(family))
        out->newborn = family_any_stranger(family, is_unknown, &t);
    free(t.items);
    return r;
}

void stray_list_fini(struct stray_list *l)
{
    free(l->items);
    *l = (struct stray_list){0};
}

size_t stray_list_count_new(const struct stray_list *l, const struct stray_list *before)
{
    size_t n = 0;
    for (size_t i = 0; i < l->n; i++)
        n += !stray_list_has(before, &l->items[i]);
    return n;
}

void child_tree_kill(const struct stray_list *l)
{
    for (size_t i = 0; i < l->n; i++) {
        uint64_t start = 0;
        int pidfd = pidfd_open(l->items[i].pid, 0);
        if (pidfd < 0)
            continue;
        /* The pidfd pins whoever has the number now; the start time tells whether it is the one. */
        if (procinfo_start_time(l->items[i].pid, &start) == 0 && start == l->items[i].start_ticks)
            (void)pidfd_send_signal(pidfd, SIGKILL, NULL, 0);
        close(pidfd);
    }
}
