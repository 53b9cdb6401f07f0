/*
 * Every reachable state of a fleet of two slots with its processes, probes, dependency and
 * operator. Time is coarse: every patience is one unit (a verb's slot has their sum), and time
 * passes by jumping to the next deadline; in between the world may do anything in any order.
 * All of it at once would take minutes, so each scope lets some of it happen.
 */
#include "explore.h"
#include "fleet_node.h"

#include <stdio.h>
#include <string.h>

static struct fleet_conf conf = {
    .worker = {.start_timeout = 1,
        .drain_timeout = 1,
        .stop_timeout = 1,
        .abort_timeout = 1,
        .kill_timeout = 1},
    .restart = {.delay = 1, .multiplier = 1, .max_delay = 1, .stable_after = 1, .loop_after = 2},
    .prober = {.interval = 1, .start_interval = 1, .fast_interval = 1, .rise = 1, .fall = 1},
};

static const struct scope {
    const char *name;
    bool restart, stop, resize, dependency, hung, stall, stable, leave, scale;
} scopes[] = {
    {.name = "replace", .hung = true},
    {.name = "dependency", .dependency = true},
    {.name = "restart", .restart = true, .hung = true},
    {.name = "stop", .stop = true, .resize = true},
    {.name = "restart-stop", .restart = true, .stop = true},
    {.name = "stall", .restart = true, .stall = true},
    {.name = "leave", .restart = true, .leave = true},
    {.name = "scale", .scale = true, .stop = true},
    {.name = "scale-restart", .scale = true, .restart = true},
    {.name = "stable", .stable = true, .resize = true},
};
static const struct scope *scope;

enum { VERB, NO_VERB, STOPS, GONE, GIVEN_UP, CLEARED, SCALES, SCALED };

static bool answers(enum worker_state state)
{
    return state == WORKER_STANDBY || state == WORKER_SERVING || state == WORKER_DRAINING;
}

/* A worker that answered is told to go for this reason: its slot is a gap that we opened. */
static void open_gap(struct explore *x, const struct node *before, const struct fleet *f,
    struct world *w, unsigned i)
{
    const struct worker *worker = &f->slots[i].worker;
    bool replaced = worker->cause == WORKER_CAUSE_UNHEALTHY ||
                    worker->cause == WORKER_CAUSE_ZOMBIE || worker->cause == WORKER_CAUSE_RESTART;
    if (worker->cause == WORKER_CAUSE_ZOMBIE)
        EXPLORE_CHECK(x, f->dependency == DEPENDENCY_UP);
    if (!replaced || !answers(before->slots[i].worker.state))
        return;
    for (unsigned j = 0; j < SLOTS; j++)
        EXPLORE_CHECK(x, !w->slots[j].gap || !f->slots[j].wanted);
    w->slots[i].gap = true;
    w->slots[i].gap_started = false;
}

static void on_ended(struct explore *x, const struct fleet *f, struct world *w, unsigned i)
{
    struct world_slot *s = &w->slots[i];
    EXPLORE_CHECK(x, s->process == NONE && !s->active);
    if (s->gap_started || !f->slots[i].wanted)
        s->gap = false; /* the new life failed by itself */
}

