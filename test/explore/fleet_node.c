/* A fleet as a node of the exploration: times relative to now, history left out. */
#include "fleet_node.h"

#include <string.h>

usec_t node_shift(usec_t at, usec_t now)
{
    return at == USEC_INFINITY ? at : at + NOW - now;
}

/* Causes that no decision tells apart become one. */
static enum worker_cause cause_class(enum worker_cause cause)
{
    switch (cause) {
    case WORKER_CAUSE_OOM:
        return WORKER_CAUSE_CRASH;
    case WORKER_CAUSE_ZOMBIE:
        return WORKER_CAUSE_UNHEALTHY;
    case WORKER_CAUSE_SPAWN:
        return WORKER_CAUSE_BOOT;
    case WORKER_CAUSE_NONE:
    case WORKER_CAUSE_BOOT:
    case WORKER_CAUSE_CRASH:
    case WORKER_CAUSE_HANG:
    case WORKER_CAUSE_UNHEALTHY:
    case WORKER_CAUSE_ERRORS:
    case WORKER_CAUSE_LEFT:
    case WORKER_CAUSE_RESTART:
    case WORKER_CAUSE_STOP:
    case WORKER_CAUSE_COUNT:
        break;
    }
    return cause;
}

void slot_pack(struct packed_slot *to, const struct fleet_slot *from, usec_t now)
{
    bool gone = from->worker.state == WORKER_GONE;
    enum worker_cause last = cause_class(from->last_cause);
    bool matters = last == WORKER_CAUSE_BOOT || last == WORKER_CAUSE_UNHEALTHY;
    to->wanted = from->wanted;
    to->last_cause = matters ? last : WORKER_CAUSE_NONE;
    to->worker.state = from->worker.state;
    to->worker.deadline = node_shift(from->worker.deadline, now);
    if (!gone) {
        to->worker.cause = cause_class(from->worker.cause);
        to->worker.alive = from->worker.alive;
        to->worker.stop_wanted = from->worker.stop_wanted;
        to->worker.leaving = from->worker.leaving;
        to->worker.exited = from->worker.exited;
        to->worker.verified_at = from->worker.verified_at ? 1 : 0;
    }
    /* One counter stands for all causes: after any failure the next restart waits. */
    unsigned failures = from->restart.failures_in_row > 0;
    for (unsigned i = 0; i < WORKER_CAUSE_COUNT; i++)
        to->restart.failures[i] = failures;
    to->restart.failures_in_row =
        from->restart.failures_in_row > 2 ? 2 : from->restart.failures_in_row;
    to->restart.looping = from->restart.looping;
    to->restart.next_at = node_shift(from->restart.next_at, now);
    to->restart.stable_at = node_shift(from->restart.stable_at, now);
    const struct prober *p = &from->prober;
    to->prober.state = p->state;
    to->prober.dependency = p->dependency;
    to->prober.in_flight = p->in_flight;
    to->prober.hastened = p->hastened;
    to->prober.degraded = p->degraded;
    to->prober.lacks_provider = p->lacks_provider;
    to->prober.doubt = p->doubt;
    if (p->doubt != PROBER_DOUBT_NONE)
        to->prober.doubted_at = p->doubted_at == now ? NOW : NOW - 1;
    if (p->state == PROBER_HEALTHY && !p->degraded)
        to->prober.passed_at = p->passed_at + 1 < now ? NOW - 2 : node_shift(p->passed_at, now);
    to->prober.seq = SEQ;
    to->prober.worst = p->worst;
    to->prober.failures = p->failures;
    to->prober.passes = p->passes;
    to->prober.began_at = p->in_flight && p->began_at == now ? NOW : NOW - 1;
    to->prober.void_to = p->in_flight && p->void_to == p->seq ? SEQ : SEQ - 1;
    to->prober.void_dependency_to = p->in_flight && p->void_dependency_to == p->seq ? SEQ : SEQ - 1;
    to->prober.next_at = node_shift(p->next_at, now);
    to->watchdog.deadline = node_shift(from->watchdog.deadline, now);
}

void node_pack(struct node *to, const struct fleet *f, const struct world *world, usec_t now)
{
    memset(to, 0, sizeof *to);
    to->n_slots = f->n_slots;
    to->stopping = f->stopping;
    to->gone_told = f->gone_told;
    to->dependency = f->dependency;
    to->restart_state = f->restart.state;
    to->restart_slot = f->restart.state == FLEET_RESTART_IDLE ? 0 : f->restart.slot;
    to->restart_deadline = node_shift(f->restart.deadline, now);
    to->n_workers = f->n_workers;
    to->scale_from = f->scale.operation ? f->scale.from : 0;
    for (unsigned i = 0; i < SLOTS; i++)
        slot_pack(&to->slots[i], &f->slots[i], now);
    memcpy(&to->world, world, sizeof *world);
}

void slot_unpack(struct fleet_slot *to, const struct packed_slot *from, unsigned i)
{
    to->wanted = from->wanted;
    to->last_cause = from->last_cause;
    to->life = i + 1;
    to->worker = from->worker;
    to->restart = from->restart;
    to->prober = from->prober;
    to->watchdog = from->watchdog;
}

/* The slots that are never used stay as fleet_init() left them but for their dependency. */
void node_unpack(struct fleet *f, const struct node *from)
{
    f->n_slots = from->n_slots;
    f->stopping = from->stopping;
    f->gone_told = from->gone_told;
    f->dependency = from->dependency;
    f->next_life = SLOTS;
    f->restart.state = (enum fleet_restart_state)from->restart_state;
    f->restart.slot = from->restart_slot;
    f->restart.deadline = from->restart_deadline;
    f->restart.operation = 7;
    f->n_workers = from->n_workers;
    f->scale = (struct fleet_scale){.operation = from->scale_from ? 9 : 0,
        .from = from->scale_from,
        .began_at = from->scale_from ? NOW : 0};
    for (unsigned i = 0; i < SLOTS; i++)
        slot_unpack(&f->slots[i], &from->slots[i], i);
}
