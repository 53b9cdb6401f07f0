/* One life of one worker: what to do with its process, and when to lose patience. */
#include "core/fleet/worker.h"

#include <assert.h>

/* The only writer of `state`. `patience` is the time that the state may last. */
static void enter(struct worker *w, enum worker_state state, usec_t now, usec_t patience)
{
    w->state = state;
    w->since = now;
    w->deadline = usec_add(now, patience);
}

static void act(struct worker_update *u, enum worker_action action)
{
    assert(u->n_actions < WORKER_STEP_ACTIONS_MAX);
    u->actions[u->n_actions++] = action;
}

/* The first reason stands. */
static void blame(struct worker *w, enum worker_cause cause)
{
    if (w->cause == WORKER_CAUSE_NONE)
        w->cause = cause;
}

/* Callers and probes go elsewhere before the process is touched. */
static void let_go(struct worker_update *u)
{
    switch (u->next.state) {
    case WORKER_SERVING:
        if (u->next.alive)
            act(u, WORKER_DO_PAUSED);
        act(u, WORKER_DO_PROBE_STOP);
        break;
    case WORKER_STARTING:
    case WORKER_STANDBY:
    case WORKER_DRAINING:
        act(u, WORKER_DO_PROBE_STOP);
        break;
    case WORKER_GONE:
    case WORKER_SPAWNING:
    case WORKER_STOPPING:
    case WORKER_KILLED:
        break; /* was never probed, or is not any more */
    }
}

/* Ends a running life in good order; a hung worker gets SIGABRT, which leaves evidence. */
static void stop(
    struct worker_update *u, const struct worker_conf *conf, usec_t now, enum worker_cause cause)
{
    blame(&u->next, cause);
    let_go(u);
    if (u->next.cause == WORKER_CAUSE_HANG) {
        act(u, WORKER_DO_EVIDENCE);
        act(u, WORKER_DO_SIGNAL_ABRT);
        enter(&u->next, WORKER_STOPPING, now, conf->abort_timeout);
    } else {
        act(u, WORKER_DO_SIGNAL_STOP);
        enter(&u->next, WORKER_STOPPING, now, conf->stop_timeout);
    }
}

static void kill_tree(
    struct worker_update *u, const struct worker_conf *conf, usec_t now, enum worker_cause cause)
{
    blame(&u->next, cause);
    let_go(u);
    act(u, WORKER_DO_KILL_TREE);
    if (u->next.state == WORKER_KILLED)
        u->next.deadline = usec_add(now, conf->kill_timeout); /* `since` tells for how long */
    else
        enter(&u->next, WORKER_KILLED, now, conf->kill_timeout);
}

static void leave(struct worker_update *u, const struct worker_conf *conf, usec_t now)
{
    blame(&u->next, u->next.verified_at ? WORKER_CAUSE_LEFT : WORKER_CAUSE_BOOT);
    let_go(u);
    u->next.leaving = true;
    enter(&u->next, WORKER_STOPPING, now, conf->drain_timeout);
}

/* One that leaves by itself takes too long, or somebody cannot wait. */
static void hurry(struct worker_update *u, const struct worker_conf *conf, usec_t now)
{
    u->next.leaving = false;
    act(u, WORKER_DO_SIGNAL_STOP);
    enter(&u->next, WORKER_STOPPING, now, conf->stop_timeout);
}

static void end(struct worker_update *u, usec_t now)
{
    u->next.alive = false;
    u->next.stop_wanted = false;
    act(u, WORKER_DO_ENDED);
    enter(&u->next, WORKER_GONE, now, USEC_INFINITY);
}

/* The main process is gone; what it left behind goes too. */
static void exited(
    struct worker_update *u, const struct worker_conf *conf, const struct worker_event *ev)
{
    struct worker *w = &u->next;
    w->alive = false;
    w->exited = true;
    w->exit = ev->exit;
    /* Its word was that it would end in good order. An unknown exit gets the benefit of the doubt.
     */
    if (w->leaving && ev->exit.known && (ev->exit.signaled || ev->exit.code != 0) &&
        w->cause == WORKER_CAUSE_LEFT)
        w->cause = WORKER_CAUSE_NONE;
    w->leaving = false;
    enum worker_cause own = w->verified_at ? WORKER_CAUSE_CRASH : WORKER_CAUSE_BOOT;
    kill_tree(u, conf, ev->now, ev->exit.oom ? WORKER_CAUSE_OOM : own);
}

static bool due(const struct worker *w, usec_t now)
{
    return now >= w->deadline;
}

