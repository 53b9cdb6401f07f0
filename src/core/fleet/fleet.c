/* All slots together: events in, judgement by the parts, actions out. */
#include "core/fleet/fleet_internal.h"

#include <assert.h>

struct fleet_action *fleet_act(struct fleet_ctx *c, enum fleet_action_type type, unsigned slot)
{
    assert(c->out->n_actions < FLEET_ACTIONS_MAX);
    struct fleet_action *a = &c->out->actions[c->out->n_actions++];
    *a = (struct fleet_action){.type = type,
        .slot = slot,
        .life = c->f->slots[slot].life,
        .generation = c->f->slots[slot].generation};
    return a;
}

void fleet_init(struct fleet *f)
{
    *f = (struct fleet){.dependency = DEPENDENCY_UNKNOWN, .rollout = rollout_initial()};
    f->restart.deadline = USEC_INFINITY;
    for (unsigned i = 0; i < LIMIT_WORKERS; i++)
        fleet_slot_init(&f->slots[i]);
}

void fleet_resize(struct fleet_ctx *c, unsigned n)
{
    struct fleet *f = c->f;
    unsigned beside = c->conf->overlap ? c->conf->standby : 0;
    while (
        n + beside + (c->conf->overlap ? rollout_surge(&c->conf->rollout, n) : 0) > LIMIT_WORKERS)
        n--;
    f->n_workers = n;
    f->stopping = false;
    if (c->conf->overlap)
        return; /* fleet_overlap_balance() does the rest */
    for (unsigned i = n; i < f->n_slots; i++) {
        if (f->slots[i].wanted)
            fleet_slot_dismiss(c, i, WORKER_EV_STOP);
    }
    if (f->n_slots < n)
        f->n_slots = n;
    for (unsigned i = 0; i < n; i++) {
        bool was_wanted = f->slots[i].wanted;
        f->slots[i].wanted = true;
        if (!was_wanted && f->slots[i].worker.state == WORKER_GONE)
            fleet_slot_start(c, i, f->rollout.generation);
    }
}

static void stop(struct fleet_ctx *c, enum worker_event_type how)
{
    struct fleet *f = c->f;
    f->stopping = true;
    f->gone_told = false;
    fleet_scale_stop(c);
    fleet_restart_fail(c, WORKER_CAUSE_STOP);
    fleet_rollout_step(c, (struct rollout_event){.type = ROLLOUT_EV_STOP});
    for (unsigned i = 0; i < f->n_slots; i++)
        fleet_slot_dismiss(c, i, how);
}

/* The event is about the life that the slot has now. */
static bool is_current(const struct fleet *f, const struct fleet_event *ev)
{
    return ev->slot < f->n_slots && ev->life == f->slots[ev->slot].life;
}

static void tell_worker(
    struct fleet_ctx *c, const struct fleet_event *ev, enum worker_event_type type)
{
    if (is_current(c->f, ev))
        fleet_slot_worker(c, ev->slot, (struct worker_event){.type = type, .exit = ev->exit});
}

static void on_spawned(struct fleet_ctx *c, const struct fleet_event *ev)
{
    if (is_current(c->f, ev)) {
        fleet_act(c, FLEET_DO_TELL_STARTED, ev->slot)->took =
            usec_sub(c->now, c->f->slots[ev->slot].worker.started_at);
        c->f->slots[ev->slot].watchdog = watchdog_initial(ev->watchdog);
        fleet_resume_heard(c->f, ev->slot);
    }
    tell_worker(c, ev, WORKER_EV_SPAWNED);
}

/* One that may not have been paused yet is counted once more. */
static void on_drained(struct fleet_slot *slot)
{
    slot->drained = slot->worker.state == WORKER_DRAINING && !slot->unwatched;
}

static void postpone_starts(struct fleet_ctx *c)
{
    for (unsigned i = 0; i < c->f->n_slots; i++)
        fleet_slot_worker(c, i, (struct worker_event){.type = WORKER_EV_POSTPONE});
}

