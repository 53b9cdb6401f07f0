/* A service manager of the test's own that records what it is told, and keepers to look at. */
#pragma once

#include "io/keep/fd_message.h"
#include "io/keep/keep.h"
#include "io/keep/keep_parts.h"
#include "io/keep/keeper.h"
#include "lib/scratch.h"
#include "lib/witness.h"
#include "loop/pump.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

static int manager = -1;

static inline int open_manager(void **state)
{
    (void)state;
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    socklen_t len = sizeof un;
    manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(manager, (struct sockaddr *)&un, sizeof un.sun_family), 0);
    assert_int_equal(getsockname(manager, (struct sockaddr *)&un, &len), 0);
    char name[128];
    snprintf(name, sizeof name, "@%.*s", (int)(len - sizeof un.sun_family - 1), un.sun_path + 1);
    setenv("NOTIFY_SOCKET", name, 1);
    unsetenv("FDSTORE");
    return 0;
}

static inline int close_manager(void **state)
{
    (void)state;
    close(manager);
    unsetenv("NOTIFY_SOCKET");
    unsetenv("FDSTORE");
    return 0;
}

/* The next datagram, "" if there is none; its descriptor, -1 if it had none. Static. */
static inline const char *heard(int *out_fd)
{
    static char text[1024];
    int fds[FD_MESSAGE_FDS];
    unsigned n = 0;
    if (fd_message_receive(manager, text, sizeof text, fds, &n, 0) < 0)
        text[0] = '\0';
    assert_true(n <= 1);
    *out_fd = n == 1 ? fds[0] : -1;
    return text;
}

/* Who is behind a descriptor, whatever its number. */
static inline bool same_file(int a, int b)
{
    struct stat x;
    struct stat y;
    return fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static inline void hears_put(const char *stored, int fd)
{
    char expected[256];
    int got = -1;
    snprintf(expected, sizeof expected, "FDSTORE=1\nFDNAME=%s\nFDPOLL=0", stored);
    assert_string_equal(heard(&got), expected);
    assert_true(got >= 0 && same_file(got, fd));
    close(got);
}

static inline void hears_drop(const char *stored)
{
    char expected[256];
    int got = -1;
    snprintf(expected, sizeof expected, "FDSTOREREMOVE=1\nFDNAME=%s", stored);
    assert_string_equal(heard(&got), expected);
    assert_int_equal(got, -1);
}

static inline void hears_nothing(void)
{
    int got = -1;
    assert_string_equal(heard(&got), "");
}

static inline struct keep *must_open(struct pump *b, struct inherited *in, const char *socket)
{
    struct err e = {0};
    struct keep *k = keep_open(b->loop, in, socket, &e);
    if (!k)
        fail_msg("%s", e.msg);
    return k;
}

static inline void must_add(struct keep *k, const char *name, int fd)
{
    struct err e = {0};
    if (keep_add(k, name, fd, &e) < 0)
        fail_msg("%s", e.msg);
}

/* A file of its own: each is another one. */
static inline int new_file(void)
{
    FILE *f = tmpfile();
    assert_non_null(f);
    int fd = fcntl(fileno(f), F_DUPFD_CLOEXEC, 3);
    fclose(f);
    assert_true(fd >= 0);
    return fd;
}

/* A process that does nothing. */
static inline pid_t new_process(int *out_pidfd)
{
    pid_t pid = fork();
    if (pid == 0) {
        for (;;)
            pause();
    }
    *out_pidfd = pidfd_open(pid, 0);
    assert_true(*out_pidfd >= 0);
    return pid;
}

static inline void end_process(pid_t pid)
{
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* Waits until our child has ended, and says how. */
static inline int await_end(pid_t pid)
{
    int status = -1;
    int pidfd = pidfd_open(pid, 0);
    assert_true(pidfd >= 0);
    struct pollfd p = {.fd = pidfd, .events = POLLIN};
    assert_int_equal(poll(&p, 1, 20000), 1);
    close(pidfd);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

/* The part that a test program plays when it is started as a keeper. */
static inline bool plays_keeper(int argc, char **argv, int *out_status)
{
    struct err e = {0};
    if (argc != 3 || strcmp(argv[1], "--keeper") != 0)
        return false;
    *out_status = keeper_run(argv[2], STDOUT_FILENO, &e) < 0;
    if (*out_status)
        fprintf(stderr, "%s\n", e.msg);
    return true;
}
