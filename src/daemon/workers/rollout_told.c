/* A rollout as a story: one event for each step of it. */
#include "daemon/workers/rollout_told.h"

#include "daemon/daemon.h"
#include "daemon/reload.h"
#include "daemon/verbs/operation.h"
#include "daemon/workers/bake_watch.h"
#include "daemon/workers/rollback.h"
#include "daemon/workers/supervisor.h"
#include "io/loop/loop.h"

static void begin_event(const struct daemon *d, struct event *ev, enum event_id id)
{
    const struct rollout_record *r = &d->rollout;
    struct strbuf phases = STRBUF_INIT;
    event_init(ev, id);
    event_field(ev, "VOXKEEPER_OPERATION", "%llu", (unsigned long long)r->operation);
    event_field(ev, "VOXKEEPER_GENERATION", "%llu", (unsigned long long)r->to);
    event_field(ev, "VOXKEEPER_GENERATION_FROM", "%llu", (unsigned long long)r->from);
    if (r->release_to[0])
        event_field(ev, "VOXKEEPER_RELEASE", "%s", r->release_to);
    if (r->release_from[0])
        event_field(ev, "VOXKEEPER_RELEASE_FROM", "%s", r->release_from);
    rollout_record_phases(r, &phases);
    event_field(ev, "VOXKEEPER_PHASES", "%s", strbuf_text(&phases));
    strbuf_fini(&phases);
}

static void end_event(struct event *ev)
{
    event_emit(ev);
    event_fini(ev);
}

static void tell(const struct daemon *d, enum event_id id, const char *words)
{
    struct event ev;
    begin_event(d, &ev, id);
    event_message(&ev, "%s", words);
    if (id == EVENT_ROLLOUT_DONE)
        event_duration(&ev, usec_sub(loop_now(), d->rollout.began_at));
    end_event(&ev);
}

/* An event that somebody asked for. */
static void tell_wish(
    const struct daemon *d, enum event_id id, const char *words, const char *who, const char *why)
{
    struct event ev;
    begin_event(d, &ev, id);
    event_message(
        &ev, "%s%s%s%s%s", words, who[0] ? ", asked for by " : "", who, why[0] ? ": " : "", why);
    event_field(&ev, "VOXKEEPER_AUTHOR", "%s", who);
    event_field(&ev, "VOXKEEPER_REASON", "%s", why);
    end_event(&ev);
}

static void tell_steered(
    const struct daemon *d, enum event_id id, const char *words, const struct operation *op)
{
    tell_wish(d, id, words, op ? operation_author(op) : "", op ? operation_reason(op) : "");
}

static void tell_failure(const struct daemon *d, enum event_id id, const char *words)
{
    struct event ev;
    const struct failure *f = &d->rollout.failure;
    begin_event(d, &ev, id);
    event_message(&ev, "%s%s%s", words, f->what.len ? ": " : "", strbuf_text(&f->what));
    failure_add_fields(f, &ev);
    end_event(&ev);
}

static void take_failure(struct daemon *d, const struct fleet_action *told)
{
    if (told->cause == WORKER_CAUSE_NONE) {
        failure_note(&d->rollout.failure, told->cause, "it took too long");
        return;
    }
    const struct slot *slot = supervisor_slot(d->supervisor, told->slot);
    failure_take(&d->rollout.failure, told, &supervisor_fleet(d->supervisor)->slots[told->slot],
        slot, told->cause == WORKER_CAUSE_ERRORS ? bake_watch_finding(d->bake, slot) : "");
}

void rollout_failed_in_place(struct daemon *d, const struct fleet_action *told)
{
    if (told->cause != WORKER_CAUSE_STOP)
        take_failure(d, told);
}

static void on_canary(struct daemon *d, const struct fleet_action *told)
{
    struct rollout_record *r = &d->rollout;
    const struct operation *steering = operation_find(d->operations, told->steering);
    bool again = r->to == told->generation;
    if (again) {
        if (told->rollout_before == ROLLOUT_HOLD)
            tell_steered(d, EVENT_ROLLOUT_PROMOTED, "the rollout begins again", steering);
        return;
    }
    const struct operation *op = operation_find(d->operations, told->operation);
    if (told->rollout_before != ROLLOUT_IDLE && told->rollout_before != ROLLOUT_WARM)
        tell_steered(d, EVENT_ROLLOUT_SUPERSEDED, "the rollout is superseded by a newer one", op);
    rollout_record_begin(r, told->from, told->generation, op, d->supervisor);
    r->state = ROLLOUT_CANARY;
    tell_steered(d, EVENT_ROLLOUT_BEGAN, "a rollout of every worker", op);
}

static void on_rolling(struct daemon *d, const struct fleet_action *told)
{
    const struct operation *steering = operation_find(d->operations, told->steering);
    if (told->rollout_before == ROLLOUT_HOLD || steering)
        tell_steered(d, EVENT_ROLLOUT_PROMOTED, "the rollout goes on without waiting", steering);
    tell(d, EVENT_ROLLOUT_ROLLING, "the other workers follow, one at a time");
}

static void on_done(struct daemon *d)
{
    d->rollout.verdict = "done";
    failure_clear(&d->rollout.failure);
    tell(d, EVENT_ROLLOUT_DONE, "every worker is new and verified");
}

