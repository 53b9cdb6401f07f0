/*
 * Linked into a voxkeeperd of the test: one call, named by where it is made from, fails once.
 *
 * FAULT_LIST=FILE appends a line for each place that makes a fallible call, "ID NAME", once;
 * FAULT_ID=ID makes the first call from that place fail. A place is the call with the calls that
 * led there, so that it is the same in the next run however the timing differs.
 */
#include <cjson/cJSON.h>
#include <dirent.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

enum { DEPTH = 8, PLACES_MAX = 8192 };

extern char __executable_start;

static uint64_t places[PLACES_MAX];
static unsigned n_places;
static uint64_t wanted;
static const char *list_path;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of the four above */
static _Thread_local bool busy; /* inside ourselves, or in a process that is to become a worker */

void *__real_malloc(size_t size);
int __real_open64(const char *path, int flags, ...);

static void *cjson_malloc(size_t size);

__attribute__((constructor)) static void begin(void)
{
    const char *id = getenv("FAULT_ID");
    void *frames[DEPTH];
    wanted = id ? strtoull(id, NULL, 16) : 0;
    list_path = getenv("FAULT_LIST");
    backtrace(frames, DEPTH); /* loads what it needs now */
    cJSON_InitHooks(&(cJSON_Hooks){.malloc_fn = cjson_malloc, .free_fn = free});
}

static uint64_t place_of(const char *name)
{
    void *frames[DEPTH];
    int n = backtrace(frames, DEPTH);
    uint64_t hash = 14695981039346656037ULL;
    for (const char *c = name; *c; c++)
        hash = (hash ^ (unsigned char)*c) * 1099511628211ULL;
    for (int i = 2; i < n; i++) {
        uintptr_t offset = (uintptr_t)frames[i] - (uintptr_t)&__executable_start;
        if (offset < (64 << 20)) /* ours: the libraries lie elsewhere in each run */
            hash = (hash ^ offset) * 1099511628211ULL;
    }
    return hash;
}

static void note(uint64_t place, const char *name)
{
    for (unsigned i = 0; i < n_places; i++) {
        if (places[i] == place)
            return;
    }
    if (n_places < PLACES_MAX)
        places[n_places++] = place;
    int fd = __real_open64(list_path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (fd >= 0) {
        dprintf(fd, "%016llx %s\n", (unsigned long long)place, name);
        close(fd);
    }
}

/* Whether this call is the one. */
static bool is_due(const char *name)
{
    if (busy)
        return false;
    busy = true;
    uint64_t place = place_of(name);
    pthread_mutex_lock(&lock);
    if (list_path)
        note(place, name);
    bool due = wanted != 0 && place == wanted;
    if (due)
        wanted = 0;
    pthread_mutex_unlock(&lock);
    busy = false;
    return due;
}

static void *cjson_malloc(size_t size)
{
    return is_due("cJSON") ? NULL : __real_malloc(size);
}

#define WRAP(type, name, failure, error, parameters, arguments)                                    \
    type __real_##name parameters;                                                                 \
    type __wrap_##name parameters;                                                                 \
    type __wrap_##name parameters                                                                  \
    {                                                                                              \
        if (!is_due(#name))                                                                        \
            return __real_##name arguments;                                                        \
        errno = error;                                                                             \
        return failure;                                                                            \
    }

WRAP(void *, malloc, NULL, ENOMEM, (size_t size), (size))
WRAP(void *, calloc, NULL, ENOMEM, (size_t n, size_t size), (n, size))
WRAP(void *, realloc, NULL, ENOMEM, (void *p, size_t size), (p, size))
WRAP(void *, reallocarray, NULL, ENOMEM, (void *p, size_t n, size_t size), (p, n, size))
WRAP(char *, strdup, NULL, ENOMEM, (const char *text), (text))
WRAP(char *, strndup, NULL, ENOMEM, (const char *text, size_t n), (text, n))
WRAP(int, socket, -1, EMFILE, (int family, int type, int protocol), (family, type, protocol))
WRAP(int, bind, -1, EACCES, (int fd, const struct sockaddr *a, socklen_t len), (fd, a, len))
WRAP(int, listen, -1, EADDRINUSE, (int fd, int backlog), (fd, backlog))
WRAP(int, pipe2, -1, EMFILE, (int ends[2], int flags), (ends, flags))
WRAP(int, mkdir, -1, ENOSPC, (const char *path, mode_t mode), (path, mode))
WRAP(int, fdatasync, -1, EIO, (int fd), (fd))
WRAP(DIR *, opendir, NULL, EMFILE, (const char *path), (path))
WRAP(int, pidfd_send_signal, -1, ENOMEM, (int fd, int s, siginfo_t *i, unsigned f), (fd, s, i, f))
WRAP(int, uv_loop_init, UV_EMFILE, 0, (uv_loop_t * loop), (loop))
WRAP(int, uv_signal_start, UV_EMFILE, 0, (uv_signal_t * s, uv_signal_cb callback, int signum),
    (s, callback, signum))

int __real_open64(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...)
{
    va_list ap;
    va_start(ap, flags);
    int mode = flags & O_CREAT ? va_arg(ap, int) : 0;
    va_end(ap);
    if (is_due("open")) {
        errno = EMFILE;
        return -1;
    }
    return __real_open64(path, flags, mode);
}

struct clone_args;
pid_t __real_child_clone3(struct clone_args *args);
pid_t __wrap_child_clone3(struct clone_args *args);
pid_t __wrap_child_clone3(struct clone_args *args)
{
    if (is_due("child_clone3"))
        return -EAGAIN;
    pid_t pid = __real_child_clone3(args);
    if (pid == 0)
        busy = true; /* test/fault/spawn lets its calls fail */
    return pid;
}
