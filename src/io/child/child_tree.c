/* Strays: found in /proc, killed by pidfd. */
#include "io/child/child_tree.h"

#include "io/child/child_plan.h"
#include "io/child/procinfo.h"
#include "io/child/procinfo_stat.h"

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
    bool ours;    /* descends from us */
    bool stray;   /* belongs to the worker */
    bool unclear; /* it was about to end, or in an exec, when its environment was asked for */
};

enum { READS_MAX = 16 }; /* of /proc, for one look */

/* Sorted by pid but for what is being added. */
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

/* Adds who is not in it. *news: there was somebody, if only for a moment. */
static int table_read(struct table *t, bool *news)
{
    DIR *d = opendir("/proc");
    if (!d)
        return -errno;
    int r = 0;
    size_t known = t->n;
    *news = false;
    for (struct dirent *de = readdir(d); de && r == 0; de = readdir(d)) {
        if (de->d_name[0] < '1' || de->d_name[0] > '9')
            continue;
        const struct table sorted = {.items = t->items, .n = known};
        if (table_find(&sorted, (pid_t)strtol(de->d_name, NULL, 10)))
            continue;
        char path[sizeof "/proc//stat" + sizeof de->d_name];
        snprintf(path, sizeof path, "/proc/%s/stat", de->d_name);
        struct proc_stat stat;
        *news = true;
        if (proc_stat_read(path, &stat) == 0) /* else it has just ended */
            r = table_add(t, &stat);
    }
    closedir(d);
    if (t->n > 0)
        qsort(t->items, t->n, sizeof *t->items, compare_pids);
    return r;
}

/*
 * What forks and ends while we read is in /proc neither before nor after, and its child came too
 * late for the names that we had got already. So all that there is was seen when the names are once
 * more those that we know. *unsettled: others come all the time.
 */
static int table_settle(struct table *t, bool *unsettled)
{
    int r = 0;
    *unsettled = true;
    for (int i = 0; r == 0 && *unsettled && i < READS_MAX; i++)
        r = table_read(t, unsettled);
    return r;
}

enum mark {
    MARK_NO,
    MARK_YES,
    MARK_UNSEEN, /* there was no environment to look into */
};

static int open_of(pid_t pid, const char *what)
{
    char path[48];
    snprintf(path, sizeof path, "/proc/%d/%s", pid, what);
    return open(path, O_RDONLY | O_CLOEXEC);
}

/* The environment at its start holds our mark with exactly this value. */
static enum mark read_mark(pid_t pid, const char *mark, size_t mark_size)
{
    int fd = open_of(pid, "environ");
    if (fd < 0)
        return MARK_NO;
    enum mark found = MARK_UNSEEN;
    size_t matched = 0;    /* bytes of the mark, its NUL included, that fit so far */
    bool mismatch = false; /* until the next NUL */
    char chunk[4096];
    ssize_t n;
    while (found != MARK_YES && (n = read(fd, chunk, sizeof chunk)) > 0) {
        found = MARK_NO;
        for (ssize_t i = 0; i < n && found != MARK_YES; i++) {
            if (!mismatch && chunk[i] == mark[matched]) {
                found = ++matched == mark_size ? MARK_YES : MARK_NO;
            } else {
                mismatch = chunk[i] != '\0';
                matched = 0;
            }
        }
    }
    close(fd);
    explicit_bzero(chunk, sizeof chunk); /* it may hold what workers alone are to know */
    return found;
}

static bool has_command_line(pid_t pid)
{
    char byte;
    int fd = open_of(pid, "cmdline");
    bool has = fd >= 0 && read(fd, &byte, 1) == 1;
    if (fd >= 0)
        close(fd);
    return has;
}

/*
 * In the middle of an exec a process has its new memory already, and neither a command line nor an
 * environment in it yet. What has a command line alone was given no environment, or had the other
 * look too early.
 */
static enum mark find_mark(pid_t pid, const char *mark, size_t mark_size)
{
    enum mark found = read_mark(pid, mark, mark_size);
    if (found != MARK_UNSEEN || !has_command_line(pid))
        return found;
    found = read_mark(pid, mark, mark_size);
    return found == MARK_YES ? MARK_YES : MARK_NO;
}

static bool is_leaving(pid_t pid)
{
    char path[sizeof "/proc//stat" + 12];
    struct proc_stat stat;
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    return proc_stat_read(path, &stat) < 0 || stat.exiting || proc_stat_is_dead(&stat);
}

