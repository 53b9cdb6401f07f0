/* Whether a process belongs to a worker, asked of one process; io/child/child_tree.h looks for all.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/*
 * True of the main process itself, of its session and group, of its descendants, and of who is in
 * its cgroup where that is not ours too. `main_pid` must not have been reaped yet. False of a
 * process that is gone, since nothing can be said about that.
 */
bool child_kin(pid_t main_pid, pid_t pid);
