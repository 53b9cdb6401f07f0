/* See fds.h. */
#include "preload/fds.h"

#include "preload/real.h"

#include <errno.h>

/* Below select()'s and the usual soft limit of 1024; shells keep theirs from 10 and at 255. */
enum { FDS_HIGH = 900 };

_Atomic uint8_t fds_kinds[FDS_MAX];

bool fds_mark(int fd, enum fd_kind kind)
{
    if ((unsigned)fd >= FDS_MAX)
        return false;
    fds_kinds[fd] = (uint8_t)kind;
    return true;
}

int fds_keep(int fd)
{
    int kept = REAL(fcntl)(fd, F_DUPFD_CLOEXEC, FDS_HIGH);
    if (kept < 0 && errno == EINVAL) /* a low limit on open files */
        kept = REAL(fcntl)(fd, F_DUPFD_CLOEXEC, 3);
    if (kept < 0)
        return -1;
    if (!fds_mark(kept, FD_OURS)) {
        (void)REAL(close)(kept);
        errno = EMFILE;
        return -1;
    }
    return kept;
}

void fds_drop(int fd)
{
    if (fd < 0)
        return;
    fds_mark(fd, FD_FOREIGN);
    (void)REAL(close)(fd);
}
