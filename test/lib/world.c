/* The simulated world: what is asked of it happens, some time, unless it is told to misbehave. */
#include "lib/world_internal.h"
#include "lib/world_overlap.h"
#include "lib/world_sabotage.h"
#include "lib/world_say.h"

static const struct exit_status killed = {.known = true, .signaled = true, .code = 9};
static const struct exit_status aborted = {.known = true, .signaled = true, .code = 6};
static const struct exit_status clean = {.known = true};

uint64_t world_random(struct world *w, uint64_t below)
{
    if (w->random == 0 || below == 0)
        return 0;
    /* xorshift64*: small, and the same everywhere */
    w->random ^= w->random >> 12;
    w->random ^= w->random << 25;
    w->random ^= w->random >> 27;
    return (w->random * UINT64_C(2685821657736338717) >> 33) % below;
}

void world_init(struct world *w)
{
    static const struct behaviour good = {.exec_takes = 5 * USEC_PER_MSEC,
        .ready_after = 595 * USEC_PER_MSEC,
        .health = PROBE_PASS,
        .probe_takes = 5 * USEC_PER_MSEC,
        .crash_after = USEC_INFINITY,
        .crash = {.known = true, .code = 1},
        .stop_takes = 10 * USEC_PER_MSEC,
        .callers_stay = 2 * USEC_PER_SEC};
    *w = (struct world){.n_workers = 1, .dependency = DEPENDENCY_UP};
    w->fleet_conf = (struct fleet_conf){.worker = {.start_timeout = 30 * USEC_PER_SEC,
                                            .drain_timeout = 60 * USEC_PER_SEC,
                                            .stop_timeout = 10 * USEC_PER_SEC,
                                            .abort_timeout = 2 * USEC_PER_SEC,
                                            .kill_timeout = 5 * USEC_PER_SEC},
        .restart = {.delay = USEC_PER_SEC,
            .multiplier = 2,
            .max_delay = 30 * USEC_PER_SEC,
            .jitter = 10,
            .stable_after = 30 * USEC_PER_SEC,
            .loop_after = 5},
        .prober = {.interval = 5 * USEC_PER_SEC,
            .start_interval = 100 * USEC_PER_MSEC,
            .fast_interval = USEC_PER_SEC,
            .rise = 2,
            .fall = 3},
        .rollout = {.bake = 30 * USEC_PER_SEC, .keep_warm = 60 * USEC_PER_SEC}};
    w->drain_conf = (struct drain_conf){.linger = 2 * USEC_PER_SEC,
        .timeout = 5 * USEC_PER_MIN,
        .count_interval = USEC_PER_SEC,
        .stale_after = 10 * USEC_PER_SEC,
        .first_count = 2 * USEC_PER_SEC,
        .wait_connections = true,
        .wait_tasks = true,
        .wait_sessions = true};
    w->callers = (struct callers){{true, 0}, {true, 0}, {true, 0}};
    fleet_init(&w->fleet);
    w->drain = drain_initial();
    for (unsigned i = 0; i < LIMIT_WORKERS; i++)
        w->slots[i].next = good;
}

void world_fini(struct world *w)
{
    strbuf_fini(&w->state);
}

/* ---- what will happen ---- */

struct happening *world_plan(struct world *w, usec_t in)
{
    HOLDS(w, w->n_happenings < WORLD_HAPPENINGS_MAX);
    struct happening *h = &w->happenings[w->n_happenings++];
    *h = (struct happening){.at = usec_add(w->now, in), .order = w->order++};
    return h;
}

void world_plan_fleet(struct world *w, usec_t in, enum fleet_event_type type, unsigned slot,
    struct exit_status status)
{
    world_plan(w, in)->fleet = (struct fleet_event){
        .type = type, .slot = slot, .life = w->slots[slot].life, .exit = status};
}

