/* How hard one pass works Redis. */
#include "daemon/sweep/sweep_pace.h"

#include "core/metrics/latency.h"
#include "core/sweep/pacer.h"
#include "io/loop/loop.h"
#include "io/redis/redis_ping.h"

#include <stdlib.h>

/* A wake-up costs both sides as much as several commands. */
static const usec_t rest_least = 10 * USEC_PER_MSEC;
static const usec_t rest_most = 2 * USEC_PER_SEC;

struct sweep_pace {
    struct redis_link *link;
    struct redis_ping *ping;
    struct pacer_conf conf;
    struct pacer pacer;
    usec_t debt;
    usec_t worked, rested;
    usec_t rests_from, works_from; /* the latest */
    struct redis_usage before;
    struct latency latency;
    bool strained;
};

static void step(struct sweep_pace *p, struct pacer_event ev)
{
    ev.now = loop_now();
    p->pacer = pacer_step(&p->conf, p->pacer, ev);
}

/* What was sent then waits for nothing of ours. */
static bool was_resting(const struct sweep_pace *p, usec_t at)
{
    return at >= p->rests_from && (p->works_from < p->rests_from || at < p->works_from);
}

static void on_pong(usec_t took, void *arg)
{
    struct sweep_pace *p = arg;
    latency_add(&p->latency, took);
    step(p, (struct pacer_event){.type = PACER_EV_PING,
                .took = took,
                .resting = was_resting(p, usec_sub(loop_now(), took))});
}

static void on_server(bool strained, void *arg)
{
    struct sweep_pace *p = arg;
    p->strained = p->strained || strained;
    step(p, (struct pacer_event){.type = PACER_EV_SERVER, .strained = strained});
}

struct sweep_pace *sweep_pace_new(
    struct loop *l, struct redis_link *link, const struct redis_link_conf *conf, usec_t max_latency)
{
    static const struct redis_ping_events events = {on_pong, on_server};
    struct sweep_pace *p = calloc(1, sizeof *p);
    if (!p)
        abort();
    p->link = link;
    p->conf.max_latency = max_latency;
    p->pacer = pacer_initial(loop_now());
    p->before = *redis_link_usage(link);
    /* The URL is that of a link that exists, so it is a good one. */
    if (conf)
        p->ping = redis_ping_new(l, conf, &events, p, NULL);
    return p;
}

void sweep_pace_free(struct sweep_pace *p)
{
    if (!p)
        return;
    redis_ping_free(p->ping);
    free(p);
}

unsigned sweep_pace_count(const struct sweep_pace *p)
{
    return p->pacer.count;
}

unsigned sweep_pace_depth(const struct sweep_pace *p)
{
    return p->pacer.depth;
}

bool sweep_pace_is_full(const struct sweep_pace *p)
{
    return p->pacer.share == PACER_SHARE_MAX;
}

void sweep_pace_scanned(struct sweep_pace *p, usec_t took)
{
    step(p, (struct pacer_event){.type = PACER_EV_SCAN, .took = took});
}

void sweep_pace_piped(struct sweep_pace *p, usec_t took)
{
    step(p, (struct pacer_event){.type = PACER_EV_PIPELINE, .took = took});
}

void sweep_pace_works(struct sweep_pace *p)
{
    p->works_from = loop_now();
}

usec_t sweep_pace_rest(struct sweep_pace *p, usec_t busy)
{
    p->worked += busy;
    p->debt = usec_add(p->debt, pacer_rest(p->pacer, busy));
    if (p->debt < rest_least)
        return 0;
    usec_t rest = p->debt < rest_most ? p->debt : rest_most;
    p->debt = 0;
    p->rested += rest;
    p->rests_from = loop_now() + 1;
    return rest;
}

struct redis_link *sweep_pace_link(struct sweep_pace *p)
{
    return p->ping ? redis_ping_link(p->ping) : NULL;
}

void sweep_pace_spent(const struct sweep_pace *p, struct sweep_spent *out)
{
    const struct redis_usage *now = redis_link_usage(p->link);
    usec_t floor = pacer_floor(p->pacer);
    *out = (struct sweep_spent){.commands = now->commands - p->before.commands,
        .bytes_sent = now->bytes_sent - p->before.bytes_sent,
        .bytes_received = now->bytes_received - p->before.bytes_received,
        .worked = p->worked,
        .rested = p->rested,
        .count = p->pacer.count,
        .share = p->pacer.share,
        .strained = p->strained,
        .pings = p->latency.n,
        .ping_floor = floor == USEC_INFINITY ? 0 : floor,
        .ping_p50 = latency_quantile(&p->latency, 500),
        .ping_p99 = latency_quantile(&p->latency, 990),
        .ping_max = p->latency.max};
}
