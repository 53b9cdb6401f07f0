/* The hands of one slot: process, output, probes. */
#include "daemon/slot.h"

#include "base/strlist.h"
#include "base/text.h"
#include "daemon/environment.h"
#include "daemon/front.h"
#include "daemon/release.h"
#include "io/child.h"
#include "io/handover.h"
#include "io/output.h"
#include "io/procinfo.h"
#include "io/sock_diag.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OOM_SCORE_OF_WORKERS = 200 };

struct slot {
    struct slot_spec spec;
    uint64_t life;
    uint64_t generation;
    pid_t pid;
    char release[RELEASE_MAX];
    struct child *child;       /* of the present life, until the next begins */
    struct output *output;     /* the same */
    struct handover *handover; /* the same; NULL: it binds its own port */
    char *pid_text;            /* in `environment`; NULL: nobody asks */
    struct strlist environment;
    struct err spawn_error;
    struct strbuf evidence;
    struct {
        struct probe_round *round;
        uint64_t seq;
        uint64_t life;
        enum probe_outcome outcome;
        char reason[PROBE_REASON_MAX];
        struct strbuf body;
        usec_t took;
    } probe;
};

struct slot *slot_new(const struct slot_spec *spec)
{
    struct slot *s = calloc(1, sizeof *s);
    if (s)
        s->spec = *spec;
    return s;
}

void slot_free(struct slot *s)
{
    if (!s)
        return;
    probe_round_free(s->probe.round);
    child_free(s->child);
    output_free(s->output);
    handover_free(s->handover);
    strlist_fini(&s->environment);
    strbuf_fini(&s->evidence);
    strbuf_fini(&s->probe.body);
    free(s);
}

static void report(struct slot *s, struct fleet_event ev)
{
    ev.slot = s->spec.index;
    ev.life = s->life;
    s->spec.on_report(&ev, s->spec.arg);
}

static void on_started(struct child *c, void *arg)
{
    struct slot *s = arg;
    s->pid = child_pid(c);
    output_started(s->output, s->pid);
    if (s->handover)
        handover_started(s->handover);
    report(s, (struct fleet_event){.type = FLEET_EV_SPAWNED});
}

static void on_failed(struct child *c, const struct err *why, void *arg)
{
    struct slot *s = arg;
    (void)c;
    s->spawn_error = *why;
    report(s, (struct fleet_event){.type = FLEET_EV_SPAWN_FAILED});
}

static void on_exited(struct child *c, struct exit_status status, void *arg)
{
    struct slot *s = arg;
    (void)c;
    output_drain(s->output);
    report(s, (struct fleet_event){.type = FLEET_EV_EXITED, .exit = status});
}

static void on_tree_gone(struct child *c, void *arg)
{
    (void)c;
    report(arg, (struct fleet_event){.type = FLEET_EV_TREE_GONE});
}

/* Takes the remains of the last life away, so that its output could be read until now. */
static void forget_last_life(struct slot *s)
{
    child_free(s->child);
    s->child = NULL;
    output_free(s->output);
    s->output = NULL;
    handover_free(s->handover);
    s->handover = NULL;
    s->pid_text = NULL;
    strlist_fini(&s->environment);
    strbuf_reset(&s->evidence);
    s->probe.outcome = PROBE_PASS;
    s->probe.reason[0] = '\0';
    strbuf_reset(&s->probe.body);
    s->probe.took = 0;
    s->pid = 0;
}

/* Unique among all processes that live: the slot, the life, and whose they are. */
static void instance_name(const struct slot *s, char *buf, size_t size)
{
    snprintf(
        buf, size, "worker-%u.%llu.%d", s->spec.index + 1, (unsigned long long)s->life, getpid());
}

static int spawn(struct slot *s, const struct config_agent *agent, struct err *e)
{
    static const struct child_callbacks callbacks = {
        .on_started = on_started,
        .on_failed = on_failed,
        .on_exited = on_exited,
        .on_tree_gone = on_tree_gone,
    };
    char name[64];
    instance_name(s, name, sizeof name);
    struct child_fd fds[2 + HANDOVER_FDS_MAX] = {
        {output_stdout_fd(s->output), STDOUT_FILENO},
        {output_stderr_fd(s->output), STDERR_FILENO},
    };
    unsigned n_fds = 2;
    if (s->handover)
        handover_add_fds(s->handover, fds, &n_fds);
    struct child_spec spec = {
        .path = agent->exec_start.items[0],
        .argv = agent->exec_start.items,
        .envp = s->environment.items,
        .pid_text = s->pid_text,
        .working_directory = agent->working_directory,
        .user = agent->user,
        .group = agent->group,
        .limit_nofile = agent->limit_nofile,
        .oom_score_adj = OOM_SCORE_OF_WORKERS,
        .fds = fds,
        .n_fds = n_fds,
        .cgroup = s->spec.cgroup,
        .name = name,
    };
    s->child = child_spawn(s->spec.loop, &spec, &callbacks, s, e);
    return s->child ? 0 : e->code;
}

static int prepare_handover(struct slot *s, struct err *e)
{
    if (!front_is_open(s->spec.front))
        return 0;
    struct handover_spec spec = front_spec(s->spec.front);
    /* What the shim tells is looked at when a probe fails. */
    s->handover = handover_new(s->spec.loop, &spec, NULL, NULL, e);
    if (!s->handover)
        return e->code;
    if (handover_add_environment(s->handover, &s->environment, &s->pid_text) < 0)
        return err_sys(e, -ENOMEM, "building the environment");
    return 0;
}

