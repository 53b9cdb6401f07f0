/* What the slots of overlapping lives are for each other, and who is the best for what. */
#include "core/fleet/fleet_seat.h"

#include "core/fleet/fleet_internal.h"

bool seat_is_sick(const struct fleet_slot *s)
{
    return s->prober.state == PROBER_FAILED || s->errors;
}

bool seat_is_paused(const struct fleet_slot *s)
{
    bool idle = s->worker.state == WORKER_STANDBY || s->worker.state == WORKER_DRAINING;
    return idle && !s->wanted;
}

/* A slot whose life has ended gets one of the right generation next. */
bool seat_is_wrong(const struct fleet *f, const struct fleet_slot *s)
{
    return worker_is_live(s->worker.state) && rollout_is_wrong(f->rollout, s->generation);
}

/* For its generation's sake, but not before a canary has proven the next. */
static bool is_outdated(const struct fleet *f, const struct fleet_slot *s)
{
    switch (f->rollout.state) {
    case ROLLOUT_IDLE:
    case ROLLOUT_CANARY:
    case ROLLOUT_BAKING:
    case ROLLOUT_HOLD:
        return false;
    case ROLLOUT_ROLLING:
    case ROLLOUT_WARM:
    case ROLLOUT_BACK:
        break;
    }
    return seat_is_wrong(f, s);
}

bool seat_is_to_replace(const struct fleet *f, const struct fleet_slot *s)
{
    return s->wanted && ((seat_is_sick(s) && !fleet_is_kept(f, s)) || is_outdated(f, s));
}

/* Nobody is replaced by a new generation while the dependency is down. */
bool seat_is_due(const struct fleet *f, const struct fleet_slot *s)
{
    bool held = f->rollout.outage && f->rollout.state != ROLLOUT_BACK;
    return seat_is_to_replace(f, s) && (seat_is_sick(s) || !held);
}

bool seat_is_held(const struct fleet *f, const struct fleet_slot *s)
{
    return seat_is_to_replace(f, s) && !seat_is_due(f, s);
}

bool seat_is_canary(const struct fleet *f, const struct fleet_slot *s)
{
    return (f->rollout.state == ROLLOUT_CANARY || f->rollout.state == ROLLOUT_BAKING) &&
           s->wanted && worker_is_live(s->worker.state) && s->generation == f->rollout.generation &&
           !seat_is_sick(s);
}

/* Healthy, with all that it needs as far as that is there. */
bool seat_is_sound(const struct fleet *f, const struct fleet_slot *s)
{
    bool there = s->prober.lacks_provider ? !f->provider_down : f->dependency == DEPENDENCY_UP;
    return s->prober.state == PROBER_HEALTHY && !s->errors && !(s->prober.degraded && there);
}

bool seat_is_keeper(const struct fleet *f, const struct fleet_slot *s)
{
    return s->wanted && !seat_is_to_replace(f, s) && !seat_is_canary(f, s);
}

unsigned seat_count(
    const struct fleet *f, bool (*is)(const struct fleet *, const struct fleet_slot *))
{
    unsigned n = 0;
    for (unsigned i = 0; i < f->n_slots; i++)
        n += is(f, &f->slots[i]);
    return n;
}

bool seat_is_occupied(const struct fleet *f, const struct fleet_slot *s)
{
    (void)f;
    return s->wanted || s->worker.state != WORKER_GONE;
}

bool seat_is_spare(const struct fleet *f, const struct fleet_slot *s)
{
    return seat_is_keeper(f, s) && s->worker.state == WORKER_STANDBY;
}

bool seat_is_due_spare(const struct fleet *f, const struct fleet_slot *s)
{
    return s->worker.state == WORKER_STANDBY && seat_is_due(f, s);
}

bool seat_is_serving_canary(const struct fleet *f, const struct fleet_slot *s)
{
    return seat_is_canary(f, s) && s->worker.state == WORKER_SERVING;
}

bool seat_is_unproven(const struct fleet *f, const struct fleet_slot *s)
{
    (void)f;
    return s->wanted && (s->worker.state == WORKER_SPAWNING || s->worker.state == WORKER_STARTING);
}

bool seat_is_wanted(const struct fleet *f, const struct fleet_slot *s)
{
    (void)f;
    return s->wanted;
}

/* Seats that are taken for good; a canary that serves has taken one. */
unsigned seat_filled(const struct fleet *f)
{
    return seat_count(f, seat_is_keeper) + seat_count(f, seat_is_serving_canary);
}

/* The generation that shall rather serve than another. */
static uint64_t favourite(const struct rollout *r)
{
    return r->state == ROLLOUT_BACK || r->state == ROLLOUT_HOLD ? r->from : r->generation;
}

/* 0: it cannot serve. A spare before a paused one, a healthy before a suspect one; one that shows
 * errors is still better than nobody. */