/* Forgets what was planned of this type for the slot. */
void world_unplan(struct world *w, enum fleet_event_type type, unsigned slot)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < w->n_happenings; i++) {
        const struct happening *h = &w->happenings[i];
        if (h->to_drain || h->fleet.type != type || h->fleet.slot != slot)
            w->happenings[kept++] = *h;
    }
    w->n_happenings = kept;
}

static bool take_due(struct world *w, usec_t until, struct happening *out)
{
    unsigned best = w->n_happenings;
    for (unsigned i = 0; i < w->n_happenings; i++) {
        const struct happening *h = &w->happenings[i];
        const struct happening *b = &w->happenings[best];
        if (h->at <= until &&
            (best == w->n_happenings || h->at < b->at || (h->at == b->at && h->order < b->order)))
            best = i;
    }
    if (best == w->n_happenings)
        return false;
    *out = w->happenings[best];
    w->happenings[best] = w->happenings[--w->n_happenings];
    return true;
}

/* ---- what the core asks for ---- */

static void exec_asked(struct world *w, unsigned i, uint64_t life)
{
    struct world_slot *s = &w->slots[i];
    HOLDS(w, s->process == WORLD_NONE);
    HOLDS(w, life > s->life && !w->fleet.stopping);
    /* Overlap: a retry that is due in the moment when a phase ends is told to go at once. */
    HOLDS(w, w->fleet.slots[i].wanted ||
                 (w->fleet_conf.overlap && w->fleet.slots[i].worker.stop_wanted));
    world_overlap_exec(w, i);
    *s = (struct world_slot){.next = s->next,
        .now = s->next,
        .life = life,
        .process = WORLD_EXECUTING,
        .gap = s->gap,
        .gap_started = s->gap};
    world_plan_fleet(w, s->now.exec_takes,
        s->now.exec_fails ? FLEET_EV_SPAWN_FAILED : FLEET_EV_SPAWNED, i, clean);
}

static enum probe_outcome health(const struct world *w, const struct world_slot *s)
{
    if (s->process != WORLD_RUNNING || s->now.ready_after == USEC_INFINITY ||
        w->now < usec_add(s->running_since, s->now.ready_after))
        return PROBE_FAIL;
    if (s->now.health == PROBE_PASS && (s->lost || w->dependency == DEPENDENCY_DOWN))
        return PROBE_DEPENDENCY;
    if (s->now.health == PROBE_PASS && w->provider_down)
        return PROBE_PROVIDER;
    return s->now.health;
}

static void probe_asked(struct world *w, unsigned i, uint64_t seq)
{
    struct world_slot *s = &w->slots[i];
    enum probe_outcome outcome = health(w, s);
    HOLDS(w, s->process == WORLD_RUNNING || s->process == WORLD_DEAD);
    struct happening *h =
        world_plan(w, outcome == PROBE_HUNG ? 2 * USEC_PER_SEC : s->now.probe_takes);
    h->fleet = (struct fleet_event){
        .type = FLEET_EV_PROBED, .slot = i, .life = s->life, .seq = seq, .outcome = outcome};
}

/* A process that gets a signal or crashes ends after `in`, whatever was planned for it later. */
static void ends(struct world *w, unsigned i, usec_t in, struct exit_status how)
{
    world_unplan(w, FLEET_EV_EXITED, i);
    world_plan_fleet(w, in, FLEET_EV_EXITED, i, how);
}

static void kill_asked(struct world *w, unsigned i)
{
    struct world_slot *s = &w->slots[i];
    if (w->resuming && s->process == WORLD_NONE)
        return; /* EXEC was never done; that is told next */
    HOLDS(w, s->process != WORLD_NONE);
    if (s->process == WORLD_EXECUTING) {
        world_unplan(w, FLEET_EV_SPAWNED, i);
        world_unplan(w, FLEET_EV_SPAWN_FAILED, i);
        world_plan_fleet(w, USEC_PER_MSEC, FLEET_EV_SPAWN_FAILED, i, clean);
    } else if (s->process == WORLD_RUNNING) {
        ends(w, i, USEC_PER_MSEC, killed);
    } else if (!s->tree_dies) {
        s->tree_dies = true; /* once killed is killed: asking again makes nothing faster */
        world_plan_fleet(w, s->now.tree_takes, FLEET_EV_TREE_GONE, i, clean);
    }
}

