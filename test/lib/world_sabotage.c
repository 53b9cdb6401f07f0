/* Rules broken on purpose. */
#include "lib/world_sabotage.h"
#include "lib/world_internal.h"
#include "lib/world_overlap.h"

const struct world_sabotage_row world_sabotages[SABOTAGE_COUNT] = {
    [SABOTAGE_NONE] = {"none", "", ""},
#define X(symbol, name, runs, what) [SABOTAGE_##symbol] = {name, runs, what},
    SABOTAGES(X)
#undef X
};

static void drop_actions(struct world *w, enum fleet_action_type type)
{
    struct fleet_update *u = &w->update;
    unsigned kept = 0;
    for (unsigned i = 0; i < u->n_actions; i++) {
        if (u->actions[i].type != type)
            u->actions[kept++] = u->actions[i];
    }
    u->n_actions = kept;
}

static void swap_first_two(struct world *w)
{
    struct fleet_update *u = &w->update;
    for (unsigned i = 0; i + 1 < u->n_actions; i++) {
        struct fleet_action *a = &u->actions[i];
        if (a[0].type == FLEET_DO_ACTIVATE && a[1].type == FLEET_DO_PAUSE) {
            struct fleet_action first = a[0];
            a[0] = a[1];
            a[1] = first;
        }
    }
}

/* One that was just activated is a spare again. */
static void stand_by(struct world *w)
{
    for (unsigned i = 0; i < w->update.n_actions; i++) {
        struct worker *worker = &w->fleet.slots[w->update.actions[i].slot].worker;
        if (w->update.actions[i].type == FLEET_DO_ACTIVATE && worker->state == WORKER_SERVING)
            worker->state = WORKER_STANDBY;
    }
    drop_actions(w, FLEET_DO_ACTIVATE);
}

static void stop_another(struct world *w)
{
    unsigned n = w->fleet.n_slots > 1 ? w->update.n_actions : 0;
    for (unsigned i = 0; i < n; i++) {
        const struct fleet_action *a = &w->update.actions[i];
        unsigned other = (a->slot + 1) % w->fleet.n_slots;
        struct worker *worker = &w->fleet.slots[other].worker;
        bool replaced = w->fleet.slots[a->slot].worker.cause == WORKER_CAUSE_RESTART;
        if (a->type != FLEET_DO_SIGNAL_STOP || !replaced || worker->state != WORKER_SERVING)
            continue;
        const struct worker_event ev = {
            .type = WORKER_EV_STOP, .now = w->now, .cause = WORKER_CAUSE_RESTART};
        *worker = worker_step(&w->fleet_conf.worker, *worker, ev).next;
        w->fleet.slots[other].prober = prober_initial();
        w->update.actions[w->update.n_actions++] =
            (struct fleet_action){.type = FLEET_DO_PAUSE, .slot = other};
        w->update.actions[w->update.n_actions++] =
            (struct fleet_action){.type = FLEET_DO_SIGNAL_STOP, .slot = other};
        return;
    }
}

static void take_for_gone(struct world *w)
{
    for (unsigned i = 0; i < w->update.n_actions; i++) {
        const struct fleet_action *a = &w->update.actions[i];
        struct worker *worker = &w->fleet.slots[a->slot].worker;
        const struct worker_event ev = {.type = WORKER_EV_TREE_GONE, .now = w->now};
        if (a->type == FLEET_DO_KILL_TREE && worker->exited)
            *worker = worker_step(&w->fleet_conf.worker, *worker, ev).next;
    }
}

static void for_every_slot(struct world *w)
{
    for (unsigned i = 0; i < w->fleet.n_slots; i++) {
        struct fleet_slot *s = &w->fleet.slots[i];
        if (w->sabotage == SABOTAGE_ENDLESS_STOP && s->worker.state == WORKER_STOPPING)
            s->worker.deadline = USEC_INFINITY;
        if (w->sabotage == SABOTAGE_NO_RETRY && s->restart.next_at != USEC_INFINITY)
            s->restart.next_at = usec_add(w->now, USEC_PER_HOUR);
    }
}

