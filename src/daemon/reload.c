/* Reloading the configuration: all of it or none of it. */
#include "daemon/reload.h"

#include "core/event.h"
#include "daemon/credentials/credentials.h"
#include "daemon/daemon.h"
#include "daemon/service.h"
#include "daemon/verbs/operation.h"
#include "daemon/verbs/verb_preflight.h"
#include "daemon/verbs/verb_rollout.h"
#include "daemon/verbs/verb_scale.h"
#include "daemon/workers/dependency.h"
#include "daemon/workers/drainer.h"
#include "daemon/workers/environment.h"
#include "daemon/workers/load.h"
#include "daemon/workers/rollback.h"
#include "daemon/workers/supervisor.h"
#include "io/loop/loop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct operation *waiting(struct daemon *d)
{
    return operation_find(d->operations, d->reload.op);
}

static void tell(struct daemon *d, const struct operation *op, enum event_id id, const char *what,
    const char *detail, const struct strbuf *changes)
{
    struct event ev;
    event_init(&ev, id);
    event_message_lines(&ev, what, detail);
    event_field(&ev, "VOXKEEPER_CONFIG", "%s", d->config_path);
    event_field(&ev, "VOXKEEPER_CHANGES", "%s", strbuf_text(changes));
    event_field_text(&ev, "VOXKEEPER_REASON", detail[0] || !op ? detail : operation_reason(op));
    event_field_text(&ev, "VOXKEEPER_AUTHOR", op ? operation_author(op) : "");
    event_emit(&ev);
    event_fini(&ev);
}

/* Nobody waits for a reload any more. */
static void stop_waiting(struct daemon *d)
{
    d->reload.op = 0;
    d->reload.rolling_back = false;
    service_reloaded(d->service);
    daemon_show_status(d);
}

static void forget_previous(struct daemon *d, struct config *instead)
{
    supervisor_keep_previous(d->supervisor, NULL);
    config_free(d->reload.previous);
    strbuf_fini(&d->reload.changes);
    d->reload.previous = instead;
    d->reload.accepted = false;
    verb_scale_settle(d);
}

/* A reload that needs no rollout is over; one that began before goes on. */
static void end_at_once(struct daemon *d)
{
    if (d->reload.op == 0)
        service_reloaded(d->service);
    daemon_show_status(d);
}

static void refuse(
    struct daemon *d, struct operation *op, const char *detail, const struct strbuf *changes)
{
    tell(d, op, EVENT_CONFIG_REFUSED, "the configuration is refused, the one before stays in force",
        detail, changes);
    operation_end(op, OPERATION_FAILED,
        "the configuration is refused, the one before stays in force:\n%s", detail);
    end_at_once(d);
}

static void accept(
    struct daemon *d, struct operation *op, const char *what, const struct strbuf *changes)
{
    tell(d, op, EVENT_CONFIG_RELOADED, what, "", changes);
    operation_end(op, OPERATION_DONE, "%s\n%s", what, strbuf_text(changes));
    verb_scale_settle(d);
}

/* Makes `config` the one in force; the one before is returned. */
static struct config *swap(struct daemon *d, struct config *config)
{
    struct config *before = d->config;
    d->config = config;
    d->config_loaded_wall = loop_wall_now();
    return before;
}

/* Puts `config` (taken) into force and returns the one before, or refuses and returns NULL. */
static struct config *apply(
    struct daemon *d, struct operation *op, struct config *config, const struct strbuf *changes)
{
    struct err e = {0};
    if (daemon_apply(d, config, &e) == 0) {
        d->reload.failed = 0;
        return swap(d, config);
    }
    struct err back = {0};
    if (daemon_apply(d, d->config, &back) < 0)
        log_printf(LOG_LEVEL_ERR, "going back to the configuration before: %s", back.msg);
    config_free(config);
    refuse(d, op, e.msg, changes);
    return NULL;
}

static void restart_workers(struct daemon *d)
{
    d->newest_op = d->reload.op;
    supervisor_restart(d->supervisor, d->reload.op);
}

/* The rollout under way is of a configuration that is not proven. */
static bool is_pending(const struct daemon *d)
{
    return d->reload.previous && !d->reload.accepted;
}

/* `before` was in force until now; it is what a failure leads back to, unless it was never proven.
 */
static void roll_out(
    struct daemon *d, struct operation *op, struct config *before, struct strbuf *changes)
{
    const struct fleet *fleet = supervisor_fleet(d->supervisor);
    if (is_pending(d)) {
        config_free(before);
        strbuf_fini(&d->reload.changes);
    } else {
        forget_previous(d, before);
    }
    d->reload.changes = *changes;
    *changes = (struct strbuf)STRBUF_INIT;
    operation_progress(op, "the new configuration is in force, restarting the workers");
    supervisor_keep_previous(d->supervisor, d->reload.previous);
    d->reload.op = operation_id(op);
    d->reload.rolling_back = false;
    if (!supervisor_overlaps(d->supervisor))
        rollout_record_begin(
            &d->rollout, fleet->rollout.generation, fleet->rollout.latest + 1, op, d->supervisor);
    restart_workers(d);
}

