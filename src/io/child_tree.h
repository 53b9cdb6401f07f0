/*
 * Finding what a worker has started and killing it, without a cgroup. A process belongs to the
 * worker when
 * - it is in the session or the process group that has the worker's pid,
 * - or one of its ancestors is the worker or belongs to it,
 * - or it descends from us and carries the worker's mark in the environment it was started with (a
 *   double fork with setsid() leaves only that).
 * What a process may shed all at once (session, ancestry and environment) only a cgroup holds.
 */
#pragma once

#include "io/child_family.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct stray {
    pid_t pid;
    uint64_t start_ticks; /* with the pid it names a process for ever */
};

struct stray_list {
    struct stray *items; /* owned */
    size_t n;
    bool leaving; /* an orphan is in its exit, its environment gone: it cannot be told whose */
    bool newborn; /* an orphan came while we looked: look again */
};

/*
 * Live processes of the worker but itself. What was found `before` and has not ended belongs to it
 * still, even if that through which it was found has ended by now. `main_pid` must not have been
 * reaped yet: as long as it is there, its number means nobody else. Reads all of /proc. Returns 0
 * or -errno.
 */
int child_tree_find(const struct family *family, pid_t main_pid, const char *instance,
    const struct stray_list *before, struct stray_list *out);
void stray_list_fini(struct stray_list *l);

/* How many of `l` are not in `before`. */
size_t stray_list_count_new(const struct stray_list *l, const struct stray_list *before);

/* SIGKILL to each, unless another process has the number by now. */
void child_tree_kill(const struct stray_list *l);
