/* How hard the sweep may work Redis. */
#include "core/sweep/pacer.h"

static const usec_t floor_period = 10 * USEC_PER_SEC;
static const usec_t adjust_every = 100 * USEC_PER_MSEC;

/* Whatever MaxLatency= allows: one request is to hold Redis no longer than a SCAN of 100 to 200. */
static const usec_t target_most = 200;

enum {
    GROWTH = 50,        /* per mille of the time, each adjust_every */
    LATE_OF = 100,      /* one late PING of that many is what MaxLatency= allows */
    VERY_LATE = 8,      /* times MaxLatency: a fork, swapping, a KEYS of somebody */
    TARGET_OF_MAX = 10, /* one request holds Redis for a tenth of MaxLatency */
    HELD_OF = 16,       /* requests of which the shortest counts */
    PINGS_KEPT = 512,
};

static unsigned clamp(usec_t value, unsigned min, unsigned max)
{
    if (value < min)
        return min;
    return value > max ? max : (unsigned)value;
}

unsigned pacer_share_most(const struct pacer_conf *conf)
{
    usec_t beyond = usec_sub(conf->max_latency, USEC_PER_MSEC) / USEC_PER_MSEC;
    unsigned step = PACER_SHARE_MAX / 20;
    return clamp(PACER_SHARE_CAREFUL + (beyond < 100 ? beyond : 100) * step, PACER_SHARE_CAREFUL,
        PACER_SHARE_MAX);
}

struct pacer pacer_initial(usec_t now)
{
    struct pacer p = {.count = PACER_COUNT_FIRST,
        .depth = PACER_DEPTH_FIRST,
        .share = PACER_SHARE_CAREFUL,
        .floor_until = usec_add(now, floor_period),
        .calm_since = now,
        .since_late = LATE_OF};
    for (int i = 0; i < PACER_FLOORS; i++)
        p.floor[i] = USEC_INFINITY;
    return p;
}

usec_t pacer_floor(struct pacer p)
{
    usec_t least = USEC_INFINITY;
    for (int i = 0; i < PACER_FLOORS; i++) {
        if (p.floor[i] < least)
            least = p.floor[i];
    }
    return least;
}

static void note_floor(struct pacer *p, usec_t now, usec_t took)
{
    /* A pause of ours may have lasted for several periods. */
    for (int i = 0; i < PACER_FLOORS && now >= p->floor_until; i++) {
        for (int j = PACER_FLOORS - 1; j > 0; j--)
            p->floor[j] = p->floor[j - 1];
        p->floor[0] = USEC_INFINITY;
        p->floor_until = usec_add(p->floor_until, floor_period);
    }
    if (now >= p->floor_until)
        p->floor_until = usec_add(now, floor_period);
    if (took < p->floor[0])
        p->floor[0] = took;
}

/* At most once each adjust_every: the PINGs that are under way were sent before. */
static void cut(struct pacer *p, usec_t now)
{
    p->calm_since = now;
    if (p->cut_at != 0 && usec_sub(now, p->cut_at) < adjust_every)
        return;
    p->cut_at = now;
    if (p->share > PACER_SHARE_LEAST)
        p->share = clamp(p->share / 2, PACER_SHARE_LEAST, PACER_SHARE_MAX);
    p->count = clamp(p->count * 7 / 10, PACER_COUNT_MIN, PACER_COUNT_MAX);
    p->depth = clamp(p->depth * 7 / 10, PACER_DEPTH_MIN, PACER_DEPTH_MAX);
}

static void trickle(struct pacer *p, usec_t now)
{
    p->calm_since = now;
    p->cut_at = now;
    p->share = PACER_SHARE_TRICKLE;
}

static void note_ping(struct pacer_pings *pings, bool late)
{
    pings->n++;
    pings->late += late;
    if (pings->n < PINGS_KEPT)
        return;
    pings->n /= 2;
    pings->late /= 2;
}

static unsigned per_mille(struct pacer_pings pings)
{
    return pings.n > 0 ? pings.late * 1000 / pings.n : 0;
}

