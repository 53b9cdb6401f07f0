/* Incidents on disk: a document each, in `incidents` in the state directory. */
#include "daemon/incidents/incidents_parts.h"

#include "core/incidents/incident.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SUFFIX ".json"
enum { NAME_MAX_BYTES = INCIDENT_ID_MAX + sizeof SUFFIX };

static void name_of(const char *id, char out[NAME_MAX_BYTES])
{
    snprintf(out, NAME_MAX_BYTES, "%s%s", id, SUFFIX);
}

void incidents_save(struct incidents *i, struct incident_record *r)
{
    char name[NAME_MAX_BYTES];
    if (!i->dir || !r->id[0])
        return;
    struct cJSON *json = incident_record_json(r, INCIDENT_WHOLE, loop_wall_now());
    name_of(r->id, name);
    doc_dir_put(i->dir, name, cJSON_PrintUnformatted(json));
    cJSON_Delete(json);
}

static void forget_oldest(struct incidents *i)
{
    char name[NAME_MAX_BYTES];
    struct incident_record *r = i->past[0];
    name_of(r->id, name);
    if (i->dir)
        doc_dir_remove(i->dir, name);
    incident_record_free(r);
    memmove(&i->past[0], &i->past[1], --i->n_past * sizeof *i->past);
}

void incidents_prune(struct incidents *i)
{
    const struct config_incidents *conf = &i->spec.config->incidents;
    usec_t oldest =
        conf->retention == USEC_INFINITY ? 0 : usec_sub(loop_wall_now(), conf->retention);
    while (i->n_past > conf->keep || i->n_past == LIMIT_INCIDENTS ||
           (i->n_past > 0 && i->past[0]->resolved_wall < oldest))
        forget_oldest(i);
}

static struct incident_record *read_one(struct incidents *i, const char *name)
{
    struct err e = {0};
    struct incident_record *r = NULL;
    char expected[NAME_MAX_BYTES];
    char *text = NULL;
    size_t len = 0;
    if (doc_dir_read(i->dir, name, INCIDENT_DOCUMENT_MAX, &text, &len, &e) == 0)
        r = incident_record_read(text, len, &e);
    free(text);
    if (r)
        name_of(r->id, expected);
    if (r && strcmp(expected, name) == 0)
        return r;
    if (r)
        err_set(&e, -1, "it says that it is \"%s\"", r->id);
    log_printf(LOG_LEVEL_WARNING, "setting the incident \"%s\" aside: %s", name, e.msg);
    incident_record_free(r);
    if (doc_dir_set_aside(i->dir, name, &e) < 0)
        log_printf(LOG_LEVEL_WARNING, "%s", e.msg);
    return NULL;
}

/* The end that the instance before could not see is told now. */
static void go_on(struct incidents *i, struct incident_record *r)
{
    usec_t left = usec_sub(r->until_wall, loop_wall_now());
    const struct incident_event ev = {
        .type = INCIDENT_EV_TAKEN_OVER, .now = loop_now(), .left = left};
    i->live[i->n_live++] = r;
    r->machine.began_at = r->machine.changed_at = r->machine.told_at = ev.now;
    incidents_step(i, r, &ev, "");
}

static void take(struct incidents *i, struct incident_record *r)
{
    bool open = incident_is_open(r->machine);
    if (open && i->n_live < LIMIT_INCIDENTS_LIVE)
        go_on(i, r);
    else if (!open && i->n_past < LIMIT_INCIDENTS)
        i->past[i->n_past++] = r;
    else
        incident_record_free(r);
}

/* In the order of their ends: those that go first come first. */
static int by_end(const void *a, const void *b)
{
    const struct incident_record *const *x = a;
    const struct incident_record *const *y = b;
    return ((*x)->resolved_wall > (*y)->resolved_wall) -
           ((*x)->resolved_wall < (*y)->resolved_wall);
}

static bool is_document(const char *name)
{
    size_t len = strlen(name);
    return len > sizeof SUFFIX - 1 && strcmp(name + len - (sizeof SUFFIX - 1), SUFFIX) == 0;
}

void incidents_load(struct incidents *i)
{
    struct err e = {0};
    struct strlist names = {0};
    if (doc_dir_list(i->dir, &names, &e) < 0)
        log_printf(LOG_LEVEL_WARNING, "%s; former incidents are not known", e.msg);
    for (size_t n = 0; n < names.n; n++) {
        struct incident_record *r =
            is_document(names.items[n]) ? read_one(i, names.items[n]) : NULL;
        if (r)
            take(i, r);
    }
    strlist_fini(&names);
    qsort(i->past, i->n_past, sizeof *i->past, by_end);
    incidents_prune(i);
}
