/* Whether a file can be executed, and whether there is something at a path. */
#include "io/files/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int executable_at(const char *path)
{
    struct stat st;
    if (stat(path, &st) < 0)
        return -errno;
    if (!S_ISREG(st.st_mode))
        return -EACCES;
    return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) < 0 ? -errno : 0;
}

int files_executable(const char *program)
{
    const char *path = getenv("PATH");
    char at[PATH_MAX];
    int r = -ENOENT;
    if (strchr(program, '/'))
        return executable_at(program);
    while (path && *path && r < 0) {
        size_t len = strcspn(path, ":");
        if (len > 0 && snprintf(at, sizeof at, "%.*s/%s", (int)len, path, program) < PATH_MAX) {
            int here = executable_at(at);
            if (here != -ENOENT && here != -ENOTDIR)
                r = here;
        }
        path += len + (path[len] == ':');
    }
    return r;
}

static int has_entries(const char *path)
{
    const struct dirent *entry;
    int r = -ENODATA;
    DIR *d = opendir(path);
    if (!d)
        return -errno;
    while (r < 0 && (entry = readdir(d))) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            r = 0;
    }
    closedir(d);
    return r;
}

int files_present(const char *path)
{
    struct stat st;
    if (stat(path, &st) < 0)
        return -errno;
    if (S_ISDIR(st.st_mode))
        return has_entries(path);
    return st.st_size > 0 ? 0 : -ENODATA;
}
