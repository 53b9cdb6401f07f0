/*
 * The lines of /proc/PID/cgroup, `NUMBER:CONTROLLERS:PATH` (cgroups(7)): one for each hierarchy
 * that the process has a place in, version 1 and 2 side by side on a hybrid system.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* What stands for CONTROLLERS: nothing in the hierarchy of version 2, this in the one of version 1
 * that the service manager keeps for itself. */
#define CGROUP_V2 ""
#define CGROUP_V1_MANAGER "name=systemd"

/*
 * The path in the first hierarchy that has `controller`: CGROUP_V2, CGROUP_V1_MANAGER or a
 * controller of version 1 ("memory"). Borrowed from `text`, up to the end of its line. False, and
 * nothing written, if there is none.
 */
bool cgroup_line_find(
    const char *text, const char *controller, const char **out_path, size_t *out_len);
