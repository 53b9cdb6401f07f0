/* What a cgroup of version 2 uses of the memory that it may have. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct cgroup_memory {
    uint64_t used; /* without what the kernel takes back first: files that nobody has read lately */
    bool limited;
    uint64_t limit; /* MemoryMax=, if `limited` */
};

/* `dir_fd`: its directory. Returns 0, or -errno: mostly -ENOENT, without the memory controller. */
int cgroup_memory_read(int dir_fd, struct cgroup_memory *out);
