/* Killing a worker with all that it started, until none of it is left. */
#include "io/child/child_parts.h"

#include <errno.h>
#include <signal.h>
#include <sys/pidfd.h>

#define KILL_RETRY_MIN (1 * USEC_PER_MSEC)
#define KILL_RETRY_MAX (250 * USEC_PER_MSEC)

/* Linux 6.9; to the group that the process of the pidfd leads or led, whoever has its number. */
#ifndef PIDFD_SIGNAL_PROCESS_GROUP
#define PIDFD_SIGNAL_PROCESS_GROUP (1U << 2)
#endif

static int signal_group(const struct child *c, int signum)
{
    int r = pidfd_send_signal(c->pidfd, signum, NULL, PIDFD_SIGNAL_PROCESS_GROUP);
    return r < 0 ? -errno : 0;
}

/* By number only while the number is certain: of a child until it is reaped, of another process
 * until it ends. */
static void kill_group(struct child *c)
{
    if (!c->foreign)
        (void)kill(-c->pid, SIGKILL);
    else if (signal_group(c, SIGKILL) == -EINVAL && !child_has_ended(c))
        (void)kill(-c->pid, SIGKILL);
}

static uint64_t number_until(struct child *c)
{
    if (!c->foreign || !child_has_ended(c))
        return UINT64_MAX;
    /* Its group keeps the number from being given away. */
    int r = signal_group(c, 0);
    return r == 0 || r == -EPERM ? UINT64_MAX : c->number_until;
}

static int find_strays(struct child *c, struct stray_list *out)
{
    const struct tree_query q = {
        .family = c->foreign ? NULL : c->family,
        .main_pid = c->pid,
        .main_start = c->start_ticks,
        .number_until = number_until(c),
        .instance = c->name,
        .before = &c->strays,
    };
    if (!c->foreign && !child_is_alive(c) && family_sees_orphans(c->family) &&
        !family_any_stranger(c->family, NULL, NULL))
        return 0;
    return child_tree_find(&q, out);
}

/*
 * One pass: look, count, kill. True when the main process has ended and, of a complete look at the
 * processes that there are, nothing of its tree was left.
 */
static bool kill_round(struct child *c)
{
    struct stray_list found = {0};
    int r = find_strays(c, &found);
    size_t fresh = stray_list_count_new(&found, &c->strays);
    if (r == 0 && !child_is_alive(c))
        c->leftovers += (unsigned)fresh;
    kill_group(c);
    if (child_is_alive(c))
        (void)pidfd_send_signal(c->pidfd, SIGKILL, NULL, 0);
    if (c->cgroup)
        (void)cgroup_kill(c->cgroup, c->name);
    child_tree_kill(&found);
    /* Somebody else's, stuck in its exit, shall not hold us up for ever. */
    bool leaving = found.leaving && c->kill_delay < KILL_RETRY_MAX;
    /* What forks as it dies is outrun only by a look that comes soon. */
    if (found.newborn || fresh > 0)
        c->kill_delay = KILL_RETRY_MIN;
    bool none = r == 0 && found.n == 0 && !leaving && !found.newborn && !child_is_alive(c) &&
                !(c->cgroup && cgroup_populated(c->cgroup, c->name));
    if (r == 0) {
        stray_list_fini(&c->strays);
        c->strays = found;
    }
    return none;
}

static void tree_is_gone(struct child *c)
{
    child_kill_cancel(c);
    child_reap(c);
    if (c->cgroup)
        (void)cgroup_remove(c->cgroup, c->name);
    if (c->on.on_tree_gone)
        c->on.on_tree_gone(c, c->arg);
}

static void on_retry(void *arg)
{
    struct child *c = arg;
    if (child_is_alive(c))
        return; /* its end starts the next round */
    if (kill_round(c)) {
        child_hold(c);
        tree_is_gone(c);
        child_release(c);
        return;
    }
    /* What was killed takes its time to end; what is stuck in the kernel may take for ever. */
    timer_arm(c->kill_retry, usec_add(loop_now(), c->kill_delay));
    c->kill_delay = c->kill_delay * 2 < KILL_RETRY_MAX ? c->kill_delay * 2 : KILL_RETRY_MAX;
}

void child_kill_tree(struct child *c)
{
    if (c->phase == CHILD_FAILING || c->phase == CHILD_REAPED)
        return; /* on_failed will say, or on_tree_gone has said, that nothing is left */
    if (!c->kill_retry)
        c->kill_retry = timer_new(c->loop, on_retry, c);
    c->kill_delay = KILL_RETRY_MIN;
    /* Even when nothing is left on_tree_gone comes from the loop, after a second look. */
    bool none = kill_round(c);
    timer_arm(c->kill_retry, none ? 0 : usec_add(loop_now(), c->kill_delay));
}

void child_kill_on_exit(struct child *c)
{
    if (c->kill_retry)
        timer_arm(c->kill_retry, 0);
}

void child_kill_cancel(struct child *c)
{
    timer_free(c->kill_retry);
    c->kill_retry = NULL;
}
