/*
 * Finding what a worker has started and killing it, without a cgroup. A process belongs to the
 * worker when
 * - it is in the session or the process group that has the worker's pid,
 * - or one of its ancestors is the worker or belongs to it,
 * - or it descends from us and carries the worker's mark in the environment it was started with (a
 *   double fork with setsid() leaves only that).
 * What a process may shed all at once (session, ancestry and environment) only a cgroup holds.
 *
 * What a worker that is not our child leaves behind goes to another reaper: there the mark alone
 * must do, wherever its bearer descends from. Nor does such a worker, once it has been reaped, keep
 * its number from meaning somebody else.
 */
#pragma once

#include "io/child/child_family.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct stray {
    pid_t pid;
    uint64_t start_ticks; /* with the pid it names a process for ever */
    pid_t session;        /* nobody enters one from outside: all of it belongs to the worker */
};

struct stray_list {
    struct stray *items; /* owned */
    size_t n;
    bool leaving; /* one is in its exit, its environment gone: it cannot be told whose; or so many
                     come and go that they were not all seen */
    bool newborn; /* an orphan came while we looked: look again */
};

struct tree_query {
    const struct family *family; /* NULL: its orphans do not come to us */
    pid_t main_pid;              /* 0: only the mark tells */
    uint64_t main_start;         /* its start_ticks; 0: not known. Asked for without a family */
    /* In what started later `main_pid` may mean somebody else; UINT64_MAX: never. */
    uint64_t number_until;
    const char *instance;
    /* What was found in the last look and has not ended belongs to it still, even if that through
     * which it was found has ended by now; and so does what is in the session of one of those. */
    const struct stray_list *before;
};

/* Live processes of the worker but itself. Reads all of /proc. Returns 0 or -errno. */
int child_tree_find(const struct tree_query *q, struct stray_list *out);
void stray_list_fini(struct stray_list *l);

/* How many of `l` are not in `before`. */
size_t stray_list_count_new(const struct stray_list *l, const struct stray_list *before);

/* SIGKILL to each, unless another process has the number by now. */
void child_tree_kill(const struct stray_list *l);
