/* Beginning and steering rollouts. */
#include "daemon/verbs/verb_rollout.h"

#include "core/event.h"
#include "daemon/daemon.h"
#include "daemon/reload.h"
#include "daemon/verbs/operation.h"
#include "daemon/verbs/verb_preflight.h"
#include "daemon/workers/drainer.h"
#include "daemon/workers/rollout_told.h"
#include "daemon/workers/supervisor.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <string.h>

static void tell(const struct daemon *d, const struct operation *op, enum event_id id,
    const char *what, usec_t took)
{
    struct event ev;
    const struct failure *f = &d->rollout.failure;
    bool failed = id == EVENT_RESTART_FAILED && f->what.len > 0;
    event_init(&ev, id);
    event_message(&ev, "%s, asked for by %s%s%s", what, operation_author(op),
        operation_reason(op)[0] ? ": " : "", operation_reason(op));
    event_field(&ev, "VOXKEEPER_AUTHOR", "%s", operation_author(op));
    event_field(&ev, "VOXKEEPER_OPERATION", "%llu", (unsigned long long)operation_id(op));
    if (failed)
        failure_add_fields(f, &ev);
    else
        event_field(&ev, "VOXKEEPER_REASON", "%s", operation_reason(op));
    if (took > 0)
        event_duration(&ev, took);
    event_emit(&ev);
    event_fini(&ev);
}

static void begin_restart(struct daemon *d, const struct operation *op)
{
    const struct fleet *fleet = supervisor_fleet(d->supervisor);
    reload_prove(d);
    d->newest_op = d->restart_op = operation_id(op);
    tell(d, op, EVENT_RESTART_BEGAN, "restart of every worker", 0);
    if (!supervisor_overlaps(d->supervisor))
        rollout_record_begin(
            &d->rollout, fleet->rollout.generation, fleet->rollout.latest + 1, op, d->supervisor);
    supervisor_restart(d->supervisor, d->restart_op);
}

static int may_restart(const struct daemon *d, struct err *e)
{
    if (drainer_state(d->drainer)->state != DRAIN_OPEN)
        return err_set(
            e, -EBUSY, "restarting: the agent is drained or draining; `voxkeeper resume` first");
    if (!supervisor_overlaps(d->supervisor) && (d->restart_op || d->reload.op))
        return err_set(e, -EBUSY, "restarting: a restart or reload is under way");
    return 0;
}

/* The checklist is done; meanwhile somebody else may have begun something. */
static void go_on(struct daemon *d, struct operation *op, void *arg)
{
    struct err e = {0};
    (void)arg;
    if (may_restart(d, &e) < 0)
        operation_end(op, OPERATION_FAILED, "%s", e.msg);
    else
        begin_restart(d, op);
}

struct operation *verb_restart(struct daemon *d, const struct verb_asker *asker, struct err *e)
{
    if (may_restart(d, e) < 0)
        return NULL;
    struct operation *op = verb_begin(d, "restart", asker, e);
    if (!op)
        return NULL;
    const struct preflight_rollout rollout = {.config = d->config, .go_on = go_on};
    if (!preflight_gate_wanted(d, d->config, asker->preflight)) {
        preflight_gate_skip(d, d->config, asker->preflight, op);
        begin_restart(d, op);
    } else if (preflight_gate_begin(d, op, asker->preflight, &rollout, e) < 0) {
        operation_end(op, OPERATION_FAILED, "%s", e->msg);
        return NULL;
    }
    return op;
}

/* Why there is nothing to steer; NULL if there may be. The fleet has the last word. */
static const char *why_not(const struct daemon *d, bool from_hold)
{
    enum rollout_state state = supervisor_fleet(d->supervisor)->rollout.state;
    if (!supervisor_overlaps(d->supervisor))
        return "with Handover=none workers are restarted in place: there is nothing to go back to";
    if (state == ROLLOUT_IDLE)
        return "no rollout is under way";
    if (from_hold && state != ROLLOUT_HOLD)
        return "the rollout is not held; `voxkeeper rollout cancel` goes back at any time";
    return NULL;
}

