/* What a fleet of overlapping lives tells its rollout, and what comes of that. */
#include "core/fleet/fleet_internal.h"
#include "core/fleet/fleet_seat.h"

unsigned fleet_seats(const struct fleet_ctx *c)
{
    return c->f->n_workers ? c->f->n_workers + c->conf->standby : 0;
}

static void tell(struct fleet_ctx *c, const struct rollout_action *told)
{
    static const enum fleet_action_type types[] = {
        [ROLLOUT_TELL_STATE] = FLEET_DO_TELL_ROLLOUT,
        [ROLLOUT_TELL_DONE] = FLEET_DO_TELL_RESTARTED,
        [ROLLOUT_TELL_FAILED] = FLEET_DO_TELL_RESTART_FAILED,
        [ROLLOUT_TELL_ROLLED_BACK] = FLEET_DO_TELL_RESTART_ROLLED_BACK,
        [ROLLOUT_TELL_SUPERSEDED] = FLEET_DO_TELL_RESTART_SUPERSEDED,
        [ROLLOUT_TELL_REFUSED] = FLEET_DO_TELL_ROLLOUT_REFUSED,
    };
    struct fleet_action *a = fleet_act(c, types[told->type], told->slot);
    a->operation = told->operation;
    a->steering = told->steering;
    a->took = told->took;
    a->cause = told->cause;
    a->rollout = told->state;
    a->rollout_before = told->before;
    a->generation = told->generation;
    a->from = told->from;
}

/* From the start of a life until another has made room for it, for every seat and one more. */
static usec_t patience(const struct fleet_ctx *c)
{
    const struct worker_conf *w = &c->conf->worker;
    usec_t one = usec_add(usec_add(w->start_timeout, w->drain_timeout),
        usec_add(w->stop_timeout, usec_add(w->abort_timeout, w->kill_timeout)));
    usec_t all = 0;
    for (unsigned i = 0; i <= fleet_seats(c); i++)
        all = usec_add(all, one);
    return all;
}

void fleet_rollout_step(struct fleet_ctx *c, struct rollout_event ev)
{
    struct fleet *f = c->f;
    ev.now = c->now;
    ev.patience = patience(c);
    struct rollout_update u = rollout_step(&c->conf->rollout, f->rollout, ev);
    f->rollout = u.next;
    for (unsigned i = 0; i < u.n_actions; i++)
        tell(c, &u.actions[i]);
}

void fleet_rollout_tell(struct fleet_ctx *c, enum rollout_event_type type)
{
    fleet_rollout_step(c, (struct rollout_event){.type = type});
}

/* Nobody stands in for a new life, none is missing, and none has failed lately: a crash loop that
 * begins within KeepWarm is seen to its end. */
static bool is_warm_over(const struct fleet *f, const struct fleet_slot *s)
{
    bool verified = s->worker.state == WORKER_STANDBY || s->worker.state == WORKER_SERVING;
    return !s->wanted || (verified && !seat_is_wrong(f, s) && s->restart.failures_in_row == 0);
}

static bool is_settled(const struct fleet *f)
{
    for (unsigned i = 0; i < f->n_slots; i++) {
        const struct fleet_slot *s = &f->slots[i];
        if (f->rollout.state == ROLLOUT_WARM && !is_warm_over(f, s))
            return false;
        if (f->rollout.state == ROLLOUT_BAKING && seat_is_canary(f, s) && !seat_is_sound(f, s))
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
        if (seat_is_wrong(c->f, s) || seat_is_sick(s))
            return false;
        verified += s->worker.state == WORKER_STANDBY || s->worker.state == WORKER_SERVING;
    }
    return verified == fleet_seats(c) && fleet_serving(c->f) == c->f->n_workers;
}

static bool is_rolled_back(const struct fleet *f)
{
    for (unsigned i = 0; i < f->n_slots; i++) {
        if (f->slots[i].wanted && seat_is_wrong(f, &f->slots[i]))
            return false;
    }
    return true;
}

static bool is_canary_done(const struct fleet_ctx *c)
{
    return seat_count(c->f, seat_is_serving_canary) >=
           rollout_canaries(&c->conf->rollout, c->f->n_workers);
}

void fleet_rollout_judge(struct fleet_ctx *c)
{
    struct fleet *f = c->f;
    bool done = fleet_seats(c) == 0;
    if (is_canary_done(c))
        fleet_rollout_tell(c, ROLLOUT_EV_SWITCHED);
    if (is_settled(f))
        fleet_rollout_tell(c, ROLLOUT_EV_SETTLED);
    switch (f->rollout.state) {
    case ROLLOUT_ROLLING:
        done = done || is_rolled_out(c);
        break;
    case ROLLOUT_BACK:
        done = done || is_rolled_back(f);
        break;
    case ROLLOUT_IDLE:
    case ROLLOUT_CANARY:
    case ROLLOUT_BAKING:
    case ROLLOUT_WARM:
    case ROLLOUT_HOLD:
        break;
    }
    if (done)
        fleet_rollout_step(c, (struct rollout_event){.type = ROLLOUT_EV_COMPLETE,
                                  .serving = fleet_serving(f) > 0 || f->n_workers == 0});
}

/* A life that shall not be begun again here is replaced by what was paused for it. */
void fleet_rollout_blame(struct fleet_ctx *c, unsigned i, enum worker_cause cause)
{
    bool canary = c->f->rollout.state == ROLLOUT_CANARY || c->f->rollout.state == ROLLOUT_BAKING;
    if (c->f->slots[i].generation != c->f->rollout.generation)
        return;
    if (canary && !worker_is_live(c->f->slots[i].worker.state))
        fleet_slot_release(c, i);
    fleet_rollout_step(c, (struct rollout_event){.type = ROLLOUT_EV_FAILED,
                              .slot = i,
                              .cause = cause,
                              .unwatched = c->f->slots[i].unwatched});
}

void fleet_rollout_on_verdict(struct fleet_ctx *c, unsigned i, enum worker_cause cause)
{
    if (cause != WORKER_CAUSE_NONE)
        fleet_rollout_blame(c, i, cause);
}

void fleet_rollout_on_loop(struct fleet_ctx *c, unsigned i)
{
    const struct fleet_slot *s = &c->f->slots[i];
    if (c->f->rollout.state == ROLLOUT_WARM && s->generation == c->f->rollout.generation)
        fleet_rollout_step(c, (struct rollout_event){.type = ROLLOUT_EV_FAILED,
                                  .slot = i,
                                  .cause = s->last_cause,
                                  .unwatched = s->unwatched});
}

void fleet_rollout_on_errors(struct fleet_ctx *c, unsigned i)
{
    struct fleet_slot *s = &c->f->slots[i];
    enum rollout_state state = c->f->rollout.state;
    bool concerned = state != ROLLOUT_IDLE && state != ROLLOUT_BACK && !c->f->rollout.outage;
    if (!concerned || !worker_is_live(s->worker.state) || s->generation != c->f->rollout.generation)
        return;
    s->errors = true;
    fleet_rollout_blame(c, i, WORKER_CAUSE_ERRORS);
}
