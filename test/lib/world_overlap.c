/* What must hold of lives that overlap, whatever happens. */
#include "lib/world_overlap.h"
#include "lib/world_internal.h"

#include "core/fleet/fleet_seat.h"

/* Verified, healthy and not being ended: it could take callers. */
static bool is_able(const struct fleet_slot *s)
{
    bool verified = s->worker.state == WORKER_STANDBY || s->worker.state == WORKER_SERVING ||
                    s->worker.state == WORKER_DRAINING;
    bool well = s->prober.state == PROBER_HEALTHY || s->prober.state == PROBER_SUSPECT;
    return verified && well;
}

/* After a kill it is told so once more, when those who serve were heard of. */
static bool owes_pause(const struct fleet_slot *s)
{
    return s->unwatched &&
           (s->worker.state == WORKER_STANDBY || s->worker.state == WORKER_DRAINING);
}

static unsigned allowed_lives(const struct world *w)
{
    return w->fleet.n_workers + w->fleet_conf.standby + fleet_surge(&w->fleet_conf, &w->fleet);
}

void world_overlap_allow(struct world *w)
{
    unsigned allowed = allowed_lives(w);
    if (w->most_lives < allowed)
        w->most_lives = allowed;
}

void world_overlap_check(struct world *w)
{
    const struct fleet *f = &w->fleet;
    unsigned lives = 0;
    unsigned taken = 0;
    unsigned idle = 0;
    unsigned unheard = 0;
    for (unsigned i = 0; i < LIMIT_WORKERS; i++) {
        const struct fleet_slot *s = &f->slots[i];
        taken += s->wanted || s->worker.state != WORKER_GONE;
        lives += w->slots[i].process != WORLD_NONE;
        idle += is_able(s) && s->worker.state != WORKER_SERVING;
        HOLDS(w, i < f->n_slots || w->slots[i].process == WORLD_NONE);
        bool takes = w->slots[i].active && w->slots[i].process == WORLD_RUNNING;
        HOLDS(w, owes_pause(s) || takes == (s->worker.state == WORKER_SERVING));
        unheard += s->worker.state == WORKER_SERVING && s->unwatched;
        HOLDS(w, s->worker.state != WORKER_SERVING || s->wanted);
        HOLDS(w, s->worker.state != WORKER_DRAINING || !s->wanted);
        HOLDS(w, s->generation <= f->rollout.latest);
    }
    HOLDS(w, f->stopping || fleet_serving(f) >= f->n_workers || idle == 0);
    HOLDS(w, f->stopping || fleet_serving(f) <= f->n_workers || unheard > 0);
    /* What there was before a RESIZE to fewer goes in its own time. */
    unsigned allowed = allowed_lives(w);
    if (taken <= allowed || allowed > w->most_lives)
        w->most_lives = allowed;
    HOLDS(w, f->stopping || lives <= w->most_lives);
}

/* Somebody else takes callers, also if the daemon died in between. */
void world_overlap_pause(struct world *w, unsigned i)
{
    const struct fleet *f = &w->fleet;
    unsigned others = 0;
    for (unsigned j = 0; j < LIMIT_WORKERS; j++)
        others += j != i && w->slots[j].active && w->slots[j].process == WORLD_RUNNING;
    HOLDS(w, !is_able(&f->slots[i]) || others > 0 || f->n_workers == 0 || f->stopping);
}

/* A life of the new generation is not begun while that is held, and canaries one after another. */
void world_overlap_exec(struct world *w, unsigned i)
{
    const struct fleet *f = &w->fleet;
    const struct fleet_slot *s = &f->slots[i];
    unsigned canaries = seat_count(f, seat_is_canary);
    HOLDS(w, !rollout_is_held(f->rollout, s->generation) || s->worker.stop_wanted);
    HOLDS(w, f->rollout.state != ROLLOUT_CANARY ||
                 canaries <= seat_count(f, seat_is_serving_canary) + 1);
    HOLDS(w, f->rollout.state != ROLLOUT_CANARY || s->generation != f->rollout.generation ||
                 canaries <= rollout_canaries(&w->fleet_conf.rollout, f->n_workers));
}

/* While it is held only what failed stops to serve, or what is of no generation that counts. */
void world_overlap_hold(struct world *w, unsigned i)
{
    const struct fleet *f = &w->fleet;
    const struct fleet_slot *s = &f->slots[i];
    bool failed = seat_is_sick(s) || s->worker.cause == WORKER_CAUSE_HANG || s->worker.leaving ||
                  rollout_is_wrong(f->rollout, s->generation);
    HOLDS(w, f->rollout.state != ROLLOUT_HOLD || failed || f->n_workers < w->wanted_in_hold);
}

uint64_t world_overlap_serving(const struct world *w)
{
    uint64_t serving = 0;
    for (unsigned i = 0; i < w->fleet.n_slots; i++)
        serving |= (uint64_t)(w->fleet.slots[i].worker.state == WORKER_SERVING) << i;
    return serving;
}

static bool is_well(const struct fleet *f, unsigned i)
{
    return seat_is_sound(f, &f->slots[i]) && !seat_is_wrong(f, &f->slots[i]);
}

void world_overlap_chosen(struct world *w, uint64_t before)
{
    const struct fleet *f = &w->fleet;
    uint64_t after = world_overlap_serving(w);
    for (unsigned i = 0; i < f->n_slots; i++) {
        bool paused = before >> i & ~(after >> i) & 1;
        for (unsigned j = 0; paused && is_well(f, i) && j < f->n_slots; j++) {
            bool alike = f->slots[i].generation == f->slots[j].generation;
            if ((before & after) >> j & 1 && is_well(f, j) && alike)
                HOLDS(w, w->slots[i].callers <= w->slots[j].callers);
        }
    }
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
