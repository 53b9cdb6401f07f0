/* One receiver of notices. */
#include "daemon/incidents/notifier_outlet.h"

#include "base/timestamp.h"
#include "core/event.h"
#include "core/limits.h"
#include "daemon/incidents/notifier_store.h"
#include "io/loop/loop.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>

struct notifier_outlet {
    struct notifier_outlet_spec spec;
    struct notifier_store *store;
    struct delivery machine;
    struct timer *timer;
    struct notifier_send *send; /* NULL: nothing is under way */
    uint64_t busy;              /* number of the notice that it carries; 0: only what stands */
    unsigned random;            /* for the jitter */
    uint64_t sent, failed;
    usec_t last_sent_wall; /* 0: never */
    char last_error[NOTIFIER_WORDS_MAX];
};

const char *notifier_type_name(enum config_notify_type type)
{
    static const char *const names[] = {
        [CONFIG_NOTIFY_ALERTMANAGER] = "alertmanager",
        [CONFIG_NOTIFY_PAGERDUTY] = "pagerduty",
        [CONFIG_NOTIFY_SLACK] = "slack",
        [CONFIG_NOTIFY_WEBHOOK] = "webhook",
        [CONFIG_NOTIFY_EXEC] = "exec",
    };
    return names[type];
}

/* ---- what is told ---- */

static void begin_event(struct event *ev, enum event_id id, const struct notifier_outlet *o,
    const struct delivery_entry *entry)
{
    event_init(ev, id);
    event_field(ev, "VOXKEEPER_NOTIFIER", "%s", o->spec.conf->name);
    if (!entry)
        return;
    const struct notice *n = &entry->read.notice;
    event_field(ev, "VOXKEEPER_INCIDENT", "%s", n->incident);
    event_field(ev, "VOXKEEPER_CONDITION", "%s", notice_condition(n));
    event_field(ev, "VOXKEEPER_SEVERITY", "%s", severity_name(n->severity));
    event_field(ev, "VOXKEEPER_KIND", "%s", notice_kind_name(n->kind));
}

static void end_event(struct event *ev, const char *reason)
{
    event_field(ev, "VOXKEEPER_REASON", "%s", reason);
    event_emit(ev);
    event_fini(ev);
}

static void tell_sent(const struct notifier_outlet *o, const struct delivery_entry *entry,
    const struct notifier_answer *answer)
{
    struct event ev;
    const struct notice *n = &entry->read.notice;
    begin_event(&ev, EVENT_ALERT_SENT, o, entry);
    event_message(&ev, "%s was told that %s is %s (%s)", o->spec.conf->name, n->incident,
        notice_kind_name(n->kind), answer->words);
    event_duration(&ev, answer->took);
    end_event(&ev, answer->words);
}

static void tell_given_up(
    struct notifier_outlet *o, const struct delivery_entry *entry, const char *why)
{
    struct event ev;
    const struct notice *n = &entry->read.notice;
    o->failed++;
    o->spec.on_outcome(o->spec.conf->name, false, o->spec.arg);
    begin_event(&ev, EVENT_ALERT_FAILED, o, entry);
    event_message(&ev, "%s is never told that %s is %s: %s", o->spec.conf->name, n->incident,
        notice_kind_name(n->kind), why);
    end_event(&ev, why);
}

static void tell_delayed(const struct notifier_outlet *o, const struct notifier_answer *answer)
{
    struct event ev;
    unsigned waiting = delivery_queue_waiting(notifier_store_queue(o->store));
    begin_event(
        &ev, EVENT_ALERT_DELAYED, o, delivery_queue_find(notifier_store_queue(o->store), o->busy));
    event_message(&ev, "%s cannot be told now, it is tried again (%u waiting): %s",
        o->spec.conf->name, waiting, answer->words);
    end_event(&ev, answer->words);
}

/* ---- the machine ---- */

static struct delivery_conf conf_of(const struct notifier_outlet *o)
{
    const struct config_notify *n = o->spec.conf;
    return (struct delivery_conf){.limit = n->rate_limit.n,
        .per = n->rate_limit.per,
        .repeat = n->type == CONFIG_NOTIFY_ALERTMANAGER ? n->repeat : 0};
}

