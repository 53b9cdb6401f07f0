/*
 * Who serves, who is spare and who goes, when lives overlap. Nothing is remembered for it: after
 * every event the same questions are asked of the state, in this order, until nothing changes.
 *
 *   serve    fewer than n_workers serve: the best spare, else the best paused one, takes over
 *   drop     a life that is not wanted any more and not verified yet goes at once
 *   switch   a life that shall be replaced, and a sound one to take its place: that one is
 *            activated first, then the other is paused
 *   trim     more than is wanted: the worst go, those that serve are paused
 *   judge    the rollout's canary serves, its phase has passed, it has come to its end
 *   begin    too few: a slot is claimed, as long as FLEET_SURGE allows
 *   send     paused lives without callers, and spares that nobody wants, get KillSignal
 *
 * What the slots are for each other, and who is the best for what, is answered in fleet_seat.c.
 */
#include "core/fleet/fleet_internal.h"
#include "core/fleet/fleet_seat.h"

/* A life that a rollback would activate again. */
static bool may_come_back(const struct fleet *f, const struct fleet_slot *s)
{
    return seat_is_paused(s) && !seat_is_sick(s) && s->generation == f->rollout.from;
}

/* One of them for each life that serves in its stead. */
static bool has_stand_in(const struct fleet *f, unsigned slot)
{
    unsigned stand_ins = 0;
    unsigned before = 0;
    for (unsigned i = 0; i < f->n_slots; i++) {
        const struct fleet_slot *s = &f->slots[i];
        stand_ins += s->worker.state == WORKER_SERVING && s->generation != f->rollout.from;
        before += i < slot && may_come_back(f, s);
    }
    return before < stand_ins;
}

bool fleet_overlap_is_warm(const struct fleet *f, unsigned i)
{
    const struct fleet_slot *s = &f->slots[i];
    switch (f->rollout.state) {
    case ROLLOUT_CANARY:
    case ROLLOUT_BAKING:
    case ROLLOUT_HOLD:
    case ROLLOUT_BACK:
        return may_come_back(f, s) && has_stand_in(f, i);
    case ROLLOUT_WARM:
        return may_come_back(f, s) && s->life == f->rollout.warm_life;
    case ROLLOUT_IDLE:
    case ROLLOUT_ROLLING:
        break;
    }
    return false;
}

/* ---- serve ---- */

static void activate(struct fleet_ctx *c, unsigned i)
{
    c->f->slots[i].wanted = true;
    c->f->slots[i].drained = false;
    fleet_slot_worker(c, i, (struct worker_event){.type = WORKER_EV_ACTIVATE});
}

void fleet_overlap_serve(struct fleet_ctx *c)
{
    struct fleet *f = c->f;
    while (fleet_serving(f) < f->n_workers) {
        unsigned best = seat_best_idle(f);
        if (best == SEAT_NOBODY)
            return;
        activate(c, best);
    }
}

/* ---- drop, switch, trim ---- */

/* Pauses what serves, stops what was never verified; a spare is sent away or kept warm later. */
static void retire(struct fleet_ctx *c, unsigned i, enum worker_cause cause)
{
    struct fleet_slot *s = &c->f->slots[i];
    bool verified = s->worker.state == WORKER_STANDBY || s->worker.state == WORKER_SERVING;
    if (verified && !seat_is_sick(s) && s->generation != c->f->rollout.generation)
        fleet_rollout_step(c, (struct rollout_event){.type = ROLLOUT_EV_REPLACED, .life = s->life});
    fleet_slot_release(c, i);
    if (s->worker.state == WORKER_SERVING)
        fleet_slot_worker(c, i, (struct worker_event){.type = WORKER_EV_DRAIN, .cause = cause});
    else if (!verified)
        fleet_slot_worker(c, i, (struct worker_event){.type = WORKER_EV_STOP, .cause = cause});
}

static enum worker_cause cause_of(const struct fleet *f, unsigned i)
{
    enum worker_cause cause = fleet_pending(f, i);
    if (cause != WORKER_CAUSE_NONE)
        return cause;
    return f->rollout.state == ROLLOUT_IDLE ? WORKER_CAUSE_STOP : WORKER_CAUSE_RESTART;
}

