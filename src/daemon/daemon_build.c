/* Building the daemon out of its parts, and taking it apart. */
#include "daemon/daemon_parts.h"

#include "daemon/api/admin.h"
#include "daemon/api/stream.h"
#include "daemon/changes/change_watch.h"
#include "daemon/changes/changes.h"
#include "daemon/changes/instructions_watch.h"
#include "daemon/credentials/credentials.h"
#include "daemon/doctor/doctor.h"
#include "daemon/doctor/doctor_watch.h"
#include "daemon/heal/healer.h"
#include "daemon/history/history.h"
#include "daemon/incidents/incident_doctor.h"
#include "daemon/incidents/incident_watch.h"
#include "daemon/incidents/incidents.h"
#include "daemon/incidents/notifier.h"
#include "daemon/incidents/notifier_test.h"
#include "daemon/logs/log_ring.h"
#include "daemon/logs/log_watches.h"
#include "daemon/metrics/meters.h"
#include "daemon/metrics/samples.h"
#include "daemon/preflight/announcer.h"
#include "daemon/service.h"
#include "daemon/succession/memory.h"
#include "daemon/succession/succession.h"
#include "daemon/succession/upgrade.h"
#include "daemon/verbs/operation.h"
#include "daemon/verbs/verb_preflight.h"
#include "daemon/workers/bake_watch.h"
#include "daemon/workers/connections.h"
#include "daemon/workers/dependency.h"
#include "daemon/workers/drainer.h"
#include "daemon/workers/front.h"
#include "daemon/workers/rollback.h"
#include "daemon/workers/scaling.h"
#include "daemon/workers/second_look.h"
#include "daemon/workers/strangers.h"
#include "daemon/workers/supervisor.h"
#include "io/child/cgroup.h"
#include "io/child/child.h"
#include "io/files/files.h"
#include "io/http/http_client.h"
#include "io/journal/journal.h"
#include "io/loop/loop.h"

#include <errno.h>
#include <signal.h>

/* A turn of the loop that comes this late means that we did not run: results before it are void. */
#define STALL_LIMIT (2 * USEC_PER_SEC)

