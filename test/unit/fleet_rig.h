/* A fleet that is stepped by hand, and what it asks for in words. */
#pragma once

#include "core/fleet/fleet.h"

#include "base/strbuf.h"

static struct fleet fleet;
static struct fleet_update update;
static struct strbuf actions = STRBUF_INIT;

/* Steps and returns the actions as "slot ACTION, ..", without those about probing. */
static const char *fleet_rig_step(const struct fleet_conf *by, struct fleet_event ev)
{
    fleet_step(by, &fleet, &ev, &update);
    strbuf_reset(&actions);
    for (unsigned i = 0; i < update.n_actions; i++) {
        const struct fleet_action *a = &update.actions[i];
        if (a->type != FLEET_DO_PROBE && a->type != FLEET_DO_PROBE_STOP)
            strbuf_addf(
                &actions, "%s%u %s", actions.len ? ", " : "", a->slot, fleet_action_name(a->type));
    }
    return strbuf_text(&actions);
}

/* Of the present life of the slot, and of its latest probe. */
static struct fleet_event about(unsigned slot, usec_t now, enum fleet_event_type type)
{
    return (struct fleet_event){.type = type,
        .now = now,
        .slot = slot,
        .life = fleet.slots[slot].life,
        .seq = fleet.slots[slot].prober.seq};
}
