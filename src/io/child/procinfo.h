/* What /proc tells about a process: evidence for a person, and descriptors for the connection
 * count. */
#pragma once

#include "base/strbuf.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Field 22 of /proc/PID/stat, clock ticks since boot: with the PID it names a process for ever. */
int procinfo_start_time(pid_t pid, uint64_t *out_ticks);

/* Resident bytes, user + system CPU microseconds, threads and open descriptors; 0 or -errno. */
struct procinfo {
    uint64_t resident_bytes;
    uint64_t cpu_usec;
    unsigned threads;
    unsigned descriptors;
};
int procinfo_read(pid_t pid, struct procinfo *out);

/*
 * Appends what explains a hang, a few lines: state, wchan, CPU used within ~50 ms is NOT measured
 * here (no waiting); per thread: name, state, wchan, syscall and kernel stack where readable.
 */
void procinfo_evidence(pid_t pid, struct strbuf *out);

/* Writes the path of the program that it runs to `buf`; where it is not told, or too long, `buf`
 * stays as it is. */
void procinfo_program(pid_t pid, char *buf, size_t size);

/*
 * The value of a variable in the environment that `pid` was started with, NUL-terminated. Returns 0,
 * -ENOENT, -ENOSPC or another -errno. Where it may be a secret, `out` is the only copy.
 */
int procinfo_variable(pid_t pid, const char *name, char *out, size_t size);

/* Whether the first thread of `pid` has a child that was not waited for. */
bool procinfo_has_children(pid_t pid);

/* Socket inodes among the descriptors of `pid`, sorted. Returns owned (free()), NULL if none. */
uint64_t *procinfo_sockets(pid_t pid, size_t *out_n);
