/* Reloading the configuration: all of it or none of it. */
#include "daemon/reload.h"

#include "core/event.h"
#include "daemon/daemon.h"
#include "daemon/drainer.h"
#include "daemon/load.h"
#include "daemon/operation.h"
#include "daemon/service.h"
#include "daemon/supervisor.h"
#include "io/loop.h"

#include <errno.h>

static struct operation *waiting(struct daemon *d)
{
    return operation_find(d->operations, d->reload.op);
}

static void tell(struct daemon *d, enum event_id id, const char *what, const char *detail)
{
    struct operation *op = waiting(d);
    struct event ev;
    event_init(&ev, id);
    event_message(&ev, "%s%s%s", what, detail[0] ? ": " : "", detail);
    event_field(&ev, "VOXKEEPER_CONFIG", "%s", d->config_path);
    event_field(&ev, "VOXKEEPER_CHANGES", "%s", strbuf_text(&d->reload.changes));
    event_field(&ev, "VOXKEEPER_REASON", "%s", detail);
    event_field(&ev, "VOXKEEPER_AUTHOR", "%s", op ? operation_author(op) : "");
    event_emit(&ev);
    event_fini(&ev);
}

/* The reload is over, with whatever verdict. */
static void finish(struct daemon *d)
{
    supervisor_keep_previous(d->supervisor, NULL);
    config_free(d->reload.previous);
    strbuf_fini(&d->reload.changes);
    d->reload.previous = NULL;
    d->reload.rolling_back = false;
    d->reload.op = 0;
    service_reloaded(d->service);
    daemon_show_status(d);
}

static void refuse(struct daemon *d, const char *detail)
{
    tell(d, EVENT_CONFIG_REFUSED, "the configuration is refused, the one before stays in force",
        detail);
    operation_end(waiting(d), OPERATION_FAILED,
        "the configuration is refused, the one before stays in force:\n%s", detail);
    finish(d);
}

static void accept(struct daemon *d, const char *what)
{
    tell(d, EVENT_CONFIG_RELOADED, what, "");
    operation_end(waiting(d), OPERATION_DONE, "%s\n%s", what, strbuf_text(&d->reload.changes));
    finish(d);
}

/* Makes `config` the one in force; the one before is returned. */
static struct config *swap(struct daemon *d, struct config *config)
{
    struct config *before = d->config;
    d->config = config;
    d->config_loaded_wall = loop_wall_now();
    return before;
}

/* Puts the new configuration into force, or leaves everything as it was and refuses. */
static bool apply(struct daemon *d, struct config *config)
{
    struct err e = {0};
    if (daemon_apply(d, config, &e) == 0) {
        d->reload.previous = swap(d, config);
        return true;
    }
    struct err back = {0};
    if (daemon_apply(d, d->config, &back) < 0)
        log_printf(LOG_LEVEL_ERR, "going back to the configuration before: %s", back.msg);
    config_free(config);
    refuse(d, e.msg);
    return false;
}

static void restart_workers(struct daemon *d)
{
    supervisor_restart(d->supervisor, d->reload.op);
}

static void begin_with(struct daemon *d, struct config *config)
{
    enum config_change change = config_diff(d->config, config, &d->reload.changes);
    if (change == CONFIG_CHANGE_NONE) {
        config_free(config);
        accept(d, "nothing changed");
        return;
    }
    if (change == CONFIG_CHANGE_DAEMON) {
        struct strbuf text = STRBUF_INIT;
        strbuf_addf(&text, "only a restart of voxkeeperd can change this:\n%s",
            strbuf_text(&d->reload.changes));
        config_free(config);
        refuse(d, strbuf_text(&text));
        strbuf_fini(&text);
        return;
    }
    if (!apply(d, config))
        return;
    if (change == CONFIG_CHANGE_LIVE) {
        accept(d, "the new configuration is in force");
    } else if (drainer_state(d->drainer)->state != DRAIN_OPEN) {
        accept(d, "the new configuration is in force; workers see it at their next start");
    } else {
        operation_progress(waiting(d), "the new configuration is in force, restarting the workers");
        supervisor_keep_previous(d->supervisor, d->reload.previous);
        restart_workers(d);
    }
}

static void load(struct daemon *d)
{
    struct config *config = NULL;
    struct strbuf text = STRBUF_INIT;
    if (load_config(d->config_path, &config, &text) == 0)
        begin_with(d, config);
    else
        refuse(d, strbuf_text(&text));
    strbuf_fini(&text);
}

struct operation *reload_begin(struct daemon *d, const struct verb_asker *asker, struct err *e)
{
    if (d->reload.op || d->restart_op) {
        err_set(e, -EBUSY, "reloading: a restart or reload is under way");
        return NULL;
    }
    if (drainer_state(d->drainer)->stop_daemon) {
        err_set(e, -ESHUTDOWN, "reloading: voxkeeper is stopping");
        return NULL;
    }
    struct operation *op = operation_begin(d->operations, "reload", asker->author, asker->reason);
    if (!op) {
        err_set(e, -EAGAIN, "reloading: too many operations are under way");
        return NULL;
    }
    d->reload.op = operation_id(op);
    service_reloading(d->service);
    load(d);
    return op;
}

/* The workers fail with the new configuration: the one before is in force again. */
static void take_back(struct daemon *d, const struct fleet_action *told)
{
    struct err e = {0};
    struct config *failed = swap(d, d->reload.previous);
    const struct slot *slot = supervisor_slot(d->supervisor, told->slot);
    operation_progress(waiting(d),
        "worker %u does not come up with it (%s), going back to the configuration before",
        told->slot + 1,
        slot && slot_probe_reason(slot)[0] ? slot_probe_reason(slot)
                                           : worker_cause_name(told->cause));
    d->reload.previous = NULL;
    supervisor_keep_previous(d->supervisor, NULL);
    if (daemon_apply(d, d->config, &e) < 0)
        log_printf(LOG_LEVEL_ERR, "going back to the configuration before: %s", e.msg);
    config_free(failed);
}

static void end_rollback(struct daemon *d, bool restarted)
{
    const char *what = restarted ? "the workers did not come up with it; the one before is back"
                                 : "the workers did not come up with it, nor with the one before";
    tell(d, EVENT_CONFIG_REFUSED, "the configuration is rolled back", what);
    operation_end(waiting(d), restarted ? OPERATION_ROLLED_BACK : OPERATION_FAILED,
        "the configuration is rolled back: %s\n%s", what, strbuf_text(&d->reload.changes));
    finish(d);
}

void reload_restart_verdict(struct daemon *d, const struct fleet_action *told)
{
    /* Stopped in the middle: that says nothing against the configuration. */
    bool stopped = told->type == FLEET_DO_TELL_RESTART_FAILED && told->cause == WORKER_CAUSE_STOP;
    if (d->reload.rolling_back) {
        end_rollback(d, told->type == FLEET_DO_TELL_RESTARTED);
    } else if (told->type == FLEET_DO_TELL_RESTARTED) {
        accept(d, "the new configuration is in force, every worker is verified with it");
    } else if (told->type == FLEET_DO_TELL_RESTART_FAILED && !stopped) {
        take_back(d, told);
        d->reload.rolling_back = true;
        restart_workers(d);
    } else if (told->type == FLEET_DO_TELL_RESTART_ROLLED_BACK) {
        /* The workers from before it never went. */
        take_back(d, told);
        end_rollback(d, true);
    } else {
        accept(d, "the new configuration is in force; workers see it at their next start");
    }
}
