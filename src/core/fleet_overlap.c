/*
 * Who serves, who is spare and who goes, when lives overlap. Nothing is remembered for it: after
 * every event the same questions are asked of the state, in this order, until nothing changes.
 *
 *   serve    fewer than n_workers serve: the best spare, else the best paused one, takes over
 *   settle   the phase of the rollout has passed
 *   drop     a life that is not wanted any more and not verified yet goes at once
 *   switch   a life that shall be replaced, and a sound one to take its place: that one is
 *            activated first, then the other is paused
 *   trim     more than is wanted: the worst go, those that serve are paused
 *   judge    the rollout has come to its end, or its canary serves
 *   begin    too few: a slot is claimed, as long as FLEET_SURGE allows
 *   send     paused lives without callers, and spares that nobody wants, get KillSignal
 *
 * A life shall be replaced when its prober gave it up, or when its generation is the wrong one.
 */
#include "core/fleet_internal.h"

enum { NOBODY = LIMIT_WORKERS };

/* ---- what the slots are ---- */

static bool is_live(enum worker_state state)
{
    switch (state) {
    case WORKER_SPAWNING:
    case WORKER_STARTING:
    case WORKER_STANDBY:
    case WORKER_SERVING:
    case WORKER_DRAINING:
        return true;
    case WORKER_GONE:
    case WORKER_STOPPING:
    case WORKER_KILLED:
        break;
    }
    return false;
}

static bool is_sick(const struct fleet_slot *s)
{
    return s->prober.state == PROBER_FAILED;
}

/* A slot whose life has ended gets one of the right generation next. */
static bool is_wrong(const struct fleet *f, const struct fleet_slot *s)
{
    return is_live(s->worker.state) && rollout_is_wrong(f->rollout, s->generation);
}

/* For its generation's sake, but not before a canary has proven the next. */
static bool is_outdated(const struct fleet *f, const struct fleet_slot *s)
{
    switch (f->rollout.state) {
    case ROLLOUT_IDLE:
    case ROLLOUT_CANARY:
    case ROLLOUT_BAKING:
        return false;
    case ROLLOUT_ROLLING:
    case ROLLOUT_WARM:
    case ROLLOUT_BACK:
        break;
    }
    return is_wrong(f, s);
}

static bool is_to_replace(const struct fleet *f, const struct fleet_slot *s)
{
    return s->wanted && (is_sick(s) || is_outdated(f, s));
}

/* Nobody is replaced by a new generation while the dependency is down. */
static bool is_due(const struct fleet *f, const struct fleet_slot *s)
{
    bool held = f->rollout.held && f->rollout.state != ROLLOUT_BACK;
    return is_to_replace(f, s) && (is_sick(s) || !held);
}

static bool is_held(const struct fleet *f, const struct fleet_slot *s)
{
    return is_to_replace(f, s) && !is_due(f, s);
}

static bool is_canary(const struct fleet *f, const struct fleet_slot *s)
{
    return (f->rollout.state == ROLLOUT_CANARY || f->rollout.state == ROLLOUT_BAKING) &&
           s->wanted && is_live(s->worker.state) && s->generation == f->rollout.generation &&
           !is_sick(s);
}

/* Healthy, with all that it needs as far as that is there. */
static bool is_sound(const struct fleet *f, const struct fleet_slot *s)
{
    return s->prober.state == PROBER_HEALTHY &&
           !(s->prober.degraded && f->dependency == DEPENDENCY_UP);
}

static bool is_keeper(const struct fleet *f, const struct fleet_slot *s)
{
    return s->wanted && !is_to_replace(f, s) && !is_canary(f, s);
}

bool fleet_overlap_is_warm(const struct fleet *f, unsigned i)
{
    const struct fleet_slot *s = &f->slots[i];
    bool kept = f->rollout.state == ROLLOUT_BAKING || f->rollout.state == ROLLOUT_WARM;
    bool paused = s->worker.state == WORKER_STANDBY || s->worker.state == WORKER_DRAINING;
    return kept && paused && !s->wanted && s->life == f->rollout.warm_life;
}

