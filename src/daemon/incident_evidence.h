/* What led to an incident, and whom it concerns: from events, and from those who count callers. */
#pragma once

#include "base/span.h"

struct daemon;
struct happening;
struct incident_record;
struct incidents;

/* It opens: who calls now, and what was told in the minutes before. */
void incident_evidence_begin(const struct daemon *d, struct incident_record *record);

/* An event, for everything that is not resolved. */
void incident_evidence_happened(struct incidents *i, const struct happening *happening);

/* Nobody served for another `span`. */
void incident_evidence_unserved(struct incidents *i, usec_t span);
