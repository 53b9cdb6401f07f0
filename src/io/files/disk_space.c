/* See disk_space.h. */
#include "io/files/disk_space.h"

#include <errno.h>
#include <sys/statvfs.h>

int disk_space_read(const char *path, struct disk_space *out, struct err *e)
{
    struct statvfs st;
    if (statvfs(path, &st) < 0)
        return err_sys(e, -errno, "asking how full \"%s\" is", path);
    *out = (struct disk_space){.free_bytes = (uint64_t)st.f_bavail * st.f_frsize,
        .free_inodes = st.f_favail,
        .has_inodes = st.f_files > 0};
    return 0;
}
