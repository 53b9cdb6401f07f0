/* The checklist before a deployment, and what waits for it. */
#include "daemon/verbs/verb_preflight.h"

#include "core/event.h"
#include "daemon/daemon.h"
#include "daemon/preflight/preflight.h"
#include "daemon/verbs/operation.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct preflight_gate {
    struct daemon *daemon;
    struct preflight_run *run;
    uint64_t op;
    bool junit;
    char *override_reason;            /* NULL: none */
    struct preflight_rollout rollout; /* go_on NULL: none waits */
};

/* ---- what is told ---- */

static void tell(
    const struct operation *op, enum event_id id, const char *what, const char *reason, usec_t took)
{
    struct event ev;
    event_init(&ev, id);
    event_message(&ev, "%s", what);
    event_field(&ev, "VOXKEEPER_AUTHOR", "%s", operation_author(op));
    event_field_text(&ev, "VOXKEEPER_REASON", reason);
    event_field(&ev, "VOXKEEPER_OPERATION", "%llu", (unsigned long long)operation_id(op));
    if (took > 0)
        event_duration(&ev, took);
    event_emit(&ev);
    event_fini(&ev);
}

static void tell_verdict(const struct operation *op, const struct preflight *list)
{
    struct strbuf failed = STRBUF_INIT;
    struct strbuf what = STRBUF_INIT;
    preflight_write_items(list, PREFLIGHT_FAILED, &failed);
    strbuf_addf(
        &what, "the checklist %s%s", failed.len > 0 ? "failed: " : "passed", strbuf_text(&failed));
    tell(op, failed.len > 0 ? EVENT_PREFLIGHT_FAILED : EVENT_PREFLIGHT_PASSED, strbuf_text(&what),
        failed.len > 0 ? strbuf_text(&failed) : operation_reason(op), operation_age(op));
    strbuf_fini(&failed);
    strbuf_fini(&what);
}

static void tell_override(const struct operation *op, const char *found, const char *reason)
{
    struct strbuf what = STRBUF_INIT;
    strbuf_addf(
        &what, "a rollout although %s, asked for by %s: %s", found, operation_author(op), reason);
    tell(op, EVENT_PREFLIGHT_OVERRIDDEN, strbuf_text(&what), reason, 0);
    strbuf_fini(&what);
}

/* Of a rollout it is a part of the result, to which the rollout adds its own. */
static void set_result(const struct preflight_gate *g, struct operation *op)
{
    struct cJSON *result = preflight_run_json(g->run);
    if (g->rollout.go_on) {
        struct cJSON *whole = cJSON_CreateObject();
        cJSON_AddItemToObject(whole, "preflight", result);
        operation_set_result(op, whole);
        return;
    }
    struct strbuf xml = STRBUF_INIT;
    if (g->junit) {
        preflight_run_junit(g->run, &xml);
        cJSON_AddStringToObject(result, "junit", strbuf_text(&xml));
    }
    strbuf_fini(&xml);
    operation_set_result(op, result);
}

/* ---- what becomes of who waits ---- */

/* Returns what failed, for people; "" if nothing did. Owned. */
static char *what_failed(const struct preflight *list)
{
    struct strbuf failed = STRBUF_INIT;
    preflight_write_items(list, PREFLIGHT_FAILED, &failed);
    return failed.len > 0 ? strbuf_take(&failed) : strdup("");
}

static void end_alone(struct operation *op, const struct preflight *list, const char *failed)
{
    struct strbuf skipped = STRBUF_INIT;
    preflight_write_items(list, PREFLIGHT_SKIPPED, &skipped);
    if (failed[0])
        operation_end(op, OPERATION_FAILED, "the checklist failed: %s", failed);
    else
        operation_end(op, OPERATION_DONE, "the checklist passed%s%s",
            skipped.len > 0 ? "; skipped: " : "", strbuf_text(&skipped));
    strbuf_fini(&skipped);
}

static void end_rollout(struct preflight_gate *g, struct operation *op, const char *failed)
{
    struct strbuf found = STRBUF_INIT;
    if (failed[0] && !g->override_reason) {
        operation_end(op, OPERATION_FAILED,
            "refused: the checklist failed: %s; `voxkeeper preflight` shows it, --override REASON "
            "goes on all the same",
            failed);
        return;
    }
    if (failed[0]) {
        strbuf_addf(&found, "the checklist failed (%s)", failed);
        tell_override(op, strbuf_text(&found), g->override_reason);
        operation_progress(op, "%s; going on all the same", strbuf_text(&found));
    }
    strbuf_fini(&found);
    g->rollout.go_on(g->daemon, op, g->rollout.arg);
}

