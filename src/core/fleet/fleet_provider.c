/* Who has its providers, as far as workers tell: we have no link to them of our own. */
#include "core/fleet/fleet_internal.h"

static bool has_all(const struct fleet_slot *s)
{
    return s->worker.state == WORKER_SERVING && s->prober.state == PROBER_HEALTHY &&
           !s->prober.degraded;
}

/* When one was asked last that serves and has all that it needs; 0: there is none. */
static usec_t witness(const struct fleet *f)
{
    usec_t latest = 0;
    for (unsigned i = 0; i < f->n_slots; i++) {
        const struct fleet_slot *s = &f->slots[i];
        if (has_all(s) && s->prober.passed_at > latest)
            latest = s->prober.passed_at;
    }
    return latest;
}

void fleet_provider_probed(struct fleet_ctx *c, const struct fleet_event *ev)
{
    struct fleet *f = c->f;
    fleet_slot_prober(c, ev->slot,
        (struct prober_event){.type = PROBER_EV_RESULT,
            .seq = ev->seq,
            .outcome = ev->outcome,
            .witness = witness(f)});
    if (f->slots[ev->slot].prober.doubt == PROBER_DOUBT_NONE)
        return;
    for (unsigned i = 0; i < f->n_slots; i++) {
        if (has_all(&f->slots[i]))
            fleet_slot_prober(c, i, (struct prober_event){.type = PROBER_EV_DOUBTED});
    }
}

/* A paused worker says nothing of its own: it may remember what was. */
static bool is_down(const struct fleet *f)
{
    bool lacked = false;
    for (unsigned i = 0; i < f->n_slots; i++) {
        const struct fleet_slot *s = &f->slots[i];
        if (has_all(s))
            return false;
        lacked = lacked || (s->wanted && s->prober.lacks_provider);
    }
    return lacked;
}

void fleet_provider_look(struct fleet_ctx *c)
{
    bool down = is_down(c->f);
    if (down == c->f->provider_down)
        return;
    c->f->provider_down = down;
    fleet_tell_outage(c);
}

bool fleet_provider_excuses(const struct fleet *f, unsigned i)
{
    enum prober_doubt doubt = f->slots[i].prober.doubt;
    bool undecided = doubt == PROBER_DOUBT_SUSPECTED || doubt == PROBER_DOUBT_WITNESSED;
    return f->provider_down || undecided;
}
