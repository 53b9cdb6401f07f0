/* What the doctor found, as JSON. */
#include "core/doctor/doctor.h"

#include <cjson/cJSON.h>

struct cJSON *doctor_finding_json(const struct doctor_finding *f)
{
    struct cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "check", doctor_name(f->check));
    cJSON_AddStringToObject(o, "area", doctor_area_name(doctor_area(f->check)));
    cJSON_AddStringToObject(o, "severity", doctor_severity_name(doctor_severity(f->check)));
    cJSON_AddStringToObject(o, "subject", f->subject);
    cJSON_AddStringToObject(o, "symptom", doctor_symptom(f->check));
    cJSON_AddStringToObject(o, "evidence", f->evidence);
    cJSON_AddStringToObject(o, "cause", doctor_cause(f->check));
    cJSON_AddStringToObject(o, "command", f->command[0] ? f->command : doctor_command(f->check));
    cJSON_AddStringToObject(o, "runbook", doctor_anchor(f->check));
    if (f->explained)
        cJSON_AddStringToObject(o, "by", doctor_name(f->by));
    return o;
}

struct cJSON *doctor_json(const struct doctor_report *r)
{
    struct cJSON *o = cJSON_CreateObject();
    cJSON_AddNumberToObject(o, "errors", doctor_count(r, DOCTOR_ERROR));
    cJSON_AddNumberToObject(o, "warnings", doctor_count(r, DOCTOR_WARNING));
    struct cJSON *findings = cJSON_AddArrayToObject(o, "findings");
    struct cJSON *explained = cJSON_AddArrayToObject(o, "explained");
    struct cJSON *ignored = cJSON_AddArrayToObject(o, "ignored");
    struct cJSON *gaps = cJSON_AddArrayToObject(o, "gaps");
    for (int severity = DOCTOR_ERROR; severity >= DOCTOR_WARNING; severity--) {
        for (unsigned i = 0; i < r->n; i++) {
            const struct doctor_finding *f = &r->items[i];
            if (doctor_severity(f->check) != (enum doctor_severity)severity)
                continue;
            cJSON_AddItemToArray(f->explained ? explained
                                 : f->ignored ? ignored
                                              : findings,
                doctor_finding_json(f));
        }
    }
    for (unsigned i = 0; i < r->n_gaps; i++) {
        struct cJSON *gap = cJSON_CreateObject();
        cJSON_AddStringToObject(gap, "area", doctor_area_name(r->gaps[i].area));
        cJSON_AddStringToObject(gap, "why", r->gaps[i].why);
        cJSON_AddItemToArray(gaps, gap);
    }
    cJSON_AddNumberToObject(o, "dropped", r->dropped);
    return o;
}
