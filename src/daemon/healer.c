/* The shell of core/remedy. */
#include "daemon/healer.h"

#include "core/event.h"
#include "core/quiet.h"
#include "core/remedy.h"
#include "daemon/daemon.h"
#include "daemon/history/history.h"
#include "daemon/incidents/incidents.h"
#include "daemon/verbs/operation.h"
#include "daemon/verbs/verb_rollout.h"
#include "daemon/workers/callers.h"
#include "daemon/workers/drainer.h"
#include "daemon/workers/supervisor.h"
#include "io/child/procinfo.h"
#include "io/loop/loop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOOK_INTERVAL (5 * USEC_PER_SEC)
#define TREAT_INTERVAL (USEC_PER_SEC / 4)

enum { SUBJECT_MAX = LIMIT_NAME + 16, CURES_MAX = 2 * LIMIT_LOG_WATCHES };

enum cure_kind { CURE_RESTART, CURE_REPLACE };

/* What is done about one thing. */
struct cure {
    char subject[SUBJECT_MAX]; /* "memory", "log watch NAME" */
    enum cure_kind kind;
    struct remedy state;
    uint64_t op; /* of the restart; 0: it has not begun */
};

struct healer {
    struct daemon *daemon;
    const struct config *config;
    struct history_listener listener;
    struct timer *timer;
    usec_t looked_at;
    struct cure *cures[CURES_MAX];
    unsigned n;
    struct {
        bool wanted; /* at the next quiet moment */
        struct quiet quiet;
        char words[160];
    } memory;
};

static struct remedy_conf conf_of(const struct healer *h)
{
    const struct config_heal *heal = &h->config->heal;
    return (struct remedy_conf){.n = heal->budget.n, .per = heal->budget.per, .proof = heal->proof};
}

static struct cure *cure_of(struct healer *h, const char *subject, enum cure_kind kind)
{
    for (unsigned i = 0; i < h->n; i++) {
        if (strcmp(h->cures[i]->subject, subject) == 0)
            return h->cures[i];
    }
    struct cure *c = h->n < CURES_MAX ? calloc(1, sizeof *c) : NULL;
    if (!c)
        return NULL;
    snprintf(c->subject, sizeof c->subject, "%s", subject);
    c->kind = kind;
    remedy_init(&c->state);
    h->cures[h->n++] = c;
    return c;
}

static void tell(const struct cure *c, enum event_id id, const char *what, const char *words)
{
    struct event ev;
    event_init(&ev, id);
    event_message(&ev, "%s: %s: %s", c->subject, what, words);
    event_field(&ev, "VOXKEEPER_REMEDY", "%s", c->kind == CURE_RESTART ? "restart" : "replace");
    event_field(&ev, "VOXKEEPER_SUBJECT", "%s", c->subject);
    event_field(&ev, "VOXKEEPER_REASON", "%s", words);
    event_emit(&ev);
    event_fini(&ev);
}

static void stop(struct healer *h, const struct cure *c, const char *why, const char *words)
{
    struct strbuf all = STRBUF_INIT;
    tell(c, EVENT_REMEDY_STOPPED, why, words);
    strbuf_addf(&all, "%s: %s: %s", c->subject, why, words);
    incidents_raise(h->daemon->incidents, CONDITION_REMEDY_FAILED, c->subject, strbuf_text(&all));
    strbuf_fini(&all);
}

/* True if the remedy is to be applied. */
static bool step(struct healer *h, struct cure *c, enum remedy_event ev, const char *words)
{
    const struct remedy_conf conf = conf_of(h);
    const char *what = c->kind == CURE_RESTART ? "it was restarted twice, which did not help"
                                               : "replacing workers did not help twice";
    switch (remedy_step(&conf, &c->state, ev, loop_now())) {
    case REMEDY_DO_NOTHING:
        return false;
    case REMEDY_DO_APPLY:
        c->op = 0;
        return true;
    case REMEDY_DO_STOP_UNHELPED:
        stop(h, c, what, words);
        return false;
    case REMEDY_DO_STOP_BUDGET:
        stop(h, c, "it is needed more often than [Heal] Budget= allows", words);
        return false;
    case REMEDY_DO_RECOVERED:
        incidents_clear(
            h->daemon->incidents, CONDITION_REMEDY_FAILED, c->subject, "it is well again");
        return false;
    }
    return false;
}

static void rearm(struct healer *h)
{
    bool looks = h->config->agent.memory_high > 0 || h->memory.wanted;
    usec_t next = looks ? usec_add(h->looked_at, LOOK_INTERVAL) : USEC_INFINITY;
    for (unsigned i = 0; i < h->n; i++) {
        const struct remedy *r = &h->cures[i]->state;
        bool treating = r->state == REMEDY_TREATING && !h->memory.wanted;
        usec_t at = treating ? usec_add(loop_now(), TREAT_INTERVAL) : r->until;
        next = at < next ? at : next;
    }
    timer_arm(h->timer, next);
}

/* Nothing else is going on that a restart would get into the way of. */
static bool is_free(const struct daemon *d)
{
    return !d->restart_op && !d->reload.op && drainer_state(d->drainer)->state == DRAIN_OPEN &&
           supervisor_fleet(d->supervisor)->rollout.state == ROLLOUT_IDLE;
}

