/* An incident as JSON. */
#include "core/incidents/incident_record.h"

#include "base/timestamp.h"

#include <cjson/cJSON.h>

static const char *const kind_names[] = {
#define X(symbol, name) [INCIDENT_ENTRY_##symbol] = name,
    INCIDENT_ENTRIES(X)
#undef X
};

static void add_time(struct cJSON *o, const char *name, usec_t wall)
{
    char text[TIMESTAMP_TEXT_MAX];
    if (wall > 0)
        cJSON_AddStringToObject(o, name, timestamp_format(wall, text));
    else
        cJSON_AddNullToObject(o, name);
}

static void add_acknowledgement(struct cJSON *o, const struct incident_record *r)
{
    if (r->acknowledged_wall == 0) {
        cJSON_AddNullToObject(o, "acknowledged");
        return;
    }
    struct cJSON *a = cJSON_AddObjectToObject(o, "acknowledged");
    add_time(a, "at", r->acknowledged_wall);
    cJSON_AddStringToObject(a, "author", strbuf_text(&r->author));
    cJSON_AddStringToObject(a, "reason", strbuf_text(&r->reason));
}

static void add_timeline(struct cJSON *o, const struct incident_record *r)
{
    struct cJSON *list = cJSON_AddArrayToObject(o, "timeline");
    for (unsigned i = 0; i < r->n_timeline; i++) {
        struct cJSON *entry = cJSON_CreateObject();
        add_time(entry, "at", r->timeline[i].wall);
        cJSON_AddStringToObject(entry, "kind", kind_names[r->timeline[i].kind]);
        cJSON_AddStringToObject(entry, "text", r->timeline[i].text);
        cJSON_AddItemToArray(list, entry);
    }
    cJSON_AddNumberToObject(o, "timeline_dropped", (double)r->timeline_dropped);
}

static void add_count(struct cJSON *o, const char *name, bool known, uint64_t n)
{
    if (known)
        cJSON_AddNumberToObject(o, name, (double)n);
    else
        cJSON_AddNullToObject(o, name);
}

static void add_callers(struct cJSON *o, const struct incident_record *r)
{
    const struct callers *n = &r->callers;
    if (!n->connections.known && !n->tasks.known && !n->sessions.known) {
        cJSON_AddNullToObject(o, "callers");
        return;
    }
    struct cJSON *c = cJSON_AddObjectToObject(o, "callers");
    add_count(c, "connections", n->connections.known, n->connections.n);
    add_count(c, "tasks", n->tasks.known, n->tasks.n);
    add_count(c, "sessions", n->sessions.known, n->sessions.n);
}

static void add_names(
    struct cJSON *o, const char *name, const struct incident_names *names, bool whole)
{
    struct cJSON *n = cJSON_AddObjectToObject(o, name);
    struct cJSON *list = cJSON_AddArrayToObject(n, "names");
    for (unsigned i = 0; whole && i < names->n; i++)
        cJSON_AddItemToArray(list, cJSON_CreateString(names->items[i]));
    cJSON_AddNumberToObject(n, "all", (double)names->all);
}

static void add_output(struct cJSON *o, const struct incident_record *r, bool whole)
{
    if (r->output_who.len == 0) {
        cJSON_AddNullToObject(o, "output");
        return;
    }
    struct cJSON *output = cJSON_AddObjectToObject(o, "output");
    cJSON_AddStringToObject(output, "who", strbuf_text(&r->output_who));
    if (whole)
        cJSON_AddStringToObject(output, "lines", strbuf_text(&r->output));
    else
        cJSON_AddNullToObject(output, "lines");
}

static void add_rest(struct cJSON *o, const struct incident_record *r, bool whole)
{
    bool has_more =
        r->sessions.n > 0 || r->tasks.n > 0 || r->output_who.len > 0 || r->findings.n > 0;
    add_timeline(o, r);
    add_callers(o, r);
    cJSON_AddNumberToObject(o, "cut", (double)r->cut);
    add_names(o, "sessions_cut", &r->sessions, whole);
    add_names(o, "tasks_cut", &r->tasks, whole);
    cJSON_AddNumberToObject(o, "unserved_usec", (double)r->unserved);
    add_output(o, r, whole);
    cJSON_AddBoolToObject(o, "withheld", !whole && has_more);
}

struct cJSON *incident_record_json(
    const struct incident_record *r, enum incident_view view, usec_t now_wall)
{
    struct cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "id", r->id);
    cJSON_AddStringToObject(o, "condition", condition_name(r->condition));
    cJSON_AddStringToObject(o, "subject", r->subject);
    cJSON_AddStringToObject(o, "severity", severity_name(condition_severity(r->condition)));
    cJSON_AddStringToObject(o, "title", condition_title(r->condition));
    cJSON_AddStringToObject(o, "runbook", condition_anchor(r->condition));
    cJSON_AddStringToObject(o, "state", incident_state_name(r->machine.state));
    cJSON_AddStringToObject(o, "summary", strbuf_text(&r->summary));
    add_time(o, "began", r->began_wall);
    add_time(o, "opened", r->opened_wall);
    add_time(o, "ceased", r->ceased_wall);
    add_time(o, "resolved", r->resolved_wall);
    add_time(o, "until", r->until_wall);
    cJSON_AddNumberToObject(o, "duration_usec", (double)incident_record_duration(r, now_wall));
    add_acknowledgement(o, r);
    cJSON_AddNumberToObject(o, "times", r->machine.times);
    bool shown = view != INCIDENT_BRIEF || incident_record_is_open(r);
    cJSON_AddItemToObject(o, "doctor",
        shown ? incident_findings_json(&r->findings, view == INCIDENT_WHOLE) : cJSON_CreateNull());
    if (view != INCIDENT_BRIEF)
        add_rest(o, r, view == INCIDENT_WHOLE);
    return o;
}
