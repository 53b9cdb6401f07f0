/* The three machines of one slot, each fed with the others' results. */
#include "core/fleet/fleet_internal.h"

#include <assert.h>

static void restart(struct fleet_ctx *c, unsigned i, struct restart_event ev)
{
    struct fleet_slot *slot = &c->f->slots[i];
    struct restart_update u = restart_step(&c->conf->restart, slot->restart, ev);
    slot->restart = u.next;
    if (u.loop_ended)
        fleet_act(c, FLEET_DO_TELL_LOOP_ENDED, i);
    if (u.loop_began) {
        struct fleet_action *a = fleet_act(c, FLEET_DO_TELL_LOOP_BEGAN, i);
        a->failures = u.next.failures_in_row;
        a->cause = slot->last_cause;
        a->exit = slot->worker.exit;
    }
    if (ev.type == RESTART_EV_ENDED && u.next.looping)
        fleet_rollout_on_loop(c, i);
    if (u.wait) {
        struct fleet_action *a = fleet_act(c, FLEET_DO_TELL_RETRY, i);
        a->delay = u.next.last_delay;
        a->failures = u.next.failures_in_row;
    }
    if (u.start)
        fleet_slot_start(c, i, rollout_proven(c->f->rollout));
}

static void on_ended(struct fleet_ctx *c, unsigned i)
{
    struct fleet_slot *slot = &c->f->slots[i];
    struct fleet_action *a = fleet_act(c, FLEET_DO_TELL_ENDED, i);
    a->cause = slot->worker.cause;
    a->exit = slot->worker.exit;
    a->took = usec_sub(c->now, slot->worker.started_at);
    if (!slot->unwatched || slot->worker.verified_at) /* else it says nothing about the next */
        slot->last_cause = slot->worker.cause;
    if (!slot->wanted || fleet_scale_on_ended(c, i)) {
        fleet_slot_release(c, i); /* a worker that left by itself took its history along so far */
        return;
    }
    bool asked_for = fleet_restart_on_ended(c, i, slot->worker.cause);
    restart(c, i,
        (struct restart_event){.type = RESTART_EV_ENDED,
            .now = c->now,
            .cause = asked_for ? WORKER_CAUSE_RESTART : slot->worker.cause,
            .unwatched = slot->unwatched,
            .jitter = c->jitter});
}

static void perform(struct fleet_ctx *c, unsigned i, enum worker_action action)
{
    switch (action) {
    case WORKER_DO_EXEC:
        fleet_act(c, FLEET_DO_EXEC, i);
        break;
    case WORKER_DO_PROBE:
        fleet_slot_prober(c, i, (struct prober_event){.type = PROBER_EV_START, .now = c->now});
        break;
    case WORKER_DO_PROBE_STOP:
        fleet_slot_prober(c, i, (struct prober_event){.type = PROBER_EV_STOP, .now = c->now});
        fleet_act(c, FLEET_DO_PROBE_STOP, i);
        c->f->slots[i].watchdog = watchdog_initial(0);
        c->f->slots[i].silent = false;
        break;
    case WORKER_DO_ACTIVATED:
        fleet_act(c, FLEET_DO_ACTIVATE, i);
        break;
    case WORKER_DO_PAUSED:
        fleet_act(c, FLEET_DO_PAUSE, i);
        break;
    case WORKER_DO_EVIDENCE:
        fleet_act(c, FLEET_DO_EVIDENCE, i);
        break;
    case WORKER_DO_SIGNAL_STOP:
        fleet_act(c, FLEET_DO_SIGNAL_STOP, i);
        break;
    case WORKER_DO_SIGNAL_ABRT:
        fleet_act(c, FLEET_DO_SIGNAL_ABRT, i);
        break;
    case WORKER_DO_KILL_TREE:
        fleet_act(c, FLEET_DO_KILL_TREE, i);
        break;
    case WORKER_DO_ENDED:
        on_ended(c, i);
        break;
    }
}