static void given_up_rightly(struct world *w, unsigned i)
{
    enum worker_cause cause = w->fleet.slots[i].worker.cause;
    bool given_up = cause == WORKER_CAUSE_UNHEALTHY || cause == WORKER_CAUSE_ZOMBIE;
    HOLDS(w, cause != WORKER_CAUSE_ZOMBIE || w->dependency == DEPENDENCY_UP);
    HOLDS(w, !given_up || w->slots[i].bad >= w->fleet_conf.prober.fall);
}

/* Who is to be left alone is, but by a rollout that judges its own, and in the end. */
static void left_alone(struct world *w, unsigned i)
{
    const struct fleet *f = &w->fleet;
    enum worker_cause cause = f->slots[i].worker.cause;
    bool kept = (cause == WORKER_CAUSE_HANG && f->keeps_hung) ||
                (cause == WORKER_CAUSE_ZOMBIE && f->keeps_zombies);
    bool judged = w->judged || f->rollout.state != ROLLOUT_IDLE;
    HOLDS(w, !kept || judged || f->stopping || w->resuming);
}

/* Only one worker at a time is replaced although it answers, and none without enough bad answers.
 */
static void stop_asked(struct world *w, unsigned i)
{
    struct world_slot *s = &w->slots[i];
    const struct worker *worker = &w->fleet.slots[i].worker;
    bool given_up = worker->cause == WORKER_CAUSE_UNHEALTHY || worker->cause == WORKER_CAUSE_ZOMBIE;
    if (w->resuming && (s->process != WORLD_RUNNING || s->told_to_go))
        return;
    HOLDS(w, s->process == WORLD_RUNNING && !s->told_to_go);
    if (!w->fleet_conf.overlap)
        left_alone(w, i);
    if (!w->fleet_conf.overlap && !w->resuming)
        given_up_rightly(w, i);
    s->told_to_go = true;
    if (w->resuming)
        HOLDS(w, !s->active);
    else if (w->fleet_conf.overlap)
        world_overlap_stop(w, i);
    if (!w->fleet_conf.overlap && worker->verified_at &&
        (given_up || worker->cause == WORKER_CAUSE_RESTART)) {
        for (unsigned j = 0; j < w->fleet.n_slots; j++)
            HOLDS(w, w->resuming || !w->slots[j].gap || !w->fleet.slots[j].wanted);
        s->gap = true;
    }
    if (!s->now.ignores_stop)
        ends(w, i, s->now.stop_takes, clean);
}

void world_new_life_failed(struct world_slot *s)
{
    s->gap = s->gap && !s->gap_started;
}

