/* What the kernel tells of the machine. Blocking: it reads /proc and /sys. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Bytes of all memory, and of what can be had without swapping. Returns 0 or a negative errno. */
int machine_memory(uint64_t *out_total, uint64_t *out_available);

/* The same of what we and what we start may have: less where our cgroup, or one above it, allows
 * for less. */
int machine_room(uint64_t *out_total, uint64_t *out_free);

/* Percent of the last minute in which something waited for memory. Returns 0 or a negative errno
 * (-ENOENT: the kernel does not count it). */
int machine_memory_pressure(double *out_percent);

/* Open files of the whole machine, and how many there may be. Returns 0 or a negative errno. */
int machine_files(uint64_t *out_open, uint64_t *out_max);

/*
 * Whether something keeps the clock (adjtimex(2)); `out_error` is how wrong it may be at most, in
 * microseconds. Returns 0 or a negative errno: -EPERM where a sandbox forbids to ask.
 */
int machine_clock(bool *out_synced, uint64_t *out_error);

/* Whether the file that this process was started from is not the one at its path any more. */
bool machine_program_changed(char *path, unsigned size);

/* What a file system holds. Returns 0 or a negative errno. */
struct machine_disk {
    uint64_t bytes, free_bytes; /* free for who is not root */
    uint64_t inodes, free_inodes;
};
int machine_disk(const char *path, struct machine_disk *out);