static struct operation *steer(struct daemon *d, const char *kind, const struct verb_asker *asker,
    const char *reason, struct err *e)
{
    if (reason) {
        err_set(e, -EALREADY, "%s: %s", kind, reason);
        return NULL;
    }
    struct operation *op = verb_begin(d, kind, asker, e);
    if (op)
        d->newest_op = operation_id(op);
    return op;
}

struct operation *verb_cancel(struct daemon *d, const struct verb_asker *asker, struct err *e)
{
    struct operation *op = steer(d, "rollout cancel", asker, why_not(d, false), e);
    if (op)
        supervisor_cancel(d->supervisor, operation_id(op));
    return op;
}

struct operation *verb_abort(struct daemon *d, const struct verb_asker *asker, struct err *e)
{
    struct operation *op = steer(d, "rollout abort", asker, why_not(d, true), e);
    if (op)
        supervisor_cancel(d->supervisor, operation_id(op));
    return op;
}

struct operation *verb_promote(struct daemon *d, const struct verb_asker *asker, struct err *e)
{
    struct operation *op = steer(d, "rollout promote", asker, why_not(d, false), e);
    if (op)
        supervisor_promote(d->supervisor, operation_id(op));
    return op;
}

void verb_rollout_words(const struct daemon *d, const char *outcome, struct strbuf *out)
{
    const struct rollout_record *r = &d->rollout;
    strbuf_adds(out, strbuf_text(&r->failure.what));
    strbuf_addf(out, "%s%s\n", r->failure.what.len ? "; " : "", outcome);
    failure_write_evidence(&r->failure, out);
    if (r->command.len > 0)
        strbuf_addf(out, "%s\n", strbuf_text(&r->command));
    while (out->len > 0 && out->data[out->len - 1] == '\n')
        out->data[--out->len] = '\0';
}

static void end_with_words(const struct daemon *d, struct operation *op, enum operation_state state,
    const char *what, const char *outcome)
{
    struct strbuf words = STRBUF_INIT;
    verb_rollout_words(d, outcome, &words);
    operation_end(op, state, "%s: %s", what, strbuf_text(&words));
    strbuf_fini(&words);
}

static void superseded(struct daemon *d, struct operation *op)
{
    const struct operation *by = operation_find(d->operations, d->newest_op);
    if (by)
        operation_end(op, OPERATION_FAILED, "%s superseded by a %s by %s (operation %llu)%s%s",
            operation_kind(op), operation_kind(by), operation_author(by),
            (unsigned long long)operation_id(by), operation_reason(by)[0] ? ": " : "",
            operation_reason(by));
    else
        operation_end(op, OPERATION_FAILED, "%s superseded by a newer one", operation_kind(op));
}

static void restart_failed(struct daemon *d, struct operation *op, const struct fleet_action *told)
{
    if (told->cause == WORKER_CAUSE_STOP) {
        operation_end(op, OPERATION_FAILED, "restart failed: the workers are stopped");
        tell(d, op, EVENT_RESTART_FAILED, "restart failed: the workers are stopped", told->took);
        return;
    }
    end_with_words(d, op, OPERATION_FAILED, "restart failed",
        supervisor_overlaps(d->supervisor) ? "not every worker from before came back either"
                                           : "voxkeeper goes on trying");
    tell(d, op, EVENT_RESTART_FAILED, "restart failed", told->took);
}

static void end_restart(struct daemon *d, struct operation *op, const struct fleet_action *told)
{
    char took[SPAN_TEXT_MAX];
    if (told->type == FLEET_DO_TELL_RESTARTED) {
        operation_end(op, OPERATION_DONE, "restarted: every worker is verified, after %s",
            span_show(told->took, took));
        tell(d, op, EVENT_RESTART_DONE, "restart done", told->took);
    } else if (told->type == FLEET_DO_TELL_RESTART_FAILED) {
        restart_failed(d, op, told);
    } else if (told->type == FLEET_DO_TELL_RESTART_ROLLED_BACK) {
        end_with_words(d, op, OPERATION_ROLLED_BACK, "restart rolled back",
            "the workers from before it serve");
    } else {
        operation_end(op, OPERATION_FAILED,
            "restart refused: another is under way, or voxkeeper is stopping");
    }
}

