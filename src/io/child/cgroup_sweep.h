/* The end of everything in a cgroup, for when nobody is left who knows its processes. */
#pragma once

#include "base/err.h"

/*
 * Kills every process but ourselves in the cgroup `path` (as /proc/self/cgroup names it) and below,
 * in whichever hierarchy it is found; `.control`, where the service manager puts its helpers, is
 * left out. Empty cgroups below are removed. Waits, for at most two seconds, until none is left,
 * and of those below in version 2 until they have let go of all that they had open. Returns how
 * many there were, or a negative errno with *e set: -ENOENT when there is no such cgroup,
 * -ETIMEDOUT.
 */
int cgroup_sweep(const char *path, struct err *e);

/* The same for nothing but the cgroups directly below it whose names begin so. */
int cgroup_sweep_below(const char *path, const char *prefix, struct err *e);