static int watch_signals(struct daemon *d, struct err *e)
{
    static const int signums[DAEMON_SIGNALS] = {SIGTERM, SIGINT, SIGHUP, SIGUSR2};
    signal(SIGPIPE, SIG_IGN);
    for (unsigned i = 0; i < DAEMON_SIGNALS; i++) {
        d->signals[i] = signal_watch_new(d->loop, signums[i], daemon_on_signal, d, e);
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

static void keep_history(struct daemon *d)
{
    struct strbuf path = STRBUF_INIT;
    strbuf_addf(&path, "%s/events.jsonl", d->config->admin.state_directory);
    if (!path.failed)
        history_keep(d->history, strbuf_text(&path));
    strbuf_fini(&path);
}

static int keep_changes(struct daemon *d, struct err *e)
{
    d->changes = changes_new(d->loop, d->config->admin.state_directory);
    d->change_watch = d->changes ? change_watch_new(d) : NULL;
    return d->change_watch ? 0 : err_sys(e, -ENOMEM, "building the change log");
}

static void on_worker_line(unsigned slot, const char *text, size_t len, void *arg)
{
    const struct daemon *d = arg;
    log_watches_see(d->log_watches, slot, text, len);
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
    d->second_look = second_look_new(d);
    d->connections = connections_new(d->loop, d->http, d->config);
    if (!d->second_look || !d->connections)
        return err_sys(e, -ENOMEM, "building the supervisor");
    d->credentials = credentials_new(d);
    if (!d->credentials)
        return err_sys(e, -ENOMEM, "building the credentials");
    d->supervisor = supervisor_new(&(struct supervisor_spec){.loop = d->loop,
        .http = d->http,
        .connections = d->connections,
        .cgroup = d->cgroup,
        .front = d->front,
        .credentials = d->credentials,
        .config = d->config,
        .keep = memory_keep(d->memory),
        .lineage = memory_lineage(d->memory),
        .on_told = daemon_on_told,
        .on_decided = daemon_on_decided,
        .on_probed = daemon_on_probed,
        .on_handed_over = daemon_on_handed_over,
        .on_line = on_worker_line,
        .on_silent = daemon_on_silent,
        .arg = d});
    if (d->supervisor)
        d->bake = bake_watch_new(d->loop, d->supervisor, d->config);
    if (d->bake)
        d->scaling = scaling_new(d);
    return d->scaling ? 0 : err_sys(e, -ENOMEM, "building the supervisor");
}

static int make_drainer(struct daemon *d, struct err *e)
{
    d->drainer = drainer_new(&(struct drainer_spec){.loop = d->loop,
        .supervisor = d->supervisor,
        .connections = d->connections,
        .config = d->config,
        .on_told = daemon_on_drain_told,
        .arg = d});
    return d->drainer ? 0 : err_sys(e, -ENOMEM, "building the drainer");
}

static void on_incident_began(struct incident_record *record, void *arg)
{
    const struct daemon *d = arg;
    incident_watch_began(d->incident_watch, record);
}

static void on_incident_opened(struct incident_record *record, void *arg)
{
    const struct daemon *d = arg;
    incident_watch_opened(d->incident_watch, record);
    incident_doctor_call(d->incident_doctor, record);
}

static int make_incidents(struct daemon *d, struct err *e)
{
    d->incidents = incidents_new(&(struct incidents_spec){.loop = d->loop,
        .config = d->config,
        .on_began = on_incident_began,
        .on_opened = on_incident_opened,
        .on_notice = daemon_on_notice,
        .arg = d});
    if (d->incidents)
        d->incident_watch = incident_watch_new(d);
    if (d->incident_watch)
        d->incident_doctor = incident_doctor_new(d);
    if (d->incident_doctor)
        d->healer = healer_new(d);
    if (d->healer)
        d->log_watches = log_watches_new(d);
    return d->log_watches ? 0 : err_sys(e, -ENOMEM, "building the incidents");
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
        (r = make_drainer(d, e)) < 0 || (r = daemon_make_notifier(d, e)) < 0 ||
        (r = make_incidents(d, e)) < 0 || (r = dependency_configure(d, d->config, e)) < 0)
        return r;
    d->samples = samples_new(d);
    if (!d->samples)
        return err_sys(e, -ENOMEM, "building the samples");
    d->instructions_watch = instructions_watch_new(d);
    if (!d->instructions_watch)
        return err_sys(e, -ENOMEM, "building the watch on the agent's configuration");
    d->stream = stream_new(d);
    d->doctor_watch = doctor_watch_new(d);
    if (!d->stream || !d->doctor_watch)
        return err_sys(e, -ENOMEM, "building the daemon");
    d->admin = admin_new(d, e);
    if (!d->admin)
        return e->code;
    meters_configure(d->meters, d->config);
    loop_watch_lag(d->loop, daemon_on_lag, d);
    loop_watch_stalls(d->loop, STALL_LIMIT, daemon_on_stall, d);
    return 0;
}

void daemon_fini(struct daemon *d)
{
    upgrade_free(d->upgrade);
    admin_free(d->admin);
    doctor_free(d->doctor);
    doctor_watch_free(d->doctor_watch);
    instructions_watch_free(d->instructions_watch);
    samples_free(d->samples);
    stream_free(d->stream);
    log_watches_free(d->log_watches);
    d->log_watches = NULL; /* the supervisor's last lines come yet */
    healer_free(d->healer);
    incident_watch_free(d->incident_watch);
    incident_doctor_free(d->incident_doctor);
    incidents_free(d->incidents);
    preflight_gate_free(d->preflight);
    notifier_test_free(d->alert_test);
    announcer_free(d->announcer);
    notifier_free(d->notifier);
    dependency_close(d);
    second_look_free(d->second_look);
    rollback_free(d->rollback);
    scaling_free(d->scaling);
    bake_watch_free(d->bake);
    drainer_free(d->drainer);
    supervisor_free(d->supervisor);
    connections_free(d->connections);
    credentials_free(d->credentials);
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
        loop_watch_lag(d->loop, NULL, NULL);
    meters_free(d->meters, d->history);
    log_ring_free(d->log_ring);
    change_watch_free(d->change_watch);
    changes_free(d->changes);
    history_free(d->history);
    if (d->loop)
        loop_free(d->loop);
    *d = (struct daemon){0};
}

static int begin(struct daemon *d, const struct daemon_start *start, struct err *e)
{
    d->loop = loop_new(e);
    if (!d->loop)
        return e->code;
    d->history = history_new(d->loop);
    d->log_ring = log_ring_new();
    if (!d->history || !d->log_ring)
        return err_sys(e, -ENOMEM, "building the history of events");
    d->meters = meters_new(d->history);
    if (!d->meters)
        return err_sys(e, -ENOMEM, "building the meters");
    d->memory = memory_open(d->loop, &d->inherited, start->keeper_socket, e);
    if (!d->memory)
        return e->code;
    int r = succession_configure(d, start->config, start->complaints, e);
    if (r < 0)
        return r;
    memory_begin(d->memory);
    log_set_max_level(d->config->log_level);
    make_state_directory(d->config);
    keep_history(d);
    r = keep_changes(d, e);
    return r < 0 ? r : build(d, e);
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
