/* Workers that hang or lost the dependency, while the shell wishes that they be left alone. */
#include "core/fleet/fleet_internal.h"

/* What it is to be replaced for; NONE: nothing of these. */
static enum worker_cause ailment(const struct fleet_slot *s)
{
    if (!worker_is_live(s->worker.state) || s->worker.state == WORKER_SPAWNING)
        return WORKER_CAUSE_NONE;
    if (s->silent)
        return WORKER_CAUSE_HANG;
    if (s->prober.state != PROBER_FAILED)
        return WORKER_CAUSE_NONE;
    if (s->prober.worst == PROBE_HUNG)
        return WORKER_CAUSE_HANG;
    return s->prober.worst == PROBE_DEPENDENCY ? WORKER_CAUSE_ZOMBIE : WORKER_CAUSE_NONE;
}

/* Of a new generation it says that this one is bad: the rollout decides. */
static bool answers_to_rollout(const struct fleet *f, const struct fleet_slot *s)
{
    return f->rollout.state != ROLLOUT_IDLE && s->generation == f->rollout.generation;
}

bool fleet_keeps(const struct fleet *f, const struct fleet_slot *s, enum worker_cause cause)
{
    bool kept = cause == WORKER_CAUSE_HANG     ? f->keeps_hung
                : cause == WORKER_CAUSE_ZOMBIE ? f->keeps_zombies
                                               : false;
    return kept && !f->stopping && !answers_to_rollout(f, s);
}

bool fleet_is_kept(const struct fleet *f, const struct fleet_slot *s)
{
    return !s->errors && fleet_keeps(f, s, ailment(s));
}

unsigned fleet_kept(const struct fleet *f, enum worker_cause cause)
{
    unsigned n = 0;
    for (unsigned i = 0; i < f->n_slots; i++) {
        const struct fleet_slot *s = &f->slots[i];
        n += ailment(s) == cause && fleet_keeps(f, s, cause);
    }
    return n;
}

unsigned fleet_answering(const struct fleet *f)
{
    unsigned n = 0;
    for (unsigned i = 0; i < f->n_slots; i++) {
        const struct fleet_slot *s = &f->slots[i];
        bool hangs = ailment(s) == WORKER_CAUSE_HANG && fleet_keeps(f, s, WORKER_CAUSE_HANG);
        n += s->worker.state == WORKER_SERVING && !hangs;
    }
    return n;
}

/* A hang waits for nobody. */
void fleet_keep_end(struct fleet_ctx *c)
{
    for (unsigned i = 0; i < c->f->n_slots; i++) {
        const struct fleet_slot *s = &c->f->slots[i];
        if (ailment(s) == WORKER_CAUSE_HANG && !fleet_keeps(c->f, s, WORKER_CAUSE_HANG))
            fleet_slot_worker(
                c, i, (struct worker_event){.type = WORKER_EV_FAILED, .cause = WORKER_CAUSE_HANG});
    }
}
