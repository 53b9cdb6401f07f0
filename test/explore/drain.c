/*
 * Every reachable state of a drain with its callers: some kinds known, some not, coming and going;
 * workers that go when they are told, some time.
 */
#include "core/drain.h"

#include "explore.h"

#include <stdio.h>
#include <string.h>

enum { NOW = 1000, OLDEST = NOW - 6 };

static const struct drain_conf conf = {.linger = 2,
    .timeout = 5,
    .count_interval = 1,
    .stale_after = 2,
    .first_count = 2,
    .wait_connections = true,
    .wait_tasks = true};

struct world {
    bool counting;      /* COUNT was asked, COUNTED not told */
    bool count_is_late; /* it began when Linger was over, in the present drain */
    bool stopping;      /* STOP was asked; no START since */
    bool gone;          /* and every worker is gone */
    bool exit_asked;
    bool exit_wanted; /* somebody began with stop_daemon */
};

struct node {
    struct drain drain;
    struct world world;
};

enum { WAITS, STOPS, ENDS, RESTS };

static usec_t clip(usec_t at, usec_t now)
{
    if (at == USEC_INFINITY)
        return at;
    usec_t shifted = at + NOW - now;
    return shifted < OLDEST || at == 0 ? OLDEST : shifted;
}

static struct drain canonical(struct drain d, usec_t now)
{
    struct drain c;
    memset(&c, 0, sizeof c);
    c.state = d.state;
    c.stop_daemon = d.stop_daemon;
    c.counting = d.counting;
    bool waits = d.state == DRAIN_LINGERING || d.state == DRAIN_WAITING;
    c.count_began_at = d.counting ? clip(d.count_began_at, now) : OLDEST;
    c.began_at = c.linger_until = c.deadline = c.next_count_at = OLDEST;
    c.known_at.connections = c.known_at.tasks = OLDEST;
    if (!waits)
        return c;
    c.counted = d.counted;
    c.hurried = d.hurried;
    c.began_at = clip(d.began_at, now);
    c.linger_until = clip(d.linger_until, now);
    c.deadline = clip(d.deadline, now);
    c.next_count_at = clip(d.next_count_at, now);
    c.known_at.connections = clip(d.known_at.connections, now);
    c.known_at.tasks = clip(d.known_at.tasks, now);
    c.callers.connections.known = d.callers.connections.known;
    c.callers.connections.n = d.callers.connections.n;
    c.callers.tasks.known = d.callers.tasks.known;
    c.callers.tasks.n = d.callers.tasks.n;
    c.waiting_for = d.waiting_for;
    return c;
}

static bool again; /* another instance of the daemon goes on */

static void check_action(struct explore *x, const struct drain *next, struct world *w, usec_t now,
    enum drain_action action)
{
    switch (action) {
    case DRAIN_DO_COUNT:
        EXPLORE_CHECK(x, !w->counting);
        w->counting = true;
        w->count_is_late = now >= next->linger_until;
        break;
    case DRAIN_DO_BEGAN:
    case DRAIN_DO_PROGRESS:
        break;
    case DRAIN_DO_CUT:
        EXPLORE_CHECK(x, next->cut > 0 && next->cut == next->waiting_for);
        break;
    case DRAIN_DO_STOP:
        EXPLORE_CHECK(x, !w->stopping || again);
        w->stopping = true;
        w->gone = false;
        break;
    case DRAIN_DO_DONE:
        EXPLORE_CHECK(x, w->stopping && w->gone);
        break;
    case DRAIN_DO_EXIT:
        EXPLORE_CHECK(x, w->exit_wanted && !w->exit_asked && w->gone);
        w->exit_asked = true;
        break;
    case DRAIN_DO_CANCELLED:
        EXPLORE_CHECK(x, !w->exit_wanted && next->state == DRAIN_OPEN);
        break;
    case DRAIN_DO_START:
        EXPLORE_CHECK(x, w->stopping || again);
        w->stopping = false;
        w->gone = false;
        break;
    }
}

static void check_state(struct explore *x, const struct node *n)
{
    const struct drain *d = &n->drain;
    bool waits = d->state == DRAIN_LINGERING || d->state == DRAIN_WAITING;
    bool stops = d->state == DRAIN_STOPPING || d->state == DRAIN_DRAINED;
    EXPLORE_CHECK(x, waits == (drain_deadline(*d) != USEC_INFINITY));
    EXPLORE_CHECK(x, stops == n->world.stopping);
    EXPLORE_CHECK(x, d->counting == n->world.counting);
    EXPLORE_CHECK(x, !n->world.exit_wanted || d->state != DRAIN_OPEN);
    EXPLORE_CHECK(x, d->state != DRAIN_DRAINED || n->world.exit_asked == n->world.exit_wanted);
    EXPLORE_CHECK(x, !waits || d->waiting_for == d->callers.connections.n + d->callers.tasks.n);
}

