/*
 * Between clone and exec. Only async-signal-safe calls: another thread of ours may have held any
 * lock at the moment of the clone. For the same reason the user is changed by bare system calls:
 * glibc's setuid() would try to tell threads that do not exist here.
 */
#include "io/child/child_exec.h"

#include "io/child/child.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static _Noreturn void fail(const struct child_plan *p, enum child_step step, unsigned index)
{
    struct child_report report;
    memset(&report, 0, sizeof report);
    report.step = step;
    report.errno_value = errno;
    report.index = index;
    /* Less than PIPE_BUF into an empty pipe: all of it or, if our parent is gone, nothing. */
    ssize_t n = write(p->report_fd, &report, sizeof report);
    _exit(n == (ssize_t)sizeof report ? 127 : 126);
}

/* Handlers would go with exec by themselves; what is ignored (SIGPIPE) would not. */
static void reset_signals(void)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = SIG_DFL;
    for (int signum = 1; signum < NSIG; signum++)
        (void)sigaction(signum, &action, NULL); /* SIGKILL, SIGSTOP and glibc's own two refuse */
}

static void unblock_signals(void)
{
    sigset_t none;
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Where this fails the worker goes without: it is found by its session and environment as well. */
static void join_cgroup(const struct child_plan *p)
{
    if (p->cgroup_fd < 0)
        return;
    int fd = openat(p->cgroup_fd, "cgroup.procs", O_WRONLY | O_CLOEXEC);
    if (fd >= 0) {
        ssize_t n = write(fd, "0", 1);
        (void)n;
        close(fd);
    }
}

/* A worker that is not the preferred victim is no reason to run none. */
static void set_oom_score(const struct child_plan *p)
{
    if (p->oom_score_adj[0] == '\0')
        return;
    int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (fd >= 0) {
        ssize_t n = write(fd, p->oom_score_adj, strlen(p->oom_score_adj));
        (void)n;
        close(fd);
    }
}

/* Everything from 3 up ends at exec, known or not. */
static void close_the_rest(void)
{
    if (close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) == 0)
        return;
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return;
    for (int fd = 3; (rlim_t)fd < limit.rlim_cur; fd++)
        (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
}

static void pass_descriptors(struct child_plan *p)
{
    int above = 3;
    for (unsigned i = 0; i < p->n_fds; i++) {
        if (p->fds[i].target >= above)
            above = p->fds[i].target + 1;
    }
    /* Out of the way of all targets first, so that no dup2() can hit a source or the pipe. */
    int report_fd = fcntl(p->report_fd, F_DUPFD_CLOEXEC, above);
    if (report_fd < 0)
        fail(p, CHILD_STEP_FD, 0);
    p->report_fd = report_fd;
    for (unsigned i = 0; i < p->n_fds; i++) {
        p->fds[i].moved = fcntl(p->fds[i].source, F_DUPFD_CLOEXEC, above);
        if (p->fds[i].moved < 0)
            fail(p, CHILD_STEP_FD, i);
    }
    close_the_rest();
    for (unsigned i = 0; i < p->n_fds; i++) {
        if (dup2(p->fds[i].moved, p->fds[i].target) < 0)
            fail(p, CHILD_STEP_FD, i);
    }
}

static void set_limits(const struct child_plan *p)
{
    if (p->limit_nofile == 0)
        return;
    struct rlimit limit = {.rlim_cur = p->limit_nofile, .rlim_max = p->limit_nofile};
    if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
        fail(p, CHILD_STEP_LIMIT, 0);
}

static void become_user(const struct child_plan *p)
{
    const struct child_user *u = &p->user;
    if (!u->change)
        return;
    if (syscall(SYS_setgroups, u->n_groups, u->groups) < 0)
        fail(p, CHILD_STEP_GROUPS, 0);
    if (syscall(SYS_setresgid, u->gid, u->gid, u->gid) < 0)
        fail(p, CHILD_STEP_GROUP, 0);
    if (syscall(SYS_setresuid, u->uid, u->uid, u->uid) < 0)
        fail(p, CHILD_STEP_USER, 0);
}

/*
 * Our own copy of the environment: the parent's memory is not shared. No zeros in front:
 * sd_watchdog_enabled() would read an octal number.
 */
static void write_pid(char *text)
{
    char digits[CHILD_PID_TEXT];
    unsigned n = 0;
    for (unsigned pid = (unsigned)getpid(); pid > 0; pid /= 10)
        digits[n++] = (char)('0' + pid % 10);
    while (n > 0)
        *text++ = digits[--n];
    *text = '\0';
}

_Noreturn void child_exec(struct child_plan *p)
{
    reset_signals();
    for (unsigned i = 0; i < CHILD_PID_TEXTS; i++) {
        if (p->pid_texts[i])
            write_pid(p->pid_texts[i]);
    }
    /* A session, not only a group: no controlling terminal to be hung up by, and one more mark by
     * which what the worker starts is found, since a process leaves it by setsid() alone. */
    if (setsid() < 0)
        fail(p, CHILD_STEP_SESSION, 0);
    join_cgroup(p);
    set_oom_score(p);
    pass_descriptors(p);
    set_limits(p);
    become_user(p);
    /* As the worker's user: what it may not enter it shall not start in. */
    if (p->working_directory && chdir(p->working_directory) < 0)
        fail(p, CHILD_STEP_DIRECTORY, 0);
    unblock_signals();
    (void)execve(p->path, p->argv, p->envp);
    fail(p, CHILD_STEP_EXEC, 0);
}
