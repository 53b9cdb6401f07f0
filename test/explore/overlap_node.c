/* Overlapping lives as a node of the exploration: numbers only as far as they are told apart. */
#include "overlap_node.h"

#include <string.h>

static uint64_t generation_class(const struct rollout *r, uint64_t generation)
{
    if (r->state == ROLLOUT_IDLE)
        return generation == r->generation ? FROM : OTHER;
    if (generation == r->generation)
        return NEXT;
    return generation == r->from ? FROM : OTHER;
}

/* What does not run at present (kept warm, held) may be over for as long as it likes. */
static usec_t not_long_past(usec_t at)
{
    return at < NOW ? NOW - 1 : at;
}

static void pack(struct overlap_slot *to, const struct fleet *f, unsigned i, usec_t now)
{
    const struct fleet_slot *s = &f->slots[i];
    bool gone = s->worker.state == WORKER_GONE;
    slot_pack(&to->slot, s, now);
    to->slot.worker.deadline = not_long_past(to->slot.worker.deadline);
    to->slot.last_cause = WORKER_CAUSE_NONE;
    if (gone && !s->wanted)
        return;
    to->generation = generation_class(&f->rollout, s->generation);
    to->drained = s->drained;
    to->inherited = s->inherited;
    to->errors = s->errors;
    to->unwatched = s->unwatched && !gone;
}

/* The deadline of the rollout is left out: the exploration lets it come at any time. */
void overlap_pack(
    struct overlap_node *to, const struct fleet *f, const struct overlap_world *world, usec_t now)
{
    const struct rollout *r = &f->rollout;
    memset(to, 0, sizeof *to);
    to->n_slots = f->n_slots;
    to->n_workers = f->n_workers;
    to->stopping = f->stopping;
    to->gone_told = f->gone_told;
    to->dependency = f->dependency;
    to->provider_down = f->provider_down;
    to->state = r->state;
    to->owed = r->owed;
    to->steered = r->steered;
    to->outage = r->outage;
    if (r->state == ROLLOUT_HOLD)
        to->failed_in = r->failed_in;
    to->scale_from = f->scale.operation ? f->scale.from : 0;
    to->until = not_long_past(node_shift(r->until, now));
    for (unsigned i = 0; i < PLACES; i++) {
        pack(&to->slots[i], f, i, now);
        if (f->slots[i].worker.state != WORKER_GONE && f->slots[i].life == r->warm_life)
            to->warm = i + 1;
    }
    memcpy(&to->world, world, sizeof *world);
}

void overlap_unpack(struct fleet *f, const struct overlap_node *from)
{
    f->n_slots = from->n_slots;
    f->n_workers = from->n_workers;
    f->stopping = from->stopping;
    f->gone_told = from->gone_told;
    f->dependency = from->dependency;
    f->provider_down = from->provider_down;
    f->next_life = PLACES;
    f->rollout = rollout_initial();
    f->rollout.state = from->state;
    f->rollout.owed = from->owed;
    f->rollout.steered = from->steered;
    f->rollout.outage = from->outage;
    f->rollout.failed_in = from->failed_in;
    f->rollout.operation = OPERATION;
    f->rollout.steering = STEERING;
    f->rollout.latest = LATEST;
    f->rollout.from = FROM;
    f->rollout.generation = from->state == ROLLOUT_IDLE ? FROM : NEXT;
    f->rollout.warm_life = from->warm;
    f->rollout.switched_at = NOW;
    f->rollout.until = from->until;
    f->scale = (struct fleet_scale){.operation = from->scale_from ? SCALING : 0,
        .from = from->scale_from,
        .began_at = from->scale_from ? NOW : 0};
    for (unsigned i = 0; i < PLACES; i++) {
        const struct overlap_slot *s = &from->slots[i];
        slot_unpack(&f->slots[i], &s->slot, i);
        f->slots[i].generation = s->generation;
        f->slots[i].drained = s->drained;
        f->slots[i].inherited = s->inherited;
        f->slots[i].errors = s->errors;
        f->slots[i].unwatched = s->unwatched;
    }
}