static void on_hold(struct daemon *d, const struct fleet_action *told)
{
    take_failure(d, told);
    tell_failure(d, EVENT_ROLLOUT_HELD, "the rollout is held until somebody promotes or aborts it");
}

static void on_back(struct daemon *d, const struct fleet_action *told)
{
    const struct operation *steering = operation_find(d->operations, told->steering);
    struct strbuf who = STRBUF_INIT;
    if (told->cause == WORKER_CAUSE_RESTART) {
        strbuf_addf(&who, "cancelled by %s%s%s",
            steering ? operation_author(steering) : "an operator",
            steering && operation_reason(steering)[0] ? ": " : "",
            steering ? operation_reason(steering) : "");
        /* What held it says more than who gave it up. */
        if (told->rollout_before != ROLLOUT_HOLD)
            failure_note(&d->rollout.failure, told->cause, strbuf_text(&who));
        tell_steered(d, EVENT_ROLLOUT_CANCELLED,
            "the rollout is cancelled: the workers from before take over again", steering);
    } else {
        take_failure(d, told);
        tell_failure(d, EVENT_ROLLOUT_BACK, "the workers from before take over again");
    }
    strbuf_fini(&who);
    d->rollout.verdict = NULL;
    reload_take_back(d);
    rollback_began(d, told);
}

/* The rollout is over; a verdict that somebody waited for was given just before. */
static void on_idle(struct daemon *d, const struct fleet_action *told)
{
    struct rollout_record *r = &d->rollout;
    const struct fleet *fleet = supervisor_fleet(d->supervisor);
    bool serving = fleet_serving(fleet) > 0 || fleet->n_workers == 0;
    if (told->cause == WORKER_CAUSE_STOP) {
        if (!r->verdict)
            r->verdict = "stopped";
    } else if (told->rollout_before == ROLLOUT_BACK) {
        if (!r->verdict)
            r->verdict = serving ? "rolled back" : "rollback failed";
        tell_failure(d, serving ? EVENT_ROLLOUT_ROLLED_BACK : EVENT_ROLLBACK_FAILED,
            serving ? "rolled back: the workers from before serve"
                    : "the rollback failed: not every worker from before came back");
    } else if (told->rollout_before != ROLLOUT_WARM) {
        on_done(d);
    }
    reload_settle(d);
}

static const char *progress_words(const struct fleet_action *told)
{
    switch (told->rollout) {
    case ROLLOUT_CANARY:
        return told->rollout_before == ROLLOUT_BAKING
                   ? "the first new worker was lost in an outage, which does not count: once more"
                   : "a first new worker is started and verified beside the others";
    case ROLLOUT_BAKING:
        return "it serves; the others follow if all goes well for Bake=";
    case ROLLOUT_ROLLING:
        return "the others follow, one at a time";
    case ROLLOUT_HOLD:
        return "held: it waits for `voxkeeper rollout promote` or `voxkeeper rollout abort`";
    case ROLLOUT_BACK:
        return "the workers from before take over again";
    case ROLLOUT_WARM:
    case ROLLOUT_IDLE:
        break;
    }
    return NULL;
}

static void tell_progress(struct daemon *d, const struct fleet_action *told)
{
    const uint64_t waiting[] = {told->operation, told->steering};
    bool failed = told->rollout == ROLLOUT_HOLD || told->rollout == ROLLOUT_BACK;
    const char *why = failed ? strbuf_text(&d->rollout.failure.what) : "";
    const char *words = progress_words(told);
    for (size_t i = 0; words && i < sizeof waiting / sizeof *waiting; i++)
        operation_progress(
            operation_find(d->operations, waiting[i]), "%s%s%s", why, why[0] ? ": " : "", words);
}

/* One that was under way when this instance took over has nobody who asked. */
static void recognise(struct daemon *d, const struct fleet_action *told)
{
    const struct fleet *fleet = supervisor_fleet(d->supervisor);
    bool known = d->rollout.to == fleet->rollout.latest;
    if (known || told->rollout == ROLLOUT_CANARY)
        return;
    rollout_record_begin(&d->rollout, told->from, fleet->rollout.latest,
        operation_find(d->operations, told->operation), d->supervisor);
    d->rollout.state = told->rollout_before;
}

void rollout_told(struct daemon *d, const struct fleet_action *told)
{
    recognise(d, told);
    rollout_record_enter(&d->rollout, told->rollout, d->supervisor);
    switch (told->rollout) {
    case ROLLOUT_CANARY:
        on_canary(d, told);
        break;
    case ROLLOUT_BAKING:
        tell(d, EVENT_ROLLOUT_BAKING, "the first new worker is verified and serves");
        break;
    case ROLLOUT_ROLLING:
        on_rolling(d, told);
        break;
    case ROLLOUT_WARM:
        on_done(d);
        tell(d, EVENT_ROLLOUT_WARM, "the last old worker is kept warm for KeepWarm=");
        break;
    case ROLLOUT_HOLD:
        on_hold(d, told);
        break;
    case ROLLOUT_BACK:
        on_back(d, told);
        break;
    case ROLLOUT_IDLE:
        on_idle(d, told);
        break;
    }
    bake_watch_told(d->bake, told);
    tell_progress(d, told);
}