void fleet_slot_worker(struct fleet_ctx *c, unsigned i, struct worker_event ev)
{
    ev.now = c->now;
    enum worker_state before = c->f->slots[i].worker.state;
    struct worker_update u = worker_step(&c->conf->worker, c->f->slots[i].worker, ev);
    c->f->slots[i].worker = u.next;
    if (c->conf->overlap && u.next.state != before)
        fleet_overlap_on_left(c, i, before);
    if (u.next.state == WORKER_STOPPING && fleet_resume_owes_pause(c->f, i, before))
        fleet_act(c, FLEET_DO_PAUSE, i);
    for (unsigned k = 0; k < u.n_actions; k++)
        perform(c, i, u.actions[k]);
}

static void on_verified(struct fleet_ctx *c, unsigned i)
{
    struct fleet_slot *slot = &c->f->slots[i];
    fleet_slot_worker(c, i, (struct worker_event){.type = WORKER_EV_VERIFIED});
    fleet_act(c, FLEET_DO_TELL_VERIFIED, i)->took = usec_sub(c->now, slot->worker.started_at);
    if (slot->prober.degraded)
        fleet_act(c, FLEET_DO_TELL_VERDICT, i)->verdict = PROBER_VERDICT_DEGRADED;
    restart(c, i, (struct restart_event){.type = RESTART_EV_VERIFIED, .now = c->now});
    if (c->conf->overlap)
        return; /* whether it serves is decided over all slots */
    fleet_slot_worker(c, i, (struct worker_event){.type = WORKER_EV_ACTIVATE});
    fleet_restart_on_verified(c, i);
}

static void tell_verdict(struct fleet_ctx *c, unsigned i, enum prober_verdict verdict)
{
    struct fleet_action *a = fleet_act(c, FLEET_DO_TELL_VERDICT, i);
    a->verdict = verdict;
    a->kept = fleet_is_kept(c->f, &c->f->slots[i]);
}

static void judge(struct fleet_ctx *c, unsigned i, enum prober_verdict verdict)
{
    switch (verdict) {
    case PROBER_VERDICT_NONE:
        break;
    case PROBER_VERDICT_VERIFIED:
        on_verified(c, i);
        break;
    case PROBER_VERDICT_SUSPECT:
    case PROBER_VERDICT_RECOVERED:
    case PROBER_VERDICT_DEGRADED:
        fleet_act(c, FLEET_DO_TELL_VERDICT, i)->verdict = verdict;
        break;
    case PROBER_VERDICT_UNHEALTHY: /* waits for its turn, or for its replacement */
    case PROBER_VERDICT_ZOMBIE:
        tell_verdict(c, i, verdict);
        if (c->conf->overlap)
            fleet_rollout_on_verdict(c, i, fleet_pending(c->f, i));
        break;
    case PROBER_VERDICT_HUNG:
        if (fleet_is_kept(c->f, &c->f->slots[i]))
            fleet_act(c, FLEET_DO_EVIDENCE, i);
        else
            fleet_slot_worker(
                c, i, (struct worker_event){.type = WORKER_EV_FAILED, .cause = WORKER_CAUSE_HANG});
        /* After EVIDENCE, so that what is told can carry it. */
        tell_verdict(c, i, verdict);
        break;
    }
}

void fleet_slot_prober(struct fleet_ctx *c, unsigned i, struct prober_event ev)
{
    struct fleet_slot *slot = &c->f->slots[i];
    ev.now = c->now;
    struct prober_update u = prober_step(&c->conf->prober, slot->prober, ev);
    slot->prober = u.next;
    if (u.probe)
        fleet_act(c, FLEET_DO_PROBE, i)->seq = u.next.seq;
    judge(c, i, u.verdict);
}

void fleet_slot_init(struct fleet_slot *slot)
{
    *slot = (struct fleet_slot){.worker = worker_initial(),
        .restart = restart_initial(),
        .prober = prober_initial(),
        .watchdog = watchdog_initial(0)};
}

