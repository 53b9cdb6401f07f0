/* One worker process from spawn to the last of its tree. */
#include "io/child/child.h"

#include "io/child/child_clone.h"
#include "io/child/child_parts.h"
#include "io/loop/loop_uv.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

int child_become_subreaper(struct loop *l, struct err *e)
{
    struct family *f = family_of(l, e);
    if (!f)
        return -ENOMEM;
    if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
        return err_sys(e, -errno, "becoming the parent of orphans");
    return family_watch_orphans(f, e);
}

bool child_is_alive(const struct child *c)
{
    return c->phase < CHILD_EXITED;
}

void child_hold(struct child *c)
{
    c->holds++;
}

void child_release(struct child *c)
{
    if (--c->holds > 0 || !c->freed)
        return;
    child_plan_fini(&c->plan);
    stray_list_fini(&c->strays);
    free(c->name);
    free(c);
}

static void on_poll_closed(uv_handle_t *handle)
{
    child_release(handle->data);
}

/* Does nothing for what was never opened. The handle first: libuv must forget the number before it
 * can mean something else. */
static void close_polled(uv_poll_t *poll, int *fd)
{
    if (*fd < 0)
        return;
    uv_handle_t *handle = (uv_handle_t *)poll;
    if (uv_handle_get_type(handle) == UV_POLL && !uv_is_closing(handle))
        uv_close(handle, on_poll_closed);
    close(*fd);
    *fd = -1;
}

void child_reap(struct child *c)
{
    siginfo_t info;
    (void)waitid(P_PIDFD, (id_t)c->pidfd, &info, WEXITED | WNOHANG);
    c->phase = CHILD_REAPED;
    close_polled(&c->pidfd_poll, &c->pidfd);
    family_leave(&c->member);
    family_reap_orphans(c->family);
}

static void drop_report(struct child *c)
{
    close_polled(&c->report_poll, &c->report_fd);
    if (c->phase != CHILD_FAILING)
        child_plan_fini(&c->plan);
}

/* Hears the outcome of exec, if there is one yet: a report means failure, the end success. */
static void read_report(struct child *c)
{
    struct child_report report;
    ssize_t n = read(c->report_fd, &report, sizeof report);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n == (ssize_t)sizeof report) {
        c->phase = CHILD_FAILING;
        child_plan_explain(&c->plan, &report, &c->failure);
        drop_report(c);
        return;
    }
    c->phase = CHILD_RUNNING;
    drop_report(c);
    c->on.on_started(c, c->arg);
}

static void tell_failure(struct child *c)
{
    child_kill_cancel(c);
    child_reap(c);
    if (c->cgroup)
        (void)cgroup_remove(c->cgroup, c->name);
    c->on.on_failed(c, &c->failure, c->arg);
}

static void tell_exit(struct child *c, struct exit_status status)
{
    c->phase = CHILD_EXITED;
    uv_poll_stop(&c->pidfd_poll);
    timer_free(c->reaper_wait);
    c->reaper_wait = NULL;
    child_kill_on_exit(c);
    c->on.on_exited(c, status, c->arg);
}

void child_hear_end(struct child *c)
{
    struct exit_status end;
    if (!child_look_at_end(c, &end))
        return;
    child_hold(c);
    if (c->phase == CHILD_STARTING)
        read_report(c);
    if (!c->freed && c->phase == CHILD_FAILING)
        tell_failure(c);
    else if (!c->freed)
        tell_exit(c, end);
    child_release(c);
}

static void on_pidfd(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    child_hear_end(poll->data);
}

static void on_report(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    struct child *c = poll->data;
    child_hold(c);
    read_report(c);
    child_release(c);
}

/* When this fails child_free() closes what there is. */
static int start_poll(struct child *c, uv_poll_t *poll, int fd, uv_poll_cb on_readable)
{
    int r = uv_poll_init(loop_uv(c->loop), poll, fd);
    if (r < 0)
        return r;
    child_hold(c);
    poll->data = c;
    return uv_poll_start(poll, UV_READABLE, on_readable);
}

int child_watch_end(struct child *c)
{
    return start_poll(c, &c->pidfd_poll, c->pidfd, on_pidfd);
}

