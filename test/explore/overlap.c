/*
 * Every reachable state of a fleet whose lives overlap: spares, rollouts and the way back, with
 * processes, probes, callers who leave, dependency and operator. Time is coarse, as in fleet.c, and
 * each scope lets some of it happen.
 */
#include "explore.h"
#include "overlap_check.h"

#include "core/saved/saved_field.h"

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
    .rollout = {.bake = 1, .keep_warm = 1},
    .overlap = true,
};

struct scope {
    const char *name;
    unsigned workers, standby, canary, surge;
    bool exec, crash, lost, stay, fail, hung, dependency, restart, again, cancel, stop, resize;
    bool hold, promote, errors, provider, leave, resume, scale;
};

static const struct scope scopes[] = {
    {.name = "replace", .workers = 1, .exec = true, .crash = true, .fail = true, .hung = true},
    {.name = "rollout", .workers = 1, .exec = true, .crash = true, .fail = true, .restart = true},
    {.name = "again",
        .workers = 1,
        .exec = true,
        .crash = true,
        .restart = true,
        .again = true,
        .cancel = true},
    {.name = "stop", .workers = 1, .exec = true, .crash = true, .restart = true, .stop = true},
    {.name = "outage", .workers = 1, .crash = true, .dependency = true, .restart = true},
    {.name = "spare", .workers = 1, .standby = 1, .crash = true, .fail = true},
    {.name = "renew", .workers = 1, .standby = 1, .restart = true, .exec = true},
    {.name = "two", .workers = 2, .restart = true, .lost = true, .stay = true},
    {.name = "leave", .workers = 1, .crash = true, .leave = true},
    {.name = "leave-rollout", .workers = 1, .restart = true, .leave = true},
    {.name = "leave-spare", .workers = 1, .standby = 1, .leave = true},
    {.name = "resize", .workers = 2, .resize = true, .lost = true},
    {.name = "scale", .workers = 2, .scale = true, .exec = true, .lost = true, .fail = true},
    {.name = "scale-stop", .workers = 2, .scale = true, .crash = true, .stop = true},
    {.name = "scale-rollout", .workers = 2, .scale = true, .restart = true, .stay = true},
    {.name = "scale-resumed", .workers = 2, .scale = true, .resume = true},
    {.name = "hold",
        .workers = 1,
        .hold = true,
        .crash = true,
        .fail = true,
        .restart = true,
        .cancel = true,
        .promote = true},
    {.name = "hold-spare",
        .workers = 1,
        .standby = 1,
        .hold = true,
        .exec = true,
        .stay = true,
        .restart = true,
        .promote = true},
    {.name = "hold-again",
        .workers = 1,
        .hold = true,
        .exec = true,
        .restart = true,
        .again = true,
        .cancel = true,
        .promote = true,
        .stop = true},
    {.name = "promote", .workers = 2, .restart = true, .promote = true, .lost = true},
    {.name = "errors", .workers = 1, .crash = true, .errors = true, .restart = true, .again = true},
    {.name = "errors-hold",
        .workers = 1,
        .hold = true,
        .errors = true,
        .fail = true,
        .restart = true,
        .cancel = true,
        .promote = true},
    {.name = "provider", .workers = 1, .crash = true, .provider = true, .restart = true},
    {.name = "surge", .workers = 1, .surge = 2, .restart = true, .stay = true, .crash = true},
    {.name = "resumed",
        .workers = 1,
        .exec = true,
        .crash = true,
        .fail = true,
        .restart = true,
        .resume = true},
    {.name = "resumed-spare",
        .workers = 1,
        .standby = 1,
        .lost = true,
        .hung = true,
        .resume = true},
    {.name = "resumed-outage", .workers = 1, .lost = true, .dependency = true, .resume = true},
    {.name = "resumed-stop",
        .workers = 1,
        .crash = true,
        .restart = true,
        .stop = true,
        .resume = true},
};
static const struct scope *scope;

