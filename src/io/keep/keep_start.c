/* Starting a keeper: our own program again, in a session of its own. */
#include "io/child/child_family.h"
#include "io/keep/keep_parts.h"
#include "io/program.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { START_MAX_MS = 5000 };

/* By its path, so that it is called what it is. */
static void find_program(char out_path[PATH_MAX])
{
    if (program_own(out_path) < 0 || access(out_path, X_OK) < 0)
        strcpy(out_path, "/proc/self/exe");
}

/* Of our signals nothing is handed down, and of our descriptors only `words`. */
static int spawn(const char *socket_path, int words, pid_t *out_pid)
{
    char program[PATH_MAX];
    posix_spawnattr_t attr;
    posix_spawn_file_actions_t actions;
    sigset_t none;
    sigset_t all;
    /* Not empty: who looks for a worker's mark in environments must find that it has none. */
    char *env[] = {(char[]){"VOXKEEPER_KEEPER=1"}, NULL};
    char *argv[] = {program, (char[]){"--keeper"}, (char *)socket_path, NULL};
    find_program(program);
    sigemptyset(&none);
    sigfillset(&all);
    int r = posix_spawnattr_init(&attr);
    if (r != 0)
        return -r;
    r = posix_spawn_file_actions_init(&actions);
    if (r != 0) {
        posix_spawnattr_destroy(&attr);
        return -r;
    }
    posix_spawnattr_setflags(
        &attr, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setsigmask(&attr, &none);
    posix_spawnattr_setsigdefault(&attr, &all);
    r = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", 0, 0);
    if (r == 0)
        r = posix_spawn_file_actions_adddup2(&actions, words, STDOUT_FILENO);
    if (r == 0)
        r = posix_spawn_file_actions_adddup2(&actions, words, STDERR_FILENO);
    if (r == 0)
        r = posix_spawn(out_pid, program, &actions, &attr, argv, env);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attr);
    return -r;
}

/* Nothing is said by one that listens; what one says that cannot is its reason. */
static int await_silence(int fd, struct err *e)
{
    char text[ERR_MSG_MAX] = "";
    size_t len = 0;
    usec_t until = usec_add(loop_now(), START_MAX_MS * USEC_PER_MSEC);
    for (;;) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        usec_t now = loop_now();
        if (now >= until)
            return err_sys(e, -ETIMEDOUT, "starting the keeper");
        if (poll(&p, 1, (int)((until - now) / USEC_PER_MSEC) + 1) <= 0)
            continue;
        ssize_t n = read(fd, text + len, sizeof text - 1 - len);
        if (n <= 0)
            break;
        len += (size_t)n;
    }
    text[len] = '\0';
    text[strcspn(text, "\n")] = '\0';
    return len == 0 ? 0 : err_set(e, -EIO, "starting the keeper: %.400s", text);
}

static int start(struct keep *k, struct err *e)
{
    int words[2];
    if (pipe2(words, O_CLOEXEC) < 0)
        return err_sys(e, -errno, "starting the keeper");
    k->keeper_pid = 0;
    int r = spawn(k->keeper_socket, words[1], &k->keeper_pid);
    close(words[1]);
    if (r < 0)
        r = err_sys(e, r, "starting the keeper");
    else
        r = await_silence(words[0], e);
    close(words[0]);
    return r;
}

/* It keeps nothing yet. */
static void end_useless(struct keep *k)
{
    if (k->keeper_pid <= 0)
        return;
    (void)kill(k->keeper_pid, SIGKILL);
    while (waitpid(k->keeper_pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    k->keeper_pid = 0;
}

int keep_start_keeper(struct keep *k, struct err *e)
{
    int r = start(k, e);
    if (r == 0)
        r = keep_link_connect(k, e);
    if (r < 0)
        end_useless(k);
    return r;
}

void keep_lodge(const struct keep *k)
{
    struct family *f = k->keeper_pid > 0 ? family_of(k->loop, NULL) : NULL;
    if (f)
        family_lodge(f, k->keeper_pid);
}
