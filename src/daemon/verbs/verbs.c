/* What an operator can ask for. */
#include "daemon/verbs/verbs.h"

#include "daemon/daemon.h"
#include "daemon/verbs/operation.h"
#include "daemon/workers/drain_words.h"
#include "daemon/workers/drainer.h"
#include "daemon/workers/supervisor.h"
#include "io/loop/loop.h"

#include <errno.h>

struct operation *verb_begin(
    struct daemon *d, const char *kind, const struct verb_asker *asker, struct err *e)
{
    struct operation *op = operation_begin(d->operations, kind, asker->author, asker->reason);
    if (!op)
        err_set(e, -EAGAIN, "beginning the %s: too many operations are under way", kind);
    return op;
}

struct operation *verb_drain(struct daemon *d, const struct verb_asker *asker, struct err *e)
{
    if (d->drain_op || drainer_state(d->drainer)->state == DRAIN_DRAINED) {
        err_set(e, -EALREADY, "draining: the agent is drained or draining already");
        return NULL;
    }
    struct operation *op = verb_begin(d, "drain", asker, e);
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
    struct operation *op = verb_begin(d, "resume", asker, e);
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
    struct operation *op = verb_begin(d, wish->dry_run ? "sweep --dry-run" : "sweep", asker, e);
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
    char serving[DAEMON_SERVING_MAX];
    const struct fleet *fleet = supervisor_fleet(d->supervisor);
    if (!d->resume_op || drainer_state(d->drainer)->state != DRAIN_OPEN ||
        fleet_serving(fleet) < fleet_wanted(fleet))
        return;
    operation_end(operation_find(d->operations, d->resume_op), OPERATION_DONE,
        "open for callers again: %s", daemon_serving(d, serving));
    d->resume_op = 0;
}
