/*
 * A fresh cgroup below the machine's v2 hierarchy, and a process in it whose "own" one that is.
 * Needs the right to make one (root).
 */
#pragma once

#include "cmocka_all.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char base[128]; /* full path of the fresh cgroup; "" when there is none to be had */

static inline void write_text(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

static inline int make_base(void **state)
{
    (void)state;
    static const char *const mounts[] = {"/sys/fs/cgroup/unified", "/sys/fs/cgroup"};
    for (unsigned i = 0; i < 2; i++) {
        char file[160];
        snprintf(file, sizeof file, "%s/cgroup.procs", mounts[i]);
        snprintf(base, sizeof base, "%s/voxkeeper-test-%d", mounts[i], getpid());
        if (access(file, W_OK) == 0 && mkdir(base, 0755) == 0)
            return 0;
    }
    base[0] = '\0';
    return 0;
}

static inline int remove_base(void **state)
{
    (void)state;
    char path[160];
    snprintf(path, sizeof path, "%s/supervisor", base);
    rmdir(path);
    if (base[0] != '\0')
        assert_int_equal(rmdir(base), 0);
    return 0;
}

/* Runs `body` in a process inside of the base cgroup; a failed assertion fails the test. */
static inline void inside(void (*body)(void))
{
    char path[160];
    int status = 0;
    if (base[0] == '\0') {
        if (getenv("VOXKEEPER_MUST_RUN"))
            fail_msg("no cgroup v2 that we may divide");
        skip();
    }
    pid_t pid = fork();
    if (pid == 0) {
        snprintf(path, sizeof path, "%s/cgroup.procs", base);
        write_text(path, "0");
        body();
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}
