/* Reads a unit's records out of the journal, for the operator's command. Blocking. */
#pragma once

#include "base/err.h"
#include "base/span.h"
#include "base/strbuf.h"

#include <stdint.h>

struct journal_reader;

struct journal_query {
    const char *unit;   /* voxkeeper.service */
    const char *worker; /* only of that one; NULL: of all, ours and the service manager's */
    const char *event;  /* only that event; NULL: all */
    usec_t since_wall;  /* 0: of any age */
    uint64_t lines;     /* only the last so many; UINT64_MAX: all */
};

/*
 * Returns owned, or NULL with *e set: e->code is -ENODATA when there is no record of the unit that
 * we may read.
 */
struct journal_reader *journal_reader_new(const struct journal_query *query, struct err *e);

/*
 * Appends the next record as one JSON object with a newline, in the form that the daemon writes to
 * stderr where there is no journal. Returns 1, 0 when there is none for now, or a negative errno.
 */
int journal_reader_next(struct journal_reader *r, struct strbuf *out, struct err *e);

/* Waits for more, for at most `span`. Returns 0 or a negative errno. */
int journal_reader_wait(struct journal_reader *r, usec_t span, struct err *e);

/*
 * How many lines of the unit the journal dropped since then, for there were too many. Returns 0, or
 * a negative errno: also when we may not read what the journal says of itself.
 */
int journal_reader_suppressed(const char *unit, usec_t since_wall, uint64_t *out_lines);

/* NULL is fine. */
void journal_reader_free(struct journal_reader *r);
