/* How much room a file system has. */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct disk_space {
    uint64_t free_bytes; /* for who is not root */
    uint64_t free_inodes;
    bool has_inodes; /* some file systems count none */
};

/* Of the file system that `path` is on. Returns 0 or a negative errno with *e set. */
int disk_space_read(const char *path, struct disk_space *out, struct err *e);
