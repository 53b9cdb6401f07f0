/* How a slot's life begins: what its process is made of. */
#include "daemon/workers/slot_parts.h"

#include "daemon/credentials/credentials.h"
#include "daemon/workers/environment.h"
#include "daemon/workers/front.h"
#include "io/child/procinfo.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { OOM_SCORE_OF_WORKERS = 200 };

static void report_started(struct slot *s)
{
    slot_report(
        s, (struct fleet_event){.type = FLEET_EV_SPAWNED, .watchdog = said_watchdog(s->said)});
}

static void on_started(struct child *c, void *arg)
{
    struct slot *s = arg;
    (void)c;
    output_started(s->output, s->pid);
    procinfo_program(s->pid, s->program, sizeof s->program);
    if (s->handover)
        handover_started(s->handover);
    report_started(s);
    said_started(s->said, s->pid);
}

static void on_failed(struct child *c, const struct err *why, void *arg)
{
    struct slot *s = arg;
    (void)c;
    s->spawn_error = *why;
    said_ended(s->said);
    slot_keep_no_more(s);
    slot_report(s, (struct fleet_event){.type = FLEET_EV_SPAWN_FAILED});
}

static void on_exited(struct child *c, struct exit_status status, void *arg)
{
    struct slot *s = arg;
    (void)c;
    output_drain(s->output);
    said_hear(s->said); /* its last word comes before its end */
    said_ended(s->said);
    slot_report(s, (struct fleet_event){.type = FLEET_EV_EXITED, .exit = status});
}

static void on_tree_gone(struct child *c, void *arg)
{
    (void)c;
    slot_keep_no_more(arg);
    slot_report(arg, (struct fleet_event){.type = FLEET_EV_TREE_GONE});
}

void slot_on_wish(const struct notify_wish *wish, void *arg)
{
    slot_report(arg, (struct fleet_event){.type = FLEET_EV_NOTIFIED, .wish = *wish});
}

void slot_instance_name(unsigned index, uint64_t life, uint64_t lineage, char name[SAVED_NAME_MAX])
{
    snprintf(name, SAVED_NAME_MAX, SLOT_INSTANCE_PREFIX "%u.%llu.%llx", index + 1,
        (unsigned long long)life, (unsigned long long)lineage);
}

/* Takes the remains of the last life away, so that its output could be read until now. */
static void forget_last_life(struct slot *s)
{
    slot_keep_no_more(s);
    child_free(s->child);
    s->child = NULL;
    output_free(s->output);
    s->output = NULL;
    handover_free(s->handover);
    s->handover = NULL;
    said_free(s->said);
    s->said = NULL;
    memset(s->pid_texts, 0, sizeof s->pid_texts);
    strlist_fini(&s->environment);
    strbuf_reset(&s->evidence);
    s->probe.outcome = PROBE_PASS;
    s->probe.reason[0] = '\0';
    strbuf_reset(&s->probe.body);
    s->probe.took = 0;
    s->probe.well = false;
    s->pid = 0;
    s->start_time = 0;
}

const struct child_callbacks *slot_child_callbacks(void)
{
    static const struct child_callbacks callbacks = {
        .on_started = on_started,
        .on_failed = on_failed,
        .on_exited = on_exited,
        .on_tree_gone = on_tree_gone,
    };
    return &callbacks;
}

static int spawn(struct slot *s, const struct config_agent *agent, struct err *e)
{
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
        .pid_texts = {s->pid_texts[0], s->pid_texts[1]},
        .working_directory = agent->working_directory,
        .user = agent->user,
        .group = agent->group,
        .limit_nofile = agent->limit_nofile,
        .oom_score_adj = OOM_SCORE_OF_WORKERS,
        .fds = fds,
        .n_fds = n_fds,
        .cgroup = s->spec.cgroup,
        .name = s->name,
    };
    s->child = child_spawn(s->spec.loop, &spec, slot_child_callbacks(), s, e);
    if (!s->child)
        return e->code;
    s->pid = child_pid(s->child);
    (void)procinfo_start_time(s->pid, &s->start_time);
    slot_keep(s);
    return 0;
}

static int prepare_handover(struct slot *s, struct err *e)
{
    if (front_mode(s->spec.front) == HANDOVER_NONE)
        return 0;
    struct handover_spec spec = front_spec(s->spec.front);
    /* What the shim tells is looked at when a probe fails. */
    s->handover = handover_new(s->spec.loop, &spec, NULL, NULL, e);
    if (!s->handover)
        return e->code;
    s->n_privates = spec.mode == HANDOVER_PRELOAD ? spec.n : spec.private;
    if (handover_add_environment(s->handover, &s->environment, &s->pid_texts[0]) < 0)
        return err_sys(e, -ENOMEM, "building the environment");
    return 0;
}

static int prepare_said(struct slot *s, const struct config *config, struct err *e)
{
    s->said = said_new(s->spec.loop, config, slot_on_wish, s, e);
    if (!s->said)
        return e->code;
    if (said_add_environment(s->said, &s->environment, &s->pid_texts[1]) < 0)
        return err_sys(e, -ENOMEM, "building the environment");
    return 0;
}

static void on_line(const char *text, size_t len, void *arg)
{
    const struct slot *s = arg;
    s->spec.on_line(s->spec.index, text, len, s->spec.line_arg);
}

struct output_conf slot_output_conf(struct slot *s, const struct config *config)
{
    return (struct output_conf){
        .identifier = config->agent.name,
        .worker = s->spec.index + 1,
        .generation = s->generation,
        .life = s->life,
        .release = s->release,
        .rate = LIMIT_OUTPUT_RATE,
        .on_line = s->spec.on_line ? on_line : NULL,
        .arg = s,
    };
}

static int prepare(struct slot *s, const struct config *config, struct err *e)
{
    const struct config_agent *agent = &config->agent;
    int r = environment_build(agent, s->spec.index, s->life, &s->environment, e);
    if (r == 0)
        r = credentials_put(s->spec.credentials, config, s->generation, &s->environment, e);
    if (r < 0)
        return r;
    r = prepare_handover(s, e);
    if (r == 0)
        r = prepare_said(s, config, e);
    if (r < 0)
        return r;
    release_read(agent->release, s->release);
    snprintf(s->program, sizeof s->program, "%s", agent->exec_start.items[0]);
    struct output_conf conf = slot_output_conf(s, config);
    s->output = output_new(s->spec.loop, &conf, e);
    return s->output ? 0 : e->code;
}

int slot_exec(
    struct slot *s, const struct config *config, uint64_t generation, uint64_t life, struct err *e)
{
    forget_last_life(s);
    s->life = life;
    s->generation = generation;
    slot_instance_name(s->spec.index, life, s->spec.lineage, s->name);
    int r = prepare(s, config, e);
    if (r == 0)
        r = spawn(s, &config->agent, e);
    credentials_wipe(config, &s->environment);
    if (r == 0)
        return 0;
    s->spawn_error = *e;
    if (s->said)
        said_ended(s->said);
    return r;
}
