/*
 * Every reachable state of an incident with those who speak of it: it is so or not, it happens at
 * moments, somebody acknowledges, another instance goes on.
 */
#include "core/incidents/incident.h"

#include "explore.h"

#include <stdio.h>
#include <string.h>

enum { NOW = 1000, OLDEST = NOW - 6 };

static const struct incident_conf conf = {.hold = 2, .clear = 3, .settle = 4, .quiet = 5};

struct world {
    bool raised; /* it is so, as was said last to this instance */
    bool open;   /* people were told that it opened, and not that it is over */
    bool over;   /* and that it is */
    bool acknowledged;
};

struct node {
    struct incident incident;
    struct world world;
};

enum { HOLDS, IS_OPEN, ENDS };

static usec_t clip(usec_t at, usec_t now)
{
    usec_t shifted = at + NOW - now;
    return at == USEC_INFINITY ? at : shifted < OLDEST || at == 0 ? OLDEST : shifted;
}

static struct incident canonical(struct incident i, usec_t now)
{
    struct incident c;
    memset(&c, 0, sizeof c);
    c.state = i.state;
    c.acknowledged = i.acknowledged;
    c.until = clip(i.until, now);
    c.began_at = c.changed_at = OLDEST; /* nothing is decided by them */
    c.told_at = incident_is_open(i) ? clip(i.told_at, now) : OLDEST;
    c.times = i.times > 0;
    return c;
}

static void check_action(struct explore *x, struct world *w, const struct incident_event *ev,
    enum incident_action action)
{
    EXPLORE_CHECK(x, !w->over);
    switch (action) {
    case INCIDENT_DO_OPEN:
        EXPLORE_CHECK(x, !w->open);
        w->open = true;
        break;
    case INCIDENT_DO_AGAIN:
    case INCIDENT_DO_UPDATE:
        EXPLORE_CHECK(x, w->open);
        EXPLORE_CHECK(x, ev->type == INCIDENT_EV_RAISE || ev->type == INCIDENT_EV_NOTE);
        break;
    case INCIDENT_DO_CEASED:
        EXPLORE_CHECK(x, w->open && ev->type == INCIDENT_EV_CLEAR);
        break;
    case INCIDENT_DO_ACKNOWLEDGE:
        EXPLORE_CHECK(x, w->open && !w->acknowledged);
        w->acknowledged = true;
        break;
    case INCIDENT_DO_RESOLVE:
        EXPLORE_CHECK(x, w->open && !w->raised);
        w->open = false;
        w->over = true;
        break;
    case INCIDENT_DO_FORGET:
        EXPLORE_CHECK(x, !w->open && !w->raised);
        break;
    }
}

static void check_state(struct explore *x, const struct node *n)
{
    const struct incident *i = &n->incident;
    bool waits = i->state == INCIDENT_HOLDING || i->state == INCIDENT_PASSING ||
                 i->state == INCIDENT_CLEARING;
    EXPLORE_CHECK(x, waits == (incident_deadline(*i) != USEC_INFINITY));
    EXPLORE_CHECK(x, incident_is_open(*i) == n->world.open);
    EXPLORE_CHECK(x, (i->state == INCIDENT_RESOLVED) == n->world.over);
    EXPLORE_CHECK(x, i->acknowledged == n->world.acknowledged);
    EXPLORE_CHECK(x, !n->world.raised || i->state == INCIDENT_HOLDING ||
                         i->state == INCIDENT_OPEN || i->state == INCIDENT_PASSING ||
                         n->world.over);
    EXPLORE_CHECK(x, i->state != INCIDENT_HOLDING || n->world.raised);
}

static void step(struct explore *x, const struct node *from, struct world world,
    struct incident_event ev, const char *label, bool certain)
{
    struct node to;
    memset(&to, 0, sizeof to);
    explore_try(x, label);
    ev.now = ev.now ? ev.now : NOW;
    struct incident_update u = incident_step(&conf, from->incident, ev);
    for (unsigned n = 0; n < u.n_actions; n++)
        check_action(x, &world, &ev, u.actions[n]);
    to.incident = canonical(u.next, ev.now);
    memcpy(&to.world, &world, sizeof world);
    check_state(x, &to);
    explore_edge(x, &to, certain);
}

static void say(struct explore *x, const struct node *n, enum incident_event_type type, bool raised,
    bool certain)
{
    struct world w = n->world;
    w.raised = raised;
    step(x, n, w, (struct incident_event){.type = type, .left = 1}, incident_event_name(type),
        certain);
}

static void expand(struct explore *x, const void *state)
{
    struct node n;
    memcpy(&n, state, sizeof n);
    if (n.incident.state == INCIDENT_HOLDING)
        explore_mark(x, HOLDS);
    explore_mark(x, n.world.open ? IS_OPEN : ENDS);
    say(x, &n, INCIDENT_EV_RAISE, true, false);
    if (!n.world.raised) /* what passes is none of what lasts */
        say(x, &n, INCIDENT_EV_NOTE, false, false);
    say(x, &n, INCIDENT_EV_CLEAR, false, true); /* whatever is wrong ends some time */
    say(x, &n, INCIDENT_EV_ACKNOWLEDGE, n.world.raised, false);
    say(x, &n, INCIDENT_EV_TAKEN_OVER, false, false);
    say(x, &n, INCIDENT_EV_TICK, n.world.raised, false);
    usec_t due = incident_deadline(n.incident);
    if (due > NOW + 1)
        step(x, &n, n.world, (struct incident_event){.type = INCIDENT_EV_TICK, .now = NOW + 1},
            "time passes", false);
    if (due != USEC_INFINITY)
        step(x, &n, n.world,
            (struct incident_event){.type = INCIDENT_EV_TICK, .now = due > NOW ? due : NOW},
            "tick, due", true);
}

int main(void)
{
    struct node initial;
    memset(&initial, 0, sizeof initial);
    initial.incident = canonical(incident_initial(), NOW);
    struct explore *x = explore_new(sizeof initial, 100000);
    explore_run(x, &initial, expand);
    bool ok = explore_leads(x, IS_OPEN, ENDS) && explore_leads(x, HOLDS, IS_OPEN);
    printf("incident: %zu states, %zu steps\n", explore_states(x), explore_steps(x));
    explore_free(x);
    return ok ? 0 : 1;
}
