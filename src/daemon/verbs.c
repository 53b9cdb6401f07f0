/* What an operator can ask for. */
#include "daemon/verbs.h"

#include "core/event.h"
#include "daemon/daemon.h"
#include "daemon/drain_words.h"
#include "daemon/drainer.h"
#include "daemon/operation.h"
#include "daemon/supervisor.h"
#include "io/loop.h"

#include <errno.h>

static struct operation *begin(
    struct daemon *d, const char *kind, const struct verb_asker *asker, struct err *e)
{
    struct operation *op = operation_begin(d->operations, kind, asker->author, asker->reason);
    if (!op)
        err_set(e, -EAGAIN, "beginning the %s: too many operations are under way", kind);
    return op;
}

static void tell(const struct operation *op, enum event_id id, const char *what, usec_t took)
{
    struct event ev;
    event_init(&ev, id);
    event_message(&ev, "%s, asked for by %s%s%s", what, operation_author(op),
        operation_reason(op)[0] ? ": " : "", operation_reason(op));
    event_field(&ev, "VOXKEEPER_AUTHOR", "%s", operation_author(op));
    event_field(&ev, "VOXKEEPER_REASON", "%s", operation_reason(op));
    event_field(&ev, "VOXKEEPER_OPERATION", "%llu", (unsigned long long)operation_id(op));
    if (took > 0)
        event_duration(&ev, took);
    event_emit(&ev);
    event_fini(&ev);
}

struct operation *verb_restart(struct daemon *d, const struct verb_asker *asker, struct err *e)
{
    if (drainer_state(d->drainer)->state != DRAIN_OPEN) {
        err_set(
            e, -EBUSY, "restarting: the agent is drained or draining; `voxkeeper resume` first");
        return NULL;
    }
    if (d->restart_op || d->reload.op) {
        err_set(e, -EBUSY, "restarting: a restart or reload is under way");
        return NULL;
    }
    struct operation *op = begin(d, "restart", asker, e);
    if (!op)
        return NULL;
    d->restart_op = operation_id(op);
    tell(op, EVENT_RESTART_BEGAN, "restart of every worker", 0);
    supervisor_restart(d->supervisor, d->restart_op);
    return op;
}

static const char *failure_reason(
    const struct daemon *d, const struct fleet_action *told, const char *otherwise)
{
    const struct slot *slot = supervisor_slot(d->supervisor, told->slot);
    if (!slot)
        return "out of memory";
    if (told->cause == WORKER_CAUSE_SPAWN)
        return slot_spawn_error(slot);
    return slot_probe_reason(slot)[0] ? slot_probe_reason(slot) : otherwise;
}

static void restart_rolled_back(
    struct daemon *d, struct operation *op, const struct fleet_action *told)
{
    if (told->cause == WORKER_CAUSE_RESTART)
        operation_end(op, OPERATION_ROLLED_BACK,
            "restart rolled back: cancelled; the workers from before it serve");
    else if (told->cause == WORKER_CAUSE_NONE)
        operation_end(op, OPERATION_ROLLED_BACK,
            "restart rolled back: it took too long; the workers from before it serve");
    else
        operation_end(op, OPERATION_ROLLED_BACK,
            "restart rolled back: the new worker %u failed (%s): %s; the workers from before it "
            "serve",
            told->slot + 1, worker_cause_name(told->cause),
            failure_reason(d, told, "it answered, and then ended"));
    tell(op, EVENT_RESTART_FAILED, "restart rolled back", told->took);
}

static void restart_failed(struct daemon *d, struct operation *op, const struct fleet_action *told)
{
    if (told->cause == WORKER_CAUSE_STOP) {
        operation_end(op, OPERATION_FAILED, "restart failed: the workers are stopped");
        tell(op, EVENT_RESTART_FAILED, "restart failed: the workers are stopped", told->took);
        return;
    }
    const char *reason = failure_reason(d, told, "it ended before it was verified");
    operation_end(op, OPERATION_FAILED,
        "restart failed: worker %u does not come up (%s): %s; voxkeeper goes on trying",
        told->slot + 1, worker_cause_name(told->cause), reason);
    tell(op, EVENT_RESTART_FAILED, "restart failed", told->took);
}

