/* From one instance of the daemon to the next. */
#include "daemon/succession/succession.h"

#include "build_config.h"
#include "core/event.h"
#include "daemon/daemon.h"
#include "daemon/incidents/incident_watch.h"
#include "daemon/reload.h"
#include "daemon/service.h"
#include "daemon/succession/memory.h"
#include "daemon/verbs/operation.h"
#include "daemon/verbs/verb_scale.h"
#include "daemon/workers/drainer.h"
#include "daemon/workers/supervisor.h"
#include "io/loop/loop.h"

#include <errno.h>

/* The workers that live know `before`; whether they may be taken for workers of `after`. */
static bool workers_agree(const struct config *before, const struct config *after)
{
    struct strbuf changes = STRBUF_INIT;
    enum config_change change = config_diff(before, after, &changes);
    strbuf_fini(&changes);
    return change <= CONFIG_CHANGE_LIVE;
}

static struct config *take(struct config **config)
{
    struct config *taken = *config;
    *config = NULL;
    return taken;
}

int succession_configure(
    struct daemon *d, struct config *config, const char *complaints, struct err *e)
{
    struct former *former = memory_former(d->memory);
    d->config = config;
    d->file_sum = config ? config_sum(config) : 0;
    if (!former)
        return config ? 0 : err_set(e, -EBADMSG, "%s", complaints);
    d->reload.previous = take(&former->previous);
    if (config && !d->reload.previous && workers_agree(former->config, config))
        return 0;
    config_free(config);
    d->config = take(&former->config);
    d->catch_up = true;
    return 0;
}

/* Whoever asked for the upgrade that made us still waits for its verdict. */
static void end_upgrade(struct daemon *d, const struct saved *saved)
{
    struct event ev;
    struct operation *op = operation_restore(
        d->operations, saved->upgrade_op, "upgrade", saved->upgrade_author, saved->upgrade_reason);
    event_init(&ev, EVENT_UPGRADE_DONE);
    event_message(
        &ev, "voxkeeperd is upgraded from %s to " VOXKEEPER_VERSION, saved->daemon_version);
    event_field(&ev, "VOXKEEPER_VERSION", "%s", VOXKEEPER_VERSION);
    event_field(&ev, "VOXKEEPER_AUTHOR", "%s", saved->upgrade_author);
    if (saved->upgrade_reason[0])
        event_field(&ev, "VOXKEEPER_REASON", "%s", saved->upgrade_reason);
    event_emit(&ev);
    event_fini(&ev);
    operation_end(op, OPERATION_DONE,
        "upgraded from %s to " VOXKEEPER_VERSION ": same process, same workers",
        saved->daemon_version);
}

static void tell_resumed(const struct daemon *d)
{
    const struct former *former = memory_former(d->memory);
    char serving[DAEMON_SERVING_MAX];
    char span[SPAN_TEXT_MAX];
    struct event ev;
    event_init(&ev, EVENT_DAEMON_RESUMED);
    event_message(&ev, "voxkeeperd " VOXKEEPER_VERSION " goes on: %s, nobody watched for %s",
        daemon_serving(d, serving), span_show(usec_sub(loop_now(), former->saved.saved_at), span));
    event_field(&ev, "VOXKEEPER_VERSION", "%s", VOXKEEPER_VERSION);
    event_field(&ev, "VOXKEEPER_RESUMES", "%llu", (unsigned long long)memory_resumes(d->memory));
    event_duration(&ev, usec_sub(loop_now(), former->saved.saved_at));
    event_emit(&ev);
    if (!former->saved.left && !former->saved.upgrade_op)
        incident_watch_crashed(d->incident_watch, strbuf_text(&ev.message));
    event_fini(&ev);
}

/* Whoever asked for it may still wait for its verdict. */
static void restore_rollout(struct daemon *d, const struct saved *saved)
{
    const struct saved_rollout *r = &saved->rollout;
    if (r->to == 0)
        return;
    rollout_record_restore(&d->rollout, r, saved->fleet.rollout.state);
    if (r->running && r->operation)
        (void)operation_restore(d->operations, r->operation, d->rollout.kind, r->author, r->reason);
}

void succession_go_on(struct daemon *d)
{
    const struct former *former = memory_former(d->memory);
    const struct saved *saved = &former->saved;
    d->restart_op = saved->restart_op;
    d->reload.op = saved->reload_op;
    d->reload.accepted = saved->reload_accepted;
    d->reload.rolling_back = saved->reload_rolling_back;
    d->reload.failed = saved->reload_failed;
    d->newest_op = saved->newest_op;
    restore_rollout(d, saved);
    d->ready_told = saved->ready_told;
    if (d->reload.previous)
        supervisor_keep_previous(d->supervisor, d->reload.previous);
    /* It went back, and ended before it could say so. */
    if (saved->fleet.rollout.state == ROLLOUT_BACK)
        reload_take_back(d);
    verb_scale_go_on(d, saved);
    supervisor_resume(d->supervisor, saved);
    verb_scale_settle(d);
    drainer_go_on(d->drainer, saved->drain);
    tell_resumed(d);
    if (saved->upgrade_op)
        end_upgrade(d, saved);
    daemon_show_status(d);
    if (d->ready_told)
        service_ready(d->service);
}

void succession_catch_up(struct daemon *d)
{
    static const struct verb_asker asker = {
        .author = "voxkeeperd", .reason = "the configuration changed while it was away"};
    struct err e = {0};
    if (!d->catch_up || d->reload.op || d->restart_op)
        return;
    d->catch_up = false;
    if (d->file_sum && d->file_sum == d->reload.failed) {
        log_printf(LOG_LEVEL_WARNING,
            "%s still says what was rolled back, the one before stays in force; `voxkeeper reload` "
            "tries it again",
            d->config_path);
        return;
    }
    if (!reload_begin(d, &asker, &e))
        log_printf(LOG_LEVEL_WARNING, "%s; `voxkeeper reload` later", e.msg);
}

void succession_hand_over(struct daemon *d)
{
    struct event ev;
    const struct fleet *fleet = supervisor_fleet(d->supervisor);
    event_init(&ev, EVENT_DAEMON_HANDED_OVER);
    event_message(&ev, "voxkeeperd ends and leaves %u serving workers to the next instance",
        fleet_serving(fleet));
    event_emit(&ev);
    event_fini(&ev);
    d->end = DAEMON_HANDED_OVER;
    memory_save(d->memory, d);
    loop_stop(d->loop);
}
