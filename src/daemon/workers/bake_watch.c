/* The error lines of canaries. */
#include "daemon/workers/bake_watch.h"

#include "daemon/workers/supervisor.h"
#include "io/loop/loop.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define LOOK_INTERVAL (USEC_PER_SEC / 4)

struct bake_watch {
    struct supervisor *supervisor;
    const struct config *config;
    struct timer *timer;
    usec_t began_at;
    struct error_rate before;        /* of the generation before, when the bake began */
    uint64_t counted[LIMIT_WORKERS]; /* errors of each life until then */
    uint64_t lives[LIMIT_WORKERS];   /* whose they are */
    uint64_t found;                  /* the life that was found wanting; 0: none */
    char finding[128];
};

static void on_timer(void *arg);

struct bake_watch *bake_watch_new(struct loop *l, struct supervisor *s, const struct config *config)
{
    struct bake_watch *w = calloc(1, sizeof *w);
    if (!w)
        return NULL;
    w->supervisor = s;
    w->config = config;
    w->timer = timer_new(l, on_timer, w);
    return w;
}

void bake_watch_free(struct bake_watch *w)
{
    if (!w)
        return;
    timer_free(w->timer);
    free(w);
}

void bake_watch_configure(struct bake_watch *w, const struct config *config)
{
    w->config = config;
}

/* Lives of the generation before: those that serve, and with `paused` also those that did. */
static struct error_rate rate_before(const struct bake_watch *w, bool paused)
{
    const struct fleet *fleet = supervisor_fleet(w->supervisor);
    struct error_rate sum = {0};
    for (unsigned i = 0; i < fleet->n_slots; i++) {
        const struct fleet_slot *state = &fleet->slots[i];
        const struct slot *slot = supervisor_slot(w->supervisor, i);
        bool counts = state->worker.state == WORKER_SERVING ||
                      (paused && state->worker.state == WORKER_DRAINING);
        if (!slot || !counts || state->generation != fleet->rollout.from)
            continue;
        struct error_rate rate = slot_error_rate(slot, loop_now());
        sum.errors += rate.errors;
        sum.span = usec_add(sum.span, rate.span);
    }
    return sum;
}

/* From now on errors of canaries count. */
static void begin(struct bake_watch *w)
{
    const struct fleet *fleet = supervisor_fleet(w->supervisor);
    w->began_at = loop_now();
    for (unsigned i = 0; i < fleet->n_slots; i++) {
        const struct slot *slot = supervisor_slot(w->supervisor, i);
        w->lives[i] = slot ? slot_life(slot) : 0;
        w->counted[i] = slot ? slot_errors(slot) : 0;
    }
}

static bool is_worse(
    const struct bake_watch *w, const struct error_rate *fresh, const struct error_rate *before)
{
    return before->span == 0 || bake_signal_is_bad(&w->config->bake, *fresh, *before);
}

static void judge(struct bake_watch *w, unsigned i)
{
    const struct slot *slot = supervisor_slot(w->supervisor, i);
    const struct fleet *fleet = supervisor_fleet(w->supervisor);
    uint64_t old = slot_life(slot) == w->lives[i] ? w->counted[i] : 0;
    struct error_rate fresh = {slot_errors(slot) - old, usec_sub(loop_now(), w->began_at)};
    /* Those that serve beside it tell what is everybody's trouble now. */
    struct error_rate beside = rate_before(w, false);
    char span[SPAN_TEXT_MAX];
    char before[SPAN_TEXT_MAX];
    if (!bake_signal_is_bad(&w->config->bake, fresh, w->before) || !is_worse(w, &fresh, &beside))
        return;
    snprintf(w->finding, sizeof w->finding,
        "it wrote %" PRIu64 " error lines in %s, those before it %" PRIu64 " in %s", fresh.errors,
        span_show(fresh.span, span), w->before.errors, span_show(w->before.span, before));
    w->found = fleet->slots[i].life;
    supervisor_errors(w->supervisor, i);
}

static void on_timer(void *arg)
{
    struct bake_watch *w = arg;
    const struct fleet *fleet = supervisor_fleet(w->supervisor);
    /* What an outage makes everybody write means nothing; nor does it once that is over. */
    if (fleet->rollout.outage)
        begin(w);
    for (unsigned i = 0; i < fleet->n_slots && fleet->rollout.state == ROLLOUT_BAKING; i++) {
        const struct fleet_slot *state = &fleet->slots[i];
        if (state->worker.state == WORKER_SERVING && state->generation == fleet->rollout.generation)
            judge(w, i);
    }
    if (fleet->rollout.state == ROLLOUT_BAKING)
        timer_arm(w->timer, usec_add(loop_now(), LOOK_INTERVAL));
}

void bake_watch_told(struct bake_watch *w, const struct fleet_action *told)
{
    if (told->rollout != ROLLOUT_BAKING) {
        timer_disarm(w->timer);
        return;
    }
    w->found = 0;
    w->before = rate_before(w, true);
    begin(w);
    timer_arm(w->timer, usec_add(loop_now(), LOOK_INTERVAL));
}

const char *bake_watch_finding(const struct bake_watch *w, const struct slot *slot)
{
    return slot && w->found != 0 && w->found == slot_life(slot) ? w->finding : "";
}