/* What it changes is told from the configuration on that a failure would lead back to. */
static void put_into_force(struct daemon *d, struct operation *op, struct config *config,
    enum config_change change, struct strbuf *changes)
{
    bool anew = is_pending(d);
    if (anew) {
        strbuf_reset(changes);
        config_diff(d->reload.previous, config, changes);
    }
    verb_scale_reloading(d, config, op);
    struct config *before = apply(d, op, config, changes);
    if (!before)
        return;
    if (drainer_state(d->drainer)->state != DRAIN_OPEN && change == CONFIG_CHANGE_WORKERS) {
        accept(d, op, "the new configuration is in force; workers see it at their next start",
            changes);
    } else if (change == CONFIG_CHANGE_WORKERS || anew) {
        roll_out(d, op, before, changes);
        return;
    } else {
        accept(d, op, "the new configuration is in force", changes);
    }
    config_free(before);
    end_at_once(d);
}

static void begin_with(struct daemon *d, struct operation *op, struct config *config);

/* A configuration that waits for the checklist. */
struct awaiting {
    struct config *config; /* NULL: it was taken */
};

static void go_on(struct daemon *d, struct operation *op, void *arg)
{
    struct awaiting *a = arg;
    struct config *config = a->config;
    a->config = NULL;
    if (drainer_state(d->drainer)->stop_daemon ||
        (!supervisor_overlaps(d->supervisor) && (d->reload.op || d->restart_op))) {
        operation_end(op, OPERATION_FAILED, "reloading: something else is under way by now");
        config_free(config);
        return;
    }
    service_reloading(d->service);
    begin_with(d, op, config);
}

static void release(void *arg)
{
    struct awaiting *a = arg;
    config_free(a->config);
    free(a);
}

/* Whether the workers would be replaced for it. */
static bool rolls_out(const struct daemon *d, const struct config *config)
{
    struct strbuf changes = STRBUF_INIT;
    enum config_change change = config_diff(d->config, config, &changes);
    strbuf_fini(&changes);
    return drainer_state(d->drainer)->state == DRAIN_OPEN &&
           (change == CONFIG_CHANGE_WORKERS || (change == CONFIG_CHANGE_LIVE && is_pending(d)));
}

/* Takes `config` if it has to wait for the checklist. Returns whether that is so. */
static bool await_checklist(struct daemon *d, struct operation *op, struct config *config,
    const struct preflight_wish *wish)
{
    struct err e = {0};
    if (!rolls_out(d, config))
        return false;
    if (!preflight_gate_wanted(d, config, wish)) {
        preflight_gate_skip(d, config, wish, op);
        return false;
    }
    struct awaiting *a = calloc(1, sizeof *a);
    const struct preflight_rollout rollout = {
        .config = config, .go_on = go_on, .release = release, .arg = a};
    if (!a || preflight_gate_begin(d, op, wish, &rollout, &e) < 0) {
        operation_end(op, OPERATION_FAILED, "reloading: %s", a ? e.msg : strerrordesc_np(ENOMEM));
        config_free(config);
        free(a);
    } else {
        a->config = config;
    }
    end_at_once(d); /* for the service manager: nothing is reloaded until it passed */
    return true;
}

static void begin_with(struct daemon *d, struct operation *op, struct config *config)
{
    struct err e = {0};
    struct strbuf changes = STRBUF_INIT;
    enum config_change change = config_diff(d->config, config, &changes);
    if (change == CONFIG_CHANGE_NONE && is_pending(d)) {
        config_free(config);
        refuse(d, op, "nothing changed since the reload whose rollout is under way", &changes);
    } else if (change == CONFIG_CHANGE_NONE) {
        config_free(config);
        /* Not here, but perhaps in a file that it names. */
        dependency_retry(d);
        credentials_retry(d->credentials);
        accept(d, op, environment_same(&d->config->agent), &changes);
        end_at_once(d);
    } else if (change == CONFIG_CHANGE_DAEMON) {
        struct strbuf text = STRBUF_INIT;
        strbuf_addf(
            &text, "only a restart of voxkeeperd can change this:\n%s", strbuf_text(&changes));
        config_free(config);
        refuse(d, op, strbuf_text(&text), &changes);
        strbuf_fini(&text);
    } else if (verb_scale_check(d, config, &e) < 0) {
        config_free(config);
        refuse(d, op, e.msg, &changes);
    } else {
        put_into_force(d, op, config, change, &changes);
    }
    strbuf_fini(&changes);
}

static void load(struct daemon *d, struct operation *op, const struct preflight_wish *wish)
{
    struct config *config = NULL;
    struct strbuf none = STRBUF_INIT;
    struct strbuf text = STRBUF_INIT;
    if (load_config(d->config_path, &config, &text) < 0)
        refuse(d, op, strbuf_text(&text), &none);
    else if (!await_checklist(d, op, config, wish))
        begin_with(d, op, config);
    strbuf_fini(&text);
}

