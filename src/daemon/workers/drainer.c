/* The shell of core/drain. */
#include "daemon/workers/drainer.h"

#include "core/event.h"
#include "daemon/workers/callers.h"
#include "daemon/workers/cut.h"
#include "daemon/workers/drain_words.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

enum { QUEUE_MAX = 8 };

struct drainer {
    struct drainer_spec spec;
    struct drain_conf conf;
    struct drain drain;
    struct timer *timer;
    struct callers_counter *counter;
    bool held_off;             /* callers wait for the next start */
    bool counted_held_off;     /* all workers had said so when the count began */
    uint64_t told_waiting_for; /* the number in the latest progress event */
    bool stepping;
    struct drain_event queue[QUEUE_MAX];
    unsigned n_queued;
};

static void feed(struct drainer *d, struct drain_event ev);

static void on_timer(void *arg)
{
    feed(arg, (struct drain_event){.type = DRAIN_EV_TICK});
}

static void on_counted(const struct callers *callers, void *arg)
{
    struct drainer *d = arg;
    struct drain_event ev = {.type = DRAIN_EV_COUNTED, .callers = *callers};
    /* One more may have been accepted since. */
    if (d->held_off && !d->counted_held_off)
        ev.callers.connections.known = false;
    feed(d, ev);
}

struct drainer *drainer_new(const struct drainer_spec *spec)
{
    struct drainer *d = calloc(1, sizeof *d);
    if (!d)
        return NULL;
    d->spec = *spec;
    d->conf = spec->config->drain;
    d->drain = drain_initial();
    d->timer = timer_new(spec->loop, on_timer, d);
    d->counter = callers_counter_new(spec->connections, spec->config, on_counted, d);
    if (!d->counter) {
        drainer_free(d);
        return NULL;
    }
    return d;
}

void drainer_free(struct drainer *d)
{
    if (!d)
        return;
    callers_counter_free(d->counter);
    timer_free(d->timer);
    free(d);
}

void drainer_configure(struct drainer *d, const struct config *config)
{
    d->spec.config = config;
    d->conf = config->drain;
    callers_configure(d->counter, config);
}

void drainer_use_sweeper(struct drainer *d, struct sweeper *sweeper)
{
    callers_use_sweeper(d->counter, sweeper);
}

static void emit(const struct drainer *d, enum event_id id, const char *message, uint64_t callers)
{
    struct event ev;
    struct strbuf kinds = STRBUF_INIT;
    drain_words_kinds(&d->conf, &d->drain.callers, &kinds);
    event_init(&ev, id);
    event_message(&ev, "%s", message);
    event_field(&ev, "VOXKEEPER_CALLERS", "%llu", (unsigned long long)callers);
    event_field(&ev, "VOXKEEPER_CALLER_KINDS", "%s", strbuf_text(&kinds));
    event_duration(&ev, usec_sub(loop_now(), d->drain.began_at));
    event_emit(&ev);
    event_fini(&ev);
    strbuf_fini(&kinds);
}

static void tell_progress(struct drainer *d)
{
    struct strbuf text = STRBUF_INIT;
    if (d->drain.waiting_for == d->told_waiting_for)
        return;
    d->told_waiting_for = d->drain.waiting_for;
    strbuf_adds(&text, "draining: ");
    drain_words_waiting(&d->drain, loop_now(), &text);
    strbuf_adds(&text, " (");
    drain_words_kinds(&d->conf, &d->drain.callers, &text);
    strbuf_addc(&text, ')');
    emit(d, EVENT_DRAIN_PROGRESS, strbuf_text(&text), d->drain.waiting_for);
    strbuf_fini(&text);
}