/* Others wait for longer than one in a hundred times even while we rest. */
static bool is_late_anyway(const struct pacer *p)
{
    return per_mille(p->resting) > 1000 / LATE_OF;
}

/* More than one of a hundred is late because of us. What is late anyway varies by itself. */
static bool is_our_fault(const struct pacer *p)
{
    return per_mille(p->working) > 1000 / LATE_OF + per_mille(p->resting) * 3 / 2;
}

static void grow(const struct pacer_conf *conf, struct pacer *p, usec_t now)
{
    unsigned most = pacer_share_most(conf);
    if (usec_sub(now, p->calm_since) < adjust_every)
        return;
    p->calm_since = now;
    if (p->share < most)
        p->share = clamp(p->share + GROWTH, PACER_SHARE_TRICKLE, most);
}

static void take_ping(const struct pacer_conf *conf, struct pacer *p, const struct pacer_event *ev)
{
    bool first = p->resting.n + p->working.n == 0 && p->cut_at == 0;
    note_floor(p, ev->now, ev->took);
    usec_t added = usec_sub(ev->took, pacer_floor(*p));
    bool late = added > conf->max_latency;
    note_ping(ev->resting ? &p->resting : &p->working, late);
    if (p->strained) {
        trickle(p, ev->now);
    } else if (added / VERY_LATE > conf->max_latency && !is_late_anyway(p)) {
        trickle(p, ev->now);
    } else if (late && !ev->resting && p->since_late < LATE_OF && is_our_fault(p)) {
        cut(p, ev->now);
    } else if (first) {
        p->share = pacer_share_most(conf);
    } else {
        grow(conf, p, ev->now);
    }
    if (late)
        p->since_late = 0;
    else if (p->since_late < LATE_OF)
        p->since_late++;
}

/* Towards the size at which one request holds Redis for the target; well before it, slowly. */
static unsigned follow(const struct pacer_conf *conf, unsigned size, usec_t held)
{
    usec_t target = conf->max_latency / TARGET_OF_MAX;
    if (target > target_most)
        target = target_most;
    if (held > target + target / 4) {
        usec_t fit = size * target / held;
        usec_t least = (usec_t)size * 7 / 10;
        return (unsigned)(fit > least ? fit : least);
    }
    if (held < target - target / 4)
        return size + size / 10 + 1;
    return size;
}

/* True when enough were seen: then *held tells for how long one holds Redis. */
static bool note_held(struct pacer_held *h, usec_t took, usec_t *held)
{
    if (h->n == 0 || took < h->least)
        h->least = took;
    if (++h->n < HELD_OF)
        return false;
    h->n = 0;
    *held = h->least;
    return true;
}

struct pacer pacer_step(const struct pacer_conf *conf, struct pacer p, struct pacer_event ev)
{
    usec_t floor = pacer_floor(p);
    usec_t held;
    switch (ev.type) {
    case PACER_EV_PING:
        take_ping(conf, &p, &ev);
        break;
    case PACER_EV_SCAN:
        if (floor != USEC_INFINITY && note_held(&p.scan, usec_sub(ev.took, floor), &held))
            p.count = clamp(follow(conf, p.count, held), PACER_COUNT_MIN, PACER_COUNT_MAX);
        break;
    case PACER_EV_PIPELINE:
        if (floor != USEC_INFINITY && note_held(&p.pipeline, usec_sub(ev.took, floor), &held))
            p.depth = clamp(follow(conf, p.depth, held), PACER_DEPTH_MIN, PACER_DEPTH_MAX);
        break;
    case PACER_EV_SERVER:
        p.strained = ev.strained;
        if (ev.strained)
            trickle(&p, ev.now);
        break;
    }
    return p;
}

usec_t pacer_rest(struct pacer p, usec_t busy)
{
    if (busy > USEC_INFINITY / PACER_SHARE_MAX)
        busy = USEC_INFINITY / PACER_SHARE_MAX;
    return busy * (PACER_SHARE_MAX - p.share) / p.share;
}