enum { VERB, NO_VERB, STOPS, GONE, ROLLS, IDLE, SCALES, SCALED };

static struct fleet fleet;
static usec_t rollout_deadline_at = USEC_INFINITY; /* for the next step */
static struct fleet_update update;

static void step(struct explore *x, const struct overlap_node *before,
    const struct overlap_world *world, struct fleet_event ev, const char *label, bool certain)
{
    struct overlap_node to;
    struct overlap_world w = *world;
    unsigned most = scope->workers + scope->standby + rollout_surge(&conf.rollout, scope->workers);
    explore_try(x, label);
    if (ev.now == 0)
        ev.now = NOW;
    ev.life = ev.slot + 1;
    ev.seq = SEQ;
    overlap_unpack(&fleet, before);
    fleet.rollout.deadline = rollout_deadline_at;
    for (unsigned i = 0; i < PLACES; i++)
        w.again[i] = before->slots[i].unwatched || ev.type == FLEET_EV_RESUMED;
    fleet_step(&conf, &fleet, &ev, &update);
    for (unsigned i = 0; i < update.n_actions; i++)
        overlap_check_action(x, &fleet, &w, &update.actions[i]);
    for (unsigned i = 0; i < PLACES; i++)
        w.killed[i] = w.killed[i] && fleet.slots[i].worker.state != WORKER_GONE;
    overlap_check_state(x, &fleet, most, &w, ev.now);
    bool bad = ev.type == FLEET_EV_PROBED && ev.outcome != PROBE_PASS;
    overlap_check_stops(x, &fleet, before, bad ? ev.slot : PLACES);
    memset(w.again, 0, sizeof w.again);
    overlap_pack(&to, &fleet, &w, ev.now);
    explore_edge(x, &to, certain);
}

/* Scopes with many processes lose one at a time. */
static bool all_run(const struct overlap_node *n)
{
    bool all = true;
    for (unsigned i = 0; i < PLACES; i++)
        all = all && (n->slots[i].slot.wanted == (n->world.process[i] == RUNNING));
    return all;
}

static void process_moves(struct explore *x, const struct overlap_node *n, unsigned i)
{
    struct fleet_event ev = {.slot = i};
    struct overlap_world w = n->world;
    switch (w.process[i]) {
    case NONE:
        break;
    case EXECUTING:
        w.process[i] = NONE;
        ev.type = FLEET_EV_SPAWN_FAILED;
        if (scope->exec || w.killed[i])
            step(x, n, &w, ev, "spawn failed", true);
        w.process[i] = RUNNING;
        w.killed[i] = false;
        ev.type = FLEET_EV_SPAWNED;
        step(x, n, &w, ev, "spawned", true);
        break;
    case RUNNING: {
        enum worker_state state = n->slots[i].slot.worker.state;
        bool told = state == WORKER_STOPPING || state == WORKER_KILLED;
        w.process[i] = DEAD;
        w.active[i] = false;
        ev.type = FLEET_EV_EXITED;
        bool verified = state == WORKER_SERVING || state == WORKER_DRAINING;
        if (scope->crash || (scope->lost && verified && all_run(n)) || told)
            step(x, n, &w, ev, "exited", n->world.killed[i]);
        break;
    }
    case DEAD:
        w.process[i] = NONE;
        ev.type = FLEET_EV_TREE_GONE;
        step(x, n, &w, ev, "tree gone", true);
        break;
    }
    ev.type = FLEET_EV_NOTIFIED;
    ev.wish.stopping = true;
    if (scope->leave && n->world.process[i] == RUNNING)
        step(x, n, &n->world, ev, "leaves", false);
    ev.type = FLEET_EV_ERRORS;
    if (scope->errors && n->world.process[i] == RUNNING && !n->slots[i].errors)
        step(x, n, &n->world, ev, "errors", false);
    ev.type = FLEET_EV_DRAINED;
    if (!scope->stay && n->slots[i].slot.worker.state == WORKER_DRAINING)
        step(x, n, &n->world, ev, "drained", false);
}