static const char *refusal(enum rollout_state state)
{
    switch (state) {
    case ROLLOUT_IDLE:
        return "no rollout is under way";
    case ROLLOUT_CANARY:
        return "the first new worker is not verified yet";
    case ROLLOUT_ROLLING:
        return "the other workers follow already";
    case ROLLOUT_BACK:
        return "it goes back already";
    case ROLLOUT_BAKING:
    case ROLLOUT_WARM:
    case ROLLOUT_HOLD:
        break;
    }
    return "it is not possible now";
}

/* Who promoted wanted it done, who cancelled wanted it back. */
static void end_steering(struct daemon *d, struct operation *op, const struct fleet_action *told)
{
    const char *kind = operation_kind(op);
    bool forward = strcmp(kind, "rollout promote") == 0;
    if (told->type == FLEET_DO_TELL_ROLLOUT_REFUSED)
        operation_end(op, OPERATION_FAILED, "%s refused: %s", kind, refusal(told->rollout));
    else if (told->type == FLEET_DO_TELL_RESTARTED)
        operation_end(op, forward ? OPERATION_DONE : OPERATION_FAILED,
            "the rollout is done: every worker is new and verified");
    else if (told->type == FLEET_DO_TELL_RESTART_ROLLED_BACK && !forward)
        operation_end(op, OPERATION_DONE, "rolled back: the workers from before the rollout serve");
    else if (told->type == FLEET_DO_TELL_RESTART_ROLLED_BACK)
        end_with_words(d, op, OPERATION_ROLLED_BACK, "rolled back",
            "the workers from before the rollout serve");
    else if (told->cause == WORKER_CAUSE_STOP)
        operation_end(op, OPERATION_FAILED, "%s: the workers are stopped", kind);
    else
        end_with_words(d, op, OPERATION_FAILED, "the rollback failed",
            "not every worker from before came back");
}

static void note_verdict(struct daemon *d, const struct fleet_action *told)
{
    if (told->type == FLEET_DO_TELL_RESTARTED)
        d->rollout.verdict = "done";
    else if (told->type == FLEET_DO_TELL_RESTART_ROLLED_BACK)
        d->rollout.verdict = "rolled back";
    else if (told->type == FLEET_DO_TELL_RESTART_FAILED)
        d->rollout.verdict = told->cause == WORKER_CAUSE_STOP     ? "stopped"
                             : supervisor_overlaps(d->supervisor) ? "rollback failed"
                                                                  : "failed";
}

/* What the checklist before it found stays with it. */
static void set_result(const struct daemon *d, struct operation *op)
{
    struct cJSON *record = rollout_record_json(d, true);
    const struct cJSON *before =
        cJSON_GetObjectItemCaseSensitive(operation_result(op), "preflight");
    if (before)
        cJSON_AddItemToObject(record, "preflight", cJSON_Duplicate(before, true));
    operation_set_result(op, record);
}

void verb_rollout_verdict(struct daemon *d, const struct fleet_action *told)
{
    struct operation *op = operation_find(d->operations, told->operation);
    bool is_reload = d->reload.op != 0 && told->operation == d->reload.op;
    note_verdict(d, told);
    if (told->type == FLEET_DO_TELL_RESTART_FAILED && !supervisor_overlaps(d->supervisor))
        rollout_failed_in_place(d, told);
    if (told->type == FLEET_DO_TELL_RESTART_SUPERSEDED) {
        if (told->operation == d->restart_op)
            d->restart_op = 0;
        if (op)
            superseded(d, op);
        if (is_reload)
            reload_superseded(d);
    } else if (is_reload) {
        reload_restart_verdict(d, told);
    } else if (told->operation == d->restart_op) {
        d->restart_op = 0;
        if (op)
            end_restart(d, op, told);
        reload_carried(d, told);
    } else if (op) {
        end_steering(d, op, told);
    }
    if (op && told->type != FLEET_DO_TELL_ROLLOUT_REFUSED)
        set_result(d, op);
}