void fleet_slot_start(struct fleet_ctx *c, unsigned i, uint64_t generation)
{
    struct fleet_slot *slot = &c->f->slots[i];
    assert(slot->wanted && slot->worker.state == WORKER_GONE);
    slot->life = ++c->f->next_life;
    slot->generation = generation;
    slot->drained = false;
    slot->inherited = false;
    slot->errors = false;
    slot->unwatched = false;
    fleet_slot_worker(c, i, (struct worker_event){.type = WORKER_EV_SPAWN});
}

void fleet_slot_hasten(struct fleet_ctx *c, unsigned i)
{
    restart(c, i,
        (struct restart_event){
            .type = RESTART_EV_ENDED, .now = c->now, .cause = WORKER_CAUSE_RESTART});
}

void fleet_slot_release(struct fleet_ctx *c, unsigned i)
{
    c->f->slots[i].wanted = false;
    restart(c, i, (struct restart_event){.type = RESTART_EV_CANCEL, .now = c->now});
}

void fleet_slot_inherit(struct fleet_ctx *c, unsigned i, unsigned from, enum worker_cause cause)
{
    struct fleet_slot *heir = &c->f->slots[i];
    struct fleet_slot *parent = &c->f->slots[from];
    heir->restart = parent->restart;
    heir->last_cause = cause;
    heir->generation = rollout_proven(c->f->rollout);
    parent->restart = restart_initial();
    parent->inherited = true;
    restart(c, i,
        (struct restart_event){
            .type = RESTART_EV_ENDED, .now = c->now, .cause = cause, .jitter = c->jitter});
}

void fleet_slot_dismiss(struct fleet_ctx *c, unsigned i, enum worker_event_type how)
{
    fleet_slot_release(c, i);
    fleet_slot_worker(c, i, (struct worker_event){.type = how, .cause = WORKER_CAUSE_STOP});
}

/* A deadline of the worker's state is due. */
static void lose_patience(struct fleet_ctx *c, unsigned i)
{
    struct worker *w = &c->f->slots[i].worker;
    switch (w->state) {
    case WORKER_STARTING:
        if (c->f->dependency == DEPENDENCY_DOWN || fleet_provider_excuses(c->f, i)) {
            fleet_slot_worker(c, i, (struct worker_event){.type = WORKER_EV_POSTPONE});
            return;
        }
        fleet_act(c, FLEET_DO_TELL_NOT_VERIFIED, i)->took = usec_sub(c->now, w->started_at);
        break;
    case WORKER_SPAWNING:
        fleet_act(c, FLEET_DO_TELL_NOT_VERIFIED, i)->took = usec_sub(c->now, w->started_at);
        break;
    case WORKER_STOPPING:
        if (w->leaving)
            break; /* nobody has asked it yet */
        fleet_act(c, FLEET_DO_TELL_KILLED, i)->took = usec_sub(c->now, w->since);
        break;
    case WORKER_KILLED:
        fleet_act(c, FLEET_DO_TELL_KILLED, i)->took = usec_sub(c->now, w->since);
        break;
    case WORKER_GONE:
    case WORKER_STANDBY:
    case WORKER_SERVING:
    case WORKER_DRAINING:
        break; /* nothing to tell */
    }
    fleet_slot_worker(c, i, (struct worker_event){.type = WORKER_EV_TICK});
}

usec_t fleet_slot_patience_until(const struct fleet *f, unsigned i)
{
    const struct worker *w = &f->slots[i].worker;
    bool waits = fleet_overlap_is_warm(f, i) || fleet_resume_owes_pause(f, i, w->state);
    return waits ? USEC_INFINITY : worker_deadline(*w);
}

void fleet_slot_tick(struct fleet_ctx *c, unsigned i)
{
    struct fleet_slot *slot = &c->f->slots[i];
    if (c->now >= fleet_slot_patience_until(c->f, i))
        lose_patience(c, i);
    if (c->now >= restart_deadline(slot->restart))
        restart(c, i, (struct restart_event){.type = RESTART_EV_TICK, .now = c->now});
    if (c->now >= prober_deadline(slot->prober))
        fleet_slot_prober(c, i, (struct prober_event){.type = PROBER_EV_TICK});
    fleet_notify_tick(c, i);
}
