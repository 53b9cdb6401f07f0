/* The calls that can be made to fail. */
#include "fault/inject.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

struct clone_args;

static unsigned calls_left;       /* 0: not armed */
static const char *calls_of;      /* these alone; NULL: any */
static unsigned calls_left_clone; /* becomes the former in a cloned process */
static struct {
    const char *name;
    int errno_value;
} always[4];
static unsigned n_always;
static const char *counted_name = "";
static unsigned counted;
static char *failed; /* shared with cloned processes */

enum { NAME_MAX_LEN = 64 };

static void forget_failure(void)
{
    if (!failed) {
        failed =
            mmap(NULL, NAME_MAX_LEN, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (failed == MAP_FAILED)
            abort();
    }
    failed[0] = '\0';
}

void inject_arm(unsigned nth)
{
    inject_arm_call(NULL, nth);
}

void inject_arm_call(const char *name, unsigned nth)
{
    forget_failure();
    calls_of = name;
    calls_left = nth;
}

void inject_arm_clone(unsigned nth)
{
    forget_failure();
    calls_of = NULL;
    calls_left_clone = nth;
}

void inject_nothing(void)
{
    calls_left = 0;
    calls_left_clone = 0;
    n_always = 0;
}

void inject_always(const char *name, int errno_value)
{
    if (n_always == sizeof always / sizeof *always)
        abort();
    always[n_always].name = name;
    always[n_always++].errno_value = errno_value;
}

void inject_count(const char *name)
{
    counted_name = name;
    counted = 0;
}

unsigned inject_counted(void)
{
    return counted;
}

const char *inject_failed(void)
{
    return failed && failed[0] != '\0' ? failed : NULL;
}

/* Whether this call is the one; errno is set then. */
static bool is_due(const char *name)
{
    counted += strcmp(name, counted_name) == 0;
    for (unsigned i = 0; i < n_always; i++) {
        if (strcmp(always[i].name, name) == 0) {
            errno = always[i].errno_value;
            return true;
        }
    }
    if (calls_left == 0 || (calls_of && strcmp(name, calls_of) != 0) || --calls_left > 0)
        return false;
    strncpy(failed, name, NAME_MAX_LEN - 1);
    errno = EMFILE;
    return true;
}

#define WRAP(type, name, failure, parameters, arguments)                                           \
    type __real_##name parameters;                                                                 \
    type __wrap_##name parameters;                                                                 \
    type __wrap_##name parameters                                                                  \
    {                                                                                              \
        return is_due(#name) ? (failure) : __real_##name arguments;                                \
    }

WRAP(int, pipe2, -1, (int ends[2], int flags), (ends, flags))
WRAP(pid_t, fork, -1, (void), ())
WRAP(int, pidfd_open, -1, (pid_t pid, unsigned flags), (pid, flags))
WRAP(int, pidfd_send_signal, -1, (int fd, int signum, siginfo_t *info, unsigned flags),
    (fd, signum, info, flags))
WRAP(int, uv_poll_init, UV_EMFILE, (uv_loop_t * loop, uv_poll_t *poll, int fd), (loop, poll, fd))
WRAP(int, uv_poll_start, UV_EMFILE, (uv_poll_t * poll, int events, uv_poll_cb callback),
    (poll, events, callback))
WRAP(int, dup2, -1, (int from, int to), (from, to))
WRAP(pid_t, setsid, -1, (void), ())
WRAP(int, chdir, -1, (const char *path), (path))
WRAP(int, execve, -1, (const char *path, char *const *argv, char *const *envp), (path, argv, envp))
WRAP(int, close_range, -1, (unsigned first, unsigned last, int flags), (first, last, flags))
WRAP(DIR *, opendir, NULL, (const char *path), (path))
WRAP(void *, calloc, NULL, (size_t n, size_t size), (n, size))
WRAP(void *, reallocarray, NULL, (void *p, size_t n, size_t size), (p, n, size))
WRAP(int, socket, -1, (int family, int type, int protocol), (family, type, protocol))
WRAP(int, connect, -1, (int fd, const struct sockaddr *to, socklen_t len), (fd, to, len))
WRAP(ssize_t, sendmsg, -1, (int fd, const struct msghdr *m, int flags), (fd, m, flags))
WRAP(ssize_t, recvmsg, -1, (int fd, struct msghdr *m, int flags), (fd, m, flags))
WRAP(char *, strdup, NULL, (const char *text), (text))

pid_t __real_child_clone3(struct clone_args *args);
pid_t __wrap_child_clone3(struct clone_args *args);
pid_t __wrap_child_clone3(struct clone_args *args)
{
    if (is_due("child_clone3"))
        return -errno;
    pid_t pid = __real_child_clone3(args);
    if (pid == 0)
        calls_left = calls_left_clone;
    return pid;
}

/* Names with 64 in them are those that the C library gives to the others with large files. */
int __real_setrlimit64(int resource, const struct rlimit *limit);
int __wrap_setrlimit64(int resource, const struct rlimit *limit);
int __wrap_setrlimit64(int resource, const struct rlimit *limit)
{
    return is_due("setrlimit") ? -1 : __real_setrlimit64(resource, limit);
}

int __real_fcntl64(int fd, int command, ...);
int __wrap_fcntl64(int fd, int command, ...);
int __wrap_fcntl64(int fd, int command, ...)
{
    va_list ap;
    va_start(ap, command);
    long argument = va_arg(ap, long);
    va_end(ap);
    return is_due("fcntl") ? -1 : __real_fcntl64(fd, command, argument);
}

int __real_open64(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...)
{
    return is_due("open") ? -1 : __real_open64(path, flags);
}
