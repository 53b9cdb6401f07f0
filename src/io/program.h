/* Program files: what one tells about itself before it runs, and where our own is. */
#pragma once

#include <limits.h>

/* Why the dynamic loader preloads nothing into it, a few words; NULL if nothing speaks against it,
 * or if it cannot be read. A script is not followed to its interpreter. */
const char *program_resists_preload(const char *path);

/*
 * The path of the file that this process was started from; where a newer one has taken its place,
 * that one's. Returns 0 or -errno.
 */
int program_own(char out[PATH_MAX]);
