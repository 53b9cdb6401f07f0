/* How a slot goes on with a life that a former instance began, and what it leaves to the next. */
#include "daemon/workers/slot_parts.h"

#include "core/saved/saved.h"
#include "daemon/workers/environment.h"
#include "daemon/workers/front.h"
#include "io/child/procinfo.h"
#include "io/keep/keep.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

/* What outlives us of a life, each kept as `life-LIFE.PART`. */
enum part { PART_PIDFD, PART_STDOUT, PART_STDERR, PART_CONTROL, PART_NOTIFY, PARTS };

static const char *part_name(const struct slot *s, enum part part, char buf[KEEP_NAME_MAX])
{
    static const char *const names[PARTS] = {"pidfd", "stdout", "stderr", "control", "notify"};
    snprintf(buf, KEEP_NAME_MAX, "life-%llu.%s", (unsigned long long)s->life, names[part]);
    return buf;
}

void slot_keep(struct slot *s)
{
    struct err e = {0};
    char name[KEEP_NAME_MAX];
    const int fds[PARTS] = {
        [PART_PIDFD] = child_pidfd(s->child),
        [PART_STDOUT] = output_stdout_read_fd(s->output),
        [PART_STDERR] = output_stderr_read_fd(s->output),
        [PART_CONTROL] = s->handover ? handover_control_fd(s->handover) : -1,
        [PART_NOTIFY] = worker_notify_fd(said_socket(s->said)),
    };
    s->kept = s->spec.keep != NULL;
    for (unsigned i = 0; s->kept && i < PARTS; i++) {
        if (fds[i] >= 0 && keep_add(s->spec.keep, part_name(s, i, name), fds[i], &e) < 0)
            log_printf(LOG_LEVEL_WARNING, "worker %u would not outlive voxkeeperd: %s",
                s->spec.index + 1, e.msg);
    }
}

void slot_keep_no_more(struct slot *s)
{
    char name[KEEP_NAME_MAX];
    for (unsigned i = 0; s->kept && i < PARTS; i++)
        keep_remove(s->spec.keep, part_name(s, i, name));
    s->kept = false;
}

static int take(struct slot *s, enum part part)
{
    char name[KEEP_NAME_MAX];
    return s->spec.keep ? keep_take(s->spec.keep, part_name(s, part, name)) : -1;
}

/* Between the look at its start time and the opening the process may have ended: look again. */
static int open_pidfd(const struct saved_process *p)
{
    uint64_t start_time = 0;
    int fd = pidfd_open((pid_t)p->pid, 0);
    if (fd < 0)
        return -errno;
    if (procinfo_start_time((pid_t)p->pid, &start_time) == 0 && start_time == p->start_time)
        return fd;
    close(fd);
    return -ESRCH;
}

static int adopt_child(struct slot *s, const struct saved_process *p, struct err *e)
{
    int pidfd = take(s, PART_PIDFD);
    if (pidfd < 0)
        pidfd = open_pidfd(p);
    if (pidfd < 0)
        return err_sys(e, pidfd, "adopting process %d", (int)p->pid);
    s->child = child_adopt(s->spec.loop,
        &(struct child_adoption){
            .pid = (pid_t)p->pid, .pidfd = pidfd, .name = p->name, .cgroup = s->spec.cgroup},
        slot_child_callbacks(), s, e);
    return s->child ? 0 : e->code;
}

static int adopt_output(struct slot *s, const struct config *config, struct err *e)
{
    struct output_conf conf = slot_output_conf(s, config);
    int out = take(s, PART_STDOUT);
    int err = take(s, PART_STDERR);
    s->output = output_adopt(s->spec.loop, &conf, s->pid, out, err, e);
    return s->output ? 0 : e->code;
}

/* Whose socket is lost is not heard any more. */
static int adopt_said(struct slot *s, const struct config *config, struct err *e)
{
    int fd = take(s, PART_NOTIFY);
    s->said = fd < 0 ? said_new(s->spec.loop, config, slot_on_wish, s, e)
                     : said_adopt(s->spec.loop, config, fd, s->pid, slot_on_wish, s, e);
    return s->said ? 0 : e->code;
}

/* Without its control socket it goes on as it is, and cannot be told anything. */
static int adopt_handover(struct slot *s, const struct saved_process *p, struct err *e)
{
    struct handover_spec spec = front_spec(s->spec.front);
    const struct handover_state state = {
        .loaded = p->shim.loaded,
        .refused = p->shim.refused,
        .taken = p->shim.taken,
        .closed = p->shim.closed,
        .other_port = p->shim.other_port,
        .active = p->shim.active,
    };
    int control = p->handover ? take(s, PART_CONTROL) : -1;
    if (!p->handover || (control < 0 && spec.mode == HANDOVER_PRELOAD))
        return 0;
    s->n_privates = p->n_privates;
    s->handover = handover_adopt(s->spec.loop, &spec, control, p->privates, &state, NULL, NULL, e);
    return s->handover ? 0 : e->code;
}

int slot_adopt(struct slot *s, const struct config *config, const struct fleet_slot *state,
    const struct saved_process *p, struct err *e)
{
    s->life = state->life;
    s->generation = state->generation;
    s->pid = (pid_t)p->pid;
    s->start_time = p->start_time;
    snprintf(s->name, sizeof s->name, "%s", p->name);
    snprintf(s->release, sizeof s->release, "%s", p->release);
    s->kept = s->spec.keep != NULL;
    procinfo_program(s->pid, s->program, sizeof s->program);
    int r = environment_build(&config->agent, s->spec.index, s->life, &s->environment, e);
    if (r == 0)
        r = adopt_output(s, config, e);
    if (r == 0)
        r = adopt_said(s, config, e);
    if (r == 0)
        r = adopt_handover(s, p, e);
    return r == 0 ? adopt_child(s, p, e) : r;
}

void slot_save(const struct slot *s, struct saved_process *out)
{
    *out = (struct saved_process){.pid = s->pid, .start_time = s->start_time};
    snprintf(out->name, sizeof out->name, "%s", s->name);
    snprintf(out->release, sizeof out->release, "%s", s->release);
    if (!s->handover)
        return;
    const struct handover_state *shim = handover_state(s->handover);
    out->handover = true;
    out->n_privates = s->n_privates;
    if (s->n_privates > 0)
        memcpy(
            out->privates, handover_private(s->handover), out->n_privates * sizeof *out->privates);
    out->shim.loaded = shim->loaded;
    out->shim.active = shim->active;
    out->shim.taken = shim->taken;
    out->shim.closed = shim->closed;
    out->shim.refused = shim->refused;
    out->shim.other_port = shim->other_port;
}
