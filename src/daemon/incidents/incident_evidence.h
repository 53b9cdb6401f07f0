/*
 * What led to an incident, and whom it concerns: from events, whole as they are told (the history
 * keeps the beginning of a text only), and from those who count callers.
 */
#pragma once

#include "base/span.h"

struct daemon;
struct happening;
struct incident_evidence;
struct incident_record;
struct incidents;

/* Begins to listen to what is told. Returns owned; NULL: out of memory. */
struct incident_evidence *incident_evidence_new(struct daemon *d);

/* NULL is fine. */
void incident_evidence_free(struct incident_evidence *e);

/* It begins to be so: what was told in the minutes before. */
void incident_evidence_began(struct incident_evidence *e, struct incident_record *record);

/* It opens: who calls now. */
void incident_evidence_opened(const struct incident_evidence *e, struct incident_record *record);

/* An event, for everything that is not resolved. */
void incident_evidence_happened(struct incident_evidence *e, const struct happening *happening);

/* Nobody served for another `span`. */
void incident_evidence_unserved(struct incidents *i, usec_t span);