/* What was begun, or waits for its retry, because of another generation; retries begin anew. While
 * a rollout is held the new generation is another one for what is not verified. */
static void drop_unproven(struct fleet_ctx *c)
{
    for (unsigned i = 0; i < c->f->n_slots; i++) {
        const struct fleet_slot *s = &c->f->slots[i];
        bool unproven = s->worker.state == WORKER_GONE || s->worker.state == WORKER_SPAWNING ||
                        s->worker.state == WORKER_STARTING;
        bool other = rollout_is_wrong(c->f->rollout, s->generation) ||
                     rollout_is_held(c->f->rollout, s->generation);
        if (s->wanted && unproven && other)
            retire(c, i, WORKER_CAUSE_RESTART);
    }
}

static void pause_surplus(struct fleet_ctx *c)
{
    struct fleet *f = c->f;
    while (fleet_serving(f) > f->n_workers) {
        unsigned worst = seat_worst_serving(f, c->callers);
        retire(c, worst, cause_of(f, worst));
    }
}

static void switch_over(struct fleet_ctx *c)
{
    struct fleet *f = c->f;
    for (unsigned i = 0; i < f->n_slots; i++) {
        const struct fleet_slot *s = &f->slots[i];
        bool superseded = !seat_is_to_replace(f, s) && seat_is_wrong(f, s) && !f->rollout.outage;
        if (s->worker.state == WORKER_STANDBY && seat_is_canary(f, s) && seat_is_sound(f, s) &&
            !f->rollout.outage) {
            activate(c, i);
            pause_surplus(c);
        } else if (s->worker.state == WORKER_SERVING && (seat_is_due(f, s) || superseded)) {
            unsigned other = seat_substitute(f, s, c->conf->standby);
            if (other != SEAT_NOBODY) {
                activate(c, other);
                retire(c, i, cause_of(f, i));
            }
        }
    }
}

/* Of the seats that are too many the least advanced goes; the order of worker states says which. */
static void trim(struct fleet_ctx *c)
{
    struct fleet *f = c->f;
    pause_surplus(c);
    for (unsigned i = 0; i < f->n_slots; i++) {
        const struct fleet_slot *s = &f->slots[i];
        if (seat_is_due_spare(f, s) &&
            seat_count(f, seat_is_spare) + seat_count(f, seat_is_due_spare) > c->conf->standby)
            retire(c, i, cause_of(f, i));
    }
    while (seat_filled(f) > fleet_seats(c)) {
        unsigned least = seat_least_advanced(f);
        if (least == SEAT_NOBODY)
            return;
        retire(c, least, WORKER_CAUSE_STOP);
    }
}

/* ---- begin ---- */

static unsigned find_free(const struct fleet_ctx *c)
{
    if (seat_count(c->f, seat_is_occupied) >= fleet_seats(c) + fleet_surge(c->conf, c->f))
        return SEAT_NOBODY;
    for (unsigned i = 0; i < LIMIT_WORKERS; i++) {
        if (!seat_is_occupied(c->f, &c->f->slots[i]))
            return i;
    }
    return SEAT_NOBODY;
}

static void claim(struct fleet_ctx *c, unsigned i, bool canary)
{
    struct fleet *f = c->f;
    const struct rollout *r = &f->rollout;
    unsigned parent = seat_parent(f);
    f->slots[i].wanted = true;
    if (f->n_slots <= i)
        f->n_slots = i + 1;
    if (r->state != ROLLOUT_IDLE && (r->owed || r->steered) &&
        (canary || rollout_proven(*r) == r->generation)) {
        struct fleet_action *a = fleet_act(c, FLEET_DO_TELL_RESTART_STEP, i);
        a->operation = r->owed ? r->operation : 0;
        a->steering = r->steered ? r->steering : 0;
    }
    if (canary)
        fleet_slot_start(c, i, r->generation);
    else if (parent == SEAT_NOBODY)
        fleet_slot_start(c, i, rollout_proven(*r));
    else
        fleet_slot_inherit(c, i, parent,
            f->slots[parent].wanted ? fleet_pending(f, parent) : f->slots[parent].worker.cause);
}