static void perform(struct world *w, const struct fleet_action *a)
{
    struct world_slot *s = &w->slots[a->slot];
    switch (a->type) {
    case FLEET_DO_EXEC:
        exec_asked(w, a->slot, a->life);
        break;
    case FLEET_DO_PROBE:
        probe_asked(w, a->slot, a->seq);
        break;
    case FLEET_DO_PROBE_STOP:
        world_unplan(w, FLEET_EV_PROBED, a->slot);
        break;
    case FLEET_DO_ACTIVATE:
        HOLDS(w, s->doubtful || (!s->active && s->process == WORLD_RUNNING));
        s->active = s->process == WORLD_RUNNING;
        s->doubtful = false;
        world_unplan(w, FLEET_EV_DRAINED, a->slot);
        break;
    case FLEET_DO_PAUSE:
        HOLDS(w, s->doubtful || s->active);
        if (!s->doubtful) {
            given_up_rightly(w, a->slot);
            left_alone(w, a->slot);
            world_overlap_hold(w, a->slot);
        }
        s->active = false;
        s->doubtful = false;
        world_overlap_pause(w, a->slot);
        world_unplan(w, FLEET_EV_DRAINED, a->slot);
        if (s->now.callers_stay != USEC_INFINITY)
            world_plan_fleet(w, s->now.callers_stay, FLEET_EV_DRAINED, a->slot, clean);
        break;
    case FLEET_DO_SIGNAL_STOP:
        stop_asked(w, a->slot);
        break;
    case FLEET_DO_SIGNAL_ABRT:
        if (w->resuming && s->process != WORLD_RUNNING)
            break;
        HOLDS(w, s->process == WORLD_RUNNING);
        HOLDS(w, s->reports || s->bad >= w->fleet_conf.prober.fall);
        left_alone(w, a->slot);
        if (!s->now.ignores_abort)
            ends(w, a->slot, s->now.stop_takes, aborted);
        break;
    case FLEET_DO_KILL_TREE:
        kill_asked(w, a->slot);
        break;
    case FLEET_DO_TELL_NOT_VERIFIED:
        HOLDS(w, s->process == WORLD_EXECUTING || w->dependency != DEPENDENCY_DOWN);
        world_provider_check(w, a->slot);
        world_new_life_failed(s);
        break;
    case FLEET_DO_TELL_LEAVING:
        world_new_life_failed(s);
        break;
    case FLEET_DO_TELL_VERIFIED:
        HOLDS(w, s->good >= w->fleet_conf.prober.rise);
        s->gap = false;
        break;
    case FLEET_DO_TELL_ENDED:
        HOLDS(w, s->process == WORLD_NONE);
        break;
    case FLEET_DO_TELL_RESTART_ROLLED_BACK:
        w->undone++;
        w->verdicts++;
        HOLDS(w, w->verdicts <= w->operations);
        break;
    case FLEET_DO_TELL_RESTARTED:
    case FLEET_DO_TELL_RESTART_FAILED:
    case FLEET_DO_TELL_RESTART_SUPERSEDED:
    case FLEET_DO_TELL_ROLLOUT_REFUSED:
    case FLEET_DO_TELL_RESTART_REFUSED:
    case FLEET_DO_TELL_SCALED:
    case FLEET_DO_TELL_SCALE_FAILED:
    case FLEET_DO_TELL_SCALE_SUPERSEDED:
    case FLEET_DO_TELL_SCALE_REFUSED:
        HOLDS(w, a->type != FLEET_DO_TELL_SCALED || fleet_serving(&w->fleet) == w->fleet.n_workers);
        w->verdicts++;
        HOLDS(w, w->verdicts <= w->operations);
        break;
    case FLEET_DO_TELL_ALL_GONE:
        for (unsigned i = 0; i < LIMIT_WORKERS; i++)
            HOLDS(w, w->slots[i].process == WORLD_NONE);
        break;
    case FLEET_DO_EVIDENCE:
    case FLEET_DO_TELL_STARTED:
    case FLEET_DO_TELL_VERDICT:
    case FLEET_DO_TELL_WATCHDOG:
    case FLEET_DO_TELL_KILLED:
    case FLEET_DO_TELL_RETRY:
    case FLEET_DO_TELL_LOOP_BEGAN:
    case FLEET_DO_TELL_LOOP_ENDED:
    case FLEET_DO_TELL_RESTART_STEP:
    case FLEET_DO_TELL_ROLLOUT:
        break;
    }
}

/* ---- the core, joined ---- */