static void probe_moves(struct explore *x, const struct overlap_node *n, unsigned i)
{
    static const struct {
        enum probe_outcome outcome;
        const char *label;
    } answers[] = {{PROBE_PASS, "pass"}, {PROBE_FAIL, "fail"}, {PROBE_HUNG, "hung"},
        {PROBE_DEPENDENCY, "dependency"}, {PROBE_PROVIDER, "provider"}};
    const bool possible[] = {true, scope->fail, scope->hung, scope->dependency, scope->provider};
    if (!n->slots[i].slot.prober.in_flight)
        return;
    for (unsigned k = 0; k < sizeof answers / sizeof *answers; k++) {
        struct fleet_event ev = {.type = FLEET_EV_PROBED, .slot = i, .outcome = answers[k].outcome};
        if (possible[k])
            step(x, n, &n->world, ev, answers[k].label, false);
    }
}

static void operator_moves(struct explore *x, const struct overlap_node *n)
{
    struct overlap_world w = n->world;
    struct fleet_event ev = {.type = FLEET_EV_RESTART, .operation = OPERATION};
    w.verb++;
    if (scope->restart && (scope->again || n->state == ROLLOUT_IDLE))
        step(x, n, &w, ev, "RESTART", false);
    w = n->world;
    w.steered++;
    ev.operation = STEERING;
    ev.type = FLEET_EV_CANCEL;
    if (scope->cancel)
        step(x, n, &w, ev, "CANCEL", false);
    ev.type = FLEET_EV_PROMOTE;
    if (scope->promote)
        step(x, n, &w, ev, "PROMOTE", false);
    w = n->world;
    w.scaled++;
    ev = (struct fleet_event){.type = FLEET_EV_SCALE, .n_workers = 1, .operation = SCALING};
    if (scope->scale && n->n_workers > 0) {
        step(x, n, &w, ev, "SCALE 1", false);
        ev.n_workers = 2;
        if (2 + scope->standby < PLACES)
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
    ev.n_workers = scope->workers;
    if (scope->resize || scope->stop || n->n_workers == 0)
        step(x, n, &w, ev, "RESIZE", false);
}

/* One that was verified without its dependency or a provider is probed on, or one that complains
 * of a provider, and nothing is decided before all who serve were heard of after a kill; no answer
 * is certain here. */
static bool awaits_answer(const struct overlap_node *n)
{
    bool awaits = false;
    for (unsigned i = 0; i < PLACES; i++) {
        const struct overlap_slot *s = &n->slots[i];
        bool unheard = s->unwatched && s->slot.worker.state == WORKER_SERVING;
        bool doubted = s->slot.prober.doubt != PROBER_DOUBT_NONE;
        awaits = awaits || s->slot.prober.degraded || doubted || unheard;
    }
    return awaits;
}

static bool all_serve(const struct overlap_node *n)
{
    unsigned serving = 0;
    for (unsigned i = 0; i < PLACES; i++)
        serving += n->slots[i].slot.worker.state == WORKER_SERVING;
    return serving == n->n_workers;
}

static void mark(struct explore *x, const struct overlap_node *n)
{
    if (n->world.verb + n->world.steered == 0 || n->state == ROLLOUT_HOLD)
        explore_mark(x, NO_VERB);
    else if (!n->outage && !((scope->resume || scope->provider) && awaits_answer(n)))
        explore_mark(x, VERB);
    if (n->world.scaled == 0)
        explore_mark(x, SCALED);
    else if (!n->outage && !awaits_answer(n) && n->state == ROLLOUT_IDLE &&
             (n->n_workers > n->scale_from || all_serve(n)))
        explore_mark(x, SCALES); /* the new ones come up or not, the surplus goes */
    if (n->world.stop_owed)
        explore_mark(x, STOPS);
    else if (n->stopping)
        explore_mark(x, GONE);
    if (n->state == ROLLOUT_IDLE || n->state == ROLLOUT_HOLD)
        explore_mark(x, IDLE); /* a person has the word */
    else if (!n->outage && !awaits_answer(n))
        explore_mark(x, ROLLS);
}

/* What the numbers of probes were is of no concern. */
static struct fleet resumed(struct fleet f)
{
    static const struct fleet_event ev = {.type = FLEET_EV_RESUMED, .now = NOW};
    fleet_step(&conf, &f, &ev, &update);
    for (unsigned i = 0; i < PLACES; i++)
        f.slots[i].prober.seq = f.slots[i].prober.void_to = 0;
    return f;
}

/* In every scope: a daemon that dies at once, again and again, does not make it worse. */
static void check_resume(struct explore *x, const struct overlap_node *n)
{
    static struct fleet once, twice;
    explore_try(x, "RESUMED twice");
    overlap_unpack(&fleet, n);
    fleet.rollout.deadline = USEC_INFINITY;
    once = resumed(fleet);
    twice = resumed(once);
    for (unsigned i = 0; i < PLACES; i++)
        EXPLORE_CHECK(x, saved_equal(&saved_slot, &once.slots[i], &twice.slots[i]));
    EXPLORE_CHECK(x, once.rollout.state == twice.rollout.state);
    EXPLORE_CHECK(x, once.n_slots == twice.n_slots && once.next_life == twice.next_life);
    EXPLORE_CHECK(x, fleet_deadline(&twice) > NOW);
}

static void expand(struct explore *x, const void *state)
{
    struct overlap_node n;
    memcpy(&n, state, sizeof n);
    mark(x, &n);
    for (unsigned i = 0; i < PLACES; i++) {
        process_moves(x, &n, i);
        probe_moves(x, &n, i);
    }
    operator_moves(x, &n);
    check_resume(x, &n);
    if (scope->resume)
        step(x, &n, &n.world, (struct fleet_event){.type = FLEET_EV_RESUMED}, "RESUMED", false);
    bool up = n.dependency == DEPENDENCY_UP;
    struct fleet_event ev = {
        .type = FLEET_EV_DEPENDENCY, .dependency = up ? DEPENDENCY_DOWN : DEPENDENCY_UP};
    if (scope->dependency)
        step(x, &n, &n.world, ev, up ? "redis down" : "redis up", false);
    bool runs = n.state != ROLLOUT_IDLE && n.state != ROLLOUT_WARM && n.state != ROLLOUT_HOLD;
    rollout_deadline_at = NOW;
    if (runs && !n.outage)
        step(x, &n, &n.world, (struct fleet_event){.type = FLEET_EV_TICK}, "too late", true);
    rollout_deadline_at = USEC_INFINITY;
    overlap_unpack(&fleet, &n);
    usec_t deadline = fleet_deadline(&fleet);
    if (deadline != USEC_INFINITY)
        step(x, &n, &n.world, (struct fleet_event){.type = FLEET_EV_TICK, .now = deadline}, "TICK",
            true);
}

static bool explore_scope(void)
{
    struct overlap_node initial;
    struct overlap_world world;
    memset(&world, 0, sizeof world);
    fleet_init(&fleet);
    overlap_pack(&initial, &fleet, &world, NOW);
    conf.standby = scope->standby;
    conf.rollout.hold = scope->hold;
    conf.rollout.canary = scope->canary;
    conf.rollout.max_surge.n = scope->surge;
    struct explore *x = explore_new(sizeof initial, 8000000);
    explore_run(x, &initial, expand);
    printf(
        "overlap, %s: %zu states, %zu steps\n", scope->name, explore_states(x), explore_steps(x));
    bool ok = explore_leads(x, VERB, NO_VERB) && explore_leads(x, STOPS, GONE) &&
              explore_leads(x, ROLLS, IDLE) && explore_leads(x, SCALES, SCALED);
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
