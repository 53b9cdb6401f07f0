/* The machine that decides when notices are sent. */
#include "core/incidents/delivery.h"

enum { DOUBLINGS_MAX = 16 };

static const char *const state_names[] = {
#define X(symbol, name) [DELIVERY_##symbol] = name,
    DELIVERY_STATES(X)
#undef X
};

const char *delivery_state_name(enum delivery_state state)
{
    return state_names[state];
}

static usec_t later(usec_t a, usec_t b)
{
    return a > b ? a : b;
}

static usec_t sooner(usec_t a, usec_t b)
{
    return a < b ? a : b;
}

/* What one notice costs. */
static usec_t price(const struct delivery_conf *conf)
{
    return conf->limit ? conf->per / conf->limit : 0;
}

/* From when on there is credit for one more: a whole `per` can be used up at once. */
static usec_t credit_at(const struct delivery_conf *conf, const struct delivery *d)
{
    return usec_sub(d->paid, conf->per - price(conf));
}

static void pay(const struct delivery_conf *conf, struct delivery *d, usec_t now)
{
    usec_t paid = usec_add(later(d->paid, now), price(conf));
    /* The urgent ones pass without credit; they take no more than there is. */
    d->paid = sooner(paid, usec_add(now, conf->per));
}

static bool repeat_is_due(
    const struct delivery_conf *conf, const struct delivery *d, const struct delivery_event *ev)
{
    return conf->repeat > 0 && ev->standing > 0 && ev->now >= d->repeat_at;
}

static void send(struct delivery_update *u, const struct delivery_event *ev, bool repeating)
{
    u->next.state = DELIVERY_SENDING;
    u->next.repeating = repeating;
    u->next.asked = false;
    u->next.attempted = ev->now;
    u->action = repeating ? DELIVERY_DO_REPEAT : DELIVERY_DO_SEND;
}

/* Nothing is under way and no failure holds us up. */
static void go_on(
    const struct delivery_conf *conf, struct delivery_update *u, const struct delivery_event *ev)
{
    struct delivery *d = &u->next;
    d->state = DELIVERY_IDLE;
    if (repeat_is_due(conf, d, ev) && ev->waiting == 0) {
        send(u, ev, true);
    } else if (ev->waiting > 0) {
        bool free_of_charge = conf->limit == 0 || d->failures > 0;
        if (!free_of_charge && !ev->urgent && credit_at(conf, d) > ev->now) {
            if (repeat_is_due(conf, d, ev)) {
                send(u, ev, true);
                return;
            }
            d->state = DELIVERY_LIMITED;
            d->due = credit_at(conf, d);
            return;
        }
        if (!free_of_charge)
            pay(conf, d, ev->now);
        send(u, ev, false);
    }
}

static void back_off(struct delivery_update *u, const struct delivery_event *ev)
{
    struct delivery *d = &u->next;
    unsigned doublings = d->failures < DOUBLINGS_MAX ? d->failures : DOUBLINGS_MAX;
    usec_t pause = sooner(DELIVERY_PAUSE_FIRST << doublings, DELIVERY_PAUSE_MAX);
    usec_t asked = sooner(ev->retry_after, DELIVERY_PAUSE_ASKED_MAX);
    pause += pause / 4 * ev->jitter / 1000;
    u->delayed = d->failures == 0;
    d->failures++;
    d->state = DELIVERY_BACKOFF;
    d->asked = asked > 0;
    d->due = usec_add(ev->now, later(pause, asked));
}

/* Whoever waits for a failed delivery need not wait longer because another one came. */
static void hurry(
    const struct delivery_conf *conf, struct delivery_update *u, const struct delivery_event *ev)
{
    struct delivery *d = &u->next;
    if (!d->asked)
        d->due = sooner(d->due, usec_add(d->attempted, DELIVERY_PAUSE_NEW));
    if (ev->now >= d->due)
        go_on(conf, u, ev);
}

static void succeed(
    const struct delivery_conf *conf, struct delivery_update *u, const struct delivery_event *ev)
{
    u->recovered = u->next.failures > 0;
    u->next.failures = 0;
    u->next.repeat_at = usec_add(ev->now, conf->repeat);
    go_on(conf, u, ev);
}

bool delivery_gives_up(const struct delivery *d, enum delivery_event_type type, usec_t age)
{
    if (d->state != DELIVERY_SENDING || d->repeating)
        return false;
    return type == DELIVERY_EV_PERMANENT ||
           (type == DELIVERY_EV_TRANSIENT && age >= DELIVERY_GIVE_UP);
}

static void end_delivery(
    const struct delivery_conf *conf, struct delivery_update *u, const struct delivery_event *ev)
{
    if (ev->type == DELIVERY_EV_SENT) {
        succeed(conf, u, ev);
        return;
    }
    u->gave_up = delivery_gives_up(&u->next, ev->type, ev->age);
    /* The receiver is there: it only takes this one not. */
    if (u->gave_up && ev->type == DELIVERY_EV_PERMANENT)
        go_on(conf, u, ev);
    else
        back_off(u, ev);
}

struct delivery_update delivery_step(
    const struct delivery_conf *conf, struct delivery d, const struct delivery_event *ev)
{
    struct delivery_update u = {.next = d};
    switch (ev->type) {
    case DELIVERY_EV_QUEUED:
    case DELIVERY_EV_TIMER:
        if (d.state == DELIVERY_IDLE || d.state == DELIVERY_LIMITED)
            go_on(conf, &u, ev);
        else if (d.state == DELIVERY_BACKOFF && ev->type == DELIVERY_EV_QUEUED)
            hurry(conf, &u, ev);
        else if (d.state == DELIVERY_BACKOFF && ev->now >= d.due)
            go_on(conf, &u, ev);
        break;
    case DELIVERY_EV_SENT:
    case DELIVERY_EV_TRANSIENT:
    case DELIVERY_EV_PERMANENT:
        if (d.state == DELIVERY_SENDING)
            end_delivery(conf, &u, ev);
        break;
    }
    return u;
}

usec_t delivery_deadline(
    const struct delivery_conf *conf, const struct delivery *d, unsigned standing)
{
    usec_t repeat = conf->repeat > 0 && standing > 0 ? d->repeat_at : USEC_INFINITY;
    switch (d->state) {
    case DELIVERY_SENDING:
        return USEC_INFINITY;
    case DELIVERY_BACKOFF:
        return d->due;
    case DELIVERY_LIMITED:
        return sooner(d->due, repeat);
    case DELIVERY_IDLE:
        break;
    }
    return repeat;
}
