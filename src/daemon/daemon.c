/* The daemon: builds the parts, joins them, runs the loop, takes them apart. */
#include "daemon/daemon.h"

#include "build_config.h"
#include "core/event.h"
#include "daemon/admin.h"
#include "daemon/bake_watch.h"
#include "daemon/dependency.h"
#include "daemon/drain_words.h"
#include "daemon/drainer.h"
#include "daemon/fallback.h"
#include "daemon/front.h"
#include "daemon/memory.h"
#include "daemon/operation.h"
#include "daemon/reload.h"
#include "daemon/rollback.h"
#include "daemon/rollout_told.h"
#include "daemon/service.h"
#include "daemon/strangers.h"
#include "daemon/succession.h"
#include "daemon/supervisor.h"
#include "daemon/sweeps.h"
#include "daemon/tell.h"
#include "daemon/upgrade.h"
#include "daemon/verb_rollout.h"
#include "daemon/verbs.h"
#include "io/cgroup.h"
#include "io/child.h"
#include "io/files.h"
#include "io/http_client.h"
#include "io/journal.h"
#include "io/loop.h"
#include "io/startup_pages.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>

/* A turn of the loop that comes this late means that we did not run: results before it are void. */
#define STALL_LIMIT (2 * USEC_PER_SEC)

/* Beyond TimeoutStartSec=, for the first worker's own verdict to come before the manager's. */
#define START_MARGIN (30 * USEC_PER_SEC)

static void tell(enum event_id id, const char *message)
{
    struct event ev;
    event_init(&ev, id);
    event_message(&ev, "%s", message);
    event_field(&ev, "VOXKEEPER_VERSION", "%s", VOXKEEPER_VERSION);
    event_emit(&ev);
    event_fini(&ev);
}

bool daemon_is_ready(const struct daemon *d, char *why, size_t why_size)
{
    const struct fleet *fleet = supervisor_fleet(d->supervisor);
    const struct drain *drain = drainer_state(d->drainer);
    if (drain->state != DRAIN_OPEN) {
        snprintf(why, why_size, "%s", drain->state == DRAIN_DRAINED ? "drained" : "draining");
        return false;
    }
    if (fleet_serving(fleet) == 0) {
        snprintf(why, why_size, "no verified worker serves (0 of %u)", fleet_wanted(fleet));
        return false;
    }
    snprintf(why, why_size, "%u of %u workers serve", fleet_serving(fleet), fleet_wanted(fleet));
    return true;
}

void daemon_show_status(struct daemon *d)
{
    struct strbuf line = STRBUF_INIT;
    const struct fleet *fleet = supervisor_fleet(d->supervisor);
    const struct drain *drain = drainer_state(d->drainer);
    switch (drain->state) {
    case DRAIN_OPEN:
        strbuf_addf(&line, "%u/%u workers serve%s%s", fleet_serving(fleet), fleet_wanted(fleet),
            dependency_words(d)[0] ? ", " : "", dependency_words(d));
        break;
    case DRAIN_LINGERING:
    case DRAIN_WAITING:
        strbuf_adds(&line, "draining: ");
        drain_words_waiting(drain, loop_now(), &line);
        break;
    case DRAIN_STOPPING:
        strbuf_adds(&line, "stopping the workers");
        break;
    case DRAIN_DRAINED:
        strbuf_adds(&line, "drained");
        break;
    }
    service_status(d->service, strbuf_text(&line));
    strbuf_fini(&line);
}

static void become_ready(struct daemon *d)
{
    char why[256];
    char took[SPAN_TEXT_MAX];
    char message[128];
    if (d->ready_told || !daemon_is_ready(d, why, sizeof why))
        return;
    d->ready_told = true;
    snprintf(message, sizeof message, "ready: the first worker is verified, %s after the start",
        span_show(usec_sub(loop_now(), d->started_at), took));
    tell(EVENT_DAEMON_READY, message);
    /* READY=1 carries the status: it must not be the one from before. */
    daemon_show_status(d);
    service_ready(d->service);
    startup_pages_release();
}

static void on_decided(void *arg)
{
    struct daemon *d = arg;
    memory_save(d->memory, d);
}