/* Every prober hears of it, also the idle: it must know when its next life begins. */
void fleet_tell_probers(struct fleet_ctx *c, struct prober_event ev)
{
    for (unsigned i = 0; i < LIMIT_WORKERS; i++)
        fleet_slot_prober(c, i, ev);
}

void fleet_tell_outage(struct fleet_ctx *c)
{
    bool down = c->f->dependency == DEPENDENCY_DOWN || c->f->provider_down;
    fleet_rollout_step(c, (struct rollout_event){.type = ROLLOUT_EV_DEPENDENCY, .down = down});
}

void fleet_on_dependency(struct fleet_ctx *c, enum dependency dependency)
{
    bool came_back = c->f->dependency == DEPENDENCY_DOWN && dependency == DEPENDENCY_UP;
    c->f->dependency = dependency;
    fleet_tell_probers(
        c, (struct prober_event){.type = PROBER_EV_DEPENDENCY, .dependency = dependency});
    fleet_tell_outage(c);
    if (came_back)
        postpone_starts(c);
}

static void restart(struct fleet_ctx *c, uint64_t operation)
{
    if (!c->conf->overlap || c->f->stopping)
        fleet_restart_begin(c, operation);
    else
        fleet_rollout_step(
            c, (struct rollout_event){.type = ROLLOUT_EV_BEGIN, .operation = operation});
}

static void on_event(struct fleet_ctx *c, const struct fleet_event *ev)
{
    switch (ev->type) {
    case FLEET_EV_RESIZE:
        if (ev->n_workers != c->f->n_workers)
            fleet_scale_supersede(c);
        fleet_resize(c, ev->n_workers);
        break;
    case FLEET_EV_SCALE:
        fleet_scale_begin(c, ev);
        break;
    case FLEET_EV_STOP:
        stop(c, WORKER_EV_STOP);
        break;
    case FLEET_EV_KILL:
        stop(c, WORKER_EV_KILL);
        break;
    case FLEET_EV_RESTART:
        restart(c, ev->operation);
        break;
    case FLEET_EV_CANCEL:
        fleet_rollout_step(
            c, (struct rollout_event){.type = ROLLOUT_EV_CANCEL, .operation = ev->operation});
        break;
    case FLEET_EV_PROMOTE:
        fleet_rollout_step(
            c, (struct rollout_event){.type = ROLLOUT_EV_PROMOTE, .operation = ev->operation});
        break;
    case FLEET_EV_ERRORS:
        if (is_current(c->f, ev))
            fleet_rollout_on_errors(c, ev->slot);
        break;
    case FLEET_EV_SPAWNED:
        on_spawned(c, ev);
        break;
    case FLEET_EV_SPAWN_FAILED:
        tell_worker(c, ev, WORKER_EV_SPAWN_FAILED);
        break;
    case FLEET_EV_EXITED:
        tell_worker(c, ev, WORKER_EV_EXITED);
        break;
    case FLEET_EV_TREE_GONE:
        tell_worker(c, ev, WORKER_EV_TREE_GONE);
        break;
    case FLEET_EV_PROBED:
        if (is_current(c->f, ev) && ev->seq == c->f->slots[ev->slot].prober.seq)
            fleet_resume_heard(c->f, ev->slot);
        if (is_current(c->f, ev))
            fleet_provider_probed(c, ev);
        break;
    case FLEET_EV_NOTIFIED:
        if (is_current(c->f, ev))
            fleet_resume_heard(c->f, ev->slot);
        if (is_current(c->f, ev))
            fleet_notify_heard(c, ev->slot, &ev->wish);
        break;
    case FLEET_EV_DRAINED:
        if (is_current(c->f, ev))
            on_drained(&c->f->slots[ev->slot]);
        break;
    case FLEET_EV_DEPENDENCY:
        fleet_on_dependency(c, ev->dependency);
        break;
    case FLEET_EV_KEEP:
        c->f->keeps_hung = ev->keeps_hung;
        c->f->keeps_zombies = ev->keeps_zombies;
        break;
    case FLEET_EV_RESUMED:
        fleet_resume(c);
        break;
    case FLEET_EV_STALLED:
        fleet_tell_probers(c, (struct prober_event){.type = PROBER_EV_STALLED});
        for (unsigned i = 0; i < c->f->n_slots; i++)
            c->f->slots[i].watchdog = watchdog_stalled(c->f->slots[i].watchdog, c->now);
        postpone_starts(c);
        fleet_restart_postpone(c);
        fleet_rollout_step(c, (struct rollout_event){.type = ROLLOUT_EV_STALLED});
        break;
    case FLEET_EV_TICK:
        break;
    }
}

