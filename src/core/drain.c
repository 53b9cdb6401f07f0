/* Waiting for callers: how long, for whom, and what follows. */
#include "core/drain.h"

#include <assert.h>

/* The only writer of `state`. */
static void enter(struct drain *d, enum drain_state state)
{
    d->state = state;
}

static void act(struct drain_update *u, enum drain_action action)
{
    assert(u->n_actions < DRAIN_STEP_ACTIONS_MAX);
    u->actions[u->n_actions++] = action;
}

static usec_t earlier(usec_t a, usec_t b)
{
    return a < b ? a : b;
}

/* Takes the newest number of one kind; an unknown one leaves the last until that is stale. */
static void update_kind(bool known, uint64_t n, usec_t now, usec_t stale_after, bool *io_known,
    uint64_t *io_n, usec_t *io_at)
{
    if (known) {
        *io_known = true;
        *io_n = n;
        *io_at = now;
    } else if (now >= usec_add(*io_at, stale_after)) {
        *io_known = false;
        *io_n = 0;
    }
}

static void take_count(struct drain *d, const struct drain_conf *conf, const struct drain_event *ev)
{
    const struct callers *c = &ev->callers;
    update_kind(c->connections.known, c->connections.n, ev->now, conf->stale_after,
        &d->callers.connections.known, &d->callers.connections.n, &d->known_at.connections);
    update_kind(c->tasks.known, c->tasks.n, ev->now, conf->stale_after, &d->callers.tasks.known,
        &d->callers.tasks.n, &d->known_at.tasks);
    update_kind(c->sessions.known, c->sessions.n, ev->now, conf->stale_after,
        &d->callers.sessions.known, &d->callers.sessions.n, &d->known_at.sessions);
    d->waiting_for = 0;
    if (conf->wait_connections)
        d->waiting_for += d->callers.connections.n;
    if (conf->wait_tasks)
        d->waiting_for += d->callers.tasks.n;
    if (conf->wait_sessions)
        d->waiting_for += d->callers.sessions.n;
}

/* Whether this kind keeps us waiting: somebody is there, or we have not been able to look yet. */
static bool kind_holds(
    bool waited_for, bool known, uint64_t n, usec_t at, usec_t stale_after, usec_t now)
{
    return waited_for && (n > 0 || (!known && now < usec_add(at, stale_after)));
}

static bool nobody_left(const struct drain *d, const struct drain_conf *conf, usec_t now)
{
    return !kind_holds(conf->wait_connections, d->callers.connections.known,
               d->callers.connections.n, d->known_at.connections, conf->stale_after, now) &&
           !kind_holds(conf->wait_tasks, d->callers.tasks.known, d->callers.tasks.n,
               d->known_at.tasks, conf->stale_after, now) &&
           !kind_holds(conf->wait_sessions, d->callers.sessions.known, d->callers.sessions.n,
               d->known_at.sessions, conf->stale_after, now);
}

static void stop_workers(struct drain_update *u)
{
    u->next.cut = u->next.waiting_for;
    if (u->next.cut > 0)
        act(u, DRAIN_DO_CUT);
    act(u, DRAIN_DO_STOP);
    enter(&u->next, DRAIN_STOPPING);
}

/* What time alone brings about while we linger or wait. */
static void advance(struct drain_update *u, const struct drain_conf *conf, usec_t now)
{
    struct drain *d = &u->next;
    if (d->state != DRAIN_LINGERING && d->state != DRAIN_WAITING)
        return;
    if (now >= d->deadline) {
        stop_workers(u);
        return;
    }
    if (d->state == DRAIN_LINGERING && now >= d->linger_until) {
        enter(d, DRAIN_WAITING);
        d->next_count_at = now; /* what was counted before misses who came since */
    }
    if (!d->counting && now >= d->next_count_at) {
        d->counting = true;
        d->count_began_at = now;
        d->next_count_at = usec_add(now, conf->count_interval);
        act(u, DRAIN_DO_COUNT);
    }
}

static void on_begin(struct drain_update *u, const struct drain_conf *conf, struct drain_event ev)
{
    struct drain *d = &u->next;
    bool exit_asked = d->stop_daemon;
    switch (d->state) {
    case DRAIN_OPEN:
        *d = (struct drain){.state = d->state,
            .stop_daemon = ev.stop_daemon,
            .counting = d->counting,
            .began_at = ev.now,
            .linger_until = usec_add(ev.now, conf->linger),
            .deadline = usec_add(ev.now, conf->timeout),
            .count_began_at = d->count_began_at,
            .next_count_at = ev.now,
            .known_at = {ev.now, ev.now, ev.now}};
        act(u, DRAIN_DO_BEGAN);
        enter(d, DRAIN_LINGERING);
        break;
    case DRAIN_LINGERING:
    case DRAIN_WAITING:
        d->stop_daemon = d->stop_daemon || ev.stop_daemon;
        d->deadline = earlier(d->deadline, usec_add(ev.now, conf->timeout));
        break;
    case DRAIN_STOPPING:
        d->stop_daemon = d->stop_daemon || ev.stop_daemon;
        break;
    case DRAIN_DRAINED:
        d->stop_daemon = d->stop_daemon || ev.stop_daemon;
        if (d->stop_daemon && !exit_asked)
            act(u, DRAIN_DO_EXIT);
        break;
    }
}

