/* See incident_findings.h. */
#include "core/incidents/incident_findings.h"

#include "base/timestamp.h"
#include "core/incidents/incident_record.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Those of one severity that are of the section, or that are not. */
static void add_those(struct incident_findings *f, const struct doctor_report *r,
    enum doctor_severity severity, const char *anchor, bool of_it)
{
    for (unsigned i = 0; i < r->n && f->n < INCIDENT_FINDINGS_MAX; i++) {
        enum doctor_check check = r->items[i].check;
        if (doctor_stands(&r->items[i]) && doctor_severity(check) == severity &&
            (strcmp(doctor_anchor(check), anchor) == 0) == of_it)
            f->items[f->n++] = r->items[i];
    }
}

void incident_findings_take(struct incident_findings *f, const struct doctor_report *report,
    const char *anchor, usec_t wall)
{
    struct incident_findings taken = {.wall = wall,
        .errors = doctor_count(report, DOCTOR_ERROR),
        .warnings = doctor_count(report, DOCTOR_WARNING),
        .gaps = report->n_gaps,
        .items = calloc(INCIDENT_FINDINGS_MAX, sizeof *taken.items)};
    if (!taken.items)
        return;
    add_those(&taken, report, DOCTOR_ERROR, anchor, true);
    add_those(&taken, report, DOCTOR_WARNING, anchor, true);
    add_those(&taken, report, DOCTOR_ERROR, anchor, false);
    add_those(&taken, report, DOCTOR_WARNING, anchor, false);
    incident_findings_fini(f);
    *f = taken;
}

void incident_findings_fini(struct incident_findings *f)
{
    free(f->items);
    *f = (struct incident_findings){0};
}

struct cJSON *incident_findings_json(const struct incident_findings *f, bool whole)
{
    char at[TIMESTAMP_TEXT_MAX];
    if (f->wall == 0)
        return cJSON_CreateNull();
    struct cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "at", timestamp_format(f->wall, at));
    cJSON_AddNumberToObject(o, "errors", f->errors);
    cJSON_AddNumberToObject(o, "warnings", f->warnings);
    cJSON_AddNumberToObject(o, "gaps", f->gaps);
    struct cJSON *list = cJSON_AddArrayToObject(o, "findings");
    for (unsigned i = 0; i < f->n; i++) {
        struct doctor_finding shown = f->items[i];
        if (!whole)
            shown.evidence[0] = '\0';
        cJSON_AddItemToArray(list, doctor_finding_json(&shown));
    }
    return o;
}

static const struct cJSON *member(const struct cJSON *o, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(o, name);
}

static unsigned count_of(const struct cJSON *o, const char *name)
{
    const struct cJSON *n = member(o, name);
    return cJSON_IsNumber(n) && n->valuedouble >= 0 && n->valuedouble <= DOCTOR_FINDINGS_MAX
               ? (unsigned)n->valuedouble
               : 0;
}

static void read_text(const struct cJSON *o, const char *name, char *out, size_t size)
{
    const char *text = cJSON_GetStringValue(member(o, name));
    struct strbuf safe = STRBUF_INIT;
    struct strbuf cut = STRBUF_INIT;
    incident_record_set(&safe, text ? text : "", size - 1);
    incident_record_set(&cut, strbuf_text(&safe), size - 1); /* signs for bytes are longer */
    snprintf(out, size, "%s", strbuf_text(&cut));
    strbuf_fini(&safe);
    strbuf_fini(&cut);
}

static void read_one(struct incident_findings *f, const struct cJSON *o)
{
    const char *name = cJSON_GetStringValue(member(o, "check"));
    struct doctor_finding finding = {0};
    if (!name || f->n == INCIDENT_FINDINGS_MAX || !doctor_find_name(name, &finding.check))
        return;
    read_text(o, "subject", finding.subject, sizeof finding.subject);
    read_text(o, "evidence", finding.evidence, sizeof finding.evidence);
    read_text(o, "command", finding.command, sizeof finding.command);
    f->items[f->n++] = finding;
}

void incident_findings_read(struct incident_findings *f, const struct cJSON *o)
{
    const char *at = cJSON_GetStringValue(member(o, "at"));
    const struct cJSON *finding;
    usec_t wall = 0;
    if (!at || timestamp_parse(at, strlen(at), &wall) < 0)
        return;
    f->items = calloc(INCIDENT_FINDINGS_MAX, sizeof *f->items);
    if (!f->items)
        return;
    f->wall = wall;
    f->errors = count_of(o, "errors");
    f->warnings = count_of(o, "warnings");
    f->gaps = count_of(o, "gaps");
    cJSON_ArrayForEach(finding, member(o, "findings")) read_one(f, finding);
}

void incident_findings_words(const struct incident_findings *f, struct strbuf *out)
{
    if (f->errors + f->warnings == 0) {
        strbuf_adds(out, "nothing else that is wrong");
        return;
    }
    strbuf_addf(out, "%u error%s, %u warning%s", f->errors, f->errors == 1 ? "" : "s", f->warnings,
        f->warnings == 1 ? "" : "s");
    for (unsigned i = 0; i < f->n; i++) {
        if (i == 0 || f->items[i].check != f->items[i - 1].check) /* else of another subject */
            strbuf_addf(out, "%s%s", i == 0 ? ": " : ", ", doctor_name(f->items[i].check));
    }
    if (f->errors + f->warnings > f->n)
        strbuf_addf(out, " and %u more", f->errors + f->warnings - f->n);
}
