/* See incident.h. */
#include "core/incidents/incident.h"

#include <assert.h>

static const char *const state_names[] = {
#define X(symbol, name) [INCIDENT_##symbol] = name,
    INCIDENT_STATES(X)
#undef X
};

static const char *const event_names[] = {
#define X(symbol, name) [INCIDENT_EV_##symbol] = name,
    INCIDENT_EVENTS(X)
#undef X
};

static const char *const action_names[] = {
#define X(symbol) [INCIDENT_DO_##symbol] = #symbol,
    INCIDENT_ACTIONS(X)
#undef X
};

/* One step in the making. */
struct step {
    const struct incident_conf *conf;
    struct incident_event ev;
    struct incident_update u;
};

static void act(struct step *s, enum incident_action action)
{
    assert(s->u.n_actions < INCIDENT_STEP_ACTIONS_MAX);
    s->u.actions[s->u.n_actions++] = action;
}

static void enter(struct step *s, enum incident_state state, usec_t span)
{
    s->u.next.state = state;
    s->u.next.until = span == USEC_INFINITY ? USEC_INFINITY : usec_add(s->ev.now, span);
}

static void forget(struct step *s)
{
    s->u.next = incident_initial();
    act(s, INCIDENT_DO_FORGET);
}

static void resolve(struct step *s)
{
    enter(s, INCIDENT_RESOLVED, USEC_INFINITY);
    act(s, INCIDENT_DO_RESOLVE);
}

static void open(struct step *s, enum incident_state state, usec_t span)
{
    enter(s, state, span);
    s->u.next.told_at = s->ev.now;
    s->u.next.times = 1;
    act(s, INCIDENT_DO_OPEN);
}

/* It is so, of one that is open. */
static void again(struct step *s, enum incident_state state, usec_t span)
{
    struct incident *i = &s->u.next;
    bool tell = s->ev.now >= usec_add(i->told_at, s->conf->quiet);
    enter(s, state, span);
    i->changed_at = s->ev.now;
    i->times += i->times < UINT32_MAX;
    if (tell)
        i->told_at = s->ev.now;
    act(s, tell ? INCIDENT_DO_UPDATE : INCIDENT_DO_AGAIN);
}

static void begin(struct step *s)
{
    s->u.next.began_at = s->ev.now;
    s->u.next.changed_at = s->ev.now;
}

static void raised(struct step *s)
{
    switch (s->u.next.state) {
    case INCIDENT_QUIET:
        begin(s);
        if (s->conf->hold > 0)
            enter(s, INCIDENT_HOLDING, s->conf->hold);
        else
            open(s, INCIDENT_OPEN, USEC_INFINITY);
        return;
    case INCIDENT_PASSING:
    case INCIDENT_CLEARING:
        again(s, INCIDENT_OPEN, USEC_INFINITY);
        return;
    case INCIDENT_HOLDING:
    case INCIDENT_OPEN:
    case INCIDENT_RESOLVED:
        return;
    }
}

static void noted(struct step *s)
{
    switch (s->u.next.state) {
    case INCIDENT_QUIET:
        begin(s);
        open(s, INCIDENT_PASSING, s->conf->clear);
        return;
    case INCIDENT_HOLDING:
        open(s, INCIDENT_OPEN, USEC_INFINITY);
        return;
    case INCIDENT_OPEN:
        again(s, INCIDENT_OPEN, USEC_INFINITY);
        return;
    case INCIDENT_PASSING:
    case INCIDENT_CLEARING:
        again(s, INCIDENT_PASSING, s->conf->clear);
        return;
    case INCIDENT_RESOLVED:
        return;
    }
}

static void cleared(struct step *s)
{
    switch (s->u.next.state) {
    case INCIDENT_HOLDING:
        forget(s);
        return;
    case INCIDENT_OPEN:
        s->u.next.changed_at = s->ev.now;
        act(s, INCIDENT_DO_CEASED);
        if (s->conf->clear > 0)
            enter(s, INCIDENT_CLEARING, s->conf->clear);
        else
            resolve(s);
        return;
    case INCIDENT_PASSING:
        s->u.next.changed_at = s->ev.now;
        resolve(s);
        return;
    case INCIDENT_QUIET:
    case INCIDENT_CLEARING:
    case INCIDENT_RESOLVED:
        return;
    }
}

static void acknowledged(struct step *s)
{
    if (!incident_is_open(s->u.next) || s->u.next.acknowledged)
        return;
    s->u.next.acknowledged = true;
    act(s, INCIDENT_DO_ACKNOWLEDGE);
}

/* The clock may be another one: nothing from before is later than now. */
static void bring_to(struct incident *i, usec_t now)
{
    i->began_at = i->began_at < now ? i->began_at : now;
    i->changed_at = i->changed_at < now ? i->changed_at : now;
    i->told_at = i->told_at < now ? i->told_at : now;
}

static void taken_over(struct step *s)
{
    usec_t clear = s->conf->clear;
    bring_to(&s->u.next, s->ev.now);
    switch (s->u.next.state) {
    case INCIDENT_HOLDING:
        forget(s);
        return;
    case INCIDENT_OPEN:
    case INCIDENT_CLEARING:
        enter(s, INCIDENT_CLEARING, clear > s->conf->settle ? clear : s->conf->settle);
        return;
    case INCIDENT_PASSING:
        enter(s, INCIDENT_PASSING, s->ev.left < clear ? s->ev.left : clear);
        return;
    case INCIDENT_QUIET:
    case INCIDENT_RESOLVED:
        return;
    }
}

static void ticked(struct step *s)
{
    if (s->ev.now < s->u.next.until)
        return;
    switch (s->u.next.state) {
    case INCIDENT_HOLDING:
        open(s, INCIDENT_OPEN, USEC_INFINITY);
        return;
    case INCIDENT_PASSING:
    case INCIDENT_CLEARING:
        resolve(s);
        return;
    case INCIDENT_QUIET:
    case INCIDENT_OPEN:
    case INCIDENT_RESOLVED:
        return;
    }
}

struct incident incident_initial(void)
{
    return (struct incident){.state = INCIDENT_QUIET, .until = USEC_INFINITY};
}

struct incident_update incident_step(
    const struct incident_conf *conf, struct incident i, struct incident_event ev)
{
    struct step s = {.conf = conf, .ev = ev, .u.next = i};
    switch (ev.type) {
    case INCIDENT_EV_RAISE:
        raised(&s);
        break;
    case INCIDENT_EV_NOTE:
        noted(&s);
        break;
    case INCIDENT_EV_CLEAR:
        cleared(&s);
        break;
    case INCIDENT_EV_ACKNOWLEDGE:
        acknowledged(&s);
        break;
    case INCIDENT_EV_TAKEN_OVER:
        taken_over(&s);
        break;
    case INCIDENT_EV_TICK:
        ticked(&s);
        break;
    }
    return s.u;
}

usec_t incident_deadline(struct incident i)
{
    return i.until;
}

bool incident_is_open(struct incident i)
{
    return i.state == INCIDENT_OPEN || i.state == INCIDENT_PASSING || i.state == INCIDENT_CLEARING;
}

const char *incident_state_name(enum incident_state state)
{
    return state_names[state];
}

const char *incident_event_name(enum incident_event_type type)
{
    return event_names[type];
}

const char *incident_action_name(enum incident_action action)
{
    return action_names[action];
}
