/* See remedy.h. */
#include "core/remedy.h"

void remedy_init(struct remedy *r)
{
    *r = (struct remedy){.state = REMEDY_WELL, .until = USEC_INFINITY};
}

static void enter(struct remedy *r, enum remedy_state state, usec_t until)
{
    r->state = state;
    r->until = until;
}

/* What is `per` old counts no more. */
static bool take_from_budget(const struct remedy_conf *conf, struct remedy *r, usec_t now)
{
    while (r->n_done > 0 && usec_sub(now, r->done[r->first]) >= conf->per) {
        r->first = (r->first + 1) % REMEDY_BUDGET_MAX;
        r->n_done--;
    }
    if (r->n_done >= conf->n)
        return false;
    r->done[(r->first + r->n_done++) % REMEDY_BUDGET_MAX] = now;
    return true;
}

static enum remedy_action treat(const struct remedy_conf *conf, struct remedy *r, usec_t now)
{
    if (r->unhelped >= REMEDY_TRIES) {
        enter(r, REMEDY_GIVEN_UP, usec_add(now, conf->proof));
        return REMEDY_DO_STOP_UNHELPED;
    }
    if (!take_from_budget(conf, r, now)) {
        enter(r, REMEDY_GIVEN_UP, usec_add(now, conf->proof));
        return REMEDY_DO_STOP_BUDGET;
    }
    enter(r, REMEDY_TREATING, USEC_INFINITY);
    return REMEDY_DO_APPLY;
}

static enum remedy_action on_symptom(const struct remedy_conf *conf, struct remedy *r, usec_t now)
{
    switch (r->state) {
    case REMEDY_WELL:
        return treat(conf, r, now);
    case REMEDY_TREATING:
        return REMEDY_DO_NOTHING;
    case REMEDY_PROVING:
        r->unhelped++;
        return treat(conf, r, now);
    case REMEDY_GIVEN_UP:
        r->until = usec_add(now, conf->proof);
        return REMEDY_DO_NOTHING;
    }
    return REMEDY_DO_NOTHING;
}

static enum remedy_action on_tick(struct remedy *r, usec_t now)
{
    if (now < r->until)
        return REMEDY_DO_NOTHING;
    bool given_up = r->state == REMEDY_GIVEN_UP;
    r->unhelped = 0;
    enter(r, REMEDY_WELL, USEC_INFINITY);
    return given_up ? REMEDY_DO_RECOVERED : REMEDY_DO_NOTHING;
}

bool remedy_may(const struct remedy_conf *conf, const struct remedy *r, usec_t now)
{
    struct remedy next = *r;
    (void)on_tick(&next, now);
    if (next.state == REMEDY_TREATING)
        return true;
    return on_symptom(conf, &next, now) == REMEDY_DO_APPLY;
}

enum remedy_action remedy_step(
    const struct remedy_conf *conf, struct remedy *r, enum remedy_event ev, usec_t now)
{
    enum remedy_action passed = on_tick(r, now);
    switch (ev) {
    case REMEDY_EV_SYMPTOM: {
        enum remedy_action action = on_symptom(conf, r, now);
        return action == REMEDY_DO_NOTHING ? passed : action;
    }
    case REMEDY_EV_DONE:
        if (r->state == REMEDY_TREATING)
            enter(r, REMEDY_PROVING, usec_add(now, conf->proof));
        return passed;
    case REMEDY_EV_TICK:
        return passed;
    }
    return passed;
}
