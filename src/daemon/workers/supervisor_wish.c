/*
 * How many workers an operator wishes for. The wish is for one value of Workers=: when that changes
 * the wish means nothing any more, and when a reload is rolled back it means something again.
 */
#include "daemon/workers/supervisor_parts.h"

bool supervisor_is_scaled(const struct supervisor *s)
{
    return s->wish.workers > 0 && s->wish.configured == s->spec.config->agent.workers;
}

unsigned supervisor_workers(const struct supervisor *s)
{
    return supervisor_is_scaled(s) ? s->wish.workers : s->spec.config->agent.workers;
}

const struct saved_wish *supervisor_wish(const struct supervisor *s)
{
    return &s->wish;
}

void supervisor_forget_wish(struct supervisor *s)
{
    s->wish = (struct saved_wish){0};
}

enum fleet_obstacle supervisor_obstacle(const struct supervisor *s, unsigned n)
{
    return fleet_obstacle(&s->conf, &s->fleet, n);
}

void supervisor_scale(struct supervisor *s, const struct saved_wish *wish, uint64_t operation)
{
    unsigned n = wish->workers ? wish->workers : s->spec.config->agent.workers;
    if (supervisor_obstacle(s, n) == FLEET_OBSTACLE_NONE) {
        /* Of several, one after another, that which was reached counts. */
        if (!s->fleet.scale.operation)
            s->wish_before = s->wish;
        s->wish = *wish;
    }
    struct fleet_event ev = {.type = FLEET_EV_SCALE, .n_workers = n, .operation = operation};
    supervisor_count_callers(s, ev.callers);
    supervisor_feed(s, &ev);
}

/* Who dies before it is told must not leave a wish that was taken back. */
void supervisor_wish_decided(struct supervisor *s)
{
    for (unsigned i = 0; i < s->update.n_actions; i++) {
        const struct fleet_action *a = &s->update.actions[i];
        if (a->type == FLEET_DO_TELL_SCALE_FAILED && a->cause != WORKER_CAUSE_STOP)
            s->wish = s->wish_before;
    }
}