/* Surplus slots are kept until their last worker is gone. */
static void settle(struct fleet_ctx *c)
{
    struct fleet *f = c->f;
    while (f->n_slots > 0 && !f->slots[f->n_slots - 1].wanted &&
           f->slots[f->n_slots - 1].worker.state == WORKER_GONE)
        f->n_slots--;
    if (f->stopping && !f->gone_told && f->n_slots == 0) {
        f->gone_told = true;
        fleet_act(c, FLEET_DO_TELL_ALL_GONE, 0);
    }
}

void fleet_step(const struct fleet_conf *conf, struct fleet *f, const struct fleet_event *ev,
    struct fleet_update *out)
{
    struct fleet_ctx c = {.conf = conf,
        .f = f,
        .out = out,
        .now = ev->now,
        .jitter = ev->jitter,
        .callers = ev->callers};
    out->n_actions = 0;
    on_event(&c, ev);
    fleet_resume_pause(&c);
    for (unsigned i = 0; i < f->n_slots; i++)
        fleet_slot_tick(&c, i);
    fleet_keep_end(&c);
    fleet_provider_look(&c);
    fleet_scale_settle(&c);
    if (conf->overlap) {
        fleet_overlap_balance(&c);
    } else {
        fleet_restart_tick(&c);
        if (!fleet_resume_waits(f))
            fleet_turn_give(&c);
    }
    fleet_scale_judge(&c);
    settle(&c);
}

static usec_t earlier(usec_t a, usec_t b)
{
    return a < b ? a : b;
}

usec_t fleet_deadline(const struct fleet *f)
{
    usec_t at = earlier(f->restart.deadline, rollout_deadline(f->rollout));
    for (unsigned i = 0; i < f->n_slots; i++) {
        at = earlier(at, fleet_slot_patience_until(f, i));
        at = earlier(at, restart_deadline(f->slots[i].restart));
        at = earlier(at, prober_deadline(f->slots[i].prober));
        at = earlier(at, f->slots[i].watchdog.deadline);
    }
    return at;
}

unsigned fleet_serving(const struct fleet *f)
{
    unsigned n = 0;
    for (unsigned i = 0; i < f->n_slots; i++)
        n += f->slots[i].worker.state == WORKER_SERVING;
    return n;
}

unsigned fleet_wanted(const struct fleet *f)
{
    return f->stopping ? 0 : f->n_workers;
}

unsigned fleet_surge(const struct fleet_conf *conf, const struct fleet *f)
{
    return rollout_surge(&conf->rollout, f->n_workers);
}

const char *fleet_event_name(enum fleet_event_type type)
{
    static const char *const names[] = {
#define X(symbol) [FLEET_EV_##symbol] = #symbol,
        FLEET_EVENTS(X)
#undef X
    };
    return names[type];
}

const char *fleet_action_name(enum fleet_action_type type)
{
    static const char *const names[] = {
#define X(symbol) [FLEET_DO_##symbol] = #symbol,
        FLEET_ACTIONS(X)
#undef X
    };
    return names[type];
}
