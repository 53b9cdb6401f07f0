/* How much the machine has left: memory, open files, descriptors of a process. Synchronous. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

/*
 * Bytes that we and what we start may have in all, and can still have: of the machine, or of our
 * cgroup and those above it where they allow for less. Returns 0, or a negative errno and then
 * nothing was written.
 */
int headroom_memory(uint64_t *out_total, uint64_t *out_free);

/* Files that are open on the machine, and how many can be. Returns 0 or a negative errno. */
int headroom_files(uint64_t *out_open, uint64_t *out_max);

/* How many descriptors a process may have now. Returns 0 or a negative errno. */
int headroom_descriptors(pid_t pid, uint64_t *out_max);

/* Whether a file can be executed by who we are: an absolute path, or a name found in $PATH.
 * Returns 0, or -ENOENT, -EACCES.. */
int headroom_executable(const char *program);

/* Whether there is something at `path`: a file with bytes in it, or a directory with entries.
 * Returns 0, -ENODATA when it is empty, or another negative errno. */
int headroom_present(const char *path);