void verb_restart_verdict(struct daemon *d, const struct fleet_action *told)
{
    char took[SPAN_TEXT_MAX];
    struct operation *op = operation_find(d->operations, told->operation);
    if (told->operation == d->restart_op)
        d->restart_op = 0;
    if (!op)
        return;
    if (told->type == FLEET_DO_TELL_RESTARTED) {
        operation_end(op, OPERATION_DONE, "restarted: every worker is verified, after %s",
            span_show(told->took, took));
        tell(op, EVENT_RESTART_DONE, "restart done", told->took);
    } else if (told->type == FLEET_DO_TELL_RESTART_FAILED) {
        restart_failed(d, op, told);
    } else if (told->type == FLEET_DO_TELL_RESTART_ROLLED_BACK) {
        restart_rolled_back(d, op, told);
    } else if (told->type == FLEET_DO_TELL_RESTART_SUPERSEDED) {
        operation_end(op, OPERATION_FAILED, "restart superseded by a newer one");
    } else {
        operation_end(op, OPERATION_FAILED,
            "restart refused: another is under way, or voxkeeper is stopping");
    }
}

struct operation *verb_drain(struct daemon *d, const struct verb_asker *asker, struct err *e)
{
    if (d->drain_op || drainer_state(d->drainer)->state == DRAIN_DRAINED) {
        err_set(e, -EALREADY, "draining: the agent is drained or draining already");
        return NULL;
    }
    struct operation *op = begin(d, "drain", asker, e);
    if (!op)
        return NULL;
    d->drain_op = operation_id(op);
    drainer_begin(d->drainer, false);
    return op;
}

struct operation *verb_resume(struct daemon *d, const struct verb_asker *asker, struct err *e)
{
    const struct drain *drain = drainer_state(d->drainer);
    if (drain->stop_daemon) {
        err_set(e, -ESHUTDOWN, "resuming: voxkeeper itself is stopping");
        return NULL;
    }
    if (drain->state == DRAIN_OPEN) {
        err_set(e, -EALREADY, "resuming: the agent is not drained");
        return NULL;
    }
    struct operation *op = begin(d, "resume", asker, e);
    if (!op)
        return NULL;
    d->resume_op = operation_id(op);
    drainer_resume(d->drainer);
    verb_worker_verified(d);
    return op;
}

struct operation *verb_sweep(
    struct daemon *d, const struct verb_asker *asker, const struct sweep_wish *wish, struct err *e)
{
    if (!d->sweeps) {
        err_set(e, -ENOTCONN, "sweeping: no Redis is configured ([Redis] Url=)");
        return NULL;
    }
    struct operation *op = begin(d, wish->dry_run ? "sweep --dry-run" : "sweep", asker, e);
    if (!op)
        return NULL;
    if (sweeps_run(d->sweeps, wish, op, e) < 0) {
        operation_end(op, OPERATION_FAILED, "%s", e->msg);
        return NULL;
    }
    return op;
}

static void drain_progress(struct daemon *d, const struct drain *drain)
{
    struct strbuf words = STRBUF_INIT;
    drain_words_waiting(drain, loop_now(), &words);
    operation_progress(operation_find(d->operations, d->drain_op), "%s", strbuf_text(&words));
    strbuf_fini(&words);
}

static void drain_done(struct daemon *d, const struct drain *drain)
{
    struct operation *op = operation_find(d->operations, d->drain_op);
    struct strbuf words = STRBUF_INIT;
    d->drain_op = 0;
    drain_words_count(drain->cut, &words);
    if (drain->cut > 0)
        operation_end(op, OPERATION_TIMED_OUT, "drained, with %s cut; see %s/callers-cut.jsonl",
            strbuf_text(&words), d->config->admin.state_directory);
    else
        operation_end(op, OPERATION_DONE, "drained: every caller had left");
    strbuf_fini(&words);
}

void verb_drain_told(struct daemon *d, enum drain_action action, const struct drain *drain)
{
    switch (action) {
    case DRAIN_DO_PROGRESS:
        drain_progress(d, drain);
        return;
    case DRAIN_DO_STOP:
        operation_progress(
            operation_find(d->operations, d->drain_op), "the wait is over; stopping the workers");
        return;
    case DRAIN_DO_DONE:
        drain_done(d, drain);
        return;
    case DRAIN_DO_CANCELLED:
        operation_end(operation_find(d->operations, d->drain_op), OPERATION_FAILED,
            "the drain was cancelled by `voxkeeper resume`");
        d->drain_op = 0;
        return;
    case DRAIN_DO_BEGAN:
    case DRAIN_DO_COUNT:
    case DRAIN_DO_CUT:
    case DRAIN_DO_EXIT:
    case DRAIN_DO_START:
        return;
    }
}

void verb_worker_verified(struct daemon *d)
{
    const struct fleet *fleet = supervisor_fleet(d->supervisor);
    if (!d->resume_op || drainer_state(d->drainer)->state != DRAIN_OPEN ||
        fleet_serving(fleet) < fleet_wanted(fleet))
        return;
    operation_end(operation_find(d->operations, d->resume_op), OPERATION_DONE,
        "open for callers again: %u of %u workers serve", fleet_serving(fleet),
        fleet_wanted(fleet));
    d->resume_op = 0;
}
