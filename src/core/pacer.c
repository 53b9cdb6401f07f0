/* How hard the sweep may work Redis. */
#include "core/pacer.h"

static const usec_t floor_period = 10 * USEC_PER_SEC;
static const usec_t adjust_every = 100 * USEC_PER_MSEC;

enum {
    GROWTH = 50,       /* per mille of the time, each adjust_every */
    LATE_OF = 100,     /* one late PING of that many is what MaxLatency= allows */
    VERY_LATE = 8,     /* times MaxLatency: a fork, swapping, a KEYS of somebody */
    TARGET_OF_MAX = 4, /* one request holds Redis for a quarter of MaxLatency */
};

struct pacer pacer_initial(usec_t now)
{
    struct pacer p = {.count = PACER_COUNT_FIRST,
        .depth = PACER_DEPTH_FIRST,
        .share = PACER_SHARE_FIRST,
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

static unsigned clamp(usec_t value, unsigned min, unsigned max)
{
    if (value < min)
        return min;
    return value > max ? max : (unsigned)value;
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
    p->share = clamp(p->share / 2, PACER_SHARE_TRICKLE, PACER_SHARE_MAX);
    p->count = clamp(p->count * 7 / 10, PACER_COUNT_MIN, PACER_COUNT_MAX);
    p->depth = clamp(p->depth * 7 / 10, PACER_DEPTH_MIN, PACER_DEPTH_MAX);
}

static void trickle(struct pacer *p, usec_t now)
{
    p->calm_since = now;
    p->share = PACER_SHARE_TRICKLE;
}

static void take_ping(const struct pacer_conf *conf, struct pacer *p, usec_t now, usec_t took)
{
    note_floor(p, now, took);
    usec_t added = usec_sub(took, pacer_floor(*p));
    if (added <= conf->max_latency) {
        p->since_late = p->since_late < LATE_OF ? p->since_late + 1 : LATE_OF;
    } else {
        if (added / VERY_LATE > conf->max_latency)
            trickle(p, now);
        else if (p->since_late < LATE_OF)
            cut(p, now);
        p->since_late = 0;
    }
    if (p->strained) {
        trickle(p, now);
    } else if (usec_sub(now, p->calm_since) >= adjust_every) {
        p->share = clamp(p->share + GROWTH, PACER_SHARE_TRICKLE, PACER_SHARE_MAX);
        p->calm_since = now;
    }
}

static usec_t smooth(usec_t old, usec_t new)
{
    return old == 0 ? new : (3 * old + new) / 4;
}

/* Towards the size at which one request holds Redis for the target; well before it, slowly. */
static unsigned follow(const struct pacer_conf *conf, unsigned size, usec_t held)
{
    usec_t target = conf->max_latency / TARGET_OF_MAX;
    if (held > target + target / 4) {
        usec_t fit = size * target / held;
        usec_t least = (usec_t)size * 7 / 10;
        return (unsigned)(fit > least ? fit : least);
    }
    if (held < target - target / 4)
        return size + size / 10 + 1;
    return size;
}

struct pacer pacer_step(const struct pacer_conf *conf, struct pacer p, struct pacer_event ev)
{
    usec_t floor = pacer_floor(p);
    switch (ev.type) {
    case PACER_EV_PING:
        take_ping(conf, &p, ev.now, ev.took);
        break;
    case PACER_EV_SCAN:
        if (floor == USEC_INFINITY)
            break;
        p.scan = smooth(p.scan, usec_sub(ev.took, floor));
        p.count = clamp(follow(conf, p.count, p.scan), PACER_COUNT_MIN, PACER_COUNT_MAX);
        break;
    case PACER_EV_PIPELINE:
        if (floor == USEC_INFINITY)
            break;
        p.pipeline = smooth(p.pipeline, usec_sub(ev.took, floor));
        p.depth = clamp(follow(conf, p.depth, p.pipeline), PACER_DEPTH_MIN, PACER_DEPTH_MAX);
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