static int prepare(struct slot *s, const struct config_agent *agent, struct err *e)
{
    int r = environment_build(agent, s->spec.index, s->life, &s->environment, e);
    if (r < 0)
        return r;
    r = prepare_handover(s, e);
    if (r < 0)
        return r;
    release_read(agent->release, s->release);
    s->output = output_new(s->spec.loop,
        &(struct output_conf){.identifier = agent->name,
            .worker = s->spec.index + 1,
            .generation = s->generation,
            .life = s->life,
            .release = s->release,
            .rate = LIMIT_OUTPUT_RATE},
        e);
    return s->output ? 0 : e->code;
}

int slot_exec(
    struct slot *s, const struct config *config, uint64_t generation, uint64_t life, struct err *e)
{
    forget_last_life(s);
    s->life = life;
    s->generation = generation;
    int r = prepare(s, &config->agent, e);
    if (r == 0)
        r = spawn(s, &config->agent, e);
    if (r < 0)
        s->spawn_error = *e;
    return r;
}

/* A worker that the shim did not take hold of fails its probes for that reason and no other. */
static void explain_handover(struct slot *s)
{
    char why[HANDOVER_WHY_MAX];
    if (handover_why(s->handover, why)[0])
        snprintf(s->probe.reason, sizeof s->probe.reason, "%s", why);
}

static void on_probe_report(const struct probe_report *found, void *arg)
{
    struct slot *s = arg;
    s->probe.outcome = found->outcome;
    snprintf(s->probe.reason, sizeof s->probe.reason, "%s", found->reason);
    if (s->handover && found->outcome != PROBE_PASS)
        explain_handover(s);
    strbuf_reset(&s->probe.body);
    strbuf_adds(&s->probe.body, found->body);
    s->probe.took = found->took;
    probe_round_free(s->probe.round);
    s->probe.round = NULL;
    report(s, (struct fleet_event){
                  .type = FLEET_EV_PROBED, .seq = s->probe.seq, .outcome = s->probe.outcome});
}

void slot_probe(struct slot *s, const struct config *config, uint64_t seq, bool verified)
{
    char instance[96];
    char name[64];
    instance_name(s, name, sizeof name);
    snprintf(instance, sizeof instance, "%s-probe-%llu", name, (unsigned long long)seq);
    struct probe_spec spec = {
        .config = config,
        .address = s->handover                  ? handover_private(s->handover)
                   : config->agent.n_listen > 0 ? &config->agent.listen[0]
                                                : NULL,
        .verified = verified,
        .environment = s->environment.items,
        .instance = instance,
    };
    slot_probe_stop(s);
    s->probe.seq = seq;
    s->probe.round = probe_round_new(s->spec.loop, s->spec.http, &spec, on_probe_report, s);
    if (!s->probe.round)
        on_probe_report(
            &(struct probe_report){.outcome = PROBE_FAIL, .reason = "out of memory", .body = ""},
            s);
}

void slot_probe_stop(struct slot *s)
{
    probe_round_free(s->probe.round);
    s->probe.round = NULL;
}

void slot_signal(struct slot *s, int signum)
{
    /* -ESRCH: it ended meanwhile, and its end is on its way to us. */
    child_signal(s->child, signum);
}

void slot_activate(struct slot *s)
{
    if (s->handover)
        handover_activate(s->handover);
}

void slot_pause(struct slot *s)
{
    if (s->handover)
        handover_pause(s->handover);
}

void slot_kill_tree(struct slot *s)
{
    child_kill_tree(s->child);
}

void slot_collect_evidence(struct slot *s)
{
    strbuf_reset(&s->evidence);
    procinfo_evidence(s->pid, &s->evidence);
}

static int by_number(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

size_t slot_connections(const struct slot *s, const struct sock_connections *connections)
{
    size_t n_sockets = 0;
    size_t n = 0;
    uint64_t *sockets = procinfo_sockets(s->pid, &n_sockets);
    for (size_t i = 0; sockets && i < connections->n; i++)
        n += bsearch(&connections->items[i].inode, sockets, n_sockets, sizeof *sockets,
                 by_number) != NULL;
    free(sockets);
    return n;
}

pid_t slot_pid(const struct slot *s)
{
    return s->pid;
}

uint64_t slot_life(const struct slot *s)
{
    return s->life;
}

uint64_t slot_generation(const struct slot *s)
{
    return s->generation;
}

const char *slot_release(const struct slot *s)
{
    return s->release;
}

const char *slot_spawn_error(const struct slot *s)
{
    return s->spawn_error.msg;
}

const char *slot_evidence(const struct slot *s)
{
    return strbuf_text(&s->evidence);
}

unsigned slot_leftovers(const struct slot *s)
{
    return s->child ? child_leftovers(s->child) : 0;
}

enum probe_outcome slot_probe_outcome(const struct slot *s)
{
    return s->probe.outcome;
}

const char *slot_probe_reason(const struct slot *s)
{
    return s->probe.reason;
}

const char *slot_probe_body(const struct slot *s)
{
    return strbuf_text(&s->probe.body);
}

usec_t slot_probe_took(const struct slot *s)
{
    return s->probe.took;
}

void slot_last_lines(const struct slot *s, struct strbuf *out)
{
    if (s->output)
        output_last_lines(s->output, out);
}

uint64_t slot_lines(const struct slot *s)
{
    return s->output ? output_lines(s->output) : 0;
}

uint64_t slot_lines_dropped(const struct slot *s)
{
    return s->output ? output_dropped(s->output) : 0;
}