static unsigned worth(const struct fleet *f, const struct fleet_slot *s)
{
    bool spare = s->worker.state == WORKER_STANDBY;
    if (!spare && s->worker.state != WORKER_DRAINING)
        return 0;
    if (s->prober.state != PROBER_HEALTHY && s->prober.state != PROBER_SUSPECT)
        return 0;
    if (s->errors)
        return 1;
    bool left_behind = f->rollout.state == ROLLOUT_HOLD && s->generation != f->rollout.from;
    return 2U + (s->prober.state == PROBER_HEALTHY) + 2U * spare + 4U * !seat_is_wrong(f, s) +
           8U * !left_behind;
}

unsigned seat_best_idle(const struct fleet *f)
{
    unsigned best = SEAT_NOBODY;
    unsigned most = 0;
    for (unsigned i = 0; i < f->n_slots; i++) {
        if (worth(f, &f->slots[i]) > most) {
            most = worth(f, &f->slots[i]);
            best = i;
        }
    }
    return best;
}

/* How much rather this one is paused than another; the canary last. Of two that are alike the
 * healthy one stays; of two that are well the one with more callers. */
static unsigned unwantedness(const struct fleet *f, const struct fleet_slot *s)
{
    return 8U * seat_is_sick(s) + 4U * seat_is_wrong(f, s) +
           2U * (s->generation != favourite(&f->rollout)) + !seat_is_sound(f, s);
}

unsigned seat_worst_serving(const struct fleet *f, const unsigned *callers)
{
    unsigned worst = SEAT_NOBODY;
    unsigned most = 0;
    for (unsigned i = 0; i < f->n_slots; i++) {
        const struct fleet_slot *s = &f->slots[i];
        unsigned u = unwantedness(f, s);
        if (s->worker.state != WORKER_SERVING)
            continue;
        bool fewer = worst != SEAT_NOBODY && callers[i] < callers[worst];
        bool as_many = worst != SEAT_NOBODY && callers[i] == callers[worst];
        if (worst == SEAT_NOBODY || u > most || (u == most && (fewer || (as_many && u == 0)))) {
            most = u;
            worst = i;
        }
    }
    return worst;
}

/* The order of the worker's states says who is how far. */
unsigned seat_least_advanced(const struct fleet *f)
{
    unsigned least = SEAT_NOBODY;
    for (unsigned i = 0; i < f->n_slots; i++) {
        const struct fleet_slot *s = &f->slots[i];
        if (seat_is_keeper(f, s) && s->worker.state != WORKER_SERVING &&
            (least == SEAT_NOBODY || s->worker.state <= f->slots[least].worker.state))
            least = i;
    }
    return least;
}

/* One that only lacks a provider is better than one that failed, and than no way back. */
static bool is_able(const struct fleet_slot *s)
{
    return s->prober.state == PROBER_HEALTHY && !s->errors && s->prober.lacks_provider;
}

/* Who can take the place of `s` now; SEAT_NOBODY if none. */
unsigned seat_substitute(const struct fleet *f, const struct fleet_slot *s, unsigned standby)
{
    bool back = seat_is_wrong(f, s) && f->rollout.state != ROLLOUT_ROLLING &&
                f->rollout.state != ROLLOUT_WARM;
    bool at_once =
        seat_is_sick(s) || back; /* also by the last spare, also by one that was paused */
    bool spares = at_once || seat_count(f, seat_is_spare) > standby;
    unsigned best = SEAT_NOBODY;
    for (unsigned i = 0; i < f->n_slots; i++) {
        const struct fleet_slot *o = &f->slots[i];
        bool paused = o->worker.state == WORKER_DRAINING && !seat_is_wrong(f, o);
        if (!seat_is_sound(f, o) && !(at_once && is_able(o)))
            continue;
        if (spares && seat_is_spare(f, o))
            return i;
        if (at_once && paused && best == SEAT_NOBODY)
            best = i;
    }
    return best;
}

/* A life that is replaced for its own fault hands its count of failures on, so that a replacement
 * which fails in the same way comes later and later. */
unsigned seat_parent(const struct fleet *f)
{
    for (unsigned i = 0; i < f->n_slots; i++) {
        const struct fleet_slot *s = &f->slots[i];
        bool left = !s->wanted && (s->worker.cause == WORKER_CAUSE_UNHEALTHY ||
                                      s->worker.cause == WORKER_CAUSE_ZOMBIE ||
                                      s->worker.cause == WORKER_CAUSE_LEFT);
        if (!s->inherited && (worker_is_live(s->worker.state) || s->worker.leaving) &&
            (left || fleet_pending(f, i) != WORKER_CAUSE_NONE))
            return i;
    }
    return SEAT_NOBODY;
}
