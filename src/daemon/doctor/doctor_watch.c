/* The workers' memory over time, and counters of Redis and of the kernel. */
#include "daemon/doctor/doctor_watch.h"

#include "core/doctor/doctor_agent.h"
#include "core/doctor/doctor_host.h"
#include "core/doctor/doctor_redis.h"
#include "daemon/daemon.h"
#include "daemon/workers/supervisor.h"
#include "io/child/procinfo.h"
#include "io/loop/loop.h"
#include "io/oom_kills.h"
#include "io/redis/redis_batch.h"

#include <assert.h>
#include <stdlib.h>

/* At each COUNT_EVERY-th look counters are looked at as well. */
enum { KEPT = 360, COUNT_EVERY = 6 };
static_assert(KEPT / COUNT_EVERY < DOCTOR_RISE_KEPT, "counters are remembered as long as memory");

struct track {
    uint64_t life;
    uint64_t taken;
    uint32_t pages[KEPT]; /* of 4 KiB; the n-th, counted from 0, is at n % KEPT */
};

struct doctor_watch {
    const struct daemon *daemon;
    struct timer *timer;
    struct track tracks[LIMIT_WORKERS];
    uint64_t looks;
    struct redis_batch *asked; /* INFO; NULL: nothing is */
    struct doctor_rise rises[DOCTOR_COUNTER_COUNT];
};

static void look(struct doctor_watch *w, unsigned index)
{
    const struct slot *slot = supervisor_slot(w->daemon->supervisor, index);
    const struct fleet_slot *state = &supervisor_fleet(w->daemon->supervisor)->slots[index];
    struct track *t = &w->tracks[index];
    struct procinfo info;
    if (!slot || !state->worker.alive || procinfo_read(slot_pid(slot), &info) < 0)
        return;
    if (t->life != slot_life(slot))
        *t = (struct track){.life = slot_life(slot)};
    t->pages[t->taken++ % KEPT] = (uint32_t)(info.resident_bytes >> 12);
}

/* ---- counters ---- */

static void on_info(size_t index, const struct redis_value *reply, void *arg)
{
    struct doctor_watch *w = arg;
    struct doctor_redis facts = {0};
    (void)index;
    if (reply->type != REDIS_STRING)
        return; /* without the right to ask, which the doctor names */
    doctor_redis_info(reply->str, &facts);
    for (int i = 0; i < 2; i++) {
        enum doctor_counter counter = i ? DOCTOR_COUNTER_REJECTED : DOCTOR_COUNTER_EVICTED;
        struct doctor_count_now now = doctor_redis_count(&facts, counter);
        doctor_rise_note(&w->rises[counter], &now, loop_now());
    }
}

static void on_asked(bool lost, void *arg)
{
    struct doctor_watch *w = arg;
    (void)lost;
    w->asked = NULL;
}

/* A cgroup is as old as we are at least; what was counted before us may be of late. */
static struct doctor_count_now count_ooms(
    const struct doctor_watch *w, const char *file, uint64_t kills)
{
    return (struct doctor_count_now){.origin = doctor_rise_origin(file),
        .value = kills,
        .age = w ? usec_sub(loop_now(), w->daemon->started_at) : USEC_INFINITY};
}

static void count(struct doctor_watch *w)
{
    char file[OOM_KILLS_PATH_MAX];
    uint64_t kills = 0;
    if (oom_kills_read(file, &kills) == 0) {
        struct doctor_count_now now = count_ooms(w, file, kills);
        doctor_rise_note(&w->rises[DOCTOR_COUNTER_OOM], &now, loop_now());
    }
    if (w->asked || !w->daemon->redis || redis_link_state(w->daemon->redis) != REDIS_LINK_UP)
        return;
    w->asked = redis_batch_new(w->daemon->redis, 1, on_info, on_asked, w);
    redis_batch_add(w->asked, 0, 1, (const char *const[]){"INFO"}, NULL);
    redis_batch_end(w->asked);
}

void doctor_watch_rises(
    const struct doctor_watch *w, struct doctor_redis *redis, struct doctor_host *host)
{
    usec_t now = loop_now();
    usec_t window = w ? KEPT * w->daemon->config->doctor.sample_interval : USEC_PER_HOUR;
    const struct doctor_rise *rises = w ? w->rises : NULL;
    struct doctor_count_now evicted = doctor_redis_count(redis, DOCTOR_COUNTER_EVICTED);
    struct doctor_count_now rejected = doctor_redis_count(redis, DOCTOR_COUNTER_REJECTED);
    struct doctor_count_now ooms = count_ooms(w, host->oom_file, host->oom_kills);
    redis->evictions =
        doctor_rise_lately(rises ? &rises[DOCTOR_COUNTER_EVICTED] : NULL, &evicted, now, window);
    redis->rejections =
        doctor_rise_lately(rises ? &rises[DOCTOR_COUNTER_REJECTED] : NULL, &rejected, now, window);
    host->ooms = doctor_rise_lately(rises ? &rises[DOCTOR_COUNTER_OOM] : NULL, &ooms, now, window);
}

static void on_due(void *arg)
{
    struct doctor_watch *w = arg;
    if (w->looks++ % COUNT_EVERY == 0)
        count(w);
    for (unsigned i = 0; i < supervisor_fleet(w->daemon->supervisor)->n_slots; i++)
        look(w, i);
    timer_arm(w->timer, usec_add(loop_now(), w->daemon->config->doctor.sample_interval));
}

struct doctor_watch *doctor_watch_new(const struct daemon *d)
{
    struct doctor_watch *w = calloc(1, sizeof *w);
    if (!w)
        return NULL;
    w->daemon = d;
    w->timer = timer_new(d->loop, on_due, w);
    timer_arm(w->timer, loop_now());
    return w;
}

static uint64_t least(const struct track *t, uint64_t from, uint64_t until)
{
    uint32_t pages = UINT32_MAX;
    for (uint64_t i = from; i < until; i++) {
        if (t->pages[i % KEPT] < pages)
            pages = t->pages[i % KEPT];
    }
    return (uint64_t)pages << 12;
}

/* The least of a third of the time: what a garbage collection takes back is no growth. */
void doctor_watch_growth(
    const struct doctor_watch *w, unsigned slot, uint64_t life, struct doctor_worker *out)
{
    const struct track *t = &w->tracks[slot];
    uint64_t first = t->taken > KEPT ? t->taken - KEPT : 0;
    uint64_t third = (t->taken - first) / 3;
    if (t->life != life || third == 0)
        return;
    out->rss_first = least(t, first, first + third);
    out->rss_now = least(t, t->taken - third, t->taken);
    out->watched = (t->taken - first) * w->daemon->config->doctor.sample_interval;
}

void doctor_watch_free(struct doctor_watch *w)
{
    if (!w)
        return;
    timer_free(w->timer);
    redis_batch_leave(w->asked);
    free(w);
}