/* Those who are left are cut, once it is known who that is. */
static void on_hurry(struct drain_update *u, const struct drain_conf *conf, usec_t now)
{
    struct drain *d = &u->next;
    if (d->state != DRAIN_LINGERING && d->state != DRAIN_WAITING)
        return; /* there is no wait yet, or the stop is under way */
    if (d->counted || d->hurried) {
        stop_workers(u);
        return;
    }
    d->hurried = true;
    d->deadline = earlier(d->deadline, usec_add(now, conf->first_count));
    d->next_count_at = now;
}

static void on_resume(struct drain_update *u)
{
    struct drain *d = &u->next;
    if (d->stop_daemon)
        return;
    switch (d->state) {
    case DRAIN_OPEN:
        return;
    case DRAIN_LINGERING:
    case DRAIN_WAITING:
        act(u, DRAIN_DO_CANCELLED);
        break;
    case DRAIN_STOPPING:
    case DRAIN_DRAINED:
        act(u, DRAIN_DO_CANCELLED);
        act(u, DRAIN_DO_START);
        break;
    }
    enter(d, DRAIN_OPEN);
}

static void on_counted(struct drain_update *u, const struct drain_conf *conf, struct drain_event ev)
{
    struct drain *d = &u->next;
    if (!d->counting)
        return;
    d->counting = false;
    if (d->state != DRAIN_LINGERING && d->state != DRAIN_WAITING)
        return; /* nobody waits for it any more */
    if (d->count_began_at < d->began_at) {
        d->next_count_at = ev.now; /* of the drain before this one */
        return;
    }
    take_count(d, conf, &ev);
    d->counted = true;
    /* Counting must not take all our time when it takes longer than the interval. */
    usec_t rest = usec_add(ev.now, conf->count_interval / 2);
    if (d->next_count_at < rest)
        d->next_count_at = rest;
    act(u, DRAIN_DO_PROGRESS);
    if (d->hurried)
        stop_workers(u);
    if (d->state != DRAIN_WAITING)
        return;
    if (d->count_began_at < d->linger_until)
        d->next_count_at = ev.now;
    else if (nobody_left(d, conf, ev.now))
        stop_workers(u);
}

static void on_taken_over(struct drain_update *u, usec_t now)
{
    struct drain *d = &u->next;
    d->counting = false;
    d->next_count_at = now;
    d->known_at.connections = d->known_at.tasks = d->known_at.sessions = now;
    switch (d->state) {
    case DRAIN_OPEN:
    case DRAIN_LINGERING:
    case DRAIN_WAITING:
        act(u, DRAIN_DO_START);
        break;
    case DRAIN_STOPPING:
        act(u, DRAIN_DO_STOP);
        break;
    case DRAIN_DRAINED:
        if (d->stop_daemon)
            act(u, DRAIN_DO_EXIT);
        break;
    }
}

struct drain drain_initial(void)
{
    return (struct drain){.state = DRAIN_OPEN};
}

struct drain_update drain_step(const struct drain_conf *conf, struct drain d, struct drain_event ev)
{
    struct drain_update u = {.next = d};
    switch (ev.type) {
    case DRAIN_EV_BEGIN:
        on_begin(&u, conf, ev);
        break;
    case DRAIN_EV_HURRY:
        on_hurry(&u, conf, ev.now);
        break;
    case DRAIN_EV_RESUME:
        on_resume(&u);
        break;
    case DRAIN_EV_COUNTED:
        on_counted(&u, conf, ev);
        break;
    case DRAIN_EV_ALL_GONE: /* while we wait, workers that died come back by themselves */
        if (d.state == DRAIN_STOPPING) {
            enter(&u.next, DRAIN_DRAINED);
            act(&u, DRAIN_DO_DONE);
            if (d.stop_daemon)
                act(&u, DRAIN_DO_EXIT);
        }
        break;
    case DRAIN_EV_TAKEN_OVER:
        on_taken_over(&u, ev.now);
        break;
    case DRAIN_EV_TICK:
        break;
    }
    advance(&u, conf, ev.now);
    return u;
}

usec_t drain_deadline(struct drain d)
{
    if (d.state != DRAIN_LINGERING && d.state != DRAIN_WAITING)
        return USEC_INFINITY;
    usec_t at = d.deadline;
    if (d.state == DRAIN_LINGERING)
        at = earlier(at, d.linger_until);
    if (!d.counting)
        at = earlier(at, d.next_count_at);
    return at;
}

const char *drain_state_name(enum drain_state state)
{
    static const char *const names[] = {
#define X(symbol, name) [DRAIN_##symbol] = name,
        DRAIN_STATES(X)
#undef X
    };
    return names[state];
}

const char *drain_action_name(enum drain_action action)
{
    static const char *const names[] = {
#define X(symbol) [DRAIN_DO_##symbol] = #symbol,
        DRAIN_ACTIONS(X)
#undef X
    };
    return names[action];
}