/* Ends what was just started and was not told to anybody. */
static void undo_clone(struct child *c)
{
    (void)pidfd_send_signal(c->pidfd, SIGKILL, NULL, 0);
    /* Not by the pidfd: libuv has made that non-blocking, and then waiting does not wait. */
    while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    if (c->cgroup)
        (void)cgroup_remove(c->cgroup, c->name);
}

/* Returns a descriptor of the cgroup made for it; -1 when it goes without, which is no fault. */
static int make_cgroup(struct child *c, struct cgroup *parent)
{
    int fd = parent ? cgroup_make(parent, c->name, NULL) : -1;
    if (fd < 0)
        return -1;
    c->cgroup = parent;
    c->oom_kills_before = cgroup_oom_kills(parent, c->name);
    return fd;
}

static int start_process(
    struct child *c, const struct child_spec *spec, int write_fd, struct err *e)
{
    c->plan.report_fd = write_fd;
    c->plan.cgroup_fd = make_cgroup(c, spec->cgroup);
    c->pid = child_clone(&c->plan, &c->pidfd);
    if (c->plan.cgroup_fd >= 0)
        close(c->plan.cgroup_fd);
    if (c->pid >= 0)
        return 0;
    if (c->cgroup)
        (void)cgroup_remove(c->cgroup, c->name);
    return err_sys(e, c->pid, "starting \"%s\": making a process", c->plan.path);
}

static int start_watched(struct child *c, const struct child_spec *spec, struct err *e)
{
    int report[2];
    int r = child_plan_init(&c->plan, spec, e);
    if (r < 0)
        return r;
    if (pipe2(report, O_CLOEXEC) < 0)
        return err_sys(e, -errno, "starting \"%s\": making a pipe", c->plan.path);
    c->report_fd = report[0];
    r = start_poll(c, &c->report_poll, c->report_fd, on_report);
    if (r < 0)
        err_sys(e, r, "starting \"%s\": watching its report", c->plan.path);
    else
        r = start_process(c, spec, report[1], e);
    /* Its end must be in the new process alone, so that exec closes the pipe. */
    close(report[1]);
    if (r < 0)
        return r;
    r = child_watch_end(c);
    if (r < 0) {
        undo_clone(c);
        return err_sys(e, r, "starting \"%s\": watching the process", c->plan.path);
    }
    return 0;
}

struct child *child_new(struct loop *l, const char *name, const struct child_callbacks *callbacks,
    void *arg, struct err *e)
{
    struct child *c = calloc(1, sizeof *c);
    if (!c) {
        err_sys(e, -ENOMEM, "preparing process \"%s\"", name);
        return NULL;
    }
    c->loop = l;
    c->on = *callbacks;
    c->arg = arg;
    c->plan = CHILD_PLAN_NONE;
    c->pidfd = -1;
    c->report_fd = -1;
    c->number_until = UINT64_MAX;
    c->family = family_of(l, e);
    c->name = strdup(name);
    if (c->family && !c->name)
        err_sys(e, -ENOMEM, "preparing process \"%s\"", name);
    if (!c->family || !c->name) {
        child_free(c);
        return NULL;
    }
    return c;
}

struct child *child_spawn(struct loop *l, const struct child_spec *spec,
    const struct child_callbacks *callbacks, void *arg, struct err *e)
{
    struct child *c = child_new(l, spec->name, callbacks, arg, e);
    if (!c)
        return NULL;
    if (start_watched(c, spec, e) < 0) {
        child_free(c);
        return NULL;
    }
    family_join(c->family, &c->member, c->pid);
    return c;
}

pid_t child_pid(const struct child *c)
{
    return c->pid;
}

int child_pidfd(const struct child *c)
{
    return c->pidfd;
}

int child_signal(struct child *c, int signum)
{
    if (!child_is_alive(c))
        return -ESRCH;
    return pidfd_send_signal(c->pidfd, signum, NULL, 0) < 0 ? -errno : 0;
}

unsigned child_leftovers(const struct child *c)
{
    return c->leftovers;
}

void child_free(struct child *c)
{
    if (!c)
        return;
    child_hold(c);
    c->freed = true;
    child_kill_cancel(c);
    timer_free(c->reaper_wait);
    c->reaper_wait = NULL;
    close_polled(&c->report_poll, &c->report_fd);
    if (c->phase == CHILD_EXITED)
        child_reap(c);
    close_polled(&c->pidfd_poll, &c->pidfd);
    /* If it still runs it is an orphan from now on. */
    family_leave(&c->member);
    child_release(c);
}
