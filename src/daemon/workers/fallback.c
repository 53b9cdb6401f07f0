/* A worker without the listener shim. */
#include "daemon/workers/fallback.h"

#include "core/event.h"
#include "daemon/daemon.h"
#include "daemon/workers/drainer.h"
#include "daemon/workers/front.h"
#include "daemon/workers/slot.h"
#include "daemon/workers/supervisor.h"

#include <stdio.h>

static void tell(const struct daemon *d, const struct fleet_action *told, enum event_id id,
    const char *why, const char *consequence)
{
    const struct slot *slot = supervisor_slot(d->supervisor, told->slot);
    struct event ev;
    event_init(&ev, id);
    event_message(
        &ev, "worker %u cannot be handed the listener: %s; %s", told->slot + 1, why, consequence);
    event_field(&ev, "VOXKEEPER_WORKER", "%u", told->slot + 1);
    event_field(&ev, "VOXKEEPER_GENERATION", "%llu", (unsigned long long)slot_generation(slot));
    event_field(&ev, "VOXKEEPER_LIFE", "%llu", (unsigned long long)told->life);
    event_field(&ev, "VOXKEEPER_REASON", "%s", why);
    event_emit(&ev);
    event_fini(&ev);
}

/* Why the address cannot be left to the worker; NULL: it can. */
static const char *obstacle(const struct daemon *d)
{
    if (d->config->agent.workers > 1)
        return "with Workers= above 1 it cannot be left to bind Listen= itself";
    if (front_is_inherited(d->front))
        return "the service manager holds Listen=, so it cannot be left to bind it itself";
    if (front_has_served(d->front))
        return "callers are served through voxkeeper's listener, so it cannot be left to bind "
               "Listen= itself";
    return NULL;
}

static void begin(struct daemon *d, const struct fleet_action *told, const char *why)
{
    tell(d, told, EVENT_HANDOVER_FALLBACK, why,
        "it is started anew and binds Listen= itself, as with Handover=none: a restart will refuse "
        "callers for a moment");
    d->fallback.pending = true;
    snprintf(d->fallback.why, sizeof d->fallback.why, "%s", why);
    supervisor_stop(d->supervisor);
}

void fallback_consider(struct daemon *d, const struct fleet_action *told)
{
    char why[HANDOVER_WHY_MAX];
    bool ended = told->type == FLEET_DO_TELL_ENDED && told->cause == WORKER_CAUSE_BOOT;
    if ((!ended && told->type != FLEET_DO_TELL_NOT_VERIFIED) || d->fallback.pending ||
        d->fallback.told_life == told->life)
        return;
    if (!slot_missed_handover(
            supervisor_slot(d->supervisor, told->slot), ended ? &told->exit : NULL, why))
        return;
    d->fallback.told_life = told->life;
    const char *against = obstacle(d);
    if (against)
        tell(d, told, EVENT_HANDOVER_MISSED, why, against);
    else
        begin(d, told, why);
}

bool fallback_all_gone(struct daemon *d)
{
    bool pending = d->fallback.pending;
    d->fallback.pending = false;
    /* Who drains wants no worker; the next start will come to the same end. */
    if (!pending || drainer_state(d->drainer)->state != DRAIN_OPEN)
        return false;
    front_fall_back(d->front, d->fallback.why);
    supervisor_configure(d->supervisor, d->config);
    supervisor_start(d->supervisor);
    return true;
}
