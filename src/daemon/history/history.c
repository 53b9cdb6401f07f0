/* The ring of events. */
#include "daemon/history/history.h"

#include "base/timestamp.h"
#include "core/limits.h"
#include "daemon/history/history_file.h"
#include "io/loop/loop.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BOOT_MAX = 64 };

struct history {
    struct log_tap tap;
    struct history_file *file; /* NULL: events end with the process */
    char boot[BOOT_MAX];
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
        if (strcmp(field->name, "VOXKEEPER_EVENT") == 0)
            return event_find(field->value, field->len, out);
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
    if (h->file)
        history_file_add(h->file, h);
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

static void begin_count(struct history *h)
{
    snprintf(h->boot, sizeof h->boot, "%" PRIx64 "-%x", loop_wall_now(), (unsigned)getpid());
}

struct history *history_new(struct loop *l)
{
    struct history *h = calloc(1, sizeof *h);
    if (!h)
        return NULL;
    h->soon = timer_new(l, on_soon, h);
    begin_count(h);
    h->tap = (struct log_tap){.see = on_record, .arg = h};
    log_add_tap(&h->tap);
    return h;
}

void history_free(struct history *h)
{
    if (!h)
        return;
    log_remove_tap(&h->tap);
    history_file_free(h->file);
    timer_free(h->soon);
    for (unsigned i = 0; i < LIMIT_HISTORY_EVENTS; i++)
        forget(&h->ring[i]);
    free(h);
}

static void put(struct history *h, struct happening *taken)
{
    struct happening *slot = &h->ring[taken->seq % LIMIT_HISTORY_EVENTS];
    forget(slot);
    *slot = *taken;
    h->newest = taken->seq;
}

static void on_past(struct happening *taken, void *arg)
{
    put(arg, taken);
}

/* The events of the file, and after them those that were told before it was read. */
static char *go_on_from(struct history *h, const char *path)
{
    struct history *now = calloc(1, sizeof *now);
    if (!now)
        return NULL;
    memcpy(now->ring, h->ring, sizeof now->ring);
    now->newest = h->newest;
    memset(h->ring, 0, sizeof h->ring);
    h->newest = 0;
    char *boot = history_file_read(path, on_past, h);
    uint64_t past = h->newest;
    for (const struct happening *next = history_after(now, 0); next;
         next = history_after(now, next->seq)) {
        struct happening moved = *next;
        moved.seq += past;
        put(h, &moved);
    }
    for (struct history_listener *l = h->listeners; l; l = l->next)
        l->told += past;
    free(now);
    return boot;
}

void history_keep(struct history *h, const char *path)
{
    struct history_file *file = h->file ? NULL : history_file_new(path);
    if (!file)
        return;
    char *boot = go_on_from(h, path);
    bool goes_on = boot && strlen(boot) < sizeof h->boot;
    char own[BOOT_MAX];
    memcpy(own, h->boot, sizeof own);
    if (goes_on)
        memcpy(h->boot, boot, strlen(boot) + 1);
    /* What cannot be written now would have its numbers given again by the next instance. */
    if (!history_file_rewrite(file, h))
        memcpy(h->boot, own, sizeof own);
    h->file = file;
    free(boot);
}

const char *history_boot(const struct history *h)
{
    return h->boot;
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
    /* Numbers may be missing: a former version told events that this one does not know. */
    for (uint64_t n = seq + 1 < oldest ? oldest : seq + 1; n <= h->newest; n++) {
        const struct happening *found = &h->ring[n % LIMIT_HISTORY_EVENTS];
        if (found->seq == n)
            return found;
    }
    return NULL;
}

const char *happening_field(const struct happening *happening, const char *name)
{
    for (unsigned i = 0; i < happening->n_fields; i++) {
        if (strcmp(happening->fields[i].name, name) == 0)
            return happening->fields[i].value;
    }
    return NULL;
}

struct cJSON *happening_json(const struct happening *happening, bool whole)
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
    struct cJSON *withheld = cJSON_CreateArray();
    for (unsigned i = 0; i < happening->n_fields; i++) {
        const struct happening_field *field = &happening->fields[i];
        if (whole || !event_field_is_withheld(field->name))
            cJSON_AddStringToObject(fields, field->name, field->value);
        else
            cJSON_AddItemToArray(withheld, cJSON_CreateString(field->name));
    }
    if (cJSON_GetArraySize(withheld) > 0)
        cJSON_AddItemToObject(o, "withheld", withheld);
    else
        cJSON_Delete(withheld);
    return o;
}
