/*
 * A worker that replaces itself (sh -c 'exec node ...', #!/usr/bin/env node) stays the worker: our
 * environment is put back and our descriptors are handed on. A child that execs gets neither.
 */
#include "preload/environment.h"
#include "preload/handover.h"
#include "preload/hooks.h"
#include "preload/real.h"
#include "preload/shim.h"

#include <errno.h>
#include <sys/mman.h>

static void set_cloexec(const struct environment *e, bool on)
{
    int flags = on ? FD_CLOEXEC : 0;
    (void)REAL(fcntl)(e->control_fd, F_SETFD, flags);
    for (unsigned i = 0; i < e->n_listeners; i++) {
        (void)REAL(fcntl)(e->listeners[i].public_fd, F_SETFD, flags);
        (void)REAL(fcntl)(e->listeners[i].private_fd, F_SETFD, flags);
    }
}

enum how { HOW_PATH, HOW_SEARCH };

static int call(enum how how, const char *path, char *const argv[], char *const envp[])
{
    if (how == HOW_SEARCH)
        return REAL(execvpe)(path, argv, envp);
    return REAL(execve)(path, argv, envp);
}

static int replace(enum how how, const char *path, char *const argv[], char *const envp[])
{
    size_t size = 0;
    if (!handover_in_force() || !handover_owns_memory() || !handover_is_worker())
        return call(how, path, argv, envp);
    struct environment *e = shim_environment();
    e->active = handover_is_active();
    char **restored = environment_restore(envp, e, &size);
    if (!restored)
        return call(how, path, argv, envp);
    set_cloexec(e, false);
    (void)call(how, path, argv, restored);
    int saved = errno;
    set_cloexec(e, true);
    munmap(restored, size);
    errno = saved;
    return -1;
}

HOOK int execve(const char *path, char *const argv[], char *const envp[])
{
    return replace(HOW_PATH, path, argv, envp);
}

HOOK int execv(const char *path, char *const argv[])
{
    return replace(HOW_PATH, path, argv, environ);
}

HOOK int execvpe(const char *file, char *const argv[], char *const envp[])
{
    return replace(HOW_SEARCH, file, argv, envp);
}

HOOK int execvp(const char *file, char *const argv[])
{
    return replace(HOW_SEARCH, file, argv, environ);
}
