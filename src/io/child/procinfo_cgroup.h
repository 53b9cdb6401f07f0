/* /proc/PID/cgroup: where a process is in the hierarchies of cgroups. */
#pragma once

#include "base/err.h"
#include "core/cgroup_line.h"

#include <stddef.h>

/* Where we are. */
#define PROC_CGROUP_OWN "/proc/self/cgroup"

/* The whole of such a file, at `path`; owned, "" when nothing is in it. Returns 0, or a negative
 * errno with *e set. */
int proc_cgroup_read(const char *path, char **out_text, struct err *e);

/*
 * Of the file at `path`, the place in the hierarchy that has `controller` (see cgroup_line.h).
 * Returns 0, or a negative errno with *e set and nothing written: -ENODATA when the process is in
 * no such hierarchy, -ENAMETOOLONG when the place is not shorter than `size`.
 */
int proc_cgroup_place(
    const char *path, const char *controller, char *out, size_t size, struct err *e);
