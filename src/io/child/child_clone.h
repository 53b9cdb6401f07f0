/* Making the process: clone3 with a pidfd and a cgroup where the kernel lets us, fork where not. */
#pragma once

#include "io/child/child_exec.h"

struct clone_args;

/*
 * Starts child_exec(p) in a new process. p->cgroup_fd is the directory of its cgroup or -1. Returns
 * the pid, or -errno; *out_pidfd is close-on-exec.
 */
pid_t child_clone(struct child_plan *p, int *out_pidfd);

/* The bare system call (glibc has no wrapper): the pid, 0 in the new process, or -errno. */
pid_t child_clone3(struct clone_args *args);
