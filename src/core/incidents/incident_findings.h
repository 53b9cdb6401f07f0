/*
 * What the doctor found about an incident: what the incident's own section of the runbook is about
 * first, then the worst; as many as people read, and on disk with it.
 */
#pragma once

#include "base/span.h"
#include "base/strbuf.h"
#include "core/doctor/doctor.h"

struct cJSON;

enum { INCIDENT_FINDINGS_MAX = 8 };

struct incident_findings {
    usec_t wall;                  /* when it had looked; 0: it has not */
    unsigned errors, warnings;    /* all that stand */
    unsigned gaps;                /* things that it could not look at */
    struct doctor_finding *items; /* owned */
    unsigned n;
};

/* In place of what was found before, which stays when memory is out. `anchor` is of the runbook's
 * section that the incident names. */
void incident_findings_take(struct incident_findings *f, const struct doctor_report *report,
    const char *anchor, usec_t wall);
void incident_findings_fini(struct incident_findings *f);

/*
 * null, or {"at", "errors", "warnings", "gaps", "findings": [{"check", "area", "severity",
 * "subject", "symptom", "evidence", "cause", "command", "runbook"}]}; without `whole` the
 * evidence is empty: callers may be named in it. Returns owned.
 */
struct cJSON *incident_findings_json(const struct incident_findings *f, bool whole);

/* Reads what incident_findings_json() wrote; checks that we do not know are passed over. */
void incident_findings_read(struct incident_findings *f, const struct cJSON *o);

/* "1 error, 2 warnings: redis-refused, host-disk, host-time-sync"; into *out. */
void incident_findings_words(const struct incident_findings *f, struct strbuf *out);