static void on_told(const struct fleet_action *told, void *arg)
{
    struct daemon *d = arg;
    uint64_t waiting = d->restart_op ? d->restart_op : d->reload.op ? d->reload.op : d->resume_op;
    tell_worker(d->supervisor, told, operation_find(d->operations, waiting));
    if (told->type == FLEET_DO_TELL_VERIFIED) {
        front_mark_served(d->front);
        become_ready(d);
        verb_worker_verified(d);
    }
    if (told->type == FLEET_DO_TELL_ROLLOUT)
        rollout_told(d, told);
    if (told->type == FLEET_DO_TELL_RESTARTED || told->type == FLEET_DO_TELL_RESTART_FAILED ||
        told->type == FLEET_DO_TELL_RESTART_REFUSED ||
        told->type == FLEET_DO_TELL_RESTART_ROLLED_BACK ||
        told->type == FLEET_DO_TELL_RESTART_SUPERSEDED ||
        told->type == FLEET_DO_TELL_ROLLOUT_REFUSED)
        verb_rollout_verdict(d, told);
    fallback_consider(d, told);
    if (told->type == FLEET_DO_TELL_ALL_GONE && !fallback_all_gone(d))
        drainer_all_gone(d->drainer);
    succession_catch_up(d);
    daemon_show_status(d);
    memory_save(d->memory, d); /* with what came of it */
}

static void on_drain_told(enum drain_action action, const struct drain *drain, void *arg)
{
    struct daemon *d = arg;
    memory_save(d->memory, d);
    verb_drain_told(d, action, drain);
    daemon_show_status(d);
    if (action == DRAIN_DO_EXIT)
        loop_stop(d->loop);
}

static void on_stall(usec_t from, usec_t until, void *arg)
{
    struct daemon *d = arg;
    char span[SPAN_TEXT_MAX];
    char message[128];
    snprintf(message, sizeof message,
        "voxkeeper did not run for %s (suspended, stopped or starved); probes begin anew",
        span_show(usec_sub(until, from), span));
    tell(EVENT_DAEMON_STALLED, message);
    supervisor_stalled(d->supervisor);
}

/* First: drain. Again: wait no longer. Again: kill. */
static void on_stop_signal(struct daemon *d)
{
    const struct drain *drain = drainer_state(d->drainer);
    if (!drain->stop_daemon) {
        tell(EVENT_DAEMON_STOPPING, "stopping: waiting for callers, then for the workers");
        service_stopping(d->service);
        if (d->sweeps)
            sweeps_stop(d->sweeps);
        drainer_begin(d->drainer, true);
    } else if (drain->state == DRAIN_STOPPING) {
        supervisor_kill(d->supervisor);
    } else {
        drainer_hurry(d->drainer);
    }
}

static void on_signal(int signum, void *arg)
{
    struct daemon *d = arg;
    const struct verb_asker asker = {.author = "signal", .reason = "SIGHUP"};
    struct err e = {0};
    if (signum == SIGUSR2)
        succession_hand_over(d);
    else if (signum != SIGHUP)
        on_stop_signal(d);
    else if (!reload_begin(d, &asker, &e))
        log_printf(LOG_LEVEL_WARNING, "SIGHUP: %s", e.msg);
}

int daemon_apply(struct daemon *d, const struct config *config, struct err *e)
{
    int r = admin_configure(d->admin, config, e);
    if (r == 0)
        r = front_configure(d->front, config, e);
    if (r == 0)
        r = dependency_configure(d, config, e);
    if (r < 0)
        return r;
    log_set_max_level(config->log_level);
    supervisor_configure(d->supervisor, config);
    bake_watch_configure(d->bake, config);
    drainer_configure(d->drainer, config);
    if (drainer_state(d->drainer)->state == DRAIN_OPEN)
        supervisor_start(d->supervisor);
    return 0;
}

static int watch_signals(struct daemon *d, struct err *e)
{
    static const int signums[DAEMON_SIGNALS] = {SIGTERM, SIGINT, SIGHUP, SIGUSR2};
    signal(SIGPIPE, SIG_IGN);
    for (unsigned i = 0; i < DAEMON_SIGNALS; i++) {
        d->signals[i] = signal_watch_new(d->loop, signums[i], on_signal, d, e);
        if (!d->signals[i])
            return e->code;
    }
    sigset_t set;
    sigemptyset(&set);
    for (unsigned i = 0; i < DAEMON_SIGNALS; i++)
        sigaddset(&set, signums[i]);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    return 0;
}

/* A state directory that cannot be made costs records, not calls. */
static void make_state_directory(const struct config *config)
{
    struct err e = {0};
    if (files_make_directory(config->admin.state_directory, &e) < 0)
        log_printf(LOG_LEVEL_WARNING, "%s; records will be in the journal only", e.msg);
}

