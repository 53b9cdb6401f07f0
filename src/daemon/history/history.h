/*
 * What happened lately: every event in a ring, for those who ask and those who listen. It is a tap
 * of the log sink, so whatever is told as an event is here, by whomever it is told; and in a file,
 * from which the next instance goes on, however this one ends.
 */
#pragma once

#include "base/log.h"
#include "base/span.h"
#include "core/event.h"

#include <stdbool.h>
#include <stdint.h>

struct cJSON;
struct history;
struct loop;

struct happening_field {
    char *name;  /* "VOXKEEPER_WORKER"; without MESSAGE_ID, VOXKEEPER_EVENT and DOCUMENTATION */
    char *value; /* up to LIMIT_HISTORY_VALUE bytes of it, up to the first NUL */
};

struct happening {
    uint64_t seq; /* from 1, rising; goes on from one instance to the next */
    usec_t at;    /* loop_now() */
    usec_t wall;  /* microseconds since the epoch */
    enum event_id id;
    char *message;
    struct happening_field fields[EVENT_FIELDS_MAX];
    unsigned n_fields;
};

typedef void history_fn(const struct happening *happening, void *arg);

/* Borrowed memory of whoever listens; only `on_event` and `arg` are his to set. */
struct history_listener {
    history_fn *on_event; /* in a turn of the loop after the event, once for each, in order */
    void *arg;
    uint64_t told; /* the last that it was told */
    struct history_listener *next;
};

/* Becomes a tap. Returns owned; NULL when memory is out. */
struct history *history_new(struct loop *l);

/* Whoever still listens hears no more. NULL is fine. */
void history_free(struct history *h);

/*
 * From now on the events are in the file at `path` as well. Those that it holds come first, and
 * what was told until now gets numbers after theirs. A file that cannot be read or written is done
 * without.
 */
void history_keep(struct history *h, const char *path);

/* The count that the numbers belong to, letters, digits and '-': another one means that they began
 * anew. It outlives the process as the events do. Borrowed until history_keep(). */
const char *history_boot(const struct history *h);

/* Tells of every event from now on. */
void history_listen(struct history *h, struct history_listener *listener);
void history_unlisten(struct history *h, struct history_listener *listener);

/* Number of the newest event; 0: none yet. */
uint64_t history_newest(const struct history *h);

/* The first event after number `seq` that is still remembered; NULL: none. Borrowed until the next
 * event. */
const struct happening *history_after(const struct history *h, uint64_t seq);

/* NULL if it has no such field. */
const char *happening_field(const struct happening *happening, const char *name);

/*
 * {"seq", "time": "2026-01-02T03:04:05.678Z", "event", "level", "message", "runbook": anchor,
 * "fields": {"VOXKEEPER_WORKER": "1", ..}}. Unless it is `whole`, fields that are not for everybody
 * are not in it, but their names in "withheld". Returns owned JSON.
 */
struct cJSON *happening_json(const struct happening *happening, bool whole);
