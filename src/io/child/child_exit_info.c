/* PIDFD_GET_INFO, alone in its file, so that a test can put another kernel in its place. */
#include "io/child/child_exit_info.h"

#include <errno.h>
#include <stdint.h>
#include <sys/ioctl.h>

/* As Linux 6.13 has it; newer fields follow, and the kernel minds our size. */
struct pidfd_info_v0 {
    uint64_t mask;
    uint64_t cgroupid;
    uint32_t pid, tgid, ppid;
    uint32_t uids_and_gids[8];
    int32_t exit_code;
};

#define GET_INFO _IOWR(0xFF, 11, struct pidfd_info_v0)
#define INFO_EXIT (UINT64_C(1) << 3)

static int get_info(int pidfd, struct pidfd_info_v0 *out)
{
    *out = (struct pidfd_info_v0){.mask = INFO_EXIT};
    return ioctl(pidfd, GET_INFO, out) < 0 ? -errno : 0;
}

int child_exit_info(int pidfd, int *out_status)
{
    struct pidfd_info_v0 info;
    int r = get_info(pidfd, &info);
    /* The kernel looks for the status first, then for the process: reaped in between, it has
     * neither. The second time it has the status. */
    if (r == -ESRCH)
        r = get_info(pidfd, &info);
    if (r < 0)
        return r;
    if (!(info.mask & INFO_EXIT))
        return -EAGAIN;
    *out_status = info.exit_code;
    return 0;
}