void world_check(struct world *w)
{
    if (w->resuming) {
        world_overlap_allow(w);
        return;
    }
    world_check_waits(w);
    for (unsigned i = 0; i < w->fleet.n_slots; i++) {
        const struct fleet_slot *s = &w->fleet.slots[i];
        bool gone = s->worker.state == WORKER_GONE;
        bool answers = s->worker.state == WORKER_STARTING || s->worker.state == WORKER_SERVING ||
                       s->worker.state == WORKER_STANDBY || s->worker.state == WORKER_DRAINING;
        HOLDS(w, gone == (w->slots[i].process == WORLD_NONE));
        HOLDS(w, !(gone && s->wanted) || s->restart.next_at != USEC_INFINITY);
        HOLDS(w, answers == (s->prober.state != PROBER_IDLE));
        HOLDS(w, s->worker.state != WORKER_SERVING || s->worker.verified_at != 0);
        HOLDS(w, s->restart.last_delay <= w->fleet_conf.restart.max_delay * 11 / 10);
    }
    if (w->fleet_conf.overlap)
        world_overlap_check(w);
    else
        for (unsigned i = 0; i < w->fleet.n_slots; i++)
            HOLDS(w, w->fleet.slots[i].worker.state != WORKER_STANDBY &&
                         w->fleet.slots[i].worker.state != WORKER_DRAINING);
    unsigned asked = w->fleet.restart.state != FLEET_RESTART_IDLE || w->fleet.rollout.owed;
    asked += w->fleet.scale.operation != 0;
    HOLDS(w, w->operations - w->verdicts == asked + w->fleet.rollout.steered);
    HOLDS(w, fleet_deadline(&w->fleet) > w->now);
}

/* The worst moment to type something is that in which a phase of the rollout begins. */
static void meddle(struct world *w)
{
    static const enum fleet_event_type verbs[] = {
        FLEET_EV_PROMOTE, FLEET_EV_CANCEL, FLEET_EV_RESTART, FLEET_EV_PROMOTE};
    if (w->meddles && world_random(w, 4) == 0)
        world_plan_fleet(
            w, world_random(w, 100 * USEC_PER_MSEC), verbs[world_random(w, 4)], 0, clean);
}

/* As the supervisor does: before it is saved what was decided. */
static void take_back(struct world *w)
{
    for (unsigned i = 0; i < w->update.n_actions; i++) {
        const struct fleet_action *a = &w->update.actions[i];
        if (a->type == FLEET_DO_TELL_SCALE_FAILED && a->cause != WORKER_CAUSE_STOP)
            w->n_workers = w->fleet.n_workers;
    }
}

void world_fleet(struct world *w, struct fleet_event ev)
{
    if (w->dead)
        return;
    ev.now = w->now;
    ev.jitter = (unsigned)world_random(w, 1001);
    if (ev.type == FLEET_EV_SCALE &&
        fleet_obstacle(&w->fleet_conf, &w->fleet, ev.n_workers) == FLEET_OBSTACLE_NONE)
        w->n_workers = ev.n_workers;
    if (ev.type == FLEET_EV_RESTART || ev.type == FLEET_EV_CANCEL || ev.type == FLEET_EV_PROMOTE ||
        ev.type == FLEET_EV_SCALE) {
        w->operations++;
        if (ev.operation == 0)
            ev.operation = w->operations;
    }
    w->judged = w->fleet.rollout.state != ROLLOUT_IDLE;
    unsigned wanted = w->fleet.n_workers;
    unsigned serving = fleet_serving(&w->fleet); /* more: a RESIZE waits until all were heard of */
    if (w->fleet.rollout.state != ROLLOUT_HOLD && wanted < serving)
        wanted = serving;
    if (w->fleet.rollout.state != ROLLOUT_HOLD || wanted > w->wanted_in_hold)
        w->wanted_in_hold = wanted;
    for (unsigned i = 0; ev.type == FLEET_EV_STALLED && i < LIMIT_WORKERS; i++)
        w->slots[i].good = w->slots[i].clean = 0; /* in a row, as far as the prober knows */
    uint64_t before = world_overlap_serving(w);
    for (unsigned i = 0; i < LIMIT_WORKERS; i++)
        ev.callers[i] = w->slots[i].callers;
    world_bend_event(w, &ev);
    if (w->sabotage == SABOTAGE_SAVED_LATE)
        w->before = w->fleet;
    struct fleet_conf conf = w->fleet_conf;
    if (w->sabotage == SABOTAGE_HASTY)
        conf.prober.rise = 1;
    fleet_step(&conf, &w->fleet, &ev, &w->update);
    take_back(w);
    w->steps++;
    world_bend_decision(w);
    if (w->fleet_conf.overlap && (ev.type == FLEET_EV_SCALE || ev.type == FLEET_EV_RESIZE))
        world_overlap_chosen(w, before);
    bool all_gone = false;
    for (unsigned i = 0; i < w->update.n_actions; i++) {
        const struct fleet_action *a = &w->update.actions[i];
        if (world_dies(w))
            return;
        world_say_action(w, a);
        perform(w, a);
        if (a->type == FLEET_DO_EXEC && world_dies(w))
            return;
        if (a->type == FLEET_DO_EXEC)
            w->slots[a->slot].pid_saved = true;
        all_gone = all_gone || a->type == FLEET_DO_TELL_ALL_GONE;
        if (a->type == FLEET_DO_TELL_ROLLOUT)
            meddle(w);
    }
    world_check(w);
    if (!world_dies(w) && all_gone)
        world_drain(w, (struct drain_event){.type = DRAIN_EV_ALL_GONE});
}