static void on_done(struct preflight_run *run, void *arg)
{
    struct preflight_gate *g = arg;
    const struct preflight *list = preflight_run_list(run);
    struct operation *op = operation_find(g->daemon->operations, g->op);
    char *failed = what_failed(list);
    g->daemon->preflight = NULL;
    if (op && failed) {
        tell_verdict(op, list);
        set_result(g, op);
        if (g->rollout.go_on)
            end_rollout(g, op, failed);
        else
            end_alone(op, list, failed);
    } else {
        operation_end(op, OPERATION_FAILED, "the checklist: %s", strerrordesc_np(ENOMEM));
    }
    free(failed);
    preflight_gate_free(g);
}

/* ---- beginning ---- */

static int begin(struct daemon *d, struct operation *op, const struct preflight_wish *wish,
    const struct preflight_rollout *rollout, const struct config *config, struct err *e)
{
    struct preflight_gate *g = calloc(1, sizeof *g);
    if (!g)
        return err_sys(e, -ENOMEM, "running the checklist");
    *g = (struct preflight_gate){.daemon = d, .op = operation_id(op)};
    g->junit = wish && wish->junit;
    g->override_reason = wish && wish->override_reason ? strdup(wish->override_reason) : NULL;
    g->run = preflight_run_new(&(struct preflight_spec){.daemon = d,
                                   .config = config,
                                   .op = g->op,
                                   .team = wish ? wish->team : (struct preflight_team){0},
                                   .on_done = on_done,
                                   .arg = g},
        e);
    if (!g->run || (wish && wish->override_reason && !g->override_reason)) {
        preflight_gate_free(g);
        return e->code < 0 ? e->code : err_sys(e, -ENOMEM, "running the checklist");
    }
    if (rollout)
        g->rollout = *rollout;
    d->preflight = g;
    return 0;
}

static bool is_busy(const struct daemon *d, struct err *e)
{
    if (d->preflight)
        err_set(e, -EBUSY, "running the checklist: it is run already");
    return d->preflight;
}

struct operation *verb_preflight(struct daemon *d, const struct verb_asker *asker,
    const struct preflight_wish *wish, struct err *e)
{
    struct operation *op = is_busy(d, e) ? NULL : verb_begin(d, "preflight", asker, e);
    if (!op || begin(d, op, wish, NULL, d->config, e) == 0)
        return op;
    operation_end(op, OPERATION_FAILED, "%s", e->msg);
    return NULL;
}

/* What is required by the configuration in force, or by the one that is to come. */
static bool is_required(const struct daemon *d, const struct config *config)
{
    return d->config->preflight.required || config->preflight.required;
}

bool preflight_gate_wanted(
    const struct daemon *d, const struct config *config, const struct preflight_wish *wish)
{
    if (wish && wish->first)
        return true;
    return is_required(d, config) && !(wish && wish->override_reason);
}

void preflight_gate_skip(const struct daemon *d, const struct config *config,
    const struct preflight_wish *wish, struct operation *op)
{
    if (!wish || !wish->override_reason)
        return;
    if (is_required(d, config))
        tell_override(op, "the checklist was not run", wish->override_reason);
    else
        operation_progress(op, "no checklist is required ([Rollout] RequirePreflight=no): "
                               "--override had nothing to do");
}

int preflight_gate_begin(struct daemon *d, struct operation *op, const struct preflight_wish *wish,
    const struct preflight_rollout *rollout, struct err *e)
{
    if (is_busy(d, e))
        return e->code;
    operation_progress(op, "the checklist comes first");
    return begin(d, op, wish, rollout, rollout->config, e);
}

void preflight_gate_cancel(struct daemon *d)
{
    struct preflight_gate *g = d->preflight;
    if (!g)
        return;
    d->preflight = NULL;
    operation_end(operation_find(d->operations, g->op), OPERATION_FAILED,
        "the checklist was ended: another configuration came into force meanwhile");
    preflight_gate_free(g);
}

struct preflight_monitor *preflight_gate_monitor(const struct preflight_gate *g)
{
    return g ? preflight_run_monitor(g->run) : NULL;
}

void preflight_gate_attempt(struct preflight_gate *g, const char *name, const struct notice *notice,
    const struct notifier_answer *answer)
{
    if (g)
        preflight_run_attempt(g->run, name, notice, answer);
}

void preflight_gate_free(struct preflight_gate *g)
{
    if (!g)
        return;
    preflight_run_free(g->run);
    if (g->rollout.release)
        g->rollout.release(g->rollout.arg);
    free(g->override_reason);
    free(g);
}
