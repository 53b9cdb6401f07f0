/* clone3, and what stands in for it. */
#include "io/child/child_clone.h"

#include <errno.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t clone_once(struct child_plan *p, int cgroup_fd, int *out_pidfd)
{
    int pidfd = -1;
    struct clone_args args;
    memset(&args, 0, sizeof args);
    args.flags = CLONE_PIDFD;
    args.pidfd = (uintptr_t)&pidfd;
    args.exit_signal = SIGCHLD;
    if (cgroup_fd >= 0) {
        args.flags |= CLONE_INTO_CGROUP;
        args.cgroup = (uint64_t)cgroup_fd;
    }
    pid_t pid = child_clone3(&args);
    if (pid == 0) {
        if (cgroup_fd >= 0)
            p->cgroup_fd = -1;
        child_exec(p);
    }
    *out_pidfd = pidfd;
    return pid;
}

/* For a seccomp filter that does not know clone3. The pid cannot be reused before we reap it. */
static pid_t fork_once(struct child_plan *p, int *out_pidfd)
{
    pid_t pid = fork();
    if (pid < 0)
        return -errno;
    if (pid == 0)
        child_exec(p);
    int pidfd = pidfd_open(pid, 0);
    if (pidfd < 0) {
        int error = -errno;
        (void)kill(pid, SIGKILL);
        (void)waitpid(pid, NULL, 0);
        return error;
    }
    *out_pidfd = pidfd;
    return pid;
}

pid_t child_clone(struct child_plan *p, int *out_pidfd)
{
    /* A handler of ours running in the new process would write into the loop's signal pipe, which
     * both share: everything stays blocked until the dispositions are reset. */
    sigset_t all;
    sigset_t before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t pid = p->cgroup_fd >= 0 ? clone_once(p, p->cgroup_fd, out_pidfd) : -EOPNOTSUPP;
    /* A cgroup that cannot be cloned into is joined by its file, or done without. */
    if (pid < 0 && pid != -EAGAIN && pid != -ENOMEM)
        pid = clone_once(p, -1, out_pidfd);
    if (pid == -ENOSYS || pid == -EPERM)
        pid = fork_once(p, out_pidfd);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return pid;
}
