/*
 * What can be wrong, and what was found. Judges (doctor_*.h) turn facts into findings; nothing here
 * asks anybody anything.
 */
#pragma once

#include "core/doctor/doctor_checks.h"

#include <stdbool.h>

struct cJSON;

#define DOCTOR_AREAS(X)                                                                            \
    X(AGENT, "agent")                                                                              \
    X(WEBHOOK, "webhook")                                                                          \
    X(CALLBACK, "callback")                                                                        \
    X(SESSIONS, "sessions")                                                                        \
    X(REDIS, "redis")                                                                              \
    X(NETWORK, "network")                                                                          \
    X(HOST, "host")

/* WARNING: nobody is hurt yet. ERROR: callers are, or the next one will be. */
#define DOCTOR_SEVERITIES(X)                                                                       \
    X(WARNING, "warning")                                                                          \
    X(ERROR, "error")

#define X(symbol, name) DOCTOR_##symbol,
enum doctor_area { DOCTOR_AREAS(X) DOCTOR_AREA_COUNT };
enum doctor_severity { DOCTOR_SEVERITIES(X) };
#undef X

#define X(symbol, name, area, severity, anchor) DOCTOR_##symbol,
enum doctor_check { DOCTOR_CHECKS(X) DOCTOR_CHECK_COUNT };
#undef X

enum { DOCTOR_FINDINGS_MAX = 96, DOCTOR_GAPS_MAX = 16 };

struct doctor_finding {
    enum doctor_check check;
    bool explained; /* it follows from another one: nobody needs to look at it */
    bool ignored;   /* the configuration says that it is known */
    enum doctor_check by;
    char subject[96]; /* of what there may be several: a worker, a host; "": there is one */
    char evidence[640];
    char command[640]; /* "": the check's own */
};

/* What could not be looked at, and why: a check that did not run has found nothing. */
struct doctor_gap {
    enum doctor_area area;
    char why[200];
};

struct doctor_report {
    struct doctor_finding items[DOCTOR_FINDINGS_MAX];
    unsigned n;
    unsigned dropped; /* there were more */
    struct doctor_gap gaps[DOCTOR_GAPS_MAX];
    unsigned n_gaps;
};

const char *doctor_name(enum doctor_check check);
enum doctor_area doctor_area(enum doctor_check check);
enum doctor_severity doctor_severity(enum doctor_check check);
const char *doctor_anchor(enum doctor_check check);
const char *doctor_area_name(enum doctor_area area);
const char *doctor_severity_name(enum doctor_severity severity);

/* What it looks like, what is probably behind it, and the command that fixes or shows it. */
const char *doctor_symptom(enum doctor_check check);
const char *doctor_cause(enum doctor_check check);
const char *doctor_command(enum doctor_check check);

/* Whether there is a check of that name; into *out. */
bool doctor_find_name(const char *name, enum doctor_check *out);

/* Adds a finding; `subject` "" for none. Control bytes in the words are made visible. */
void doctor_add(struct doctor_report *r, enum doctor_check check, const char *subject,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* Another command than the check's own for the latest finding. */
void doctor_fix(struct doctor_report *r, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* In the commands of all findings `by` stands where `word` did: a command that reaches its server. */
void doctor_address(struct doctor_report *r, const char *word, const char *by);

void doctor_gap(struct doctor_report *r, enum doctor_area area, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

bool doctor_has(const struct doctor_report *r, enum doctor_check check);

/* Marks what follows from something else that was found: the cause is named, and it alone. */
void doctor_explain(struct doctor_report *r);

/* Marks what the configuration lists as known. */
void doctor_ignore(struct doctor_report *r, const char *const *names, unsigned n);

/* How many findings of that severity stand: neither explained nor ignored. */
unsigned doctor_count(const struct doctor_report *r, enum doctor_severity severity);
bool doctor_stands(const struct doctor_finding *f);

/* {"check", "area", "severity", "subject", "symptom", "evidence", "cause", "command", "runbook"},
 * and "by" if it is explained. Returns owned. */
struct cJSON *doctor_finding_json(const struct doctor_finding *f);

/*
 * {"errors", "warnings", "findings": [..], "explained": [..], "ignored": [..],
 * "gaps": [{"area", "why"}], "dropped"}. Returns owned.
 */
struct cJSON *doctor_json(const struct doctor_report *r);