static void step_gone(
    struct worker_update *u, const struct worker_conf *conf, const struct worker_event *ev)
{
    switch (ev->type) {
    case WORKER_EV_SPAWN:
        u->next = worker_initial();
        u->next.started_at = ev->now;
        act(u, WORKER_DO_EXEC);
        enter(&u->next, WORKER_SPAWNING, ev->now, conf->start_timeout);
        break;
    case WORKER_EV_SPAWNED:
    case WORKER_EV_SPAWN_FAILED:
    case WORKER_EV_VERIFIED:
    case WORKER_EV_ACTIVATE:
    case WORKER_EV_DRAIN:
    case WORKER_EV_DRAINED:
    case WORKER_EV_STOP:
    case WORKER_EV_FAILED:
    case WORKER_EV_KILL:
    case WORKER_EV_LEAVING:
    case WORKER_EV_EXTEND:
    case WORKER_EV_EXITED:
    case WORKER_EV_TREE_GONE: /* the answer to a repeated KILL_TREE may come late */
    case WORKER_EV_POSTPONE:
    case WORKER_EV_RESUMED:
    case WORKER_EV_TICK:
        break; /* there is nothing that could be meant */
    }
}

static void step_spawning(
    struct worker_update *u, const struct worker_conf *conf, const struct worker_event *ev)
{
    struct worker *w = &u->next;
    switch (ev->type) {
    case WORKER_EV_SPAWNED:
        w->alive = true;
        if (w->stop_wanted) {
            stop(u, conf, ev->now, WORKER_CAUSE_STOP);
        } else {
            act(u, WORKER_DO_PROBE);
            enter(w, WORKER_STARTING, ev->now, usec_sub(w->deadline, ev->now));
        }
        break;
    case WORKER_EV_SPAWN_FAILED:
        blame(w, WORKER_CAUSE_SPAWN);
        end(u, ev->now);
        break;
    case WORKER_EV_STOP:
    case WORKER_EV_FAILED:
        w->stop_wanted = true; /* there is no process to signal yet */
        blame(w, ev->cause);
        break;
    case WORKER_EV_KILL:
        kill_tree(u, conf, ev->now, WORKER_CAUSE_STOP);
        break;
    case WORKER_EV_RESUMED: /* what came of it will be told */
        w->deadline = usec_add(ev->now, conf->start_timeout);
        break;
    case WORKER_EV_EXITED: /* before SPAWNED was told: it can still be nothing but a boot failure */
        exited(u, conf, ev);
        break;
    case WORKER_EV_TICK:
        if (due(w, ev->now))
            kill_tree(u, conf, ev->now, WORKER_CAUSE_BOOT);
        break;
    case WORKER_EV_SPAWN:
    case WORKER_EV_VERIFIED:
    case WORKER_EV_ACTIVATE:
    case WORKER_EV_DRAIN:
    case WORKER_EV_DRAINED:
    case WORKER_EV_LEAVING:
    case WORKER_EV_EXTEND:
    case WORKER_EV_TREE_GONE:
    case WORKER_EV_POSTPONE:
        break; /* nothing runs that could be verified, drained or waited for */
    }
}

/* Starting, standby, serving, draining: a live process that nothing was done to yet. */
static void step_running(
    struct worker_update *u, const struct worker_conf *conf, const struct worker_event *ev)
{
    struct worker *w = &u->next;
    switch (ev->type) {
    case WORKER_EV_VERIFIED:
        if (w->state == WORKER_STARTING) {
            w->verified_at = ev->now;
            enter(w, WORKER_STANDBY, ev->now, USEC_INFINITY);
        }
        break;
    case WORKER_EV_ACTIVATE:
        if (w->state == WORKER_STANDBY || w->state == WORKER_DRAINING) {
            w->cause = WORKER_CAUSE_NONE; /* of the end that does not come now */
            act(u, WORKER_DO_ACTIVATED);
            enter(w, WORKER_SERVING, ev->now, USEC_INFINITY);
        }
        break;
    case WORKER_EV_DRAIN: /* one that never took a caller has none to wait for: STOP it */
        if (w->state == WORKER_SERVING) {
            blame(w, ev->cause);
            act(u, WORKER_DO_PAUSED);
            enter(w, WORKER_DRAINING, ev->now, conf->drain_timeout);
        }
        break;
    case WORKER_EV_DRAINED:
        if (w->state == WORKER_DRAINING)
            stop(u, conf, ev->now, WORKER_CAUSE_STOP);
        break;
    case WORKER_EV_STOP:
    case WORKER_EV_FAILED:
        stop(u, conf, ev->now, ev->cause);
        break;
    case WORKER_EV_KILL:
        kill_tree(u, conf, ev->now, WORKER_CAUSE_STOP);
        break;
    case WORKER_EV_EXITED:
        exited(u, conf, ev);
        break;
    case WORKER_EV_LEAVING:
        leave(u, conf, ev->now);
        break;
    case WORKER_EV_EXTEND:
        if (w->state == WORKER_STARTING && usec_add(ev->now, ev->patience) > w->deadline)
            w->deadline = usec_add(ev->now, ev->patience);
        break;
    case WORKER_EV_POSTPONE:
    case WORKER_EV_RESUMED:
        if (w->state == WORKER_STARTING)
            w->deadline = usec_add(ev->now, conf->start_timeout);
        else if (w->state == WORKER_SERVING && ev->type == WORKER_EV_RESUMED)
            act(u, WORKER_DO_ACTIVATED);
        break;
    case WORKER_EV_TICK: /* standby and serving have no deadline that could be due */
        if (due(w, ev->now))
            stop(u, conf, ev->now,
                w->state == WORKER_STARTING ? WORKER_CAUSE_BOOT : WORKER_CAUSE_STOP);
        break;
    case WORKER_EV_SPAWN:
    case WORKER_EV_SPAWNED:
    case WORKER_EV_SPAWN_FAILED:
    case WORKER_EV_TREE_GONE: /* the main process is alive: EXITED will bring another */
        break;
    }
}