static unsigned seats(const struct fleet_ctx *c)
{
    return c->f->n_workers ? c->f->n_workers + c->conf->standby : 0;
}

static unsigned count(
    const struct fleet *f, bool (*is)(const struct fleet *, const struct fleet_slot *))
{
    unsigned n = 0;
    for (unsigned i = 0; i < f->n_slots; i++)
        n += is(f, &f->slots[i]);
    return n;
}

static bool is_occupied(const struct fleet *f, const struct fleet_slot *s)
{
    (void)f;
    return s->wanted || s->worker.state != WORKER_GONE;
}

static bool is_spare(const struct fleet *f, const struct fleet_slot *s)
{
    return is_keeper(f, s) && s->worker.state == WORKER_STANDBY;
}

/* ---- the rollout's machine ---- */

static void tell(struct fleet_ctx *c, const struct rollout_action *told)
{
    static const enum fleet_action_type types[] = {
        [ROLLOUT_TELL_STATE] = FLEET_DO_TELL_ROLLOUT,
        [ROLLOUT_TELL_DONE] = FLEET_DO_TELL_RESTARTED,
        [ROLLOUT_TELL_FAILED] = FLEET_DO_TELL_RESTART_FAILED,
        [ROLLOUT_TELL_ROLLED_BACK] = FLEET_DO_TELL_RESTART_ROLLED_BACK,
        [ROLLOUT_TELL_SUPERSEDED] = FLEET_DO_TELL_RESTART_SUPERSEDED,
    };
    struct fleet_action *a = fleet_act(c, types[told->type], told->slot);
    a->operation = told->operation;
    a->took = told->took;
    a->cause = told->cause;
    a->rollout = told->state;
    a->generation = c->f->rollout.generation;
}

/* From the start of a life until another has made room for it, for every seat and one more. */
static usec_t patience(const struct fleet_ctx *c)
{
    const struct worker_conf *w = &c->conf->worker;
    usec_t one = usec_add(usec_add(w->start_timeout, w->drain_timeout),
        usec_add(w->stop_timeout, usec_add(w->abort_timeout, w->kill_timeout)));
    usec_t all = 0;
    for (unsigned i = 0; i <= seats(c); i++)
        all = usec_add(all, one);
    return all;
}

void fleet_overlap_rollout(struct fleet_ctx *c, struct rollout_event ev)
{
    struct fleet *f = c->f;
    ev.now = c->now;
    ev.patience = patience(c);
    struct rollout_update u = rollout_step(&c->conf->rollout, f->rollout, ev);
    f->rollout = u.next;
    for (unsigned i = 0; i < u.n_actions; i++)
        tell(c, &u.actions[i]);
}

static void rollout(struct fleet_ctx *c, enum rollout_event_type type)
{
    fleet_overlap_rollout(c, (struct rollout_event){.type = type});
}

/* ---- serve ---- */

/* 0: it cannot serve. A spare before a paused one, a healthy before a suspect one. */
static unsigned worth(const struct fleet *f, const struct fleet_slot *s)
{
    bool spare = s->worker.state == WORKER_STANDBY;
    if (!spare && s->worker.state != WORKER_DRAINING)
        return 0;
    if (s->prober.state != PROBER_HEALTHY && s->prober.state != PROBER_SUSPECT)
        return 0;
    return 1U + (s->prober.state == PROBER_HEALTHY) + 2U * spare + 4U * !is_wrong(f, s);
}

static void activate(struct fleet_ctx *c, unsigned i)
{
    c->f->slots[i].wanted = true;
    c->f->slots[i].drained = false;
    fleet_slot_worker(c, i, (struct worker_event){.type = WORKER_EV_ACTIVATE});
}

