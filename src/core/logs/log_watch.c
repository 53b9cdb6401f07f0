/* See log_watch.h. */
#include "core/logs/log_watch.h"

/* One part in a hundred of the time, and so much at once. */
#define COST_SHARE 100
#define COST_BURST (50 * USEC_PER_MSEC)
#define COST_MAX USEC_PER_HOUR /* of one line, and of what is gained from one to the next */

void log_watch_init(struct log_watch *w, usec_t now)
{
    *w = (struct log_watch){.cost = {COST_BURST, now}};
}

static usec_t hit_at(const struct log_watch *w, unsigned n)
{
    return w->hits[(w->first + n) % LIMIT_LOG_WATCH_HITS];
}

static void remember(struct log_watch *w, usec_t now)
{
    if (w->n_hits == LIMIT_LOG_WATCH_HITS) {
        w->first = (w->first + 1) % LIMIT_LOG_WATCH_HITS;
        w->n_hits--;
    }
    w->hits[(w->first + w->n_hits++) % LIMIT_LOG_WATCH_HITS] = now;
}

/* Those that are `per` old count no more. */
static void forget(const struct log_watch_conf *conf, struct log_watch *w, usec_t now)
{
    while (w->n_hits > 0 && usec_sub(now, hit_at(w, 0)) >= conf->per) {
        w->first = (w->first + 1) % LIMIT_LOG_WATCH_HITS;
        w->n_hits--;
    }
}

static bool may_fire(const struct log_watch_conf *conf, const struct log_watch *w, usec_t now)
{
    return w->over && (!w->fired || usec_sub(now, w->fired_at) >= conf->cooldown);
}

struct log_watch_update log_watch_step(
    const struct log_watch_conf *conf, struct log_watch *w, enum log_watch_event ev, usec_t now)
{
    struct log_watch_update u = {0};
    bool was_over = w->over;
    forget(conf, w, now);
    if (ev == LOG_WATCH_EV_MATCH) {
        w->total++;
        remember(w, now);
    }
    w->over = w->n_hits >= conf->n;
    u.raise = w->over && !was_over;
    u.clear = was_over && !w->over;
    u.fire = ev == LOG_WATCH_EV_MATCH && may_fire(conf, w, now);
    if (u.fire) {
        w->fired = true;
        w->fired_at = now;
    }
    return u;
}

usec_t log_watch_deadline(const struct log_watch_conf *conf, const struct log_watch *w)
{
    /* With the hit that is the n-th from the newest, it is over no more. */
    return w->over ? usec_add(hit_at(w, w->n_hits - conf->n), conf->per) : USEC_INFINITY;
}

unsigned log_watch_count(const struct log_watch_conf *conf, const struct log_watch *w, usec_t now)
{
    unsigned n = 0;
    while (n < w->n_hits && usec_sub(now, hit_at(w, w->n_hits - 1 - n)) < conf->per)
        n++;
    return n;
}

bool log_watch_may_look(struct log_watch *w, usec_t now)
{
    usec_t gained = usec_sub(now, w->cost.at) / COST_SHARE;
    w->cost.at = usec_add(w->cost.at, gained * COST_SHARE);
    w->cost.left += (int64_t)(gained < COST_MAX ? gained : COST_MAX);
    if (w->cost.left > (int64_t)COST_BURST)
        w->cost.left = COST_BURST;
    return w->cost.left > 0;
}

void log_watch_looked(struct log_watch *w, usec_t took)
{
    w->cost.left -= (int64_t)(took < COST_MAX ? took : COST_MAX);
}
