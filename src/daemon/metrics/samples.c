/* A ring of what the status page draws. */
#include "daemon/metrics/samples.h"

#include "base/timestamp.h"
#include "daemon/daemon.h"
#include "daemon/workers/connections.h"
#include "daemon/workers/slot.h"
#include "daemon/workers/supervisor.h"
#include "io/loop/loop.h"

#include <cjson/cJSON.h>
#include <stdlib.h>

enum { KEPT = SAMPLES_SPAN / SAMPLES_INTERVAL };

struct sample {
    usec_t wall;
    usec_t probe_took; /* 0: no serving worker has been probed */
    uint32_t callers;
    uint32_t serving;
    bool callers_known;
};

struct samples {
    const struct daemon *daemon;
    struct timer *timer;
    struct connections_question question;
    usec_t due;
    uint64_t taken;
    struct sample ring[KEPT]; /* the n-th, counted from 0, is at n % KEPT */
};

static usec_t slowest_probe(const struct daemon *d)
{
    const struct fleet *fleet = supervisor_fleet(d->supervisor);
    usec_t slowest = 0;
    for (unsigned i = 0; i < fleet->n_slots; i++) {
        const struct slot *slot = supervisor_slot(d->supervisor, i);
        if (!slot || fleet->slots[i].worker.state != WORKER_SERVING)
            continue;
        usec_t took = slot_probe_took(slot);
        if (took > slowest)
            slowest = took;
    }
    return slowest;
}

static struct sample look(const struct daemon *d, const struct sock_connections *callers)
{
    return (struct sample){
        .wall = loop_wall_now(),
        .probe_took = slowest_probe(d),
        .callers = callers ? (uint32_t)callers->n : 0,
        .callers_known = callers != NULL,
        .serving = fleet_answering(supervisor_fleet(d->supervisor)),
    };
}

static void on_connections(const struct sock_connections *list, void *arg)
{
    struct samples *s = arg;
    s->ring[s->taken++ % KEPT] = look(s->daemon, list);
}

/* After a stall the next is due one interval from now: what was missed cannot be looked at. */
static void on_due(void *arg)
{
    struct samples *s = arg;
    connections_ask(s->daemon->connections, &s->question, on_connections, s);
    s->due = usec_add(s->due, SAMPLES_INTERVAL);
    if (s->due <= loop_now())
        s->due = usec_add(loop_now(), SAMPLES_INTERVAL);
    timer_arm(s->timer, s->due);
}

struct samples *samples_new(const struct daemon *d)
{
    struct samples *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->daemon = d;
    s->due = loop_now();
    s->timer = timer_new(d->loop, on_due, s);
    timer_arm(s->timer, s->due);
    return s;
}

void samples_free(struct samples *s)
{
    if (!s)
        return;
    connections_drop(s->daemon->connections, &s->question);
    timer_free(s->timer);
    free(s);
}

bool samples_callers(const struct samples *s, uint64_t *out_n)
{
    if (s->taken == 0)
        return false;
    const struct sample *newest = &s->ring[(s->taken - 1) % KEPT];
    if (newest->callers_known)
        *out_n = newest->callers;
    return newest->callers_known;
}

static void add_number(struct cJSON *o, const char *name, bool known, double n)
{
    if (known)
        cJSON_AddNumberToObject(o, name, n);
    else
        cJSON_AddNullToObject(o, name);
}

static struct cJSON *sample_json(const struct sample *sample)
{
    char time[TIMESTAMP_TEXT_MAX];
    struct cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "time", timestamp_format(sample->wall, time));
    add_number(o, "callers", sample->callers_known, sample->callers);
    add_number(o, "probe_ms", sample->probe_took > 0, (double)sample->probe_took / 1000);
    cJSON_AddNumberToObject(o, "serving", sample->serving);
    return o;
}

struct cJSON *samples_json(const struct samples *s, unsigned limit)
{
    uint64_t n = s->taken < KEPT ? s->taken : KEPT;
    if (n > limit)
        n = limit;
    struct cJSON *o = cJSON_CreateObject();
    cJSON_AddNumberToObject(o, "interval_ms", SAMPLES_INTERVAL / USEC_PER_MSEC);
    struct cJSON *list = cJSON_AddArrayToObject(o, "samples");
    for (uint64_t i = s->taken - n; i < s->taken; i++)
        cJSON_AddItemToArray(list, sample_json(&s->ring[i % KEPT]));
    return o;
}

struct cJSON *samples_newest_json(const struct daemon *d)
{
    return samples_json(d->samples, 1);
}