void world_bend_event(struct world *w, struct fleet_event *ev)
{
    if (w->sabotage == SABOTAGE_BLAMED_OUTAGE && ev->outcome == PROBE_DEPENDENCY)
        ev->outcome = PROBE_FAIL;
    if (w->sabotage == SABOTAGE_BLAMED_PROVIDER && ev->outcome == PROBE_PROVIDER)
        ev->outcome = PROBE_FAIL;
    for (unsigned i = 0; w->sabotage == SABOTAGE_UNCOUNTED && i < LIMIT_WORKERS; i++)
        ev->callers[i] = 0;
    if (w->sabotage == SABOTAGE_NOT_RESUMED && ev->type == FLEET_EV_RESUMED)
        ev->type = FLEET_EV_TICK;
}

void world_bend_decision(struct world *w)
{
    switch ((enum world_sabotage)w->sabotage) {
    case SABOTAGE_PAUSE_FIRST:
        swap_first_two(w);
        break;
    case SABOTAGE_NEVER_ACTIVE:
        drop_actions(w, FLEET_DO_ACTIVATE);
        break;
    case SABOTAGE_STAND_BY:
        stand_by(w);
        break;
    case SABOTAGE_KILL_LOST:
        drop_actions(w, FLEET_DO_KILL_TREE);
        break;
    case SABOTAGE_GONE_EARLY:
        take_for_gone(w);
        break;
    case SABOTAGE_TWO_AT_ONCE:
        stop_another(w);
        break;
    case SABOTAGE_NO_VERDICT:
        drop_actions(w, FLEET_DO_TELL_RESTARTED);
        drop_actions(w, FLEET_DO_TELL_RESTART_FAILED);
        break;
    case SABOTAGE_ENDLESS_STOP:
    case SABOTAGE_NO_RETRY:
        for_every_slot(w);
        break;
    case SABOTAGE_NONE:
    case SABOTAGE_SECOND_SET:
    case SABOTAGE_SAVED_LATE:
    case SABOTAGE_LEFT_ALIVE:
    case SABOTAGE_LATE_DRAIN:
    case SABOTAGE_DRAIN_ANEW:
    case SABOTAGE_STOP_LOST:
    case SABOTAGE_BLAMED_OUTAGE:
    case SABOTAGE_BLAMED_PROVIDER:
    case SABOTAGE_UNCOUNTED:
    case SABOTAGE_HASTY:
    case SABOTAGE_LOST_PROBE:
    case SABOTAGE_PAUSED_AT_ONCE:
    case SABOTAGE_NOT_RESUMED:
    case SABOTAGE_COUNT:
        break; /* bent elsewhere */
    }
}

void world_bend_drain(struct world *w, const struct drain_event *ev)
{
    bool counted = w->sabotage == SABOTAGE_LATE_DRAIN && ev->type == DRAIN_EV_COUNTED;
    bool resumed = w->sabotage == SABOTAGE_DRAIN_ANEW && ev->type == DRAIN_EV_TAKEN_OVER;
    if (counted)
        w->drain.deadline = usec_add(w->drain.deadline, USEC_PER_SEC);
    if (resumed)
        w->drain.deadline = usec_add(w->now, w->drain_conf.timeout) + 1;
}

void world_bend_resume(struct world *w)
{
    if (w->sabotage == SABOTAGE_SECOND_SET) {
        uint64_t next_life = w->fleet.next_life;
        fleet_init(&w->fleet);
        w->fleet.next_life = next_life;
    }
    for (unsigned i = 0; i < w->fleet.n_slots; i++) {
        struct fleet_slot *s = &w->fleet.slots[i];
        if (w->sabotage == SABOTAGE_LOST_PROBE && s->prober.state != PROBER_IDLE) {
            world_unplan(w, FLEET_EV_PROBED, i);
            s->prober.in_flight = true;
            s->prober.next_at = USEC_INFINITY;
        }
        if (w->sabotage == SABOTAGE_PAUSED_AT_ONCE && s->unwatched &&
            (s->worker.state == WORKER_STANDBY || s->worker.state == WORKER_DRAINING)) {
            s->unwatched = false;
            w->slots[i].active = false;
            world_overlap_pause(w, i);
        }
    }
}
