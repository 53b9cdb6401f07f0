/* Phases, deadlines and verdicts of a rollout. */
#include "core/fleet/rollout.h"

#include <assert.h>

static struct rollout_action *tell(
    struct rollout_update *u, enum rollout_action_type type, usec_t now)
{
    assert(u->n_actions < ROLLOUT_STEP_ACTIONS_MAX);
    struct rollout_action *a = &u->actions[u->n_actions++];
    *a = (struct rollout_action){.type = type,
        .state = u->next.state,
        .operation = u->next.owed ? u->next.operation : 0,
        .steering = u->next.steered ? u->next.steering : 0,
        .generation = u->next.generation,
        .from = u->next.from,
        .took = usec_sub(now, u->next.began_at),
        .cause = u->next.cause,
        .slot = u->next.slot};
    return a;
}

/* The only writer of `state`. */
static void enter(struct rollout_update *u, enum rollout_state state, usec_t now)
{
    enum rollout_state before = u->next.state;
    u->next.state = state;
    u->next.until = USEC_INFINITY;
    tell(u, ROLLOUT_TELL_STATE, now)->before = before;
}

static void end_steering(struct rollout_update *u, enum rollout_action_type type, usec_t now)
{
    if (u->next.steered)
        tell(u, type, now)->operation = u->next.steering;
    u->next.steered = false;
}

/* Who asked is told once; a rollout that goes back after its verdict may have nobody to tell. */
static void verdict(struct rollout_update *u, enum rollout_action_type type, usec_t now)
{
    if (u->next.owed)
        tell(u, type, now);
    u->next.owed = false;
    end_steering(u, type, now);
}

static void finish(struct rollout_update *u, uint64_t generation, usec_t now)
{
    u->next.generation = generation;
    u->next.warm_life = 0;
    u->next.deadline = USEC_INFINITY;
    enter(u, ROLLOUT_IDLE, now);
}

static void go_back(
    struct rollout_update *u, const struct rollout_event *ev, enum worker_cause cause)
{
    u->next.cause = cause;
    u->next.slot = ev->slot;
    u->next.deadline = usec_add(ev->now, ev->patience);
    enter(u, ROLLOUT_BACK, ev->now);
}

/* The new generation is not good enough: whoever is configured to decides what comes of it. */
static void fail(struct rollout_update *u, const struct rollout_conf *conf,
    const struct rollout_event *ev, enum worker_cause cause)
{
    if (!conf->hold) {
        go_back(u, ev, cause);
        return;
    }
    u->next.failed_in = u->next.state;
    u->next.cause = cause;
    u->next.slot = ev->slot;
    u->next.deadline = USEC_INFINITY;
    enter(u, ROLLOUT_HOLD, ev->now);
}

static usec_t last_moment(const struct rollout_conf *conf, const struct rollout_event *ev)
{
    return usec_add(ev->now, usec_add(conf->bake, ev->patience));
}

static void begin(
    struct rollout_update *u, const struct rollout_conf *conf, const struct rollout_event *ev)
{
    struct rollout *r = &u->next;
    verdict(u, ROLLOUT_TELL_SUPERSEDED, ev->now);
    if (r->state == ROLLOUT_IDLE || r->state == ROLLOUT_WARM)
        r->from = r->generation;
    r->generation = ++r->latest;
    r->operation = ev->operation;
    r->owed = true;
    r->cause = WORKER_CAUSE_NONE;
    r->slot = 0;
    r->warm_life = 0;
    r->began_at = ev->now;
    r->deadline = last_moment(conf, ev);
    enter(u, ROLLOUT_CANARY, ev->now);
}

static void complete(
    struct rollout_update *u, const struct rollout_conf *conf, const struct rollout_event *ev)
{
    struct rollout *r = &u->next;
    switch (r->state) {
    case ROLLOUT_CANARY:
    case ROLLOUT_BAKING:
    case ROLLOUT_ROLLING:
        verdict(u, ROLLOUT_TELL_DONE, ev->now);
        if (r->warm_life == 0 || conf->keep_warm == 0) {
            finish(u, r->generation, ev->now);
            break;
        }
        enter(u, ROLLOUT_WARM, ev->now);
        r->deadline = USEC_INFINITY;
        r->until = usec_add(r->switched_at, conf->keep_warm);
        break;
    case ROLLOUT_BACK:
        verdict(u, ev->serving ? ROLLOUT_TELL_ROLLED_BACK : ROLLOUT_TELL_FAILED, ev->now);
        finish(u, r->from, ev->now);
        break;
    case ROLLOUT_IDLE:
    case ROLLOUT_WARM:
    case ROLLOUT_HOLD:
        break;
    }
}

static void failed(
    struct rollout_update *u, const struct rollout_conf *conf, const struct rollout_event *ev)
{
    bool excused = u->next.outage || ev->unwatched || ev->cause == WORKER_CAUSE_ZOMBIE;
    switch (u->next.state) {
    case ROLLOUT_BAKING:
        if (excused)
            enter(u, ROLLOUT_CANARY, ev->now);
        break;
    case ROLLOUT_CANARY:
    case ROLLOUT_ROLLING:
    case ROLLOUT_WARM:
        break;
    case ROLLOUT_IDLE:
    case ROLLOUT_HOLD:
    case ROLLOUT_BACK:
        return;
    }
    if (!excused)
        fail(u, conf, ev, ev->cause);
}

/* Whoever steered before is superseded; BEGIN's asker goes on waiting. */
static void steer(struct rollout_update *u, const struct rollout_event *ev)
{
    end_steering(u, ROLLOUT_TELL_SUPERSEDED, ev->now);
    u->next.steered = true;
    u->next.steering = ev->operation;
}

