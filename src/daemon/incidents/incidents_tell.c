/* What is told of incidents: events for the journal, notices for people elsewhere, JSON. */
#include "daemon/incidents/incidents_parts.h"

#include "core/event.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static enum event_id event_of(enum notice_kind kind)
{
    switch (kind) {
    case NOTICE_OPENED:
        return EVENT_INCIDENT_OPENED;
    case NOTICE_ACKNOWLEDGED:
        return EVENT_INCIDENT_ACKNOWLEDGED;
    case NOTICE_RESOLVED:
        return EVENT_INCIDENT_RESOLVED;
    case NOTICE_UPDATED:
    case NOTICE_BEGUN:
    case NOTICE_ENDED:
    case NOTICE_TEST:
        break;
    }
    return EVENT_INCIDENT_UPDATED;
}

/* "a worker crashes again and again (provider x)" */
static void add_title(struct strbuf *out, const struct incident_record *r)
{
    strbuf_adds(out, condition_title(r->condition));
    if (r->subject[0])
        strbuf_addf(out, " (%s)", r->subject);
}

static void add_message(struct event *ev, const struct incident_record *r, enum notice_kind kind)
{
    char span[SPAN_TEXT_MAX];
    struct strbuf title = STRBUF_INIT;
    add_title(&title, r);
    event_message(ev, "%s %s: %s", severity_name(condition_severity(r->condition)), r->id,
        strbuf_text(&title));
    switch (kind) {
    case NOTICE_OPENED:
    case NOTICE_UPDATED:
        event_message(
            ev, "%s: %s", kind == NOTICE_UPDATED ? "; again" : "", strbuf_text(&r->summary));
        break;
    case NOTICE_ACKNOWLEDGED:
        event_message(ev, "; %s has it in hand%s%s", strbuf_text(&r->author),
            r->reason.len ? ": " : "", strbuf_text(&r->reason));
        break;
    case NOTICE_RESOLVED:
        /* Of what only happened the span says nothing. */
        if (incident_record_duration(r, loop_wall_now()) < USEC_PER_MSEC)
            event_message(ev, "; over: it has not happened again");
        else
            event_message(ev, "; over after %s",
                span_show(incident_record_duration(r, loop_wall_now()), span));
        break;
    case NOTICE_BEGUN:
    case NOTICE_ENDED:
    case NOTICE_TEST:
        break;
    }
    strbuf_fini(&title);
}

static void emit(const struct incidents *i, const struct incident_record *r, enum notice_kind kind)
{
    struct event ev;
    event_init(&ev, event_of(kind));
    add_message(&ev, r, kind);
    event_field(&ev, "VOXKEEPER_INCIDENT", "%s", r->id);
    event_field(&ev, "VOXKEEPER_CONDITION", "%s", condition_name(r->condition));
    event_field(&ev, "VOXKEEPER_SEVERITY", "%s", severity_name(condition_severity(r->condition)));
    event_field(&ev, "VOXKEEPER_SUBJECT", "%s", r->subject);
    event_field(&ev, "VOXKEEPER_RUNBOOK", "%s#%s", i->spec.config->admin.runbook_url,
        condition_anchor(r->condition));
    if (kind == NOTICE_ACKNOWLEDGED) {
        event_field(&ev, "VOXKEEPER_AUTHOR", "%s", strbuf_text(&r->author));
        event_field(&ev, "VOXKEEPER_REASON", "%s", strbuf_text(&r->reason));
    } else {
        event_field(&ev, "VOXKEEPER_REASON", "%s", strbuf_text(&r->summary));
    }
    if (kind == NOTICE_RESOLVED)
        event_duration(&ev, incident_record_duration(r, loop_wall_now()));
    event_emit(&ev);
    event_fini(&ev);
}

void incidents_tell_examined(const struct incidents *i, const struct incident_record *r)
{
    struct strbuf found = STRBUF_INIT;
    struct event ev;
    incident_findings_words(&r->findings, &found);
    event_init(&ev, EVENT_INCIDENT_EXAMINED);
    event_message(&ev, "%s: the doctor found %s", r->id, strbuf_text(&found));
    event_field(&ev, "VOXKEEPER_INCIDENT", "%s", r->id);
    event_field(&ev, "VOXKEEPER_CONDITION", "%s", condition_name(r->condition));
    event_field(&ev, "VOXKEEPER_SUBJECT", "%s", r->subject);
    event_field(&ev, "VOXKEEPER_RUNBOOK", "%s#%s", i->spec.config->admin.runbook_url,
        condition_anchor(r->condition));
    event_field(&ev, "VOXKEEPER_REASON", "%s", strbuf_text(&found));
    event_emit(&ev);
    event_fini(&ev);
    strbuf_fini(&found);
}

static void add_findings(struct strbuf *out, const struct incident_findings *f)
{
    if (f->wall == 0)
        return;
    strbuf_adds(out, "The doctor found ");
    incident_findings_words(f, out);
    strbuf_adds(out, ".\n");
    for (unsigned n = 0; n < f->n; n++)
        strbuf_addf(out, "- %s\n", doctor_symptom(f->items[n].check));
}