static void check_action(struct explore *x, const struct node *before, const struct fleet *f,
    struct world *w, const struct fleet_action *a)
{
    struct world_slot *s = &w->slots[a->slot];
    EXPLORE_CHECK(x, a->slot < SLOTS);
    switch (a->type) {
    case FLEET_DO_EXEC:
        EXPLORE_CHECK(x, s->process == NONE && f->slots[a->slot].wanted && !f->stopping);
        s->process = EXECUTING;
        s->killed = false;
        s->gap_started = s->gap;
        break;
    case FLEET_DO_PROBE:
        EXPLORE_CHECK(x, s->process == RUNNING && a->seq == f->slots[a->slot].prober.seq);
        break;
    case FLEET_DO_ACTIVATE:
        EXPLORE_CHECK(x, s->process == RUNNING && !s->active);
        s->active = true;
        break;
    case FLEET_DO_PAUSE:
        EXPLORE_CHECK(x, s->active);
        s->active = false;
        break;
    case FLEET_DO_SIGNAL_STOP:
        EXPLORE_CHECK(x, s->process == RUNNING);
        open_gap(x, before, f, w, a->slot);
        break;
    case FLEET_DO_EVIDENCE:
    case FLEET_DO_SIGNAL_ABRT:
        EXPLORE_CHECK(x, s->process == RUNNING);
        break;
    case FLEET_DO_KILL_TREE:
        EXPLORE_CHECK(x, s->process != NONE);
        s->killed = true;
        s->active = s->active && s->process == RUNNING;
        break;
    case FLEET_DO_TELL_VERIFIED:
        s->gap = false;
        break;
    case FLEET_DO_TELL_NOT_VERIFIED:
        EXPLORE_CHECK(x, before->slots[a->slot].worker.state == WORKER_SPAWNING ||
                             f->dependency != DEPENDENCY_DOWN);
        s->gap = s->gap && !s->gap_started; /* the new life failed */
        break;
    case FLEET_DO_TELL_LEAVING:
        s->gap = s->gap && !s->gap_started; /* so did one that goes before it was verified */
        break;
    case FLEET_DO_TELL_ENDED:
        on_ended(x, f, w, a->slot);
        break;
    case FLEET_DO_TELL_LOOP_BEGAN:
        EXPLORE_CHECK(x, !s->looping);
        s->looping = true;
        break;
    case FLEET_DO_TELL_LOOP_ENDED:
        EXPLORE_CHECK(x, s->looping);
        s->looping = false;
        break;
    case FLEET_DO_TELL_RESTARTED:
    case FLEET_DO_TELL_RESTART_FAILED:
        EXPLORE_CHECK(x, w->verb);
        w->verb = false;
        break;
    case FLEET_DO_TELL_RESTART_STEP:
        EXPLORE_CHECK(x, w->verb && f->slots[a->slot].wanted);
        break;
    case FLEET_DO_TELL_RESTART_REFUSED:
        EXPLORE_CHECK(x, before->world.verb || f->stopping);
        w->verb = before->world.verb;
        break;
    case FLEET_DO_TELL_SCALED:
    case FLEET_DO_TELL_SCALE_FAILED:
    case FLEET_DO_TELL_SCALE_SUPERSEDED:
    case FLEET_DO_TELL_SCALE_REFUSED:
        EXPLORE_CHECK(x, w->scaled > 0);
        EXPLORE_CHECK(x, a->type != FLEET_DO_TELL_SCALED || fleet_serving(f) == f->n_workers);
        w->scaled--;
        break;
    case FLEET_DO_TELL_ALL_GONE:
        EXPLORE_CHECK(x, w->stop_owed);
        for (unsigned i = 0; i < SLOTS; i++)
            EXPLORE_CHECK(x, w->slots[i].process == NONE);
        w->stop_owed = false;
        break;
    case FLEET_DO_TELL_RESTART_ROLLED_BACK: /* with overlap only */
    case FLEET_DO_TELL_RESTART_SUPERSEDED:
    case FLEET_DO_TELL_ROLLOUT_REFUSED:
    case FLEET_DO_TELL_ROLLOUT:
        EXPLORE_CHECK(x, false);
        break;
    case FLEET_DO_PROBE_STOP:
    case FLEET_DO_TELL_VERDICT:
    case FLEET_DO_TELL_STARTED:
    case FLEET_DO_TELL_WATCHDOG:
    case FLEET_DO_TELL_KILLED:
    case FLEET_DO_TELL_RETRY:
        break;
    }
}

static void check_state(struct explore *x, const struct fleet *f, const struct world *w, usec_t now)
{
    for (unsigned i = 0; i < SLOTS; i++) {
        const struct fleet_slot *s = &f->slots[i];
        bool gone = s->worker.state == WORKER_GONE;
        bool probed = answers(s->worker.state) || s->worker.state == WORKER_STARTING;
        EXPLORE_CHECK(x, gone == (w->slots[i].process == NONE));
        EXPLORE_CHECK(x, !(s->wanted && gone) || s->restart.next_at != USEC_INFINITY);
        EXPLORE_CHECK(x, s->wanted || s->restart.next_at == USEC_INFINITY);
        EXPLORE_CHECK(x, probed == (s->prober.state != PROBER_IDLE));
        EXPLORE_CHECK(x, (s->worker.state == WORKER_SERVING) == w->slots[i].active);
        EXPLORE_CHECK(x, s->worker.state != WORKER_STANDBY); /* activated at once */
        EXPLORE_CHECK(x, fleet_pending(f, i) == WORKER_CAUSE_NONE || s->wanted);
        EXPLORE_CHECK(x, !(f->stopping && s->wanted));
        EXPLORE_CHECK(x, s->restart.looping == w->slots[i].looping);
        EXPLORE_CHECK(x, s->prober.dependency == f->dependency);
        EXPLORE_CHECK(x, i < f->n_slots || gone);
    }
    EXPLORE_CHECK(x, w->verb == (f->restart.state != FLEET_RESTART_IDLE));
    EXPLORE_CHECK(x, w->scaled == (f->scale.operation != 0));
    EXPLORE_CHECK(x, fleet_deadline(f) > now); /* or the shell would spin */
}

