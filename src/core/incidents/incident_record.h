/*
 * What is known of one incident: for people, and for the next instance. A document of JSON on disk;
 * its texts are whatever workers and operators said, cut to their limits.
 */
#pragma once

#include "base/err.h"
#include "base/span.h"
#include "base/strbuf.h"
#include "core/drain.h"
#include "core/incidents/condition.h"
#include "core/incidents/incident.h"
#include "core/incidents/incident_findings.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cJSON;

enum {
    INCIDENT_ID_MAX = 64,
    INCIDENT_SUBJECT_MAX = 128,
    INCIDENT_TIMELINE_HEAD = 30, /* the first entries stay */
    INCIDENT_TIMELINE_MAX = 120, /* of the later ones the oldest goes */
    INCIDENT_TEXT_MAX = 400,     /* bytes of one entry, author or reason */
    INCIDENT_OUTPUT_MAX = 4096,  /* bytes of the last lines of a worker */
    INCIDENT_NAMES_MAX = 100,    /* sessions, or tasks, that are named */
    INCIDENT_NAME_MAX = 160,     /* bytes of each name */
    INCIDENT_DOCUMENT_MAX = 320 * 1024,
};

/* What an entry of the timeline is about. */
#define INCIDENT_ENTRIES(X)                                                                        \
    X(OPENED, "opened")                                                                            \
    X(AGAIN, "again")                                                                              \
    X(CEASED, "ceased")                                                                            \
    X(ACKNOWLEDGED, "acknowledged")                                                                \
    X(RESOLVED, "resolved")                                                                        \
    X(EVENT, "event") /* of voxkeeper's, while it was open */                                      \
    X(NOTE, "note")

#define X(symbol, name) INCIDENT_ENTRY_##symbol,
enum incident_entry_kind { INCIDENT_ENTRIES(X) };
#undef X

struct incident_entry {
    usec_t wall;
    enum incident_entry_kind kind;
    char *text;
};

/* Names of sessions, or of tasks. */
struct incident_names {
    char *items[INCIDENT_NAMES_MAX];
    unsigned n;
    uint64_t all; /* also those that were not kept */
};

struct incident_record {
    char id[INCIDENT_ID_MAX];
    enum condition condition;
    char subject[INCIDENT_SUBJECT_MAX];
    struct incident machine; /* its points in time are of the boot that wrote it */
    usec_t began_wall;       /* when it began to be so, before it was opened */
    usec_t opened_wall;
    usec_t ceased_wall;   /* when it was so no more; 0: it is */
    usec_t resolved_wall; /* 0: it is open */
    usec_t until_wall;    /* of one that passes: when it will be resolved; 0: no such time */
    struct strbuf summary;
    usec_t acknowledged_wall; /* 0: nobody did */
    struct strbuf author;     /* who did, and why */
    struct strbuf reason;

    struct incident_entry timeline[INCIDENT_TIMELINE_MAX];
    unsigned n_timeline;
    uint64_t timeline_dropped;

    /* What it did to callers. */
    struct callers callers; /* when it opened */
    uint64_t cut;           /* connections, sessions and tasks that were cut while it was open */
    struct incident_names sessions, tasks;
    usec_t unserved;          /* how long no worker served, from its beginning to its end */
    struct strbuf output;     /* the last lines of the worker that it is about */
    struct strbuf output_who; /* "worker 1"; empty: there are no lines */
    struct incident_findings findings; /* of the doctor */
};

/* `20261122-193000-crash-loop`, in UTC; `again` > 0 tells apart what began in the same second. */
void incident_record_name(enum condition c, usec_t wall, unsigned again, char out[INCIDENT_ID_MAX]);

/* Whether a text may be an id: nothing but what ids have, and so no way out of a directory. */
bool incident_record_is_name(const char *text);

/* Returns owned, or NULL when memory is out. `subject` is copied, and cut. */
struct incident_record *incident_record_new(enum condition c, const char *subject, usec_t wall);
void incident_record_free(struct incident_record *r);

/* Copies the text. What memory does not suffice for is missing and counted. */
void incident_record_add(
    struct incident_record *r, enum incident_entry_kind kind, usec_t wall, const char *text);

/* Replaces a text of it by a copy, cut to `max` bytes between two characters. */
void incident_record_set(struct strbuf *field, const char *text, size_t max);

void incident_names_add(struct incident_names *names, const char *name);

bool incident_record_is_open(const struct incident_record *r);

/* How long it was so until now, or until it was no more so. */
usec_t incident_record_duration(const struct incident_record *r, usec_t now_wall);

enum incident_view {
    INCIDENT_BRIEF,
    INCIDENT_FOR_ALL, /* without what workers wrote and the names of callers */
    INCIDENT_WHOLE,
};

/*
 * {"id", "condition", "subject", "severity", "title", "runbook": anchor, "state", "summary",
 * "began", "opened", "ceased", "resolved", "until" (times; null: not yet), "duration_usec",
 * "acknowledged": null or {"at", "author", "reason"}, "times", "doctor":
 * incident_findings_json(), null in brief if it is over} and unless it is brief {"timeline":
 * [{"at", "kind", "text"}], "timeline_dropped", "callers": {"connections", "tasks", "sessions"} or
 * null, of which each is null that nobody could count, "cut", "sessions_cut", "tasks_cut":
 * {"names", "all"}, "unserved_usec", "output": null or
 * {"who", "lines"}, "withheld"}. What is withheld is an empty list of names, lines that are null,
 * and empty evidence of the doctor's. Returns owned JSON; NULL when memory is out.
 */
struct cJSON *incident_record_json(
    const struct incident_record *r, enum incident_view view, usec_t now_wall);

/*
 * Reads what incident_record_json() wrote of the whole. Returns owned; NULL with *e set: -EINVAL,
 * -ENOMEM. Texts that are too long are cut, entries that are too many are left out.
 */
struct incident_record *incident_record_read(const char *text, size_t len, struct err *e);