static void perform_drain(struct world *w, enum drain_action action)
{
    switch (action) {
    case DRAIN_DO_COUNT: {
        struct happening *h = world_plan(w, 20 * USEC_PER_MSEC);
        h->to_drain = true;
        h->drain = (struct drain_event){.type = DRAIN_EV_COUNTED, .callers = w->callers};
        break;
    }
    case DRAIN_DO_STOP:
        if (w->sabotage != SABOTAGE_STOP_LOST)
            world_fleet(w, (struct fleet_event){.type = FLEET_EV_STOP});
        break;
    case DRAIN_DO_START:
        world_fleet(w, (struct fleet_event){.type = FLEET_EV_RESIZE, .n_workers = w->n_workers});
        break;
    case DRAIN_DO_EXIT:
        HOLDS(w, !w->exit_asked && w->fleet.n_slots == 0);
        w->exit_asked = true;
        break;
    case DRAIN_DO_BEGAN:
    case DRAIN_DO_PROGRESS:
    case DRAIN_DO_CUT:
    case DRAIN_DO_DONE:
    case DRAIN_DO_CANCELLED:
        break;
    }
}

void world_drain(struct world *w, struct drain_event ev)
{
    if (w->dead)
        return;
    ev.now = w->now;
    struct drain_update u = drain_step(&w->drain_conf, w->drain, ev);
    w->drain = u.next;
    w->steps++;
    world_bend_drain(w, &ev);
    for (unsigned i = 0; i < u.n_actions && !world_dies(w); i++) {
        world_say_drain(w, u.actions[i]);
        perform_drain(w, u.actions[i]);
    }
    if (!w->dead)
        HOLDS(w, drain_deadline(w->drain) > w->now);
    world_check_promise(w);
}

void world_dependency(struct world *w, enum dependency dependency)
{
    bool back = dependency == DEPENDENCY_UP && w->dependency != DEPENDENCY_UP;
    w->dependency = dependency;
    for (unsigned i = 0; i < LIMIT_WORKERS; i++) {
        struct world_slot *s = &w->slots[i];
        s->clean = back ? 0 : s->clean; /* without it they proved less than is asked for now */
        if (dependency == DEPENDENCY_DOWN && s->process == WORLD_RUNNING && s->now.zombie)
            s->lost = true;
    }
    world_fleet(w, (struct fleet_event){.type = FLEET_EV_DEPENDENCY, .dependency = dependency});
}

bool world_crash(struct world *w, unsigned slot, struct exit_status how)
{
    if (w->slots[slot].process != WORLD_RUNNING)
        return false;
    ends(w, slot, 0, how);
    return true;
}

bool world_notify(struct world *w, unsigned slot, struct notify_wish wish)
{
    struct world_slot *s = &w->slots[slot];
    if (s->process != WORLD_RUNNING)
        return false;
    s->reports = s->reports || wish.alive || wish.trigger;
    world_fleet(w, (struct fleet_event){
                       .type = FLEET_EV_NOTIFIED, .slot = slot, .life = s->life, .wish = wish});
    return true;
}