static struct fleet fleet;
static struct fleet_update update;

/* `before` is what the fleet was, `world` what the event makes of the world before the step. */
static void step(struct explore *x, const struct node *before, const struct world *world,
    struct fleet_event ev, const char *label, bool certain)
{
    struct node to;
    struct world w = *world;
    explore_try(x, label);
    if (ev.now == 0)
        ev.now = NOW;
    ev.life = ev.slot + 1;
    ev.seq = SEQ;
    node_unpack(&fleet, before);
    fleet_step(&conf, &fleet, &ev, &update);
    for (unsigned i = 0; i < update.n_actions; i++)
        check_action(x, before, &fleet, &w, &update.actions[i]);
    for (unsigned i = 0; i < SLOTS; i++) {
        if (!fleet.slots[i].wanted)
            w.slots[i].gap = false;
        if (!answers(fleet.slots[i].worker.state))
            w.slots[i].active = false;
        if (fleet.slots[i].worker.state == WORKER_GONE)
            w.slots[i].killed = false;
        if (!w.slots[i].gap)
            w.slots[i].gap_started = false;
    }
    check_state(x, &fleet, &w, ev.now);
    node_pack(&to, &fleet, &w, ev.now);
    explore_edge(x, &to, certain);
}

static void slot_moves(struct explore *x, const struct node *n, unsigned i)
{
    static const struct {
        const char *failed, *spawned, *exited, *gone, *pass, *fail, *hung, *dependency, *leaves;
    } labels[SLOTS] = {
        {"0 spawn failed", "0 spawned", "0 exited", "0 tree gone", "0 pass", "0 fail", "0 hung",
            "0 dependency", "0 leaves"},
        {"1 spawn failed", "1 spawned", "1 exited", "1 tree gone", "1 pass", "1 fail", "1 hung",
            "1 dependency", "1 leaves"},
    };
    struct fleet_event ev = {.slot = i};
    struct world w = n->world;
    struct world_slot *s = &w.slots[i];
    switch (s->process) {
    case NONE:
        break;
    case EXECUTING:
        s->process = NONE;
        ev.type = FLEET_EV_SPAWN_FAILED;
        step(x, n, &w, ev, labels[i].failed, true);
        s->process = RUNNING;
        s->killed = false;
        ev.type = FLEET_EV_SPAWNED;
        step(x, n, &w, ev, labels[i].spawned, true);
        break;
    case RUNNING:
        s->process = DEAD;
        s->active = false;
        s->gap = s->gap && !s->gap_started; /* the new life failed */
        ev.type = FLEET_EV_EXITED;
        step(x, n, &w, ev, labels[i].exited, n->world.slots[i].killed);
        break;
    case DEAD:
        s->process = NONE;
        ev.type = FLEET_EV_TREE_GONE;
        step(x, n, &w, ev, labels[i].gone, true);
        break;
    }
    ev.type = FLEET_EV_NOTIFIED;
    ev.wish = (struct notify_wish){.stopping = true};
    if (scope->leave && n->world.slots[i].process == RUNNING)
        step(x, n, &n->world, ev, labels[i].leaves, false);
    if (!n->slots[i].prober.in_flight)
        return;
    ev.type = FLEET_EV_PROBED;
    ev.outcome = PROBE_PASS;
    step(x, n, &n->world, ev, labels[i].pass, false);
    ev.outcome = PROBE_FAIL;
    step(x, n, &n->world, ev, labels[i].fail, false);
    ev.outcome = PROBE_HUNG;
    if (scope->hung)
        step(x, n, &n->world, ev, labels[i].hung, false);
    ev.outcome = PROBE_DEPENDENCY;
    if (scope->dependency)
        step(x, n, &n->world, ev, labels[i].dependency, false);
}

