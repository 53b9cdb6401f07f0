/* What the files of daemon/incidents share. */
#pragma once

#include "core/limits.h"
#include "daemon/incidents/incidents.h"
#include "io/files/doc_dir.h"
#include "io/loop/loop.h"

struct incidents {
    struct incidents_spec spec;
    struct timer *due;
    struct doc_dir *dir;                                /* NULL: out of memory when it was opened */
    struct incident_record *live[LIMIT_INCIDENTS_LIVE]; /* not resolved; also what is held yet */
    unsigned n_live;
    struct incident_record *past[LIMIT_INCIDENTS]; /* resolved, the oldest first */
    unsigned n_past;
    uint64_t total[CONDITION_COUNT];
    bool overflow_told;
};

/* Takes one step, and does what it asks for. `r` may be freed by it. */
void incidents_step(struct incidents *i, struct incident_record *r, const struct incident_event *ev,
    const char *words);

/* Writes it to disk, in a while. */
void incidents_save(struct incidents *i, struct incident_record *r);

/* Reads what is on disk. */
void incidents_load(struct incidents *i);

/* Forgets what is too old or too much. */
void incidents_prune(struct incidents *i);

/* The event of the doctor's. */
void incidents_tell_examined(const struct incidents *i, const struct incident_record *r);

/* The event, and the notice, of what happened to it. */
void incidents_tell(
    const struct incidents *i, const struct incident_record *r, enum notice_kind kind);