/* Through the verb that operators use: it is told, and recorded, as theirs are. */
static void restart(struct healer *h, struct cure *c, const char *author, const char *words)
{
    const struct verb_asker asker = {.author = author, .reason = words};
    struct err e = {0};
    struct operation *op = verb_restart(h->daemon, &asker, &e);
    if (op) {
        c->op = operation_id(op);
        tell(c, EVENT_REMEDY_APPLIED, "the workers are restarted", words);
        return;
    }
    log_printf(LOG_LEVEL_WARNING, "%s: %s", c->subject, e.msg);
    step(h, c, REMEDY_EV_DONE, words);
}

void healer_log_watch(struct healer *h, const char *name, const char *words)
{
    char subject[SUBJECT_MAX];
    snprintf(subject, sizeof subject, "log watch %s", name);
    struct cure *c = cure_of(h, subject, CURE_RESTART);
    if (!c || !is_free(h->daemon))
        return;
    if (step(h, c, REMEDY_EV_SYMPTOM, words))
        restart(h, c, subject, words);
    rearm(h);
}

static void on_event(const struct happening *happening, void *arg)
{
    struct healer *h = arg;
    const char *subject = happening->id == EVENT_WORKER_ZOMBIE ? "workers that lose Redis"
                          : happening->id == EVENT_WORKER_HUNG ? "workers that hang"
                                                               : NULL;
    struct cure *c = subject ? cure_of(h, subject, CURE_REPLACE) : NULL;
    if (!c)
        return;
    const char *words = happening->message ? happening->message : subject;
    if (step(h, c, REMEDY_EV_SYMPTOM, words))
        tell(c, EVENT_REMEDY_APPLIED, "the worker is replaced", words);
    rearm(h);
}

/* The largest of those that serve. */
static uint64_t largest(const struct daemon *d, unsigned *out_slot)
{
    const struct fleet *fleet = supervisor_fleet(d->supervisor);
    uint64_t most = 0;
    for (unsigned i = 0; i < fleet->n_slots; i++) {
        const struct slot *slot = supervisor_slot(d->supervisor, i);
        struct procinfo p;
        if (!slot || fleet->slots[i].worker.state != WORKER_SERVING ||
            procinfo_read(slot_pid(slot), &p) < 0 || p.resident_bytes <= most)
            continue;
        most = p.resident_bytes;
        *out_slot = i;
    }
    return most;
}

static void look_at_memory(struct healer *h)
{
    struct daemon *d = h->daemon;
    uint64_t high = h->config->heal.memory ? h->config->agent.memory_high : 0;
    unsigned slot = 0;
    uint64_t most = high > 0 ? largest(d, &slot) : 0;
    struct cure *c = high > 0 || h->memory.wanted ? cure_of(h, "memory", CURE_RESTART) : NULL;
    if (!c)
        return;
    if (h->memory.wanted && most <= high) { /* somebody else has done it */
        h->memory.wanted = false;
        step(h, c, REMEDY_EV_DONE, h->memory.words);
    }
    if (high == 0 || most <= high || !is_free(d))
        return;
    snprintf(h->memory.words, sizeof h->memory.words,
        "worker %u uses %llu MiB, more than MemoryHigh= (%llu MiB)", slot + 1,
        (unsigned long long)(most >> 20), (unsigned long long)(high >> 20));
    bool was_wanted = h->memory.wanted;
    if (!was_wanted && step(h, c, REMEDY_EV_SYMPTOM, h->memory.words)) {
        h->memory.wanted = true;
        h->memory.quiet = quiet_begin(loop_now());
    }
    /* What is known of callers was asked for at the look before. */
    struct callers callers = {0};
    callers_connections(d->connections, &callers);
    if (was_wanted && h->memory.wanted &&
        quiet_is_now(
            &h->memory.quiet, callers.connections.n, callers.connections.known, loop_now())) {
        h->memory.wanted = false;
        restart(h, c, "voxkeeper", h->memory.words);
    }
}

/* A treatment is over when the restart is, or when every worker serves. */
static bool is_over(const struct healer *h, const struct cure *c)
{
    const struct daemon *d = h->daemon;
    const struct fleet *fleet = supervisor_fleet(d->supervisor);
    if (c->kind == CURE_REPLACE)
        return fleet_serving(fleet) >= fleet_wanted(fleet);
    const struct operation *op = operation_find(d->operations, c->op);
    return c->op && (!op || !operation_running(op));
}

static void on_timer(void *arg)
{
    struct healer *h = arg;
    for (unsigned i = 0; i < h->n; i++) {
        struct cure *c = h->cures[i];
        bool over = c->state.state == REMEDY_TREATING && is_over(h, c);
        step(h, c, over ? REMEDY_EV_DONE : REMEDY_EV_TICK, c->subject);
    }
    if (usec_sub(loop_now(), h->looked_at) >= LOOK_INTERVAL) {
        h->looked_at = loop_now();
        look_at_memory(h);
    }
    rearm(h);
}

struct healer *healer_new(struct daemon *d)
{
    struct healer *h = calloc(1, sizeof *h);
    if (!h)
        return NULL;
    h->daemon = d;
    h->config = d->config;
    h->looked_at = loop_now();
    h->timer = timer_new(d->loop, on_timer, h);
    h->listener = (struct history_listener){.on_event = on_event, .arg = h};
    history_listen(d->history, &h->listener);
    rearm(h);
    return h;
}

void healer_free(struct healer *h)
{
    if (!h)
        return;
    history_unlisten(h->daemon->history, &h->listener);
    timer_free(h->timer);
    for (unsigned i = 0; i < h->n; i++)
        free(h->cures[i]);
    free(h);
}

void healer_configure(struct healer *h, const struct config *config)
{
    h->config = config;
    rearm(h);
}
