/* The shell of core/remedy: one for each thing that something is done about. */
#include "daemon/heal/healer_parts.h"

#include "core/event.h"
#include "daemon/incidents/incidents.h"
#include "daemon/succession/memory.h"
#include "daemon/verbs/operation.h"
#include "daemon/verbs/verb_rollout.h"
#include "daemon/workers/drainer.h"
#include "daemon/workers/supervisor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOOK_INTERVAL (5 * USEC_PER_SEC)
#define TREAT_INTERVAL (USEC_PER_SEC / 4)

const char healer_hung[] = "workers that hang";
const char healer_zombies[] = "workers that lose Redis";
const char healer_memory[] = "memory";
const char healer_keys[] = "stuck keys";

static const struct {
    const char *name, *failure;
} cures[] = {
#define X(symbol, name, failure) [CURE_##symbol] = {name, failure},
    CURES(X)
#undef X
};

static struct remedy_conf conf_of(const struct healer *h)
{
    const struct config_heal *heal = &h->config->heal;
    return (struct remedy_conf){.n = heal->budget.n, .per = heal->budget.per, .proof = heal->proof};
}

struct cure *healer_cure(struct healer *h, const char *subject, enum cure_kind kind)
{
    for (unsigned i = 0; i < h->n; i++) {
        if (strcmp(h->cures[i]->subject, subject) == 0)
            return h->cures[i];
    }
    struct cure *c = h->n < SAVED_REMEDIES_MAX ? calloc(1, sizeof *c) : NULL;
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
    event_field(&ev, "VOXKEEPER_REMEDY", "%s", cures[c->kind].name);
    event_field(&ev, "VOXKEEPER_SUBJECT", "%s", c->subject);
    event_field(&ev, "VOXKEEPER_REASON", "%s", words);
    event_emit(&ev);
    event_fini(&ev);
}

void healer_tell(const struct cure *c, const char *what, const char *words)
{
    tell(c, EVENT_REMEDY_APPLIED, what, words);
}

void healer_off(struct cure *c, bool seen, const char *key, const char *words)
{
    char what[64];
    snprintf(what, sizeof what, "nothing is done about it ([Heal] %s)", key);
    if (seen && !c->off_told)
        tell(c, EVENT_REMEDY_OFF, what, words);
    c->off_told = seen;
}

static void stop(struct healer *h, const struct cure *c, const char *why, const char *words)
{
    struct strbuf all = STRBUF_INIT;
    tell(c, EVENT_REMEDY_STOPPED, why, words);
    strbuf_addf(&all, "%s: %s: %s", c->subject, why, words);
    incidents_raise(h->daemon->incidents, CONDITION_REMEDY_FAILED, c->subject, strbuf_text(&all));
    strbuf_fini(&all);
}

