/* The daemon is killed at any moment, and another instance goes on from what it had saved. */
#include "lib/world_internal.h"

#include "core/saved/saved.h"
#include "lib/world_sabotage.h"
#include "lib/world_say.h"

static const struct exit_status unknown = {.known = false};

void world_kill(struct world *w, uint64_t n)
{
    w->dies_in = n;
}

/* The first bytes of a process's number and name are enough here: slots are told apart. */
static void save(struct world *w)
{
    static struct saved s;
    saved_init(&s);
    s.fleet = w->sabotage == SABOTAGE_SAVED_LATE ? w->before : w->fleet;
    s.drain = w->drain;
    s.saved_at = w->now;
    s.operations = w->operations;
    for (unsigned i = 0; i < LIMIT_WORKERS; i++) {
        if (w->slots[i].process != WORLD_NONE && w->slots[i].pid_saved)
            s.processes[i].pid = 1000 + (int64_t)i;
    }
    strbuf_reset(&w->state);
    saved_write(&s, &w->state);
}

/* What only the daemon waited for comes no more, and nobody types to it. */
static void forget_answers(struct world *w)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < w->n_happenings; i++) {
        const struct happening *h = &w->happenings[i];
        enum fleet_event_type type = h->fleet.type;
        bool verb = type == FLEET_EV_RESTART || type == FLEET_EV_PROMOTE ||
                    type == FLEET_EV_CANCEL || type == FLEET_EV_SCALE;
        if (!h->to_drain && !verb && type != FLEET_EV_PROBED && type != FLEET_EV_DRAINED &&
            type != FLEET_EV_DEPENDENCY)
            w->happenings[kept++] = *h;
    }
    w->n_happenings = kept;
}

bool world_dies(struct world *w)
{
    if (w->dead || w->exit_asked || w->dies_in == 0 || --w->dies_in > 0)
        return w->dead;
    w->dead = true;
    w->deaths++;
    save(w);
    forget_answers(w);
    world_say(w, "the daemon is KILLED");
    for (unsigned i = 0; i < LIMIT_WORKERS; i++) {
        struct world_slot *s = &w->slots[i];
        s->orphan = s->doubtful = s->process != WORLD_NONE;
        s->good = s->clean = 0; /* in a row, as far as the next one knows */
    }
    return true;
}

void world_unheard(struct world *w, const struct happening *h)
{
    struct world_slot *s = &w->slots[h->fleet.slot];
    if (h->fleet.type == FLEET_EV_SPAWNED) {
        s->process = WORLD_RUNNING;
        s->running_since = w->now;
        if (s->now.crash_after != USEC_INFINITY)
            world_plan_fleet(w, s->now.crash_after, FLEET_EV_EXITED, h->fleet.slot, s->now.crash);
    } else { /* the last of the tree, or the first: whoever asks finds nothing that runs */
        if (s->process != WORLD_DEAD)
            world_new_life_failed(s);
        s->process = WORLD_DEAD;
        s->tree_dies = false;
        s->now.tree_takes = 0;
    }
}

static void tell(struct world *w, enum fleet_event_type type, unsigned i)
{
    w->slots[i].orphan = false;
    world_fleet(w, (struct fleet_event){
                       .type = type, .slot = i, .life = w->fleet.slots[i].life, .exit = unknown});
}

/* Nothing of it is left, or was ever there. */
static void tell_nothing_found(struct world *w, unsigned i)
{
    struct world_slot *s = &w->slots[i];
    world_unplan(w, FLEET_EV_SPAWNED, i);
    world_unplan(w, FLEET_EV_SPAWN_FAILED, i);
    world_unplan(w, FLEET_EV_EXITED, i);
    world_unplan(w, FLEET_EV_TREE_GONE, i);
    if (s->process != WORLD_DEAD)
        world_new_life_failed(s);
    if (w->sabotage != SABOTAGE_LEFT_ALIVE)
        s->process = WORLD_NONE;
    s->active = false;
    tell(w, FLEET_EV_SPAWN_FAILED, i);
}

/* The pipe that would have told of a failed exec is gone: the process runs, and may end by it. */
static void adopt_executing(struct world *w, unsigned i)
{
    struct world_slot *s = &w->slots[i];
    usec_t rest = 0;
    for (unsigned k = 0; k < w->n_happenings; k++) {
        const struct happening *h = &w->happenings[k];
        bool its = !h->to_drain && h->fleet.slot == i;
        if (its && (h->fleet.type == FLEET_EV_SPAWNED || h->fleet.type == FLEET_EV_SPAWN_FAILED))
            rest = usec_sub(h->at, w->now);
    }
    world_unplan(w, FLEET_EV_SPAWNED, i);
    world_unplan(w, FLEET_EV_SPAWN_FAILED, i);
    s->process = WORLD_RUNNING;
    s->running_since = usec_add(w->now, rest);
    usec_t ends = s->now.exec_fails ? rest : usec_add(rest, s->now.crash_after);
    if (ends != USEC_INFINITY)
        world_plan_fleet(w, ends, FLEET_EV_EXITED, i, s->now.crash);
    tell(w, FLEET_EV_SPAWNED, i);
}

static void report_begun(struct world *w, unsigned i)
{
    struct world_slot *s = &w->slots[i];
    if (s->process == WORLD_NONE || (s->orphan && !s->pid_saved))
        tell_nothing_found(w, i);
    else if (s->orphan && s->process == WORLD_DEAD)
        tell(w, FLEET_EV_EXITED, i);
    else if (s->orphan && s->process == WORLD_EXECUTING)
        adopt_executing(w, i);
    else if (s->orphan)
        tell(w, FLEET_EV_SPAWNED, i);
}

