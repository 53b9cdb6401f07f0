/* How many descriptors this process has open. */
#pragma once

#include "cmocka_all.h"

#include <dirent.h>

static inline unsigned descriptors_count(void)
{
    unsigned n = 0;
    DIR *d = opendir("/proc/self/fd");
    assert_non_null(d);
    while (readdir(d))
        n++;
    closedir(d);
    return n;
}
