/* An event: one state change, with a stable id and fields, on its way to the log sink. */
#pragma once

#include "base/log.h"
#include "base/span.h"
#include "base/strbuf.h"
#include "voxkeeper/events.h"

#include <stdbool.h>

#define X(symbol, name, id, level, anchor) EVENT_##symbol,
enum event_id { VK_EVENTS(X) EVENT_COUNT };
#undef X

enum { EVENT_FIELDS_MAX = 24 };

/* Built up, emitted once, finished. Only the field names are borrowed: they are literals. */
struct event {
    enum event_id id;
    struct strbuf message;
    struct {
        const char *name; /* e.g. "VOXKEEPER_WORKER" */
        struct strbuf value;
    } fields[EVENT_FIELDS_MAX];
    unsigned n_fields;
};

void event_init(struct event *ev, enum event_id id);
void event_fini(struct event *ev);

/* The one-line text; a second call appends. */
void event_message(struct event *ev, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Appends `head`, and the lines of what may have several: "head: first; second". */
void event_message_lines(struct event *ev, const char *head, const char *lines);

/* `name` must be a literal of docs/events.md. Bytes of the value may be anything. */
void event_field(struct event *ev, const char *name, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Nothing if `text` is empty: what does not apply is missing. */
void event_field_text(struct event *ev, const char *name, const char *text);
void event_field_bytes(struct event *ev, const char *name, const void *bytes, size_t len);

/* VOXKEEPER_DURATION_USEC */
void event_duration(struct event *ev, usec_t took);

/* Sends it to the log sink with MESSAGE_ID, VOXKEEPER_EVENT and DOCUMENTATION added. */
void event_emit(const struct event *ev);

/* False if no event has the name, which needs no NUL. */
bool event_find(const char *name, size_t len, enum event_id *out_id);

/* Whether what a field of this name holds was written by workers, or says who their callers are:
 * for those who may change something, and for nobody else. */
bool event_field_is_withheld(const char *name);

const char *event_name(enum event_id id);
const char *event_message_id(enum event_id id);
const char *event_anchor(enum event_id id);
enum log_level event_level(enum event_id id);