static void step_stopping(
    struct worker_update *u, const struct worker_conf *conf, const struct worker_event *ev)
{
    switch (ev->type) {
    case WORKER_EV_KILL:
        kill_tree(u, conf, ev->now, WORKER_CAUSE_STOP);
        break;
    case WORKER_EV_EXITED:
        exited(u, conf, ev);
        break;
    case WORKER_EV_RESUMED:
        if (u->next.verified_at)
            act(u, WORKER_DO_PAUSED);
        if (!u->next.leaving)
            stop(u, conf, ev->now, WORKER_CAUSE_STOP);
        break;
    case WORKER_EV_TICK:
        if (due(&u->next, ev->now) && u->next.leaving)
            hurry(u, conf, ev->now);
        else if (due(&u->next, ev->now))
            kill_tree(u, conf, ev->now, WORKER_CAUSE_STOP);
        break;
    case WORKER_EV_STOP:
        if (u->next.leaving)
            hurry(u, conf, ev->now);
        break;
    case WORKER_EV_SPAWN:
    case WORKER_EV_SPAWNED:
    case WORKER_EV_SPAWN_FAILED:
    case WORKER_EV_VERIFIED:
    case WORKER_EV_ACTIVATE:
    case WORKER_EV_DRAIN:
    case WORKER_EV_DRAINED:
    case WORKER_EV_LEAVING:
    case WORKER_EV_EXTEND:
    case WORKER_EV_FAILED:
    case WORKER_EV_TREE_GONE:
    case WORKER_EV_POSTPONE:
        break; /* its end is decided and under way */
    }
}

static void step_killed(
    struct worker_update *u, const struct worker_conf *conf, const struct worker_event *ev)
{
    struct worker *w = &u->next;
    switch (ev->type) {
    case WORKER_EV_SPAWNED: /* the kill came while exec was under way: once more, surely */
        if (!w->exited) {
            w->alive = true;
            kill_tree(u, conf, ev->now, w->cause);
        }
        break;
    case WORKER_EV_SPAWN_FAILED: /* the same, and there was never a process */
        end(u, ev->now);
        break;
    case WORKER_EV_EXITED:
        if (!w->exited)
            exited(u, conf, ev);
        break;
    case WORKER_EV_TREE_GONE:
        if (w->exited)
            end(u, ev->now);
        break;
    case WORKER_EV_RESUMED:
        kill_tree(u, conf, ev->now, w->cause);
        break;
    case WORKER_EV_TICK:
        if (due(w, ev->now))
            kill_tree(u, conf, ev->now, w->cause);
        break;
    case WORKER_EV_SPAWN:
    case WORKER_EV_VERIFIED:
    case WORKER_EV_ACTIVATE:
    case WORKER_EV_DRAIN:
    case WORKER_EV_DRAINED:
    case WORKER_EV_STOP:
    case WORKER_EV_FAILED:
    case WORKER_EV_KILL:
    case WORKER_EV_LEAVING:
    case WORKER_EV_EXTEND:
    case WORKER_EV_POSTPONE:
        break; /* nothing is stronger than what was done */
    }
}

struct worker worker_initial(void)
{
    return (struct worker){.state = WORKER_GONE, .deadline = USEC_INFINITY};
}

struct worker_update worker_step(
    const struct worker_conf *conf, struct worker w, struct worker_event ev)
{
    struct worker_update u = {.next = w};
    switch (w.state) {
    case WORKER_GONE:
        step_gone(&u, conf, &ev);
        break;
    case WORKER_SPAWNING:
        step_spawning(&u, conf, &ev);
        break;
    case WORKER_STARTING:
    case WORKER_STANDBY:
    case WORKER_SERVING:
    case WORKER_DRAINING:
        step_running(&u, conf, &ev);
        break;
    case WORKER_STOPPING:
        step_stopping(&u, conf, &ev);
        break;
    case WORKER_KILLED:
        step_killed(&u, conf, &ev);
        break;
    }
    return u;
}

usec_t worker_deadline(struct worker w)
{
    return w.deadline;
}