static void serve(struct fleet_ctx *c)
{
    struct fleet *f = c->f;
    while (fleet_serving(f) < f->n_workers) {
        unsigned best = NOBODY;
        unsigned most = 0;
        for (unsigned i = 0; i < f->n_slots; i++) {
            if (worth(f, &f->slots[i]) > most) {
                most = worth(f, &f->slots[i]);
                best = i;
            }
        }
        if (best == NOBODY)
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
    if (verified && !is_sick(s) && s->generation != c->f->rollout.generation)
        fleet_overlap_rollout(
            c, (struct rollout_event){.type = ROLLOUT_EV_REPLACED, .life = s->life});
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

/* What was begun, or waits for its retry, because of another generation; retries begin anew. */
static void drop_unproven(struct fleet_ctx *c)
{
    for (unsigned i = 0; i < c->f->n_slots; i++) {
        const struct fleet_slot *s = &c->f->slots[i];
        bool unproven = s->worker.state == WORKER_GONE || s->worker.state == WORKER_SPAWNING ||
                        s->worker.state == WORKER_STARTING;
        if (s->wanted && unproven && rollout_is_wrong(c->f->rollout, s->generation))
            retire(c, i, WORKER_CAUSE_RESTART);
    }
}

/* How much rather this one is paused than another; the canary last. */
static unsigned unwantedness(const struct fleet *f, const struct fleet_slot *s)
{
    const struct rollout *r = &f->rollout;
    uint64_t best = r->state == ROLLOUT_BACK ? r->from : r->generation;
    return 4U * is_sick(s) + 2U * is_wrong(f, s) + (s->generation != best);
}

/* More than n_workers serve: in the order of a rollout the lowest goes, of equals the highest. */
static void pause_surplus(struct fleet_ctx *c)
{
    struct fleet *f = c->f;
    while (fleet_serving(f) > f->n_workers) {
        unsigned worst = NOBODY;
        unsigned most = 0;
        for (unsigned i = 0; i < f->n_slots; i++) {
            const struct fleet_slot *s = &f->slots[i];
            if (s->worker.state != WORKER_SERVING)
                continue;
            unsigned u = unwantedness(f, s);
            if (worst == NOBODY || u > most || (u == most && u == 0)) {
                most = u;
                worst = i;
            }
        }
        retire(c, worst, cause_of(f, worst));
    }
}

/* Who can take the place of `s` now; NOBODY if none. */
static unsigned find_substitute(const struct fleet_ctx *c, const struct fleet_slot *s)
{
    const struct fleet *f = c->f;
    bool back =
        is_wrong(f, s) && f->rollout.state != ROLLOUT_ROLLING && f->rollout.state != ROLLOUT_WARM;
    bool at_once = is_sick(s) || back; /* also by the last spare, also by one that was paused */
    bool spares = at_once || count(f, is_spare) > c->conf->standby;
    unsigned best = NOBODY;
    for (unsigned i = 0; i < f->n_slots; i++) {
        const struct fleet_slot *o = &f->slots[i];
        bool paused = o->worker.state == WORKER_DRAINING && !is_wrong(f, o);
        if (!is_sound(f, o))
            continue;
        if (spares && is_spare(f, o))
            return i;
        if (at_once && paused && best == NOBODY)
            best = i;
    }
    return best;
}

static void switch_over(struct fleet_ctx *c)
{
    struct fleet *f = c->f;
    for (unsigned i = 0; i < f->n_slots; i++) {
        const struct fleet_slot *s = &f->slots[i];
        bool superseded = !is_to_replace(f, s) && is_wrong(f, s) && !f->rollout.held;
        if (s->worker.state == WORKER_STANDBY && is_canary(f, s) && is_sound(f, s) &&
            !f->rollout.held) {
            activate(c, i);
            pause_surplus(c);
        } else if (s->worker.state == WORKER_SERVING && (is_due(f, s) || superseded)) {
            unsigned other = find_substitute(c, s);
            if (other != NOBODY) {
                activate(c, other);
                retire(c, i, cause_of(f, i));
            }
        }
    }
}

static bool is_due_spare(const struct fleet *f, const struct fleet_slot *s)
{
    return s->worker.state == WORKER_STANDBY && is_due(f, s);
}

/* Seats that are taken for good; a canary that serves has taken one. */
static unsigned filled(const struct fleet *f)
{
    bool baking = f->rollout.state == ROLLOUT_BAKING;
    return count(f, is_keeper) + (baking ? count(f, is_canary) : 0);
}

/* Of the seats that are too many the least advanced goes; the order of worker states says which. */
static void trim(struct fleet_ctx *c)
{
    struct fleet *f = c->f;
    pause_surplus(c);
    for (unsigned i = 0; i < f->n_slots; i++) {
        const struct fleet_slot *s = &f->slots[i];
        if (is_due_spare(f, s) && count(f, is_spare) + count(f, is_due_spare) > c->conf->standby)
            retire(c, i, cause_of(f, i));
    }
    while (filled(f) > seats(c)) {
        unsigned least = NOBODY;
        for (unsigned i = 0; i < f->n_slots; i++) {
            const struct fleet_slot *s = &f->slots[i];
            if (is_keeper(f, s) && s->worker.state != WORKER_SERVING &&
                (least == NOBODY || s->worker.state <= f->slots[least].worker.state))
                least = i;
        }
        if (least == NOBODY)
            return;
        retire(c, least, WORKER_CAUSE_STOP);
    }
}

/* ---- begin ---- */

static unsigned find_free(const struct fleet_ctx *c)
{
    if (count(c->f, is_occupied) >= seats(c) + FLEET_SURGE)
        return NOBODY;
    for (unsigned i = 0; i < LIMIT_WORKERS; i++) {
        if (!is_occupied(c->f, &c->f->slots[i]))
            return i;
    }
    return NOBODY;
}

/* A life that is replaced for its own fault hands its count of failures on, so that a replacement
 * which fails in the same way comes later and later. */
static unsigned find_parent(const struct fleet *f)
{
    for (unsigned i = 0; i < f->n_slots; i++) {
        const struct fleet_slot *s = &f->slots[i];
        bool left = !s->wanted && (s->worker.cause == WORKER_CAUSE_UNHEALTHY ||
                                      s->worker.cause == WORKER_CAUSE_ZOMBIE);
        if (!s->inherited && is_live(s->worker.state) &&
            (left || fleet_pending(f, i) != WORKER_CAUSE_NONE))
            return i;
    }
    return NOBODY;
}

static void claim(struct fleet_ctx *c, unsigned i, bool canary)
{
    struct fleet *f = c->f;
    const struct rollout *r = &f->rollout;
    unsigned parent = find_parent(f);
    f->slots[i].wanted = true;
    if (f->n_slots <= i)
        f->n_slots = i + 1;
    if (r->state != ROLLOUT_IDLE && r->owed && (canary || rollout_proven(*r) == r->generation))
        fleet_act(c, FLEET_DO_TELL_RESTART_STEP, i)->operation = r->operation;
    if (canary)
        fleet_slot_start(c, i, r->generation);
    else if (parent == NOBODY)
        fleet_slot_start(c, i, rollout_proven(*r));
    else
        fleet_slot_inherit(c, i, parent,
            f->slots[parent].wanted ? fleet_pending(f, parent) : f->slots[parent].worker.cause);
}

static void begin_lives(struct fleet_ctx *c)
{
    struct fleet *f = c->f;
    unsigned i = find_free(c);
    bool canary = f->rollout.state == ROLLOUT_CANARY && !f->rollout.held && seats(c) > 0;
    if (i != NOBODY && canary && count(f, is_canary) == 0)
        claim(c, i, true);
    unsigned taken = filled(f) + count(f, is_held);
    if (f->rollout.state == ROLLOUT_WARM && taken < seats(c) &&
        count(f, is_occupied) > taken + FLEET_SURGE) {
        rollout(c, ROLLOUT_EV_SETTLED); /* the place of the warm one is needed */
        return;
    }
    for (; taken < seats(c); taken++) {
        i = find_free(c);
        if (i == NOBODY)
            return;
        claim(c, i, false);
    }
}

/* ---- judge, send, and the whole ---- */

static bool is_settled(const struct fleet *f)
{
    for (unsigned i = 0; i < f->n_slots; i++) {
        const struct fleet_slot *s = &f->slots[i];
        if (f->rollout.state == ROLLOUT_WARM && s->wanted && is_wrong(f, s))
            return false;
        if (is_canary(f, s) && f->rollout.state == ROLLOUT_BAKING && !is_sound(f, s))
            return false;
    }
    return rollout_time_is_up(f->rollout);
}

/* Every seat has a verified life of the new generation. */
static bool is_rolled_out(const struct fleet_ctx *c)
{
    unsigned verified = 0;
    for (unsigned i = 0; i < c->f->n_slots; i++) {
        const struct fleet_slot *s = &c->f->slots[i];
        if (!s->wanted)
            continue;
        if (is_wrong(c->f, s) || is_sick(s))
            return false;
        verified += s->worker.state == WORKER_STANDBY || s->worker.state == WORKER_SERVING;
    }
    return verified == seats(c) && fleet_serving(c->f) == c->f->n_workers;
}

static bool is_rolled_back(const struct fleet *f)
{
    for (unsigned i = 0; i < f->n_slots; i++) {
        if (f->slots[i].wanted && is_wrong(f, &f->slots[i]))
            return false;
    }
    return true;
}

static void judge(struct fleet_ctx *c)
{
    struct fleet *f = c->f;
    bool done = seats(c) == 0;
    switch (f->rollout.state) {
    case ROLLOUT_CANARY:
        for (unsigned i = 0; i < f->n_slots; i++) {
            if (is_canary(f, &f->slots[i]) && f->slots[i].worker.state == WORKER_SERVING)
                rollout(c, ROLLOUT_EV_SWITCHED);
        }
        break;
    case ROLLOUT_ROLLING:
        done = done || is_rolled_out(c);
        break;
    case ROLLOUT_BACK:
        done = done || is_rolled_back(f);
        break;
    case ROLLOUT_IDLE:
    case ROLLOUT_BAKING:
    case ROLLOUT_WARM:
        break;
    }
    if (done)
        fleet_overlap_rollout(c, (struct rollout_event){.type = ROLLOUT_EV_COMPLETE,
                                     .serving = fleet_serving(f) > 0 || f->n_workers == 0});
}

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
        serve(c);
        rollout(c, ROLLOUT_EV_TICK);
        if (is_settled(f))
            rollout(c, ROLLOUT_EV_SETTLED);
        drop_unproven(c);
        switch_over(c);
        trim(c);
        judge(c);
        begin_lives(c);
    } while (f->rollout.state != before);
    send_away(c);
}

