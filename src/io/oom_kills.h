/* How many processes of our cgroup, and of those below it, the kernel killed for want of memory. */
#pragma once

#include <stdint.h>

enum { OOM_KILLS_PATH_MAX = 160 };

/*
 * Since the cgroup was made; the file that says so into `path`. The cgroup is our unit's, or where
 * no service manager is, our own; of version 2, or of version 1 where that has the memory. Returns
 * 0 or a negative errno: -ENOENT where nobody counts.
 */
int oom_kills_read(char path[OOM_KILLS_PATH_MAX], uint64_t *out);
