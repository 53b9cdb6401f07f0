/*
 * What each descriptor number of the process is to the shim. The fast path of every function that
 * we stand before is fds_kind() == FD_FOREIGN: one load and one comparison.
 *
 * Numbers from FDS_MAX up are always foreign.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { FDS_MAX = 65536 };

enum fd_kind {
    FD_FOREIGN = 0, /* none of our business */
    FD_OURS,        /* the shim's own: hidden from the application */
    FD_TAKEN,       /* what the application believes to be its listening socket */
    FD_EPOLL,       /* an epoll set of the application that watches a taken one */
};

extern _Atomic uint8_t fds_kinds[FDS_MAX];

static inline enum fd_kind fds_kind(int fd)
{
    return (unsigned)fd < FDS_MAX ? (enum fd_kind)fds_kinds[fd] : FD_FOREIGN;
}

/* Returns false if the number is out of range. */
bool fds_mark(int fd, enum fd_kind kind);

/*
 * Duplicates into the high numbers, where no application counts on a number being free, close on
 * exec; marks it FD_OURS. Returns the descriptor, or -1 and errno.
 */
int fds_keep(int fd);

/* Closes one of fds_keep(); -1 is fine. */
void fds_drop(int fd);