/* A life that shall not be begun again here is replaced by what was paused for it. */
static void blame(struct fleet_ctx *c, unsigned i, enum worker_cause cause)
{
    bool canary = c->f->rollout.state == ROLLOUT_CANARY || c->f->rollout.state == ROLLOUT_BAKING;
    if (c->f->slots[i].generation != c->f->rollout.generation)
        return;
    if (canary && !is_live(c->f->slots[i].worker.state))
        fleet_slot_release(c, i);
    fleet_overlap_rollout(
        c, (struct rollout_event){.type = ROLLOUT_EV_FAILED, .slot = i, .cause = cause});
}

void fleet_overlap_on_left(struct fleet_ctx *c, unsigned i, enum worker_state before)
{
    const struct fleet_slot *s = &c->f->slots[i];
    if (c->f->stopping || !is_live(before) || is_live(s->worker.state))
        return;
    if (before == WORKER_SERVING)
        serve(c);
    if (s->wanted && c->f->rollout.state != ROLLOUT_WARM)
        blame(c, i, s->worker.cause);
}

void fleet_overlap_on_verdict(struct fleet_ctx *c, unsigned i, enum worker_cause cause)
{
    if (cause != WORKER_CAUSE_NONE)
        blame(c, i, cause);
}

void fleet_overlap_on_loop(struct fleet_ctx *c, unsigned i)
{
    if (c->f->rollout.state == ROLLOUT_WARM)
        blame(c, i, c->f->slots[i].last_cause);
}