bool healer_step(struct healer *h, struct cure *c, enum remedy_event ev, const char *words)
{
    const struct remedy_conf conf = conf_of(h);
    enum remedy_action action = remedy_step(&conf, &c->state, ev, loop_now());
    if (ev != REMEDY_EV_TICK || action != REMEDY_DO_NOTHING)
        memory_save(h->daemon->memory, h->daemon);
    switch (action) {
    case REMEDY_DO_NOTHING:
        return false;
    case REMEDY_DO_APPLY:
        c->op = 0;
        return true;
    case REMEDY_DO_STOP_UNHELPED:
        stop(h, c, cures[c->kind].failure, words);
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

void healer_gate(struct healer *h)
{
    const struct remedy_conf conf = conf_of(h);
    const struct cure *hung = healer_cure(h, healer_hung, CURE_REPLACE);
    const struct cure *zombies = healer_cure(h, healer_zombies, CURE_REPLACE);
    usec_t now = loop_now();
    supervisor_keep(h->daemon->supervisor,
        !h->config->heal.hung || (hung && !remedy_may(&conf, &hung->state, now)),
        !h->config->heal.zombie || (zombies && !remedy_may(&conf, &zombies->state, now)));
}

void healer_rearm(struct healer *h)
{
    bool looks =
        h->config->agent.memory_high > 0 || h->memory.wanted || !healer_workers_are_well(h);
    if (h->sweep_wanted) {
        timer_arm(h->timer, 0);
        return;
    }
    usec_t next = looks ? usec_add(h->looked_at, LOOK_INTERVAL) : USEC_INFINITY;
    for (unsigned i = 0; i < h->n; i++) {
        const struct remedy *r = &h->cures[i]->state;
        bool waits = h->memory.wanted && strcmp(h->cures[i]->subject, healer_memory) == 0;
        bool treating = r->state == REMEDY_TREATING && !waits;
        usec_t at = treating ? usec_add(loop_now(), TREAT_INTERVAL) : r->until;
        next = at < next ? at : next;
    }
    timer_arm(h->timer, next);
}

bool healer_is_free(const struct daemon *d)
{
    return !d->restart_op && !d->reload.op && drainer_state(d->drainer)->state == DRAIN_OPEN &&
           supervisor_fleet(d->supervisor)->rollout.state == ROLLOUT_IDLE;
}

void healer_restart(struct healer *h, struct cure *c, const char *author, const char *words)
{
    const struct verb_asker asker = {.author = author, .reason = words};
    struct err e = {0};
    struct operation *op = verb_restart(h->daemon, &asker, &e);
    if (op) {
        c->op = operation_id(op);
        healer_tell(c, "the workers are restarted", words);
        return;
    }
    log_printf(LOG_LEVEL_WARNING, "%s: %s", c->subject, e.msg);
    healer_step(h, c, REMEDY_EV_DONE, words);
}

void healer_log_watch(struct healer *h, const char *name, const char *words)
{
    char subject[sizeof((struct cure *)NULL)->subject];
    snprintf(subject, sizeof subject, "log watch %s", name);
    struct cure *c = healer_cure(h, subject, CURE_RESTART);
    if (!c || !healer_is_free(h->daemon))
        return;
    if (healer_step(h, c, REMEDY_EV_SYMPTOM, words))
        healer_restart(h, c, subject, words);
    healer_rearm(h);
}

static void on_event(const struct happening *happening, void *arg)
{
    healer_worker_told(arg, happening);
}

/* A treatment is over when the operation is, or when every worker serves. */
static bool is_over(const struct healer *h, const struct cure *c)
{
    const struct daemon *d = h->daemon;
    const struct fleet *fleet = supervisor_fleet(d->supervisor);
    if (c->kind == CURE_REPLACE)
        return fleet_serving(fleet) >= fleet_wanted(fleet) && healer_workers_are_well(h);
    const struct operation *op = operation_find(d->operations, c->op);
    return c->op && (!op || !operation_running(op));
}

static void on_timer(void *arg)
{
    struct healer *h = arg;
    healer_sweep_wanted(h);
    for (unsigned i = 0; i < h->n; i++) {
        struct cure *c = h->cures[i];
        bool over = c->state.state == REMEDY_TREATING && is_over(h, c);
        healer_step(h, c, over ? REMEDY_EV_DONE : REMEDY_EV_TICK, c->subject);
    }
    if (usec_sub(loop_now(), h->looked_at) >= LOOK_INTERVAL) {
        h->looked_at = loop_now();
        healer_look_at_memory(h);
        healer_look_at_workers(h);
    }
    healer_gate(h);
    healer_rearm(h);
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
    const struct former *former = memory_former(d->memory);
    if (former)
        healer_restore(h, &former->saved);
    h->listener = (struct history_listener){.on_event = on_event, .arg = h};
    history_listen(d->history, &h->listener);
    timer_arm(h->timer, 0);
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
    h->looked_at = usec_sub(loop_now(), LOOK_INTERVAL);
    timer_arm(h->timer, 0);
}
