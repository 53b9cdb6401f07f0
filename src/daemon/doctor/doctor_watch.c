/* The workers' memory over time. */
#include "daemon/doctor/doctor_watch.h"

#include "core/doctor/doctor_agent.h"
#include "daemon/daemon.h"
#include "daemon/workers/supervisor.h"
#include "io/child/procinfo.h"
#include "io/loop/loop.h"

#include <stdlib.h>

enum { KEPT = 360 };

struct track {
    uint64_t life;
    uint64_t taken;
    uint32_t pages[KEPT]; /* of 4 KiB; the n-th, counted from 0, is at n % KEPT */
};

struct doctor_watch {
    const struct daemon *daemon;
    struct timer *timer;
    struct track tracks[LIMIT_WORKERS];
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

static void on_due(void *arg)
{
    struct doctor_watch *w = arg;
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
    free(w);
}
