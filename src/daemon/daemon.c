/* The daemon: joins its parts and runs the loop. */
#include "daemon/daemon_parts.h"

#include "build_config.h"
#include "core/event.h"
#include "daemon/api/admin.h"
#include "daemon/changes/instructions_watch.h"
#include "daemon/credentials/credentials.h"
#include "daemon/heal/healer.h"
#include "daemon/incidents/incident_watch.h"
#include "daemon/incidents/incidents.h"
#include "daemon/incidents/notifier.h"
#include "daemon/logs/log_watches.h"
#include "daemon/metrics/meters.h"
#include "daemon/preflight/announcer.h"
#include "daemon/reload.h"
#include "daemon/service.h"
#include "daemon/succession/memory.h"
#include "daemon/succession/succession.h"
#include "daemon/sweep/sweeps.h"
#include "daemon/tell.h"
#include "daemon/verbs/operation.h"
#include "daemon/verbs/verb_preflight.h"
#include "daemon/verbs/verb_rollout.h"
#include "daemon/verbs/verbs.h"
#include "daemon/workers/bake_watch.h"
#include "daemon/workers/connections.h"
#include "daemon/workers/dependency.h"
#include "daemon/workers/drain_words.h"
#include "daemon/workers/drainer.h"
#include "daemon/workers/fallback.h"
#include "daemon/workers/front.h"
#include "daemon/workers/rollout_told.h"
#include "daemon/workers/scaling.h"
#include "daemon/workers/second_look.h"
#include "daemon/workers/supervisor.h"
#include "io/child/startup_pages.h"
#include "io/loop/loop.h"

#include <signal.h>
#include <stdio.h>

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

const char *daemon_serving(const struct daemon *d, char out[DAEMON_SERVING_MAX])
{
    const struct fleet *fleet = supervisor_fleet(d->supervisor);
    unsigned wanted = fleet_wanted(fleet);
    snprintf(out, DAEMON_SERVING_MAX, "%u of %u %s", fleet_answering(fleet), wanted,
        wanted == 1 ? "worker serves" : "workers serve");
    return out;
}

bool daemon_is_ready(const struct daemon *d, char *why, size_t why_size)
{
    const struct fleet *fleet = supervisor_fleet(d->supervisor);
    const struct drain *drain = drainer_state(d->drainer);
    if (drain->state != DRAIN_OPEN) {
        snprintf(why, why_size, "%s", drain->state == DRAIN_DRAINED ? "drained" : "draining");
        return false;
    }
    if (fleet_answering(fleet) == 0) {
        snprintf(why, why_size, "no verified worker %s (0 of %u)",
            fleet_serving(fleet) > 0 ? "answers: who serves hangs" : "serves", fleet_wanted(fleet));
        return false;
    }
    char serving[DAEMON_SERVING_MAX];
    snprintf(why, why_size, "%s", daemon_serving(d, serving));
    return true;
}

void daemon_show_status(struct daemon *d)
{
    struct strbuf line = STRBUF_INIT;
    const struct fleet *fleet = supervisor_fleet(d->supervisor);
    const struct drain *drain = drainer_state(d->drainer);
    switch (drain->state) {
    case DRAIN_OPEN:
        strbuf_addf(&line, "%u/%u workers serve%s%s", fleet_answering(fleet), fleet_wanted(fleet),
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

void daemon_on_decided(void *arg)
{
    struct daemon *d = arg;
    memory_save(d->memory, d);
}

/* Who is told what workers do; 0: nobody. */
static uint64_t who_waits(const struct daemon *d)
{
    const uint64_t waiting[] = {d->restart_op, d->reload.op, d->resume_op,
        supervisor_fleet(d->supervisor)->scale.operation};
    for (size_t i = 0; i < sizeof waiting / sizeof *waiting; i++) {
        if (waiting[i])
            return waiting[i];
    }
    return 0;
}

void daemon_on_told(const struct fleet_action *told, void *arg)
{
    struct daemon *d = arg;
    bool stopping = supervisor_fleet(d->supervisor)->stopping;
    meters_told(d->meters, told, &d->rollout, stopping, loop_now());
    tell_worker(d->supervisor, told, operation_find(d->operations, who_waits(d)));
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
    scaling_told(d, told);
    credentials_told(d->credentials, told);
    fallback_consider(d, told);
    if (told->type == FLEET_DO_TELL_ALL_GONE && !fallback_all_gone(d))
        drainer_all_gone(d->drainer);
    succession_catch_up(d);
    daemon_meter_gap(d);
    daemon_show_status(d);
    memory_save(d->memory, d); /* with what came of it */
    incident_watch_look(d->incident_watch);
}

void daemon_on_drain_told(enum drain_action action, const struct drain *drain, void *arg)
{
    struct daemon *d = arg;
    meters_drain_told(d->meters, action, drain);
    daemon_meter_gap(d);
    memory_save(d->memory, d);
    verb_drain_told(d, action, drain);
    incident_watch_look(d->incident_watch);
    daemon_show_status(d);
    if (action == DRAIN_DO_EXIT)
        loop_stop(d->loop);
}

bool daemon_on_silent(void *arg)
{
    struct daemon *d = arg;
    return second_look_begin(d->second_look);
}

void daemon_on_stall(usec_t from, usec_t until, void *arg)
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

void daemon_on_signal(int signum, void *arg)
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
    preflight_gate_cancel(d);
    int r = admin_configure(d->admin, config, e);
    if (r == 0)
        r = front_configure(d->front, config, e);
    if (r == 0)
        r = dependency_configure(d, config, e);
    if (r == 0)
        r = notifier_configure(d->notifier, config, e);
    if (r == 0)
        r = credentials_configure(d->credentials, config, e);
    if (r < 0)
        return r;
    log_set_max_level(config->log_level);
    connections_configure(d->connections, config);
    supervisor_configure(d->supervisor, config);
    bake_watch_configure(d->bake, config);
    meters_configure(d->meters, config);
    incidents_configure(d->incidents, config);
    incident_watch_configure(d->incident_watch);
    healer_configure(d->healer, config);
    instructions_watch_configure(d->instructions_watch, config);
    log_watches_configure(d->log_watches, config);
    drainer_configure(d->drainer, config);
    if (drainer_state(d->drainer)->state == DRAIN_OPEN)
        supervisor_start(d->supervisor);
    return 0;
}

void daemon_begin(struct daemon *d)
{
    tell(EVENT_DAEMON_STARTED, "voxkeeperd " VOXKEEPER_VERSION " started");
    service_starting(usec_add(d->config->agent.timeout_start, START_MARGIN));
    if (memory_former(d->memory))
        succession_go_on(d);
    else
        supervisor_start(d->supervisor);
    announcer_go_on(d->announcer);
    succession_catch_up(d);
    credentials_begin(d->credentials);
    daemon_meter_gap(d);
    daemon_show_status(d);
}

enum daemon_end daemon_loop(struct daemon *d)
{
    loop_run(d->loop);
    if (d->end == DAEMON_STOPPED)
        tell(EVENT_DAEMON_STOPPED, "stopped: every worker is gone");
    return d->end;
}
