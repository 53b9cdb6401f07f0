/* A new instance of the daemon goes on with what another one left. */
#include "core/fleet/fleet_internal.h"

static bool is_paused(enum worker_state state)
{
    return state == WORKER_STANDBY || state == WORKER_DRAINING;
}

static void resume_workers(struct fleet_ctx *c, bool serving)
{
    for (unsigned i = 0; i < c->f->n_slots; i++) {
        if ((c->f->slots[i].worker.state == WORKER_SERVING) == serving)
            fleet_slot_worker(c, i, (struct worker_event){.type = WORKER_EV_RESUMED});
    }
}

void fleet_resume(struct fleet_ctx *c)
{
    struct fleet *f = c->f;
    for (unsigned i = 0; i < f->n_slots; i++) {
        f->slots[i].unwatched = f->slots[i].worker.state != WORKER_GONE;
        f->slots[i].watchdog = watchdog_stalled(f->slots[i].watchdog, c->now);
        f->slots[i].drained = false; /* what was counted may have come again since */
    }
    /* Nobody has looked; an outage is believed until it is over. */
    if (f->dependency == DEPENDENCY_UP)
        fleet_on_dependency(c, DEPENDENCY_UNKNOWN);
    fleet_tell_probers(c, (struct prober_event){.type = PROBER_EV_RESUMED});
    fleet_restart_postpone(c);
    fleet_rollout_step(c, (struct rollout_event){.type = ROLLOUT_EV_STALLED});
    resume_workers(c, true);
    resume_workers(c, false);
}

void fleet_resume_heard(struct fleet *f, unsigned i)
{
    if (!is_paused(f->slots[i].worker.state))
        f->slots[i].unwatched = false;
}

bool fleet_resume_waits(const struct fleet *f)
{
    for (unsigned i = 0; i < f->n_slots; i++) {
        if (f->slots[i].worker.state == WORKER_SERVING && f->slots[i].unwatched)
            return true;
    }
    return false;
}

void fleet_resume_pause(struct fleet_ctx *c)
{
    struct fleet *f = c->f;
    if (c->conf->overlap && !f->stopping)
        fleet_overlap_serve(c); /* who is to serve now is not paused before */
    if (fleet_resume_waits(f))
        return;
    for (unsigned i = 0; i < f->n_slots; i++) {
        if (!f->slots[i].unwatched || !is_paused(f->slots[i].worker.state))
            continue;
        f->slots[i].unwatched = false;
        fleet_act(c, FLEET_DO_PAUSE, i);
    }
}

bool fleet_resume_owes_pause(const struct fleet *f, unsigned i, enum worker_state before)
{
    return f->slots[i].unwatched && is_paused(before);
}
