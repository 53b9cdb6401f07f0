/* Who may be replaced now, and the operator's restart, which is a turn for every slot. */
#include "core/fleet/fleet_internal.h"

/* A life that failed to boot says that its slot cannot be waited for. */
static bool failed_to_boot(enum worker_cause cause)
{
    return cause == WORKER_CAUSE_BOOT || cause == WORKER_CAUSE_SPAWN;
}

/* We ended that life although it answered, so the gap is ours to close first. */
static bool was_replaced(enum worker_cause cause)
{
    return cause == WORKER_CAUSE_UNHEALTHY || cause == WORKER_CAUSE_ZOMBIE ||
           cause == WORKER_CAUSE_RESTART;
}

/* Whether this slot is a gap in service that will close soon, so that a second must not open. */
static bool holds_others_up(const struct fleet_slot *slot)
{
    if (!slot->wanted)
        return false;
    switch (slot->worker.state) {
    case WORKER_GONE: /* waits for its retry */
        return was_replaced(slot->last_cause);
    case WORKER_STANDBY:
    case WORKER_SERVING:
        return false;
    case WORKER_SPAWNING:
    case WORKER_STARTING:
        return !failed_to_boot(slot->last_cause);
    case WORKER_DRAINING:
    case WORKER_STOPPING:
    case WORKER_KILLED:
        return !failed_to_boot(slot->worker.cause);
    }
    return false;
}

static bool may_replace(const struct fleet *f, unsigned candidate)
{
    for (unsigned i = 0; i < f->n_slots; i++) {
        if (i != candidate && holds_others_up(&f->slots[i]))
            return false;
    }
    return true;
}

/* The verb's slot still has the life that the verb is to end, and nobody ends it yet. */
static bool restart_is_due(const struct fleet *f, unsigned i)
{
    if (f->restart.state != FLEET_RESTART_STOPPING || f->restart.slot != i)
        return false;
    const struct worker *w = &f->slots[i].worker;
    bool ending = w->state == WORKER_SPAWNING && w->stop_wanted;
    return worker_is_live(w->state) && !ending;
}

/* Derived, not stored: a verdict that the prober takes back, or a verb that ends, leaves nothing.
 */
enum worker_cause fleet_pending(const struct fleet *f, unsigned i)
{
    if (restart_is_due(f, i))
        return WORKER_CAUSE_RESTART;
    if (!f->slots[i].wanted)
        return WORKER_CAUSE_NONE;
    if (f->slots[i].errors)
        return WORKER_CAUSE_ERRORS;
    if (f->slots[i].prober.state != PROBER_FAILED || fleet_is_kept(f, &f->slots[i]))
        return WORKER_CAUSE_NONE;
    return f->slots[i].prober.worst == PROBE_DEPENDENCY ? WORKER_CAUSE_ZOMBIE
                                                        : WORKER_CAUSE_UNHEALTHY;
}

void fleet_turn_give(struct fleet_ctx *c)
{
    for (unsigned i = 0; i < c->f->n_slots; i++) {
        enum worker_cause cause = fleet_pending(c->f, i);
        if (cause == WORKER_CAUSE_NONE || !may_replace(c->f, i))
            continue;
        bool wish = cause == WORKER_CAUSE_RESTART;
        fleet_slot_worker(c, i,
            (struct worker_event){
                .type = wish ? WORKER_EV_STOP : WORKER_EV_FAILED, .cause = cause});
    }
}

static void finish(struct fleet_ctx *c)
{
    c->f->restart.state = FLEET_RESTART_IDLE;
    c->f->restart.deadline = USEC_INFINITY;
}

/* The time that one slot may take: its turn, the way down at its slowest, the way up. */
static usec_t slot_patience(const struct worker_conf *conf)
{
    usec_t down = usec_add(conf->stop_timeout, usec_add(conf->abort_timeout, conf->kill_timeout));
    return usec_add(down, usec_add(conf->start_timeout, conf->start_timeout));
}

/* The first wanted slot from `from` on is next, or the verb is done. */
static void next_slot(struct fleet_ctx *c, unsigned from)
{
    struct fleet *f = c->f;
    unsigned i = from;
    while (i < f->n_slots && !f->slots[i].wanted)
        i++;
    if (i == f->n_slots) {
        struct fleet_action *a = fleet_act(c, FLEET_DO_TELL_RESTARTED, f->restart.slot);
        a->operation = f->restart.operation;
        a->took = usec_sub(c->now, f->restart.began_at);
        finish(c);
        return;
    }
    fleet_act(c, FLEET_DO_TELL_RESTART_STEP, i)->operation = f->restart.operation;
    f->restart.slot = i;
    f->restart.state = FLEET_RESTART_STOPPING;
    f->restart.deadline = usec_add(c->now, slot_patience(&c->conf->worker));
    /* A life is ended at its turn; one that is ending already is waited for. */
    if (f->slots[i].worker.state == WORKER_GONE) {
        f->restart.state = FLEET_RESTART_STARTING;
        fleet_slot_hasten(c, i);
    }
}

void fleet_restart_begin(struct fleet_ctx *c, uint64_t operation)
{
    struct fleet *f = c->f;
    if (f->restart.state != FLEET_RESTART_IDLE || f->stopping) {
        fleet_act(c, FLEET_DO_TELL_RESTART_REFUSED, 0)->operation = operation;
        return;
    }
    f->rollout = rollout_next_generation(f->rollout);
    f->restart.operation = operation;
    f->restart.began_at = c->now;
    next_slot(c, 0);
}

void fleet_restart_fail(struct fleet_ctx *c, enum worker_cause cause)
{
    struct fleet *f = c->f;
    if (f->restart.state == FLEET_RESTART_IDLE)
        return;
    struct fleet_action *a = fleet_act(c, FLEET_DO_TELL_RESTART_FAILED, f->restart.slot);
    a->operation = f->restart.operation;
    a->cause = cause;
    if (cause != WORKER_CAUSE_NONE && cause != WORKER_CAUSE_STOP)
        a->exit = f->slots[f->restart.slot].worker.exit; /* its next life begins in this step */
    a->took = usec_sub(c->now, f->restart.began_at);
    finish(c);
}

void fleet_restart_on_verified(struct fleet_ctx *c, unsigned i)
{
    if (c->f->restart.state == FLEET_RESTART_STARTING && c->f->restart.slot == i)
        next_slot(c, i + 1);
}

bool fleet_restart_on_ended(struct fleet_ctx *c, unsigned i, enum worker_cause cause)
{
    if (c->f->restart.slot != i)
        return false;
    switch (c->f->restart.state) {
    case FLEET_RESTART_IDLE:
        break;
    case FLEET_RESTART_STOPPING:
        c->f->restart.state = FLEET_RESTART_STARTING;
        return true;
    case FLEET_RESTART_STARTING: /* one that nobody watched may not have failed: once more */
        if (!c->f->slots[i].unwatched)
            fleet_restart_fail(c, cause);
        break;
    }
    return false;
}

void fleet_restart_postpone(struct fleet_ctx *c)
{
    if (c->f->restart.state != FLEET_RESTART_IDLE)
        c->f->restart.deadline = usec_add(c->now, slot_patience(&c->conf->worker));
}

void fleet_restart_tick(struct fleet_ctx *c)
{
    struct fleet *f = c->f;
    if (f->restart.state == FLEET_RESTART_IDLE)
        return;
    if (!f->slots[f->restart.slot].wanted)
        next_slot(c, f->restart.slot + 1); /* scaled away: nothing to restart there */
    else if (c->now >= f->restart.deadline)
        fleet_restart_fail(c, WORKER_CAUSE_NONE);
}
