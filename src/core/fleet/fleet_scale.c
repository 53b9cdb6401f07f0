/* An operator's wish for another number of workers, and what came of it. */
#include "core/fleet/fleet_internal.h"

/* Nobody is being replaced because of his generation; KeepWarm keeps nobody from serving. */
static bool is_calm(const struct fleet *f)
{
    bool settled = f->rollout.state == ROLLOUT_IDLE || f->rollout.state == ROLLOUT_WARM;
    return settled && f->restart.state == FLEET_RESTART_IDLE;
}

/* In place a slot is a seat: the first ones stay, whoever sits in them. */
static bool stayers_serve(const struct fleet *f, unsigned n)
{
    for (unsigned i = 0; i < n && i < f->n_slots; i++) {
        if (f->slots[i].worker.state != WORKER_SERVING)
            return false;
    }
    return true;
}

enum fleet_obstacle fleet_obstacle(const struct fleet_conf *conf, const struct fleet *f, unsigned n)
{
    if (f->stopping || f->n_workers == 0)
        return FLEET_OBSTACLE_STOPPED;
    if (!is_calm(f))
        return FLEET_OBSTACLE_REPLACED;
    if (!conf->overlap && n < f->n_workers && !stayers_serve(f, n))
        return FLEET_OBSTACLE_IN_PLACE;
    return FLEET_OBSTACLE_NONE;
}

static struct fleet_action *tell(struct fleet_ctx *c, enum fleet_action_type type, unsigned slot)
{
    struct fleet_action *a = fleet_act(c, type, slot);
    a->operation = c->f->scale.operation;
    a->took = usec_sub(c->now, c->f->scale.began_at);
    a->workers = c->f->n_workers;
    a->workers_from = c->f->scale.from;
    return a;
}

static void finish(struct fleet_ctx *c)
{
    c->f->scale = (struct fleet_scale){0};
}

void fleet_scale_supersede(struct fleet_ctx *c)
{
    if (!c->f->scale.operation)
        return;
    tell(c, FLEET_DO_TELL_SCALE_SUPERSEDED, 0);
    finish(c);
}

void fleet_scale_begin(struct fleet_ctx *c, const struct fleet_event *ev)
{
    struct fleet *f = c->f;
    unsigned from = f->scale.operation ? f->scale.from : f->n_workers;
    if (ev->n_workers == 0 || fleet_obstacle(c->conf, f, ev->n_workers) != FLEET_OBSTACLE_NONE) {
        fleet_act(c, FLEET_DO_TELL_SCALE_REFUSED, 0)->operation = ev->operation;
        return;
    }
    fleet_scale_supersede(c);
    f->scale = (struct fleet_scale){.operation = ev->operation, .from = from, .began_at = c->now};
    fleet_resize(c, ev->n_workers);
}

void fleet_scale_stop(struct fleet_ctx *c)
{
    if (!c->f->scale.operation)
        return;
    tell(c, FLEET_DO_TELL_SCALE_FAILED, 0)->cause = WORKER_CAUSE_STOP;
    finish(c);
}

/* There would be too many of this slot's lives without it. */
static bool is_surplus(const struct fleet_ctx *c, unsigned slot)
{
    const struct fleet *f = c->f;
    unsigned wanted = 0;
    if (!c->conf->overlap)
        return slot >= f->scale.from;
    for (unsigned i = 0; i < f->n_slots; i++)
        wanted += f->slots[i].wanted;
    return wanted > f->scale.from + c->conf->standby;
}

bool fleet_scale_on_ended(struct fleet_ctx *c, unsigned i)
{
    const struct fleet *f = c->f;
    const struct fleet_slot *s = &f->slots[i];
    bool growing = f->scale.operation && f->n_workers > f->scale.from;
    bool outage = f->dependency == DEPENDENCY_DOWN || f->provider_down;
    bool before = s->worker.cause == WORKER_CAUSE_STOP; /* it went by an older wish */
    if (!growing || outage || before || !is_calm(f) || s->unwatched || s->worker.verified_at)
        return false;
    if (!c->scale.failed) {
        c->scale.failed = true;
        c->scale.slot = i;
        c->scale.cause = s->worker.cause;
    }
    return is_surplus(c, i);
}

void fleet_scale_settle(struct fleet_ctx *c)
{
    unsigned from = c->f->scale.from;
    if (!c->scale.failed || !c->f->scale.operation)
        return;
    tell(c, FLEET_DO_TELL_SCALE_FAILED, c->scale.slot)->cause = c->scale.cause;
    finish(c);
    fleet_resize(c, from);
}

void fleet_scale_judge(struct fleet_ctx *c)
{
    const struct fleet *f = c->f;
    unsigned verified = 0;
    if (!f->scale.operation || fleet_serving(f) != f->n_workers)
        return;
    for (unsigned i = 0; i < f->n_slots; i++) {
        const struct fleet_slot *s = &f->slots[i];
        bool warm = c->conf->overlap && fleet_overlap_is_warm(f, i);
        if (!s->wanted && s->worker.state != WORKER_GONE && !warm)
            return; /* the surplus goes, or waits for its callers */
        verified +=
            s->wanted && (s->worker.state == WORKER_STANDBY || s->worker.state == WORKER_SERVING);
    }
    if (verified != fleet_seats(c))
        return;
    tell(c, FLEET_DO_TELL_SCALED, 0);
    finish(c);
}
