/*
 * Every reachable state of one life: the machine, the process and its grandchildren, and what the
 * hands have not told yet. Processes die or survive as they like; only SIGKILL is certain.
 */
#include "core/fleet/worker.h"

#include "explore.h"

#include <stdio.h>
#include <string.h>

enum { NOW = 1000 };

enum process { NONE, EXECUTING, RUNNING, DEAD };

struct world {
    enum process process;
    bool grandchildren;
    bool killed;     /* SIGKILL was sent to what there is */
    bool told;       /* SPAWNED was */
    bool exit_told;  /* EXITED was */
    unsigned owed;   /* answers to KILL_TREE that are on their way, at most 2 */
    bool probing;    /* between PROBE and PROBE_STOP */
    bool end_wanted; /* somebody wished this life to end */
    unsigned lives;  /* begun, at most 2 are explored */
};

struct node {
    struct worker worker;
    struct world world;
};

static const struct worker_conf conf = {.start_timeout = 5,
    .drain_timeout = 4,
    .stop_timeout = 3,
    .abort_timeout = 2,
    .kill_timeout = 1};

enum { GONE, TRANSIENT, SETTLED };

static void check_action(
    struct explore *x, const struct node *before, struct world *w, enum worker_action action)
{
    bool alive = w->told && !w->exit_told;
    switch (action) {
    case WORKER_DO_EXEC:
        EXPLORE_CHECK(x, before->worker.state == WORKER_GONE);
        EXPLORE_CHECK(x, w->process == NONE && !w->grandchildren);
        *w = (struct world){.process = EXECUTING, .lives = w->lives + 1};
        break;
    case WORKER_DO_PROBE:
        EXPLORE_CHECK(x, !w->probing && alive);
        w->probing = true;
        break;
    case WORKER_DO_PROBE_STOP:
        EXPLORE_CHECK(x, w->probing);
        w->probing = false;
        break;
    case WORKER_DO_ACTIVATED:
    case WORKER_DO_PAUSED:
        EXPLORE_CHECK(x, alive);
        break;
    case WORKER_DO_EVIDENCE:
    case WORKER_DO_SIGNAL_STOP:
    case WORKER_DO_SIGNAL_ABRT:
        EXPLORE_CHECK(x, alive && !w->probing);
        break;
    case WORKER_DO_KILL_TREE:
        EXPLORE_CHECK(x, before->worker.state != WORKER_GONE);
        w->killed = true;
        w->owed += w->owed < 2;
        break;
    case WORKER_DO_ENDED:
        EXPLORE_CHECK(x, w->process == NONE && !w->grandchildren && !w->probing);
        break;
    }
}

static bool has_deadline(enum worker_state state)
{
    switch (state) {
    case WORKER_GONE:
    case WORKER_STANDBY:
    case WORKER_SERVING:
        return false;
    case WORKER_SPAWNING:
    case WORKER_STARTING:
    case WORKER_DRAINING:
    case WORKER_STOPPING:
    case WORKER_KILLED:
        return true;
    }
    return false;
}

static void check_state(struct explore *x, const struct node *n)
{
    const struct worker *w = &n->worker;
    bool ending = w->state == WORKER_SPAWNING || w->state == WORKER_STOPPING ||
                  w->state == WORKER_KILLED || w->state == WORKER_GONE;
    bool probed = w->state == WORKER_STARTING || w->state == WORKER_STANDBY ||
                  w->state == WORKER_SERVING || w->state == WORKER_DRAINING;
    EXPLORE_CHECK(x, (w->deadline != USEC_INFINITY) == has_deadline(w->state));
    EXPLORE_CHECK(x, probed == n->world.probing);
    EXPLORE_CHECK(x, !n->world.end_wanted || ending);
    EXPLORE_CHECK(x, !(w->state == WORKER_STOPPING || w->state == WORKER_KILLED) ||
                         w->cause != WORKER_CAUSE_NONE);
    EXPLORE_CHECK(x, w->alive == (n->world.told && !n->world.exit_told && w->state != WORKER_GONE));
}

/* Steps, performs the actions on the world, and puts the result in its canonical form. */
static void step(struct explore *x, const struct node *from, struct world world,
    struct worker_event ev, const char *label, bool certain)
{
    struct node to;
    memset(&to, 0, sizeof to);
    explore_try(x, label);
    if (ev.now == 0)
        ev.now = NOW;
    struct worker_update u = worker_step(&conf, from->worker, ev);
    bool ended = false;
    for (unsigned i = 0; i < u.n_actions; i++) {
        check_action(x, from, &world, u.actions[i]);
        ended = ended || u.actions[i] == WORKER_DO_ENDED;
    }
    EXPLORE_CHECK(x, ended == (from->worker.state != WORKER_GONE && u.next.state == WORKER_GONE));
    if (ended) {
        EXPLORE_CHECK(x, u.next.cause != WORKER_CAUSE_NONE);
        world = (struct world){.lives = world.lives, .owed = world.owed};
    }
    to.worker.state = u.next.state;
    to.worker.cause = u.next.cause;
    to.worker.alive = u.next.alive;
    to.worker.stop_wanted = u.next.stop_wanted;
    to.worker.leaving = u.next.leaving;
    to.worker.exited = u.next.exited;
    to.worker.verified_at = u.next.verified_at ? 1 : 0;
    to.worker.deadline =
        u.next.deadline == USEC_INFINITY ? USEC_INFINITY : u.next.deadline - ev.now + NOW;
    memcpy(&to.world, &world, sizeof world);
    check_state(x, &to);
    explore_edge(x, &to, certain);
}