static int make_supervisor(struct daemon *d, struct err *e)
{
    struct err no_cgroup = {0};
    d->cgroup = cgroup_open_own(&no_cgroup);
    if (!d->cgroup)
        log_printf(LOG_LEVEL_DEBUG, "workers go without cgroups: %s", no_cgroup.msg);
    strangers_end(d->cgroup, d->memory);
    const struct former *former = memory_former(d->memory);
    const struct front_sources sources = {&d->inherited, memory_keep(d->memory)};
    d->front = front_new(d->config, sources, former ? former->saved.fallback : "", e);
    if (former && former->saved.ready_told && d->front)
        front_mark_served(d->front);
    d->http = d->front ? http_client_new(d->loop, e) : NULL;
    if (!d->http)
        return e->code;
    d->supervisor = supervisor_new(&(struct supervisor_spec){.loop = d->loop,
        .http = d->http,
        .cgroup = d->cgroup,
        .front = d->front,
        .config = d->config,
        .keep = memory_keep(d->memory),
        .lineage = memory_lineage(d->memory),
        .on_told = on_told,
        .on_decided = on_decided,
        .arg = d});
    if (d->supervisor)
        d->bake = bake_watch_new(d->loop, d->supervisor, d->config);
    return d->bake ? 0 : err_sys(e, -ENOMEM, "building the supervisor");
}

static int make_drainer(struct daemon *d, struct err *e)
{
    d->drainer = drainer_new(&(struct drainer_spec){.loop = d->loop,
        .supervisor = d->supervisor,
        .config = d->config,
        .on_told = on_drain_told,
        .arg = d});
    return d->drainer ? 0 : err_sys(e, -ENOMEM, "building the drainer");
}

static int build(struct daemon *d, struct err *e)
{
    const struct former *former = memory_former(d->memory);
    journal_attach(d->loop);
    int r = child_become_subreaper(d->loop, e);
    if (r < 0)
        return r;
    d->operations = operations_new(former ? former->saved.operations : 0);
    d->service = service_new(d->loop);
    if (!d->operations || !d->service)
        return err_sys(e, -ENOMEM, "building the daemon");
    if ((r = watch_signals(d, e)) < 0 || (r = make_supervisor(d, e)) < 0 ||
        (r = make_drainer(d, e)) < 0 || (r = dependency_configure(d, d->config, e)) < 0)
        return r;
    d->admin = admin_new(d, e);
    if (!d->admin)
        return e->code;
    loop_watch_stalls(d->loop, STALL_LIMIT, on_stall, d);
    return 0;
}

void daemon_fini(struct daemon *d)
{
    upgrade_free(d->upgrade);
    admin_free(d->admin);
    dependency_close(d);
    rollback_free(d->rollback);
    bake_watch_free(d->bake);
    drainer_free(d->drainer);
    supervisor_free(d->supervisor);
    http_client_free(d->http);
    front_free(d->front);
    cgroup_free(d->cgroup);
    for (unsigned i = 0; i < DAEMON_SIGNALS; i++)
        signal_watch_free(d->signals[i]);
    service_free(d->service);
    operations_free(d->operations);
    config_free(d->reload.previous);
    strbuf_fini(&d->reload.changes);
    rollout_record_clear(&d->rollout);
    config_free(d->config);
    if (d->end == DAEMON_STOPPED && d->memory)
        memory_end(d->memory);
    memory_free(d->memory);
    inherited_fini(&d->inherited);
    journal_detach();
    if (d->loop)
        loop_free(d->loop);
    *d = (struct daemon){0};
}

static int begin(struct daemon *d, const struct daemon_start *start, struct err *e)
{
    d->loop = loop_new(e);
    if (!d->loop)
        return e->code;
    d->memory = memory_open(d->loop, &d->inherited, start->keeper_socket, e);
    if (!d->memory)
        return e->code;
    int r = succession_configure(d, start->config, start->complaints, e);
    if (r < 0)
        return r;
    memory_begin(d->memory);
    log_set_max_level(d->config->log_level);
    make_state_directory(d->config);
    return build(d, e);
}

int daemon_init(struct daemon *d, const struct daemon_start *start, struct err *e)
{
    *d = (struct daemon){
        .config_path = start->config_path,
        .config_loaded_wall = loop_wall_now(),
        .inherited = start->inherited,
        .started_at = loop_now(),
        .started_wall = loop_wall_now(),
    };
    int r = begin(d, start, e);
    if (r < 0) {
        d->end = DAEMON_HANDED_OVER; /* who lives is left to an instance that comes up */
        daemon_fini(d);
    }
    return r;
}

void daemon_begin(struct daemon *d)
{
    tell(EVENT_DAEMON_STARTED, "voxkeeperd " VOXKEEPER_VERSION " started");
    service_starting(usec_add(d->config->agent.timeout_start, START_MARGIN));
    if (memory_former(d->memory))
        succession_go_on(d);
    else
        supervisor_start(d->supervisor);
    succession_catch_up(d);
    daemon_show_status(d);
}

enum daemon_end daemon_loop(struct daemon *d)
{
    loop_run(d->loop);
    if (d->end == DAEMON_STOPPED)
        tell(EVENT_DAEMON_STOPPED, "stopped: every worker is gone");
    return d->end;
}
