/* How long Redis takes to answer. */
#include "io/redis/redis_ping.h"

#include "io/redis/redis_batch.h"

#include <stdlib.h>
#include <string.h>

static const usec_t ping_every = 20 * USEC_PER_MSEC;
static const usec_t look_every = USEC_PER_SEC;

struct redis_ping {
    struct redis_link *link;
    struct timer *timer;
    struct redis_batch *batch; /* what is under way */
    struct redis_ping_events events;
    void *arg;
    usec_t asked_at;
    usec_t look_at; /* INFO is due */
    usec_t took;    /* 0: no PONG came */
    bool looked;
    bool strained;
};

enum { ASK_PING, ASK_INFO };

static bool says(const struct redis_value *info, const char *field)
{
    return strstr(info->str, field);
}

static void on_reply(size_t index, const struct redis_value *reply, void *arg)
{
    struct redis_ping *p = arg;
    if (index == ASK_PING) {
        p->took = usec_sub(loop_now(), p->asked_at);
        return;
    }
    p->look_at = usec_add(p->asked_at, look_every);
    /* Not permitted to ask: then the PINGs have to show it. */
    p->looked = reply->type == REDIS_STRING;
    p->strained =
        p->looked && (says(reply, "rdb_bgsave_in_progress:1") ||
                         says(reply, "aof_rewrite_in_progress:1") || says(reply, "loading:1"));
}

static void on_done(bool lost, void *arg)
{
    struct redis_ping *p = arg;
    p->batch = NULL;
    timer_arm(p->timer, usec_add(p->asked_at, ping_every));
    if (p->looked && !lost)
        p->events.on_server(p->strained, p->arg);
    else if (p->took > 0 && !lost)
        p->events.on_pong(p->took, p->arg);
}

/* Never both at once: INFO takes as long as many PINGs. */
static void on_due(void *arg)
{
    struct redis_ping *p = arg;
    p->asked_at = loop_now();
    p->took = 0;
    p->looked = false;
    p->batch = redis_batch_new(p->link, 1, on_reply, on_done, p);
    if (p->asked_at >= p->look_at) {
        redis_batch_add(p->batch, ASK_INFO, 2, (const char *const[]){"INFO", "persistence"}, NULL);
    } else {
        redis_batch_add(p->batch, ASK_PING, 1, (const char *const[]){"PING"}, NULL);
    }
    redis_batch_end(p->batch);
}

struct redis_ping *redis_ping_new(struct loop *l, const struct redis_link_conf *conf,
    const struct redis_ping_events *events, void *arg, struct err *e)
{
    struct redis_ping *p = calloc(1, sizeof *p);
    if (!p)
        abort(); /* as timers do */
    p->link = redis_link_new(l, conf, NULL, NULL, e);
    if (!p->link) {
        free(p);
        return NULL;
    }
    p->events = *events;
    p->arg = arg;
    p->timer = timer_new(l, on_due, p);
    timer_arm(p->timer, 0);
    return p;
}

struct redis_link *redis_ping_link(struct redis_ping *p)
{
    return p->link;
}

void redis_ping_free(struct redis_ping *p)
{
    if (!p)
        return;
    redis_batch_leave(p->batch);
    timer_free(p->timer);
    redis_link_free(p->link);
    free(p);
}