static void tell_cut(const struct drainer *d)
{
    struct event ev;
    struct strbuf names = STRBUF_INIT;
    struct strbuf words = STRBUF_INIT;
    callers_names_json(d->counter, &names);
    drain_words_count(d->drain.cut, &words);
    strbuf_addf(&words, " cut: the wait ended (");
    drain_words_kinds(&d->conf, &d->drain.callers, &words);
    strbuf_addc(&words, ')');
    event_init(&ev, EVENT_CALLERS_CUT);
    event_message(&ev, "%s", strbuf_text(&words));
    event_field(&ev, "VOXKEEPER_CALLERS", "%llu", (unsigned long long)d->drain.cut);
    event_field(&ev, "VOXKEEPER_CALLER_NAMES", "%s", strbuf_text(&names));
    event_emit(&ev);
    event_fini(&ev);
    cut_write(d->spec.config, d->drain.cut, strbuf_text(&names));
    strbuf_fini(&words);
    strbuf_fini(&names);
}

static void perform(struct drainer *d, enum drain_action action)
{
    switch (action) {
    case DRAIN_DO_COUNT:
        d->counted_held_off = supervisor_is_held_off(d->spec.supervisor);
        callers_count(d->counter);
        return;
    case DRAIN_DO_BEGAN:
        d->told_waiting_for = UINT64_MAX;
        emit(d, EVENT_DRAIN_BEGAN, "draining: not ready for new callers any more", 0);
        break;
    case DRAIN_DO_PROGRESS:
        tell_progress(d);
        break;
    case DRAIN_DO_CUT:
        tell_cut(d);
        break;
    case DRAIN_DO_STOP:
        supervisor_stop(d->spec.supervisor);
        break;
    case DRAIN_DO_DONE:
        emit(d, EVENT_DRAIN_DONE, "drained: no worker is left", d->drain.cut);
        break;
    case DRAIN_DO_EXIT:
        break;
    case DRAIN_DO_CANCELLED:
        emit(d, EVENT_DRAIN_CANCELLED, "open for callers again", 0);
        break;
    case DRAIN_DO_START:
        supervisor_start(d->spec.supervisor);
        break;
    }
    d->spec.on_told(action, &d->drain, d->spec.arg);
}

/* From the end of Linger on callers who can wait for the next start do. */
static void hold_off(struct drainer *d)
{
    enum drain_state state = d->drain.state;
    bool wish = state == DRAIN_WAITING || state == DRAIN_STOPPING;
    d->held_off = supervisor_hold_off(d->spec.supervisor, wish);
    callers_leave_queue(d->counter, d->held_off);
}

static void step(struct drainer *d)
{
    struct drain_event ev = d->queue[0];
    d->n_queued--;
    for (unsigned i = 0; i < d->n_queued; i++)
        d->queue[i] = d->queue[i + 1];
    ev.now = loop_now();
    struct drain_update update = drain_step(&d->conf, d->drain, ev);
    d->drain = update.next;
    hold_off(d);
    for (unsigned i = 0; i < update.n_actions; i++)
        perform(d, update.actions[i]);
}

static void feed(struct drainer *d, struct drain_event ev)
{
    assert(d->n_queued < QUEUE_MAX);
    d->queue[d->n_queued++] = ev;
    if (d->stepping)
        return;
    d->stepping = true;
    while (d->n_queued > 0)
        step(d);
    d->stepping = false;
    usec_t next = drain_deadline(d->drain);
    if (next == USEC_INFINITY)
        timer_disarm(d->timer);
    else
        timer_arm(d->timer, next);
}

void drainer_go_on(struct drainer *d, struct drain former)
{
    d->drain = former.stop_daemon ? drain_initial() : former;
    feed(d, (struct drain_event){.type = DRAIN_EV_TAKEN_OVER});
}

void drainer_begin(struct drainer *d, bool stop_daemon)
{
    feed(d, (struct drain_event){.type = DRAIN_EV_BEGIN, .stop_daemon = stop_daemon});
}

void drainer_hurry(struct drainer *d)
{
    feed(d, (struct drain_event){.type = DRAIN_EV_HURRY});
}

void drainer_resume(struct drainer *d)
{
    feed(d, (struct drain_event){.type = DRAIN_EV_RESUME});
}

void drainer_all_gone(struct drainer *d)
{
    feed(d, (struct drain_event){.type = DRAIN_EV_ALL_GONE});
}

const struct drain *drainer_state(const struct drainer *d)
{
    return &d->drain;
}
