/*
 * What workers say of themselves. READY only says when to look, and a life that reports no more is
 * a hang; a worker that leaves is replaced at once where lives may overlap.
 */
#include "core/fleet/fleet_internal.h"

static bool is_judged(const struct fleet_slot *s)
{
    return worker_is_live(s->worker.state) && s->worker.state != WORKER_SPAWNING;
}

static void is_kept(struct fleet_ctx *c, unsigned i, usec_t silence)
{
    struct fleet_slot *s = &c->f->slots[i];
    s->watchdog.deadline = USEC_INFINITY; /* until it reports again */
    if (s->silent)
        return;
    s->silent = true;
    fleet_act(c, FLEET_DO_EVIDENCE, i);
    struct fleet_action *a = fleet_act(c, FLEET_DO_TELL_WATCHDOG, i);
    a->took = silence;
    a->kept = true;
}

static void hangs(struct fleet_ctx *c, unsigned i, usec_t silence)
{
    if (fleet_keeps(c->f, &c->f->slots[i], WORKER_CAUSE_HANG)) {
        is_kept(c, i, silence);
        return;
    }
    fleet_slot_worker(
        c, i, (struct worker_event){.type = WORKER_EV_FAILED, .cause = WORKER_CAUSE_HANG});
    /* After EVIDENCE, so that what is told can carry it. */
    fleet_act(c, FLEET_DO_TELL_WATCHDOG, i)->took = silence;
}

/* Its place is free for another; the count of its failures waits for that one (seat_parent()). */
static void leaves(struct fleet_ctx *c, unsigned i)
{
    fleet_slot_worker(c, i, (struct worker_event){.type = WORKER_EV_LEAVING});
    fleet_act(c, FLEET_DO_TELL_LEAVING, i);
    if (c->conf->overlap)
        c->f->slots[i].wanted = false;
}

void fleet_notify_heard(struct fleet_ctx *c, unsigned i, const struct notify_wish *wish)
{
    struct fleet_slot *s = &c->f->slots[i];
    if (!is_judged(s))
        return;
    if (wish->sets_interval)
        s->watchdog = watchdog_set(s->watchdog, wish->interval, c->now);
    if (wish->alive) {
        s->watchdog = watchdog_report(s->watchdog, c->now);
        s->silent = false;
    }
    if (wish->extend > 0)
        fleet_slot_worker(
            c, i, (struct worker_event){.type = WORKER_EV_EXTEND, .patience = wish->extend});
    if (wish->ready)
        fleet_slot_prober(c, i, (struct prober_event){.type = PROBER_EV_HASTEN});
    if (wish->trigger)
        hangs(c, i, 0);
    else if (wish->stopping)
        leaves(c, i);
}

void fleet_notify_tick(struct fleet_ctx *c, unsigned i)
{
    const struct fleet_slot *s = &c->f->slots[i];
    if (c->now >= s->watchdog.deadline && is_judged(s))
        hangs(c, i, usec_sub(c->now, s->watchdog.last));
}