static void refuse(struct rollout_update *u, const struct rollout_event *ev)
{
    tell(u, ROLLOUT_TELL_REFUSED, ev->now)->operation = ev->operation;
}

static void cancel(struct rollout_update *u, const struct rollout_event *ev)
{
    switch (u->next.state) {
    case ROLLOUT_CANARY:
    case ROLLOUT_BAKING:
    case ROLLOUT_ROLLING:
    case ROLLOUT_WARM:
    case ROLLOUT_HOLD:
        steer(u, ev);
        go_back(u, ev, WORKER_CAUSE_RESTART);
        break;
    case ROLLOUT_IDLE:
    case ROLLOUT_BACK:
        refuse(u, ev);
        break;
    }
}

static void promote(
    struct rollout_update *u, const struct rollout_conf *conf, const struct rollout_event *ev)
{
    struct rollout *r = &u->next;
    bool proven = r->failed_in == ROLLOUT_ROLLING || r->failed_in == ROLLOUT_WARM;
    switch (r->state) {
    case ROLLOUT_BAKING:
        steer(u, ev);
        enter(u, ROLLOUT_ROLLING, ev->now);
        break;
    case ROLLOUT_WARM:
        steer(u, ev);
        r->until = USEC_INFINITY;
        break;
    case ROLLOUT_HOLD:
        steer(u, ev);
        r->cause = WORKER_CAUSE_NONE;
        r->deadline = last_moment(conf, ev);
        enter(u, proven ? ROLLOUT_ROLLING : ROLLOUT_CANARY, ev->now);
        break;
    case ROLLOUT_IDLE:
    case ROLLOUT_CANARY:
    case ROLLOUT_ROLLING:
    case ROLLOUT_BACK:
        refuse(u, ev);
        break;
    }
}

/* What was measured or waited for before means nothing any more. */
static void renew(
    struct rollout *r, const struct rollout_conf *conf, const struct rollout_event *ev)
{
    switch (r->state) {
    case ROLLOUT_BAKING:
        r->until = usec_add(ev->now, conf->bake);
        r->deadline = last_moment(conf, ev);
        break;
    case ROLLOUT_CANARY:
    case ROLLOUT_ROLLING:
        r->deadline = last_moment(conf, ev);
        break;
    case ROLLOUT_BACK:
        r->deadline = usec_add(ev->now, ev->patience);
        break;
    case ROLLOUT_IDLE:
    case ROLLOUT_WARM:
    case ROLLOUT_HOLD:
        break;
    }
}

static void tick(
    struct rollout_update *u, const struct rollout_conf *conf, const struct rollout_event *ev)
{
    struct rollout *r = &u->next;
    if (r->outage)
        return;
    if (ev->now >= r->until)
        r->until = USEC_INFINITY;
    if (ev->now < r->deadline)
        return;
    if (r->state == ROLLOUT_BACK) {
        verdict(u, ROLLOUT_TELL_FAILED, ev->now);
        finish(u, r->from, ev->now);
    } else {
        fail(u, conf, ev, WORKER_CAUSE_NONE);
    }
}

static void stop(struct rollout_update *u, usec_t now)
{
    if (u->next.state == ROLLOUT_IDLE)
        return;
    u->next.cause = WORKER_CAUSE_STOP;
    verdict(u, ROLLOUT_TELL_FAILED, now);
    finish(u, rollout_proven(u->next), now);
}

static void settled(struct rollout_update *u, usec_t now)
{
    if (u->next.state == ROLLOUT_BAKING) {
        enter(u, ROLLOUT_ROLLING, now);
    } else if (u->next.state == ROLLOUT_WARM) {
        verdict(u, ROLLOUT_TELL_DONE, now);
        finish(u, u->next.generation, now);
    }
}

struct rollout rollout_initial(void)
{
    return (struct rollout){
        .latest = 1, .generation = 1, .from = 1, .until = USEC_INFINITY, .deadline = USEC_INFINITY};
}

struct rollout_update rollout_step(
    const struct rollout_conf *conf, struct rollout r, struct rollout_event ev)
{
    struct rollout_update u = {.next = r};
    switch (ev.type) {
    case ROLLOUT_EV_BEGIN:
        begin(&u, conf, &ev);
        break;
    case ROLLOUT_EV_SWITCHED:
        if (r.state == ROLLOUT_CANARY) {
            enter(&u, ROLLOUT_BAKING, ev.now);
            u.next.until = usec_add(ev.now, conf->bake);
        }
        break;
    case ROLLOUT_EV_REPLACED:
        u.next.warm_life = ev.life;
        u.next.switched_at = ev.now;
        break;
    case ROLLOUT_EV_SETTLED:
        settled(&u, ev.now);
        break;
    case ROLLOUT_EV_COMPLETE:
        complete(&u, conf, &ev);
        break;
    case ROLLOUT_EV_FAILED:
        failed(&u, conf, &ev);
        break;
    case ROLLOUT_EV_PROMOTE:
        promote(&u, conf, &ev);
        break;
    case ROLLOUT_EV_CANCEL:
        cancel(&u, &ev);
        break;
    case ROLLOUT_EV_STOP:
        stop(&u, ev.now);
        break;
    case ROLLOUT_EV_DEPENDENCY:
        u.next.outage = ev.down;
        if (r.outage && !ev.down)
            renew(&u.next, conf, &ev);
        break;
    case ROLLOUT_EV_STALLED:
        renew(&u.next, conf, &ev);
        break;
    case ROLLOUT_EV_TICK:
        tick(&u, conf, &ev);
        break;
    }
    return u;
}

struct rollout rollout_next_generation(struct rollout r)
{
    r.generation = ++r.latest;
    r.from = r.generation;
    return r;
}