/* One after another, so that a bad generation has one bad life and callers keep their CPU. */
static bool may_begin_canary(const struct fleet_ctx *c)
{
    const struct fleet *f = c->f;
    return f->rollout.state == ROLLOUT_CANARY && !f->rollout.outage && fleet_seats(c) > 0 &&
           seat_count(f, seat_is_canary) < rollout_canaries(&c->conf->rollout, f->n_workers) &&
           seat_count(f, seat_is_canary) == seat_count(f, seat_is_serving_canary);
}

/* Nobody is missing, and the life that shall replace the next one is under way. */
static bool is_rolling_on(const struct fleet_ctx *c)
{
    return c->f->rollout.state == ROLLOUT_ROLLING &&
           seat_count(c->f, seat_is_wanted) > fleet_seats(c) &&
           seat_count(c->f, seat_is_unproven) > 0;
}

static bool is_anyone_warm(const struct fleet *f)
{
    for (unsigned i = 0; i < f->n_slots; i++) {
        if (fleet_overlap_is_warm(f, i))
            return true;
    }
    return false;
}

static void begin_lives(struct fleet_ctx *c)
{
    struct fleet *f = c->f;
    unsigned i = find_free(c);
    if (i != SEAT_NOBODY && may_begin_canary(c))
        claim(c, i, true);
    unsigned taken = seat_filled(f) + seat_count(f, seat_is_held);
    if (f->rollout.state == ROLLOUT_WARM && taken < fleet_seats(c) && i == SEAT_NOBODY &&
        is_anyone_warm(f)) {
        fleet_rollout_tell(c, ROLLOUT_EV_SETTLED); /* the place of the warm one is needed */
        return;
    }
    for (; taken < fleet_seats(c); taken++) {
        i = find_free(c);
        if (i == SEAT_NOBODY || is_rolling_on(c))
            return;
        claim(c, i, false);
    }
}

/* ---- send, and the whole ---- */

static void send_away(struct fleet_ctx *c)
{
    for (unsigned i = 0; i < c->f->n_slots; i++) {
        struct fleet_slot *s = &c->f->slots[i];
        if (s->wanted || fleet_overlap_is_warm(c->f, i))
            continue;
        if (s->worker.state == WORKER_STANDBY)
            fleet_slot_worker(
                c, i, (struct worker_event){.type = WORKER_EV_STOP, .cause = WORKER_CAUSE_RESTART});
        else if (s->worker.state == WORKER_DRAINING && s->drained)
            fleet_slot_worker(c, i, (struct worker_event){.type = WORKER_EV_DRAINED});
        else if (s->worker.state == WORKER_DRAINING && c->now >= worker_deadline(s->worker))
            fleet_slot_worker(c, i, (struct worker_event){.type = WORKER_EV_TICK});
    }
}

void fleet_overlap_balance(struct fleet_ctx *c)
{
    struct fleet *f = c->f;
    enum rollout_state before;
    if (f->stopping)
        return;
    do {
        before = f->rollout.state;
        fleet_overlap_serve(c);
        fleet_rollout_tell(c, ROLLOUT_EV_TICK);
        if (fleet_resume_waits(f))
            return;
        drop_unproven(c);
        switch_over(c);
        trim(c);
        fleet_rollout_judge(c);
        begin_lives(c);
    } while (f->rollout.state != before);
    send_away(c);
}

void fleet_overlap_on_left(struct fleet_ctx *c, unsigned i, enum worker_state before)
{
    const struct fleet_slot *s = &c->f->slots[i];
    if (c->f->stopping || !worker_is_live(before) || worker_is_live(s->worker.state))
        return;
    if (before == WORKER_SERVING)
        fleet_overlap_serve(c);
    if (s->wanted && c->f->rollout.state != ROLLOUT_WARM)
        fleet_rollout_blame(c, i, s->worker.cause);
}