static void answered(const struct world *w, struct world_slot *s, const struct fleet_event *ev)
{
    const struct prober *p = &w->fleet.slots[ev->slot].prober;
    enum probe_outcome outcome = ev->outcome;
    if (ev->seq <= p->void_to || ((outcome == PROBE_DEPENDENCY || outcome == PROBE_HUNG) &&
                                     ev->seq <= p->void_dependency_to))
        return; /* asked before a stall or an outage ended: it says nothing */
    bool excused = false;
    if (outcome == PROBE_DEPENDENCY)
        excused = w->fleet.dependency != DEPENDENCY_UP;
    else if (outcome == PROBE_HUNG)
        excused = w->fleet.dependency == DEPENDENCY_DOWN && p->state != PROBER_PROVING;
    else if (outcome == PROBE_PROVIDER)
        excused = world_provider_excuses(w, ev->slot);
    if (outcome == PROBE_PASS || excused) {
        s->good++;
        s->clean++;
        if (s->clean >= w->fleet_conf.prober.rise)
            s->bad = 0;
    } else {
        s->good = s->clean = 0;
        s->bad++;
    }
}

/* The world changes first, then the core is told of it. */
static void happen(struct world *w, struct happening h)
{
    if (w->dead) {
        world_unheard(w, &h);
        return;
    }
    if (h.to_drain) {
        world_drain(w, h.drain);
        return;
    }
    struct world_slot *s = &w->slots[h.fleet.slot];
    switch (h.fleet.type) {
    case FLEET_EV_SPAWNED:
        s->process = WORLD_RUNNING;
        s->running_since = w->now;
        if (s->now.crash_after != USEC_INFINITY)
            world_plan_fleet(w, s->now.crash_after, FLEET_EV_EXITED, h.fleet.slot, s->now.crash);
        break;
    case FLEET_EV_EXITED:
        s->process = WORLD_DEAD;
        world_new_life_failed(s);
        break;
    case FLEET_EV_SPAWN_FAILED:
        s->process = WORLD_NONE;
        world_new_life_failed(s);
        break;
    case FLEET_EV_TREE_GONE:
        s->process = WORLD_NONE;
        break;
    case FLEET_EV_PROBED:
        world_provider_answered(w, &h.fleet);
        answered(w, s, &h.fleet);
        break;
    case FLEET_EV_DEPENDENCY: /* a new instance has found out by now */
        h.fleet.dependency = w->dependency;
        break;
    case FLEET_EV_RESIZE:
    case FLEET_EV_SCALE:
    case FLEET_EV_STOP:
    case FLEET_EV_KILL:
    case FLEET_EV_RESTART:
    case FLEET_EV_CANCEL:
    case FLEET_EV_PROMOTE:
    case FLEET_EV_ERRORS:
    case FLEET_EV_KEEP:
    case FLEET_EV_NOTIFIED:
    case FLEET_EV_DRAINED:
    case FLEET_EV_RESUMED:
    case FLEET_EV_STALLED:
    case FLEET_EV_TICK:
        break;
    }
    world_fleet(w, h.fleet);
}

void world_run(struct world *w, usec_t until)
{
    for (;;) {
        usec_t fleet_due = w->dead ? USEC_INFINITY : fleet_deadline(&w->fleet);
        usec_t drain_due = w->dead ? USEC_INFINITY : drain_deadline(w->drain);
        usec_t timer = fleet_due < drain_due ? fleet_due : drain_due;
        usec_t limit = timer < until ? timer : until;
        struct happening h;
        if (take_due(w, limit, &h)) {
            w->now = h.at > w->now ? h.at : w->now;
            happen(w, h);
        } else if (timer <= until) {
            w->now = timer > w->now ? timer : w->now;
            if (fleet_due <= w->now)
                world_fleet(w, (struct fleet_event){.type = FLEET_EV_TICK});
            if (drain_due <= w->now)
                world_drain(w, (struct drain_event){.type = DRAIN_EV_TICK});
        } else {
            w->now = until;
            return;
        }
    }
}
