/* Reading an incident that an instance before us wrote down. */
#include "core/incidents/incident_record.h"

#include "base/names.h"
#include "base/timestamp.h"
#include "core/json_scan.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *const kind_names[] = {
#define X(symbol, name) [INCIDENT_ENTRY_##symbol] = name,
    INCIDENT_ENTRIES(X)
#undef X
};

static const struct cJSON *member(const struct cJSON *o, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(o, name);
}

/* "" if there is none. */
static const char *text_of(const struct cJSON *o, const char *name)
{
    const char *text = cJSON_GetStringValue(member(o, name));
    return text ? text : "";
}

/* 0 if there is none. */
static usec_t time_of(const struct cJSON *o, const char *name)
{
    const char *text = text_of(o, name);
    usec_t wall = 0;
    return timestamp_parse(text, strlen(text), &wall) == 0 ? wall : 0;
}

/* Returns whether there is a number; *out is 0 if not. */
static bool read_count(const struct cJSON *o, const char *name, uint64_t *out)
{
    const struct cJSON *n = member(o, name);
    bool is_one = cJSON_IsNumber(n) && n->valuedouble >= 0 && n->valuedouble <= 0x1p53;
    *out = is_one ? (uint64_t)n->valuedouble : 0;
    return is_one;
}

static uint64_t count_of(const struct cJSON *o, const char *name)
{
    uint64_t n;
    read_count(o, name, &n);
    return n;
}

static bool state_of(const struct cJSON *o, enum incident_state *out)
{
    static const enum incident_state states[] = {
        INCIDENT_OPEN, INCIDENT_PASSING, INCIDENT_CLEARING, INCIDENT_RESOLVED};
    for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
        if (strcmp(text_of(o, "state"), incident_state_name(states[i])) == 0) {
            *out = states[i];
            return true;
        }
    }
    return false;
}

static void read_timeline(const struct cJSON *o, struct incident_record *r)
{
    const struct cJSON *entry;
    cJSON_ArrayForEach(entry, member(o, "timeline"))
    {
        int kind = NAMES_FIND(kind_names, text_of(entry, "kind"));
        if (kind >= 0)
            incident_record_add(
                r, (enum incident_entry_kind)kind, time_of(entry, "at"), text_of(entry, "text"));
    }
    r->timeline_dropped += count_of(o, "timeline_dropped");
}

static void read_names(const struct cJSON *o, struct incident_names *names)
{
    const struct cJSON *name;
    cJSON_ArrayForEach(name, member(o, "names"))
    {
        if (cJSON_IsString(name))
            incident_names_add(names, name->valuestring);
    }
    uint64_t all = count_of(o, "all");
    names->all = all > names->all ? all : names->all;
}

static void read_impact(const struct cJSON *o, struct incident_record *r)
{
    const struct cJSON *callers = member(o, "callers");
    const struct cJSON *output = member(o, "output");
    r->callers.connections.known = read_count(callers, "connections", &r->callers.connections.n);
    r->callers.tasks.known = read_count(callers, "tasks", &r->callers.tasks.n);
    r->callers.sessions.known = read_count(callers, "sessions", &r->callers.sessions.n);
    r->cut = count_of(o, "cut");
    read_names(member(o, "sessions_cut"), &r->sessions);
    read_names(member(o, "tasks_cut"), &r->tasks);
    r->unserved = count_of(o, "unserved_usec");
    incident_record_set(&r->output_who, text_of(output, "who"), INCIDENT_SUBJECT_MAX);
    incident_record_set(&r->output, text_of(output, "lines"), INCIDENT_OUTPUT_MAX);
}

static int read_machine(const struct cJSON *o, struct incident_record *r, struct err *e)
{
    const struct cJSON *acknowledged = member(o, "acknowledged");
    uint64_t times = count_of(o, "times");
    if (!state_of(o, &r->machine.state))
        return err_set(
            e, -EINVAL, "reading an incident: its state is \"%.40s\"", text_of(o, "state"));
    r->machine.times = times < UINT32_MAX ? (uint32_t)times : UINT32_MAX;
    r->opened_wall = time_of(o, "opened");
    r->ceased_wall = time_of(o, "ceased");
    r->resolved_wall = time_of(o, "resolved");
    r->until_wall = time_of(o, "until");
    if (r->opened_wall == 0)
        return err_set(e, -EINVAL, "reading an incident: it was never opened");
    if ((r->machine.state == INCIDENT_RESOLVED) != (r->resolved_wall > 0))
        return err_set(e, -EINVAL, "reading an incident: it is %s, but its end is %sknown",
            incident_state_name(r->machine.state), r->resolved_wall > 0 ? "" : "not ");
    r->acknowledged_wall = time_of(acknowledged, "at");
    r->machine.acknowledged = r->acknowledged_wall > 0;
    incident_record_set(&r->author, text_of(acknowledged, "author"), INCIDENT_TEXT_MAX);
    incident_record_set(&r->reason, text_of(acknowledged, "reason"), INCIDENT_TEXT_MAX);
    return 0;
}

static struct incident_record *read_object(const struct cJSON *o, struct err *e)
{
    enum condition c;
    const char *id = text_of(o, "id");
    if (!incident_record_is_name(id)) {
        err_set(e, -EINVAL, "reading an incident: \"%.40s\" is no id", id);
        return NULL;
    }
    if (condition_find(text_of(o, "condition"), &c) < 0) {
        err_set(
            e, -EINVAL, "reading an incident: \"%.40s\" is no condition", text_of(o, "condition"));
        return NULL;
    }
    struct incident_record *r = incident_record_new(c, text_of(o, "subject"), time_of(o, "began"));
    if (!r) {
        err_set(e, -ENOMEM, "reading an incident: out of memory");
        return NULL;
    }
    snprintf(r->id, sizeof r->id, "%s", id);
    if (read_machine(o, r, e) < 0) {
        incident_record_free(r);
        return NULL;
    }
    incident_record_set(&r->summary, text_of(o, "summary"), INCIDENT_TEXT_MAX);
    read_timeline(o, r);
    read_impact(o, r);
    incident_findings_read(&r->findings, member(o, "doctor"));
    return r;
}

struct incident_record *incident_record_read(const char *text, size_t len, struct err *e)
{
    /* Checked first: cJSON recurses as deep as it is told to. */
    size_t used = len <= INCIDENT_DOCUMENT_MAX ? json_scan_value(text, len) : 0;
    struct cJSON *o = used > 0 ? cJSON_ParseWithLength(text, used) : NULL;
    struct incident_record *r = NULL;
    if (cJSON_IsObject(o))
        r = read_object(o, e);
    else
        err_set(e, -EINVAL, "reading an incident: it is no JSON object, or is torn");
    cJSON_Delete(o);
    return r;
}