static void step(struct explore *x, const struct node *from, struct world world,
    struct drain_event ev, const char *label, bool certain)
{
    struct node to;
    memset(&to, 0, sizeof to);
    explore_try(x, label);
    if (ev.now == 0)
        ev.now = NOW;
    struct drain_update u = drain_step(&conf, from->drain, ev);
    /* The wait ends early only because a late count found nobody, or because it was told to; and
     * never before somebody has looked who is cut, or could not in time. */
    bool ended = from->drain.state != DRAIN_STOPPING && u.next.state == DRAIN_STOPPING;
    EXPLORE_CHECK(
        x, !ended || u.next.counted || from->drain.hurried || ev.now >= from->drain.deadline);
    bool told_to = ev.type == DRAIN_EV_HURRY || from->drain.hurried;
    if (ended && !told_to && ev.now < from->drain.deadline) {
        EXPLORE_CHECK(x, ev.type == DRAIN_EV_COUNTED && from->world.count_is_late);
        EXPLORE_CHECK(x, u.next.waiting_for == 0);
        EXPLORE_CHECK(x, from->drain.state == DRAIN_WAITING);
    }
    for (unsigned i = 0; i < u.n_actions; i++)
        check_action(x, &u.next, &world, ev.now, u.actions[i]);
    if (u.next.state == DRAIN_OPEN)
        world.count_is_late = false;
    to.drain = canonical(u.next, ev.now);
    memcpy(&to.world, &world, sizeof world);
    check_state(x, &to);
    explore_edge(x, &to, certain);
}

/* What was under way is lost, and what was asked for may be asked for once more. */
static void taken_over(struct explore *x, const struct node *n)
{
    struct world w = n->world;
    w.counting = false;
    w.exit_asked = false;
    again = true;
    step(x, n, w, (struct drain_event){.type = DRAIN_EV_TAKEN_OVER}, "TAKEN_OVER", false);
    again = false;
}

static void begin(struct explore *x, const struct node *n, bool stop_daemon, const char *label)
{
    struct world w = n->world;
    w.exit_wanted = w.exit_wanted || stop_daemon;
    step(x, n, w, (struct drain_event){.type = DRAIN_EV_BEGIN, .stop_daemon = stop_daemon}, label,
        false);
}

static void counted(struct explore *x, const struct node *n, struct callers callers,
    const char *label, bool certain)
{
    struct world w = n->world;
    w.counting = false;
    step(x, n, w, (struct drain_event){.type = DRAIN_EV_COUNTED, .callers = callers}, label,
        certain);
}

static void expand(struct explore *x, const void *state)
{
    struct node n;
    memcpy(&n, state, sizeof n);
    bool waits = n.drain.state == DRAIN_LINGERING || n.drain.state == DRAIN_WAITING;
    explore_mark(x, waits ? WAITS : n.drain.state == DRAIN_STOPPING ? STOPS : RESTS);
    if (n.drain.state == DRAIN_DRAINED)
        explore_mark(x, ENDS);
    begin(x, &n, false, "BEGIN");
    begin(x, &n, true, "BEGIN (stop)");
    step(x, &n, n.world, (struct drain_event){.type = DRAIN_EV_HURRY}, "HURRY", false);
    step(x, &n, n.world, (struct drain_event){.type = DRAIN_EV_RESUME}, "RESUME", false);
    if (n.world.counting) {
        counted(x, &n, (struct callers){{true, 0}, {true, 0}, {true, 9}}, "counted 0 0", true);
        counted(x, &n, (struct callers){{true, 1}, {true, 0}, {true, 0}}, "counted 1 0", false);
        counted(x, &n, (struct callers){{true, 0}, {true, 1}, {false, 0}}, "counted 0 1", false);
        counted(x, &n, (struct callers){{true, 0}, {false, 0}, {false, 0}}, "counted 0 ?", false);
        counted(x, &n, (struct callers){{false, 0}, {true, 0}, {false, 0}}, "counted ? 0", false);
    } else {
        step(x, &n, n.world, (struct drain_event){.type = DRAIN_EV_COUNTED}, "COUNTED, unasked",
            false);
    }
    struct world w = n.world;
    w.gone = w.stopping;
    step(x, &n, w, (struct drain_event){.type = DRAIN_EV_ALL_GONE}, "ALL_GONE", w.stopping);
    taken_over(x, &n);
    usec_t deadline = drain_deadline(n.drain);
    step(x, &n, n.world, (struct drain_event){.type = DRAIN_EV_TICK}, "TICK", false);
    if (deadline != USEC_INFINITY && deadline > NOW)
        step(x, &n, n.world, (struct drain_event){.type = DRAIN_EV_TICK, .now = deadline},
            "TICK, due", true);
}

int main(void)
{
    struct node initial;
    memset(&initial, 0, sizeof initial);
    initial.drain = canonical(drain_initial(), NOW);
    struct explore *x = explore_new(sizeof initial, 2000000);
    explore_run(x, &initial, expand);
    bool ok = explore_leads(x, WAITS, ENDS) && explore_leads(x, STOPS, ENDS);
    printf("drain: %zu states, %zu steps\n", explore_states(x), explore_steps(x));
    explore_free(x);
    return ok ? 0 : 1;
}