static void report(struct world *w, unsigned i)
{
    struct world_slot *s = &w->slots[i];
    const struct worker *worker = &w->fleet.slots[i].worker;
    bool known = s->life == w->fleet.slots[i].life;
    switch (worker->state) {
    case WORKER_GONE:
        HOLDS(w, s->process == WORLD_NONE);
        break;
    case WORKER_SPAWNING:
        HOLDS(w, known || s->process == WORLD_NONE);
        report_begun(w, i);
        break;
    case WORKER_KILLED:
        if (!worker->exited && (s->process == WORLD_NONE || (s->orphan && !s->pid_saved)))
            tell_nothing_found(w, i);
        else if (!worker->exited && s->process == WORLD_DEAD)
            tell(w, FLEET_EV_EXITED, i);
        break;
    case WORKER_STARTING:
    case WORKER_STANDBY:
    case WORKER_SERVING:
    case WORKER_DRAINING:
    case WORKER_STOPPING:
        HOLDS(w, known);
        if (s->process != WORLD_RUNNING)
            tell(w, FLEET_EV_EXITED, i);
        break;
    }
    s->orphan = s->orphan && w->dead;
}

/* What the dead one had found out and could not tell any more. */
static void catch_up(struct world *w, unsigned i)
{
    const struct worker *worker = &w->fleet.slots[i].worker;
    struct world_slot *s = &w->slots[i];
    if (worker->state == WORKER_SERVING)
        s->gap = false;
    else if (worker->cause != WORKER_CAUSE_NONE)
        world_new_life_failed(s);
}

static void load(struct world *w)
{
    static struct saved s;
    struct err e = {0};
    if (saved_read(strbuf_text(&w->state), w->state.len, &s, &e) < 0)
        w->broken(w->log_arg, e.msg);
    w->fleet = s.fleet;
    w->drain = s.drain;
    for (unsigned i = 0; i < LIMIT_WORKERS; i++)
        HOLDS(w,
            !w->slots[i].pid_saved || w->slots[i].process == WORLD_NONE || s.processes[i].pid != 0);
    unsigned taken = 0;
    for (unsigned i = 0; i < LIMIT_WORKERS; i++) {
        const struct fleet_slot *slot = &w->fleet.slots[i];
        taken += slot->wanted || slot->worker.state != WORKER_GONE;
        catch_up(w, i);
    }
    if (w->most_lives < taken)
        w->most_lives = taken;
    saved_fini(&s);
}

void world_resume(struct world *w)
{
    HOLDS(w, w->dead);
    load(w);
    w->dead = false;
    w->resuming = true;
    world_say(w, "another daemon RESUMES");
    /* Who had asked was cut off, and asks anew, or not. */
    unsigned asked = w->fleet.restart.state != FLEET_RESTART_IDLE || w->fleet.rollout.owed;
    asked += w->fleet.scale.operation != 0;
    w->verdicts = w->operations - asked - w->fleet.rollout.steered;
    world_fleet(w, (struct fleet_event){.type = FLEET_EV_RESUMED});
    if (!w->dead)
        world_bend_resume(w);
    for (unsigned i = 0; i < LIMIT_WORKERS && !w->dead; i++)
        report(w, i);
    w->resuming = false;
    world_drain(w, (struct drain_event){.type = DRAIN_EV_TAKEN_OVER});
    if (!w->dead)
        world_plan(w, world_random(w, USEC_PER_SEC))->fleet =
            (struct fleet_event){.type = FLEET_EV_DEPENDENCY};
    if (!w->dead)
        world_check(w);
}

static bool is_planned(const struct world *w, enum fleet_event_type type, unsigned i)
{
    for (unsigned k = 0; k < w->n_happenings; k++) {
        const struct happening *h = &w->happenings[k];
        if (!h->to_drain && h->fleet.type == type && h->fleet.slot == i)
            return true;
    }
    return false;
}

/* Whatever is waited for comes, or a deadline does. */
void world_check_waits(struct world *w)
{
    for (unsigned i = 0; i < w->fleet.n_slots; i++) {
        const struct fleet_slot *s = &w->fleet.slots[i];
        enum worker_state state = s->worker.state;
        bool rests = state == WORKER_GONE || state == WORKER_STANDBY || state == WORKER_SERVING;
        HOLDS(w, rests || s->worker.deadline != USEC_INFINITY);
        HOLDS(w, !s->prober.in_flight || is_planned(w, FLEET_EV_PROBED, i));
    }
    enum rollout_state state = w->fleet.rollout.state;
    bool rests = state == ROLLOUT_IDLE || state == ROLLOUT_WARM || state == ROLLOUT_HOLD;
    HOLDS(w, rests || w->fleet.rollout.deadline != USEC_INFINITY);
}

/* A deadline that was announced comes no later, whoever dies meanwhile. */
void world_check_promise(struct world *w)
{
    const struct drain *d = &w->drain;
    if (d->state != DRAIN_LINGERING && d->state != DRAIN_WAITING)
        return;
    HOLDS(w, w->promised_for != d->began_at || d->deadline <= w->promised);
    HOLDS(w, w->dead || w->now < d->deadline);
    w->promised_for = d->began_at;
    w->promised = d->deadline;
}
