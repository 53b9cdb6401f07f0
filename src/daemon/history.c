/* The ring of events. */
#include "daemon/history.h"

#include "base/timestamp.h"
#include "core/limits.h"
#include "io/loop.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

struct history {
    struct timer *soon; /* somebody is to be told in the next turn of the loop */
    struct history_listener *listeners;
    uint64_t newest;
    struct happening ring[LIMIT_HISTORY_EVENTS]; /* number `seq` is at seq % LIMIT_HISTORY_EVENTS */
};

static void forget(struct happening *happening)
{
    free(happening->message);
    for (unsigned i = 0; i < happening->n_fields; i++) {
        free(happening->fields[i].name);
        free(happening->fields[i].value);
    }
    *happening = (struct happening){0};
}

static char *copy_of(const void *bytes, size_t len)
{
    return strndup(bytes, len < LIMIT_HISTORY_VALUE ? len : LIMIT_HISTORY_VALUE);
}

/* Whether it is an event, and which. */
static bool event_of(const struct log_record *record, enum event_id *out)
{
    for (size_t i = 0; i < record->n_fields; i++) {
        const struct log_field *field = &record->fields[i];
        if (strcmp(field->name, "VOXKEEPER_EVENT") != 0)
            continue;
        for (unsigned id = 0; id < EVENT_COUNT; id++) {
            const char *name = event_name((enum event_id)id);
            if (strlen(name) == field->len && memcmp(name, field->value, field->len) == 0) {
                *out = (enum event_id)id;
                return true;
            }
        }
    }
    return false;
}

/* These say of an event what its id says already. */
static bool is_implied(const char *name)
{
    return strcmp(name, "MESSAGE_ID") == 0 || strcmp(name, "VOXKEEPER_EVENT") == 0 ||
           strcmp(name, "DOCUMENTATION") == 0;
}

/* What memory does not suffice for is missing from the history; the journal has it. */
static void add_field(struct happening *happening, const struct log_field *field)
{
    struct happening_field copy = {strdup(field->name), copy_of(field->value, field->len)};
    if (happening->n_fields < EVENT_FIELDS_MAX && copy.name && copy.value) {
        happening->fields[happening->n_fields++] = copy;
        return;
    }
    free(copy.name);
    free(copy.value);
}

static void on_record(const struct log_record *record, void *arg)
{
    struct history *h = arg;
    enum event_id id;
    if (!event_of(record, &id))
        return;
    struct happening *slot = &h->ring[++h->newest % LIMIT_HISTORY_EVENTS];
    forget(slot);
    *slot = (struct happening){.seq = h->newest,
        .at = loop_now(),
        .wall = loop_wall_now(),
        .id = id,
        .message = copy_of(record->message, record->message_len)};
    for (size_t i = 0; i < record->n_fields; i++) {
        if (!is_implied(record->fields[i].name))
            add_field(slot, &record->fields[i]);
    }
    if (h->listeners)
        timer_arm(h->soon, 0);
}

/* Looks anew after each call: it may have told an event, listened, or listened no more. */
static struct history_listener *who_waits(const struct history *h)
{
    for (struct history_listener *l = h->listeners; l; l = l->next) {
        if (l->told < h->newest)
            return l;
    }
    return NULL;
}

static void on_soon(void *arg)
{
    struct history *h = arg;
    uint64_t until = h->newest; /* what they tell themselves is for the next turn */
    struct history_listener *l;
    while ((l = who_waits(h)) != NULL && l->told < until) {
        const struct happening *next = history_after(h, l->told);
        l->told = next->seq;
        l->on_event(next, l->arg);
    }
    if (who_waits(h))
        timer_arm(h->soon, 0);
}

struct history *history_new(struct loop *l)
{
    struct history *h = calloc(1, sizeof *h);
    if (!h)
        return NULL;
    h->soon = timer_new(l, on_soon, h);
    log_set_tap(on_record, h);
    return h;
}

void history_free(struct history *h)
{
    if (!h)
        return;
    log_set_tap(NULL, NULL);
    timer_free(h->soon);
    for (unsigned i = 0; i < LIMIT_HISTORY_EVENTS; i++)
        forget(&h->ring[i]);
    free(h);
}

void history_listen(struct history *h, struct history_listener *listener)
{
    listener->told = h->newest;
    listener->next = h->listeners;
    h->listeners = listener;
}

void history_unlisten(struct history *h, struct history_listener *listener)
{
    struct history_listener **at = &h->listeners;
    while (*at && *at != listener)
        at = &(*at)->next;
    if (*at)
        *at = listener->next;
}

uint64_t history_newest(const struct history *h)
{
    return h->newest;
}

const struct happening *history_after(const struct history *h, uint64_t seq)
{
    uint64_t oldest = h->newest < LIMIT_HISTORY_EVENTS ? 1 : h->newest - LIMIT_HISTORY_EVENTS + 1;
    uint64_t wanted = seq + 1 < oldest ? oldest : seq + 1;
    return wanted <= h->newest ? &h->ring[wanted % LIMIT_HISTORY_EVENTS] : NULL;
}

const char *happening_field(const struct happening *happening, const char *name)
{
    for (unsigned i = 0; i < happening->n_fields; i++) {
        if (strcmp(happening->fields[i].name, name) == 0)
            return happening->fields[i].value;
    }
    return NULL;
}

struct cJSON *happening_json(const struct happening *happening)
{
    char time[TIMESTAMP_TEXT_MAX];
    struct cJSON *o = cJSON_CreateObject();
    cJSON_AddNumberToObject(o, "seq", (double)happening->seq);
    cJSON_AddStringToObject(o, "time", timestamp_format(happening->wall, time));
    cJSON_AddStringToObject(o, "event", event_name(happening->id));
    cJSON_AddStringToObject(o, "level", log_level_name(event_level(happening->id)));
    cJSON_AddStringToObject(o, "message", happening->message ? happening->message : "");
    cJSON_AddStringToObject(o, "runbook", event_anchor(happening->id));
    struct cJSON *fields = cJSON_AddObjectToObject(o, "fields");
    for (unsigned i = 0; i < happening->n_fields; i++)
        cJSON_AddStringToObject(fields, happening->fields[i].name, happening->fields[i].value);
    return o;
}