static void on_answer(const struct notifier_answer *answer, void *arg);

static void start(struct notifier_outlet *o, enum delivery_action action)
{
    const struct delivery_queue *q = notifier_store_queue(o->store);
    const struct delivery_entry *next = action == DELIVERY_DO_SEND ? delivery_queue_next(q) : NULL;
    const struct notice *notices[LIMIT_NOTICES + 1];
    size_t n = 0;
    o->busy = next ? next->number : 0;
    if (next)
        notices[n++] = &next->read.notice;
    for (size_t i = 0; o->spec.conf->type == CONFIG_NOTIFY_ALERTMANAGER && i < q->n; i++) {
        const struct delivery_entry *entry = &q->entries[i];
        if (entry->standing && !(next && delivery_entry_alike(entry, next)))
            notices[n++] = &entry->read.notice;
    }
    o->send = notifier_send_new(&o->spec.means, o->spec.conf, notices, n, on_answer, o);
    if (!o->send)
        abort(); /* memory is out, as it is for a timer */
}

static void feed(struct notifier_outlet *o, struct delivery_event *ev, struct delivery_update *out)
{
    const struct delivery_conf conf = conf_of(o);
    const struct delivery_queue *q = notifier_store_queue(o->store);
    const struct delivery_entry *next = delivery_queue_next(q);
    ev->now = loop_now();
    ev->waiting = delivery_queue_waiting(q);
    ev->standing = delivery_queue_standing(q);
    ev->urgent = next && next->read.notice.severity == SEVERITY_P1;
    *out = delivery_step(&conf, o->machine, ev);
    o->machine = out->next;
}

static void act(struct notifier_outlet *o, const struct delivery_update *u)
{
    const struct delivery_conf conf = conf_of(o);
    if (u->action != DELIVERY_DO_NOTHING)
        start(o, u->action);
    unsigned standing = delivery_queue_standing(notifier_store_queue(o->store));
    timer_arm(o->timer, delivery_deadline(&conf, &o->machine, standing));
    o->spec.on_waiting(o->spec.arg);
}

static void poke(struct notifier_outlet *o, enum delivery_event_type type)
{
    struct delivery_event ev = {.type = type};
    struct delivery_update u;
    feed(o, &ev, &u);
    act(o, &u);
}

static void on_timer(void *arg)
{
    poke(arg, DELIVERY_EV_TIMER);
}

/* Good enough to keep receivers from being asked by everybody at once. */
static unsigned jitter(struct notifier_outlet *o)
{
    o->random = o->random * 1103515245U + 12345U + (unsigned)loop_now();
    return (o->random >> 16) % 1000;
}

/* The notice that was sent leaves the queue, or stands from now on. */
static void settle(struct notifier_outlet *o, bool sent, const struct notifier_answer *answer)
{
    const struct delivery_entry *entry =
        delivery_queue_find(notifier_store_queue(o->store), o->busy);
    bool keep = o->spec.conf->type == CONFIG_NOTIFY_ALERTMANAGER;
    if (!entry)
        return;
    if (sent) {
        o->sent++;
        o->spec.on_outcome(o->spec.conf->name, true, o->spec.arg);
        o->last_sent_wall = loop_wall_now();
        tell_sent(o, entry, answer);
    } else {
        tell_given_up(o, entry, answer->words);
    }
    notifier_store_done(o->store, o->busy, sent && keep);
}

static usec_t age_of(const struct notifier_outlet *o)
{
    const struct delivery_entry *entry =
        delivery_queue_find(notifier_store_queue(o->store), o->busy);
    return entry ? usec_sub(loop_wall_now(), entry->read.notice.wall) : 0;
}

static void tell_attempt(const struct notifier_outlet *o, const struct notifier_answer *answer)
{
    const struct delivery_entry *entry =
        delivery_queue_find(notifier_store_queue(o->store), o->busy);
    if (entry)
        o->spec.on_attempt(o->spec.conf->name, &entry->read.notice, answer, o->spec.arg);
}

