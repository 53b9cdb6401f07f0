/*
 * The incidents: what is wrong now and what was, from core/incidents/incident's decisions; on disk,
 * so that the next instance goes on with them. Parts of the daemon say what is so; people elsewhere
 * are told by notices.
 */
#pragma once

#include "base/err.h"
#include "core/config/config.h"
#include "core/incidents/condition.h"
#include "core/incidents/incident_record.h"
#include "core/incidents/notice.h"

#include <stdbool.h>
#include <stdint.h>

struct cJSON;
struct incidents;
struct loop;

struct incidents_spec {
    struct loop *loop;
    const struct config *config; /* borrowed until incidents_configure() */
    /* Something begins to be wrong, though it may be over before it is an incident: whoever knows
     * what led to it adds that. */
    void (*on_began)(struct incident_record *record, void *arg);
    /* It is one: whoever knows whom it concerns adds that. */
    void (*on_opened)(struct incident_record *record, void *arg);
    void (*on_notice)(const struct notice *notice, void *arg);
    void *arg;
};

/*
 * Takes up what the instance before left. What is open goes on as the same incident if its cause is
 * said again within a minute, else it is resolved. Returns owned; NULL when memory is out.
 */
struct incidents *incidents_new(const struct incidents_spec *spec);

/* What is open stays so on disk. NULL is fine. */
void incidents_free(struct incidents *i);

/* Applies Retention= and Keep=. */
void incidents_configure(struct incidents *i, const struct config *config);

/* It is so until incidents_clear(). `subject`: what it is about, e.g. a provider; "": nothing
 * special. Either may be said as often as somebody likes. Copies. */
void incidents_raise(struct incidents *i, enum condition c, const char *subject, const char *words);
void incidents_clear(struct incidents *i, enum condition c, const char *subject, const char *words);

/* It happened at this moment, and is resolved when it does not happen again for a while. */
void incidents_note(struct incidents *i, enum condition c, const char *subject, const char *words);

/* Adds to what is known of it if it is open, else nothing. */
void incidents_add(struct incidents *i, enum condition c, const char *subject, const char *words);

/* For each that is not resolved. */
void incidents_each(
    struct incidents *i, void (*visit)(struct incident_record *record, void *arg), void *arg);

/* Somebody has it in hand. Returns 0, -ENOENT, or -EALREADY (acknowledged, or resolved) with *e. */
int incidents_acknowledge(
    struct incidents *i, const char *id, const char *author, const char *reason, struct err *e);

/* What the doctor found about it. */
void incidents_examined(struct incidents *i, const char *id, const struct doctor_report *report);

/* The one that is open; NULL if none is. */
const struct incident_record *incidents_current(
    const struct incidents *i, enum condition c, const char *subject);

/* NULL if there is none of that id, or no more. */
const struct incident_record *incidents_find(const struct incidents *i, const char *id);

/* Those that are open, and all that were ever opened by this instance. */
unsigned incidents_open(const struct incidents *i, enum condition c);
uint64_t incidents_total(const struct incidents *i, enum condition c);

/* {"incidents": [..]}: the newest first; only those that are open if `only_open`. Returns owned
 * JSON. */
struct cJSON *incidents_json(const struct incidents *i, bool only_open);