static void operator_moves(struct explore *x, const struct node *n)
{
    struct world w = n->world;
    struct fleet_event ev = {.type = FLEET_EV_RESTART, .operation = 7};
    w.verb = true;
    if (scope->restart)
        step(x, n, &w, ev, "RESTART", false);
    w = n->world;
    w.scaled++;
    ev = (struct fleet_event){.type = FLEET_EV_SCALE, .n_workers = 1, .operation = 9};
    if (scope->scale && n->n_workers > 0) {
        step(x, n, &w, ev, "SCALE 1", false);
        ev.n_workers = 2;
        step(x, n, &w, ev, "SCALE 2", false);
    }
    w = n->world;
    w.stop_owed = true;
    if (scope->stop) {
        step(x, n, &w, (struct fleet_event){.type = FLEET_EV_STOP}, "STOP", false);
        step(x, n, &w, (struct fleet_event){.type = FLEET_EV_KILL}, "KILL", false);
    }
    w.stop_owed = false;
    ev = (struct fleet_event){.type = FLEET_EV_RESIZE, .n_workers = 1};
    if (scope->resize)
        step(x, n, &w, ev, "RESIZE 1", false);
    ev.n_workers = 2;
    if (scope->resize || n->n_slots == 0)
        step(x, n, &w, ev, "RESIZE 2", false);
}

static void expand(struct explore *x, const void *state)
{
    struct node n;
    memcpy(&n, state, sizeof n);
    explore_mark(x, n.world.verb ? VERB : NO_VERB);
    if (!n.world.scaled)
        explore_mark(x, SCALED);
    else if (n.n_workers > n.scale_from && n.restart_state == FLEET_RESTART_IDLE)
        explore_mark(x, SCALES); /* they come up, or there are as many as before */
    if (n.world.stop_owed)
        explore_mark(x, STOPS);
    else if (n.stopping)
        explore_mark(x, GONE);
    /* While the dependency is down a worker may start for ever, and hold up a replacement. */
    bool given_up = false;
    for (unsigned i = 0; i < SLOTS; i++)
        given_up = given_up || n.slots[i].prober.state == PROBER_FAILED;
    if (!given_up)
        explore_mark(x, CLEARED);
    else if (n.dependency != DEPENDENCY_DOWN)
        explore_mark(x, GIVEN_UP);
    for (unsigned i = 0; i < SLOTS; i++)
        slot_moves(x, &n, i);
    operator_moves(x, &n);
    struct fleet_event ev = {.type = FLEET_EV_DEPENDENCY};
    bool up = n.dependency == DEPENDENCY_UP;
    ev.dependency = up ? DEPENDENCY_DOWN : DEPENDENCY_UP;
    if (scope->dependency)
        step(x, &n, &n.world, ev, up ? "redis down" : "redis up", false);
    if (scope->stall)
        step(x, &n, &n.world, (struct fleet_event){.type = FLEET_EV_STALLED}, "STALLED", false);
    node_unpack(&fleet, &n);
    usec_t deadline = fleet_deadline(&fleet);
    if (deadline != USEC_INFINITY)
        step(x, &n, &n.world, (struct fleet_event){.type = FLEET_EV_TICK, .now = deadline}, "TICK",
            true);
}

static bool explore_scope(void)
{
    struct node initial;
    struct world world;
    memset(&world, 0, sizeof world);
    fleet_init(&fleet);
    node_pack(&initial, &fleet, &world, NOW);
    conf.restart.stable_after = scope->stable ? 1 : USEC_INFINITY;
    struct explore *x = explore_new(sizeof initial, 4000000);
    explore_run(x, &initial, expand);
    printf("fleet, %s: %zu states, %zu steps\n", scope->name, explore_states(x), explore_steps(x));
    bool ok = explore_leads(x, VERB, NO_VERB) && explore_leads(x, STOPS, GONE) &&
              explore_leads(x, GIVEN_UP, CLEARED) && explore_leads(x, SCALES, SCALED);
    explore_free(x);
    return ok;
}

/* Without an argument every scope, else the one that is named. */
int main(int argc, char **argv)
{
    bool ok = true;
    for (size_t i = 0; i < sizeof scopes / sizeof *scopes; i++) {
        scope = &scopes[i];
        if (argc < 2 || strcmp(argv[1], scope->name) == 0)
            ok = explore_scope() && ok;
    }
    return ok ? 0 : 1;
}