struct operation *reload_begin(struct daemon *d, const struct verb_asker *asker, struct err *e)
{
    if (!supervisor_overlaps(d->supervisor) && (d->reload.op || d->restart_op)) {
        err_set(e, -EBUSY, "reloading: a restart or reload is under way");
        return NULL;
    }
    if (drainer_state(d->drainer)->stop_daemon) {
        err_set(e, -ESHUTDOWN, "reloading: voxkeeper is stopping");
        return NULL;
    }
    struct operation *op = verb_begin(d, "reload", asker, e);
    if (!op)
        return NULL;
    service_reloading(d->service);
    load(d, op, asker->preflight);
    return op;
}

void reload_take_back(struct daemon *d)
{
    struct err e = {0};
    if (!d->reload.previous)
        return;
    if (d->reload.op == 0)
        tell(d, NULL, EVENT_CONFIG_REFUSED, "the configuration is rolled back",
            "the workers do not do well with it; the one before is back", &d->reload.changes);
    struct config *failed = swap(d, d->reload.previous);
    d->reload.failed = config_sum(failed);
    d->reload.previous = NULL;
    d->reload.accepted = false;
    supervisor_keep_previous(d->supervisor, NULL);
    if (daemon_apply(d, d->config, &e) < 0)
        log_printf(LOG_LEVEL_ERR, "going back to the configuration before: %s", e.msg);
    config_free(failed);
}

void reload_settle(struct daemon *d)
{
    if (d->reload.previous)
        forget_previous(d, NULL);
}

void reload_prove(struct daemon *d)
{
    if (d->reload.accepted)
        forget_previous(d, NULL);
}

void reload_superseded(struct daemon *d)
{
    stop_waiting(d);
}

void reload_carried(struct daemon *d, const struct fleet_action *told)
{
    if (told->type != FLEET_DO_TELL_RESTARTED || !is_pending(d))
        return;
    d->reload.accepted = true;
    tell(d, NULL, EVENT_CONFIG_RELOADED,
        "the new configuration is in force, every worker is verified with it", "",
        &d->reload.changes);
}

static void end_rollback(struct daemon *d, bool restarted)
{
    const char *what = restarted ? "the workers did not come up with it; the one before is back"
                                 : "the workers did not come up with it, nor with the one before";
    struct strbuf words = STRBUF_INIT;
    d->rollout.verdict = restarted ? "rolled back" : "rollback failed";
    verb_rollout_words(
        d, restarted ? "the workers from before it serve" : "voxkeeper goes on trying", &words);
    tell(d, waiting(d), EVENT_CONFIG_REFUSED, "the configuration is rolled back", what,
        &d->reload.changes);
    operation_end(waiting(d), restarted ? OPERATION_ROLLED_BACK : OPERATION_FAILED,
        "the configuration is rolled back: %s\n%s%s", what, strbuf_text(&d->reload.changes),
        strbuf_text(&words));
    strbuf_fini(&words);
    strbuf_fini(&d->reload.changes);
    stop_waiting(d);
}

/* As long as the rollout keeps old workers warm, the configuration before is kept too. */
static void end_accepted(struct daemon *d, const char *what)
{
    accept(d, waiting(d), what, &d->reload.changes);
    d->reload.accepted = true;
    if (!supervisor_overlaps(d->supervisor))
        forget_previous(d, NULL);
    stop_waiting(d);
}

/* The workers fail with the new configuration: on the way back there is one more verdict. */
static void go_back(struct daemon *d, const struct fleet_action *told)
{
    operation_progress(waiting(d), "%s; going back to the configuration before",
        strbuf_text(&d->rollout.failure.what));
    reload_take_back(d);
    if (!supervisor_overlaps(d->supervisor)) /* else it went with the rollout */
        rollback_began(d, told);
    d->reload.rolling_back = true;
    restart_workers(d);
}

void reload_restart_verdict(struct daemon *d, const struct fleet_action *told)
{
    /* Stopped in the middle: that says nothing against the configuration. */
    bool stopped = told->type == FLEET_DO_TELL_RESTART_FAILED && told->cause == WORKER_CAUSE_STOP;
    if (d->reload.rolling_back)
        end_rollback(d, told->type == FLEET_DO_TELL_RESTARTED);
    else if (told->type == FLEET_DO_TELL_RESTARTED)
        end_accepted(d, "the new configuration is in force, every worker is verified with it");
    else if (told->type == FLEET_DO_TELL_RESTART_FAILED && !stopped)
        go_back(d, told);
    else if (told->type == FLEET_DO_TELL_RESTART_ROLLED_BACK)
        end_rollback(d, true); /* the workers from before it never went */
    else
        end_accepted(d, "the new configuration is in force; workers see it at their next start");
}
