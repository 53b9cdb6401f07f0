/*
 * Which unit of the service manager a process is part of, by its /proc/PID/cgroup. (Not by
 * libsystemd: that reads the first process's, too, which ProtectProc= hides.)
 */
#pragma once

#include <stdbool.h>

enum { OWN_UNIT_NAME_MAX = 256, OWN_UNIT_PATH_MAX = 4096 };

struct own_unit {
    char name[OWN_UNIT_NAME_MAX];   /* voxkeeper.service */
    char cgroup[OWN_UNIT_PATH_MAX]; /* /system.slice/voxkeeper.service */
};

/*
 * `text`: the file. The line of cgroup v2 counts, and where that names no unit the one of the
 * manager's own hierarchy of version 1. False, and *out as it was, if none does.
 */
bool own_unit_read(const char *text, struct own_unit *out);