static void on_answer(const struct notifier_answer *answer, void *arg)
{
    struct notifier_outlet *o = arg;
    const struct notifier_answer told = *answer;
    struct delivery_event ev = {.type = told.verdict,
        .retry_after = told.retry_after,
        .jitter = jitter(o),
        .age = age_of(o)};
    struct delivery_update u;
    bool sent = told.verdict == DELIVERY_EV_SENT;
    notifier_send_free(o->send);
    o->send = NULL;
    tell_attempt(o, &told);
    if (sent || delivery_gives_up(&o->machine, ev.type, ev.age))
        settle(o, sent, &told);
    feed(o, &ev, &u);
    if (u.delayed)
        tell_delayed(o, &told);
    if (!sent)
        snprintf(o->last_error, sizeof o->last_error, "%s", told.words);
    o->busy = 0;
    act(o, &u);
    if (sent)
        o->spec.on_working(o->spec.conf->name, o->spec.arg);
    else
        o->spec.on_failing(o->spec.conf->name, told.words, o->spec.arg);
}

/* ---- its life ---- */

static void on_lost(const struct delivery_entry *entry, void *arg)
{
    tell_given_up(arg, entry, "too many alerts wait for it");
}

struct notifier_outlet *notifier_outlet_new(const struct notifier_outlet_spec *spec)
{
    struct notifier_outlet *o = calloc(1, sizeof *o);
    if (!o)
        return NULL;
    o->spec = *spec;
    o->timer = timer_new(spec->means.loop, on_timer, o);
    o->store = notifier_store_open(&(struct notifier_store_spec){.loop = spec->means.loop,
        .directory = spec->directory,
        .name = spec->conf->name,
        .on_lost = on_lost,
        .arg = o});
    if (!o->store) {
        notifier_outlet_free(o);
        return NULL;
    }
    /* The loop sends it: whoever hears of a failure is not built yet. */
    timer_arm(o->timer, loop_now());
    return o;
}

void notifier_outlet_free(struct notifier_outlet *o)
{
    if (!o)
        return;
    notifier_send_free(o->send);
    notifier_store_close(o->store);
    timer_free(o->timer);
    free(o);
}

void notifier_outlet_give_up(struct notifier_outlet *o)
{
    const struct delivery_queue *q = notifier_store_queue(o->store);
    while (q->n > 0) {
        if (!q->entries[0].standing)
            tell_given_up(o, &q->entries[0], "it is not configured any more");
        notifier_store_done(o->store, q->entries[0].number, false);
    }
}

void notifier_outlet_configure(struct notifier_outlet *o, const struct config_notify *conf)
{
    o->spec.conf = conf;
    poke(o, DELIVERY_EV_TIMER);
}

const struct config_notify *notifier_outlet_conf(const struct notifier_outlet *o)
{
    return o->spec.conf;
}

void notifier_outlet_post(struct notifier_outlet *o, const char *text)
{
    if (notifier_store_put(o->store, text, o->busy) != 0)
        poke(o, DELIVERY_EV_QUEUED);
}

unsigned notifier_outlet_waiting(const struct notifier_outlet *o)
{
    return delivery_queue_waiting(notifier_store_queue(o->store));
}

struct cJSON *notifier_outlet_json(const struct notifier_outlet *o)
{
    char at[TIMESTAMP_TEXT_MAX];
    const struct delivery_queue *q = notifier_store_queue(o->store);
    struct cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "name", o->spec.conf->name);
    cJSON_AddStringToObject(json, "type", notifier_type_name(o->spec.conf->type));
    cJSON_AddStringToObject(json, "state", delivery_state_name(o->machine.state));
    cJSON_AddNumberToObject(json, "waiting", delivery_queue_waiting(q));
    cJSON_AddNumberToObject(json, "standing", delivery_queue_standing(q));
    cJSON_AddNumberToObject(json, "sent", (double)o->sent);
    cJSON_AddNumberToObject(json, "failed", (double)o->failed);
    cJSON_AddNumberToObject(json, "failures", o->machine.failures);
    if (o->last_sent_wall)
        cJSON_AddStringToObject(json, "last_sent_at", timestamp_format(o->last_sent_wall, at));
    else
        cJSON_AddNullToObject(json, "last_sent_at");
    cJSON_AddStringToObject(json, "last_error", o->machine.failures > 0 ? o->last_error : "");
    return json;
}
