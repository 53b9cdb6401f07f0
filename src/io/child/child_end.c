/* How the main process ended: by waiting for our child, by the kernel's word for another's. */
#include "io/child/child_exit_info.h"
#include "io/child/child_parts.h"
#include "io/loop/loop_uv.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* For who reaps it. Init does so at once; some container's first process never does. */
#define REAPER_PATIENCE (50 * USEC_PER_MSEC)

static uint64_t ticks_now(void)
{
    return loop_now() * (uint64_t)sysconf(_SC_CLK_TCK) / USEC_PER_SEC;
}

bool child_has_ended(struct child *c)
{
    struct pollfd p = {.fd = c->pidfd, .events = POLLIN};
    if (poll(&p, 1, 0) <= 0)
        return false;
    if (c->number_until == UINT64_MAX)
        c->number_until = ticks_now();
    return true;
}

static struct exit_status of_wait_status(int status)
{
    bool signaled = WIFSIGNALED(status);
    return (struct exit_status){
        .known = true,
        .signaled = signaled,
        .core_dumped = signaled && WCOREDUMP(status),
        .code = signaled ? WTERMSIG(status) : WEXITSTATUS(status),
    };
}

static struct exit_status of_siginfo(const siginfo_t *info)
{
    return (struct exit_status){
        .known = true,
        .signaled = info->si_code != CLD_EXITED,
        .core_dumped = info->si_code == CLD_DUMPED,
        .code = info->si_status,
    };
}

static void on_reaper_late(void *arg)
{
    struct child *c = arg;
    c->reaper_late = true;
    child_hear_end(c);
}

static void on_reaped(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    child_hear_end(poll->data);
}

/* That it ended is known, and would be told on and on; that it was reaped comes as a hang-up. */
static void wait_for_reaper(struct child *c)
{
    if (c->reaper_wait)
        return;
    c->reaper_wait = timer_new(c->loop, on_reaper_late, c);
    timer_arm(c->reaper_wait, usec_add(loop_now(), REAPER_PATIENCE));
    (void)uv_poll_start(&c->pidfd_poll, UV_DISCONNECT, on_reaped);
}

static bool look_from_afar(struct child *c, struct exit_status *out)
{
    int status = 0;
    if (!child_has_ended(c))
        return false;
    int r = child_exit_info(c->pidfd, &status);
    if (r == -EAGAIN && !c->reaper_late) {
        wait_for_reaper(c);
        return false;
    }
    *out = r == 0 ? of_wait_status(status) : (struct exit_status){0};
    return true;
}

bool child_look_at_end(struct child *c, struct exit_status *out)
{
    struct exit_status s = {0};
    siginfo_t info;
    memset(&info, 0, sizeof info);
    if (waitid(P_PIDFD, (id_t)c->pidfd, &info, WEXITED | WNOHANG | WNOWAIT) < 0) {
        c->foreign = true; /* adopted so, or somebody else has reaped it */
        if (!look_from_afar(c, &s))
            return false;
    } else if (info.si_pid == 0) {
        return false;
    } else {
        s = of_siginfo(&info);
    }
    s.oom = s.signaled && s.code == SIGKILL && !c->kill_retry && c->cgroup &&
            cgroup_oom_kills(c->cgroup, c->name) > c->oom_kills_before;
    *out = s;
    return true;
}
