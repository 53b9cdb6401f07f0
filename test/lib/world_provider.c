/* A provider that every worker needs, and of which only workers know. */
#include "lib/world_internal.h"

void world_provider(struct world *w, bool down)
{
    w->provider_down = down;
    w->provider_since = w->now;
}

void world_provider_answered(struct world *w, const struct fleet_event *ev)
{
    struct world_slot *s = &w->slots[ev->slot];
    if (ev->outcome != PROBE_PROVIDER)
        s->complains_since = 0;
    else if (s->complains_since == 0)
        s->complains_since = w->now;
}

bool world_provider_excuses(const struct world *w, unsigned i)
{
    if (w->fleet.slots[i].prober.state != PROBER_PROVING)
        return true;
    for (unsigned k = 0; k < w->fleet.n_slots; k++) {
        const struct fleet_slot *s = &w->fleet.slots[k];
        if (s->worker.state == WORKER_SERVING && s->prober.state == PROBER_HEALTHY &&
            !s->prober.degraded)
            return false;
    }
    return true;
}

/* It would be well, and all that it was heard to lack is what everybody lacks since before. */
void world_provider_check(struct world *w, unsigned i)
{
    const struct world_slot *s = &w->slots[i];
    bool same_outage = s->complains_since > 0 && s->complains_since >= w->provider_since;
    HOLDS(w, !(w->provider_down && s->now.health == PROBE_PASS && same_outage));
}