/* Of the kinds that could be counted. */
static void add_callers(const struct callers *callers, struct strbuf *out)
{
    const struct {
        bool known;
        uint64_t n;
        const char *one, *many;
    } kinds[] = {
        {callers->connections.known, callers->connections.n, "connection", "connections"},
        {callers->tasks.known, callers->tasks.n, "pending task", "pending tasks"},
        {callers->sessions.known, callers->sessions.n, "session in use", "sessions in use"},
    };
    const char *before = "Callers when it began: ";
    for (size_t n = 0; n < sizeof kinds / sizeof *kinds; n++) {
        if (!kinds[n].known)
            continue;
        strbuf_addf(out, "%s%" PRIu64 " %s", before, kinds[n].n,
            kinds[n].n == 1 ? kinds[n].one : kinds[n].many);
        before = ", ";
    }
    strbuf_adds(out, before[0] == ',' ? ".\n" : "");
}

/* What people elsewhere read below the summary. */
static void add_details(struct strbuf *out, const struct incident_record *r)
{
    char span[SPAN_TEXT_MAX];
    add_callers(&r->callers, out);
    if (r->cut > 0)
        strbuf_addf(out, "Cut: %llu.\n", (unsigned long long)r->cut);
    if (r->unserved > 0)
        strbuf_addf(out, "No worker served for %s.\n", span_show(r->unserved, span));
    if (r->acknowledged_wall > 0)
        strbuf_addf(out, "In hand: %s%s%s.\n", strbuf_text(&r->author), r->reason.len ? ", " : "",
            strbuf_text(&r->reason));
    add_findings(out, &r->findings);
    /* What workers wrote is not here: callers may be quoted, and who reads this may be anybody. */
    strbuf_addf(out, "The whole story, and what to do: voxkeeper incidents %s\n", r->id);
}

static void post(const struct incidents *i, const struct incident_record *r, enum notice_kind kind)
{
    struct strbuf summary = STRBUF_INIT;
    struct strbuf details = STRBUF_INIT;
    struct strbuf runbook = STRBUF_INIT;
    add_title(&summary, r);
    strbuf_addf(&summary, ": %s", strbuf_text(&r->summary));
    add_details(&details, r);
    strbuf_addf(
        &runbook, "%s#%s", i->spec.config->admin.runbook_url, condition_anchor(r->condition));
    const struct notice notice = {.kind = kind,
        .incident = r->id,
        .condition = r->condition,
        .severity = condition_severity(r->condition),
        .agent = i->spec.config->agent.name,
        .subject = r->subject,
        .summary = strbuf_text(&summary),
        .details = strbuf_text(&details),
        .runbook_url = strbuf_text(&runbook),
        .opened_wall = r->opened_wall,
        .wall = loop_wall_now()};
    i->spec.on_notice(&notice, i->spec.arg);
    strbuf_fini(&summary);
    strbuf_fini(&details);
    strbuf_fini(&runbook);
}

void incidents_tell(
    const struct incidents *i, const struct incident_record *r, enum notice_kind kind)
{
    emit(i, r, kind);
    if (i->spec.on_notice)
        post(i, r, kind);
}

const struct incident_record *incidents_find(const struct incidents *i, const char *id)
{
    for (unsigned n = 0; n < i->n_live; n++) {
        if (id[0] && strcmp(i->live[n]->id, id) == 0 && i->live[n]->opened_wall > 0 &&
            incident_is_open(i->live[n]->machine))
            return i->live[n];
    }
    for (unsigned n = 0; n < i->n_past; n++) {
        if (strcmp(i->past[n]->id, id) == 0)
            return i->past[n];
    }
    return NULL;
}

unsigned incidents_open(const struct incidents *i, enum condition c)
{
    unsigned open = 0;
    for (unsigned n = 0; n < i->n_live; n++) {
        const struct incident_record *r = i->live[n];
        open += incident_is_open(r->machine) && r->condition == c;
    }
    return open;
}

uint64_t incidents_total(const struct incidents *i, enum condition c)
{
    return i->total[c];
}

/* The newest first. */
static int by_opening(const void *a, const void *b)
{
    const struct incident_record *const *x = a;
    const struct incident_record *const *y = b;
    int by_time = ((*x)->opened_wall < (*y)->opened_wall) - ((*x)->opened_wall > (*y)->opened_wall);
    return by_time ? by_time : strcmp((*y)->id, (*x)->id);
}

struct cJSON *incidents_json(const struct incidents *i, bool only_open)
{
    const struct incident_record *all[LIMIT_INCIDENTS_LIVE + LIMIT_INCIDENTS];
    unsigned n_all = 0;
    for (unsigned n = 0; n < i->n_live; n++) {
        if (incident_is_open(i->live[n]->machine))
            all[n_all++] = i->live[n];
    }
    for (unsigned n = 0; !only_open && n < i->n_past; n++)
        all[n_all++] = i->past[n];
    qsort(all, n_all, sizeof *all, by_opening);
    struct cJSON *o = cJSON_CreateObject();
    struct cJSON *list = cJSON_AddArrayToObject(o, "incidents");
    for (unsigned n = 0; n < n_all; n++)
        cJSON_AddItemToArray(list, incident_record_json(all[n], INCIDENT_BRIEF, loop_wall_now()));
    return o;
}
