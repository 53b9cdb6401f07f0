/* What must hold of lives that overlap, whatever happens. */
#include "lib/world_overlap.h"

/* Verified, healthy and not being ended: it could take callers. */
static bool is_able(const struct fleet_slot *s)
{
    bool verified = s->worker.state == WORKER_STANDBY || s->worker.state == WORKER_SERVING ||
                    s->worker.state == WORKER_DRAINING;
    bool well = s->prober.state == PROBER_HEALTHY || s->prober.state == PROBER_SUSPECT;
    return verified && well;
}

void world_overlap_check(struct world *w)
{
    const struct fleet *f = &w->fleet;
    unsigned lives = 0;
    unsigned taken = 0;
    unsigned idle = 0;
    for (unsigned i = 0; i < LIMIT_WORKERS; i++) {
        const struct fleet_slot *s = &f->slots[i];
        taken += s->wanted || s->worker.state != WORKER_GONE;
        lives += w->slots[i].process != WORLD_NONE;
        idle += is_able(s) && s->worker.state != WORKER_SERVING;
        HOLDS(w, i < f->n_slots || w->slots[i].process == WORLD_NONE);
        HOLDS(w, (s->worker.state == WORKER_SERVING) ==
                     (w->slots[i].active && w->slots[i].process == WORLD_RUNNING));
        HOLDS(w, s->worker.state != WORKER_SERVING || s->wanted);
        HOLDS(w, s->worker.state != WORKER_DRAINING || !s->wanted);
        HOLDS(w, s->generation <= f->rollout.latest);
    }
    HOLDS(w, f->stopping || fleet_serving(f) >= f->n_workers || idle == 0);
    HOLDS(w, f->stopping || fleet_serving(f) <= f->n_workers);
    /* What there was before a RESIZE to fewer goes in its own time. */
    unsigned allowed = f->n_workers + w->fleet_conf.standby + fleet_surge(&w->fleet_conf, f);
    if (taken <= allowed || allowed > w->most_lives)
        w->most_lives = allowed;
    HOLDS(w, f->stopping || lives <= w->most_lives);
}

/* Nothing that could serve is ended unless enough others serve. */
void world_overlap_stop(struct world *w, unsigned i)
{
    const struct fleet *f = &w->fleet;
    bool verified = f->slots[i].worker.verified_at != 0;
    HOLDS(w, !w->slots[i].active);
    HOLDS(w, f->stopping || !verified || fleet_serving(f) >= f->n_workers ||
                 f->slots[i].worker.cause == WORKER_CAUSE_HANG ||
                 f->slots[i].worker.cause == WORKER_CAUSE_LEFT || w->slots[i].bad > 0);
}
