/* Where a process listens, and how many descriptors it may have. Blocking: it reads /proc. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * TCP ports of the listening sockets of `pid` and of its children, in rising order and each once,
 * up to `max`; *out_n is how many. Returns 0 or a negative errno (-ESRCH: it is gone).
 */
int proc_listen_ports(pid_t pid, uint16_t *out, unsigned max, unsigned *out_n);

/* The soft limit of open files of `pid`; 0: not known. */
uint64_t proc_listen_max_files(pid_t pid);