/* Whether `number`, found in `p`, is the main process. */
static bool means_main(const struct tree_query *q, const struct entry *p, pid_t number)
{
    return number == q->main_pid && number != 0 && p->stat.start_ticks <= q->number_until;
}

/* Hands `ours` and `stray` down from parents to children until nothing changes. */
static void inherit(struct table *t, const struct tree_query *q)
{
    pid_t self = getpid();
    bool changed = true;
    while (changed) {
        changed = false;
        for (size_t i = 0; i < t->n; i++) {
            struct entry *p = &t->items[i];
            const struct entry *parent = table_find(t, p->stat.parent);
            bool ours = p->stat.parent == self || (parent && parent->ours);
            bool stray = means_main(q, p, p->stat.parent) || (parent && parent->stray);
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
    return (struct stray){
        .pid = p->stat.pid, .start_ticks = p->stat.start_ticks, .session = p->stat.session};
}

static bool stray_list_has(const struct stray_list *l, const struct stray *s)
{
    for (size_t i = 0; i < l->n; i++) {
        if (l->items[i].pid == s->pid && l->items[i].start_ticks == s->start_ticks)
            return true;
    }
    return false;
}

/* A session of another PID namespace is 0 here. */
static bool stray_list_has_session(const struct stray_list *l, pid_t session)
{
    for (size_t i = 0; i < l->n; i++) {
        if (l->items[i].session == session)
            return session != 0 && session != getsid(0);
    }
    return false;
}

/* Whether its mark is worth a look. No process is older than what has started it. */
static bool may_bear_mark(const struct tree_query *q, const struct entry *p)
{
    if (p->stray || p->stat.kernel || proc_stat_is_dead(&p->stat) || p->stat.pid == getpid())
        return false;
    return q->family ? p->ours : p->stat.start_ticks >= q->main_start;
}

static int classify(struct table *t, const struct tree_query *q)
{
    char *mark = NULL;
    int len = asprintf(&mark, CHILD_MARK "%s", q->instance);
    if (len < 0)
        return -ENOMEM;
    for (size_t i = 0; i < t->n; i++) {
        struct entry *p = &t->items[i];
        struct stray s = stray_of(p);
        p->stray = means_main(q, p, p->stat.session) || means_main(q, p, p->stat.group) ||
                   stray_list_has(q->before, &s) || stray_list_has_session(q->before, s.session);
    }
    inherit(t, q);
    for (size_t i = 0; i < t->n; i++) {
        struct entry *p = &t->items[i];
        if (!may_bear_mark(q, p))
            continue;
        enum mark found = find_mark(p->stat.pid, mark, (size_t)len + 1);
        p->stray = found == MARK_YES;
        p->unclear = found == MARK_UNSEEN || (!q->family && !p->stray && is_leaving(p->stat.pid));
    }
    inherit(t, q);
    free(mark);
    return 0;
}

static bool is_main(const struct tree_query *q, const struct entry *p)
{
    return p->stat.pid == q->main_pid && (q->family || p->stat.start_ticks == q->main_start);
}

static int collect(const struct table *t, const struct tree_query *q, struct stray_list *out)
{
    pid_t self = getpid();
    struct stray_list l = {.items = calloc(t->n + 1, sizeof *l.items)};
    if (!l.items)
        return -ENOMEM;
    for (size_t i = 0; i < t->n; i++) {
        const struct entry *p = &t->items[i];
        if (is_main(q, p) || p->stat.pid == self || proc_stat_is_dead(&p->stat))
            continue;
        if (p->stray)
            l.items[l.n++] = stray_of(p);
        else if (p->unclear || (p->stat.parent == self && p->stat.exiting))
            l.leaving = true;
    }
    *out = l;
    return 0;
}

static bool is_unknown(pid_t pid, const void *arg)
{
    return table_find(arg, pid) == NULL;
}

int child_tree_find(const struct tree_query *q, struct stray_list *out)
{
    struct table t = {0};
    bool unsettled = false;
    bool orphans_are_ours = q->family && family_sees_orphans(q->family);
    int r = orphans_are_ours ? table_read(&t, &(bool){false}) : table_settle(&t, &unsettled);
    if (r == 0)
        r = classify(&t, q);
    if (r == 0)
        r = collect(&t, q, out);
    if (r == 0)
        out->leaving |= unsettled;
    /* The child of what ended while /proc was read is ours. */
    if (r == 0 && orphans_are_ours)
        out->newborn = family_any_stranger(q->family, is_unknown, &t);
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
