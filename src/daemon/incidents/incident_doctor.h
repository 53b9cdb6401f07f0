/*
 * The doctor, called to incidents: what it finds goes along with them. One at a time looks, and not
 * often; incidents that open meanwhile wait for the next look, or for the operator's.
 */
#pragma once

#include "core/doctor/doctor.h"
#include "core/incidents/incident_record.h"

struct daemon;
struct incident_doctor;

/* Begins with those that another instance opened and nobody has looked at; `d` has its incidents.
 * Returns owned; NULL when memory is out. */
struct incident_doctor *incident_doctor_new(struct daemon *d);

/* NULL is fine. */
void incident_doctor_free(struct incident_doctor *x);

/* This one opened, or is to be looked at again. NULL is fine. */
void incident_doctor_call(struct incident_doctor *x, const struct incident_record *record);

/* An operator's doctor begins to look: it looks for everybody who waits, and alone. */
void incident_doctor_give_way(struct incident_doctor *x);

/* What it found. */
void incident_doctor_report(struct incident_doctor *x, const struct doctor_report *report);