/* What the hands may tell next. */
static void world_moves(struct explore *x, const struct node *n)
{
    const struct world *now = &n->world;
    struct world w = *now;
    if (now->process == EXECUTING) {
        w.process = NONE;
        step(x, n, w, (struct worker_event){.type = WORKER_EV_SPAWN_FAILED}, "spawn failed", true);
        w = *now;
        w.process = RUNNING;
        w.told = true;
        w.killed = false; /* the kill found the process before exec: it runs, for all we know */
        step(x, n, w, (struct worker_event){.type = WORKER_EV_SPAWNED}, "spawned", true);
        if (now->killed) {
            w.process = DEAD;
            step(x, n, w, (struct worker_event){.type = WORKER_EV_SPAWNED}, "spawned, dead", true);
        }
        w = *now; /* both are there to be told, and the exit is told first */
        w.process = DEAD;
        w.exit_told = true;
        step(x, n, w, (struct worker_event){.type = WORKER_EV_EXITED}, "exited unspawned", false);
    }
    if (now->process == RUNNING || (now->process == DEAD && now->told && !now->exit_told)) {
        w = *now;
        w.process = DEAD;
        w.exit_told = true;
        w.grandchildren = false;
        step(x, n, w, (struct worker_event){.type = WORKER_EV_EXITED}, "exited", now->killed);
        w.grandchildren = !now->killed;
        step(x, n, w,
            (struct worker_event){
                .type = WORKER_EV_EXITED, .exit = {.known = true, .signaled = true, .oom = true}},
            "oom, leaves grandchildren", false);
        w.grandchildren = false;
        step(x, n, w,
            (struct worker_event){.type = WORKER_EV_EXITED, .exit = {.known = true, .code = 3}},
            "exit code 3", false);
    }
    if (now->process == DEAD && now->exit_told && !now->told) { /* the late half of the pair */
        w = *now;
        w.told = true;
        step(x, n, w, (struct worker_event){.type = WORKER_EV_SPAWNED}, "spawned, late", false);
    }
    if (now->owed > 0 && now->process == DEAD && now->exit_told && now->killed) {
        w = *now;
        w.process = NONE;
        w.grandchildren = false;
        w.owed--;
        step(x, n, w, (struct worker_event){.type = WORKER_EV_TREE_GONE}, "tree gone", true);
    } else if (now->owed > 0 && n->worker.state == WORKER_GONE) {
        w = *now;
        w.owed--;
        step(x, n, w, (struct worker_event){.type = WORKER_EV_TREE_GONE}, "tree gone again", true);
    }
}

static void wish(struct explore *x, const struct node *n, struct worker_event ev, const char *label)
{
    struct world w = n->world;
    w.end_wanted = n->worker.state != WORKER_GONE;
    step(x, n, w, ev, label, false);
}

static void expand(struct explore *x, const void *state)
{
    struct node n;
    memcpy(&n, state, sizeof n);
    bool gone = n.worker.state == WORKER_GONE;
    explore_mark(x, gone ? GONE : TRANSIENT);
    if (gone || n.worker.state == WORKER_STANDBY || n.worker.state == WORKER_SERVING)
        explore_mark(x, SETTLED);
    world_moves(x, &n);
    if (n.world.lives < 2)
        step(x, &n, n.world, (struct worker_event){.type = WORKER_EV_SPAWN}, "SPAWN", false);
    static const struct {
        struct worker_event ev;
        const char *label;
    } wishes[] = {
        {{.type = WORKER_EV_STOP, .cause = WORKER_CAUSE_STOP}, "STOP"},
        {{.type = WORKER_EV_STOP, .cause = WORKER_CAUSE_RESTART}, "STOP (restart)"},
        {{.type = WORKER_EV_FAILED, .cause = WORKER_CAUSE_HANG}, "FAILED (hang)"},
        {{.type = WORKER_EV_FAILED, .cause = WORKER_CAUSE_ZOMBIE}, "FAILED (zombie)"},
        {{.type = WORKER_EV_KILL}, "KILL"},
    };
    for (size_t i = 0; i < sizeof wishes / sizeof *wishes; i++)
        wish(x, &n, wishes[i].ev, wishes[i].label);
    static const struct {
        enum worker_event_type type;
        const char *label;
    } others[] = {
        {WORKER_EV_VERIFIED, "VERIFIED"},
        {WORKER_EV_ACTIVATE, "ACTIVATE"},
        {WORKER_EV_DRAIN, "DRAIN"},
        {WORKER_EV_DRAINED, "DRAINED"},
        {WORKER_EV_POSTPONE, "POSTPONE"},
        {WORKER_EV_RESUMED, "RESUMED"},
        {WORKER_EV_EXTEND, "EXTEND"},
        {WORKER_EV_LEAVING, "LEAVING"},
        {WORKER_EV_TICK, "TICK, early"},
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        step(x, &n, n.world, (struct worker_event){.type = others[i].type}, others[i].label, false);
    usec_t deadline = worker_deadline(n.worker);
    if (deadline != USEC_INFINITY) {
        struct world w = n.world;
        step(x, &n, w, (struct worker_event){.type = WORKER_EV_TICK, .now = deadline}, "TICK, due",
            true);
    }
}

int main(void)
{
    struct node initial;
    memset(&initial, 0, sizeof initial);
    initial.worker.deadline = USEC_INFINITY;
    struct explore *x = explore_new(sizeof initial, 1000000);
    explore_run(x, &initial, expand);
    /* Whatever the process does, time and SIGKILL bring every life to rest ... */
    bool ok = explore_leads(x, TRANSIENT, SETTLED);
    printf("worker: %zu states, %zu steps\n", explore_states(x), explore_steps(x));
    explore_free(x);
    return ok ? 0 : 1;
}
