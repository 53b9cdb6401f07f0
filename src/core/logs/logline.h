/*
 * One line of a worker's output: how urgent it is, what it says, and the fields it carries.
 *
 *   ESC[32minfo ESC[39m: Session kept {"sessionId":"s1","ttl":3600}
 *   -> info, "info: Session kept", AGENT_SESSIONID=s1, AGENT_TTL=3600
 *
 * Level: `<N>` before the line, else a level word at its start, else "level" or "severity" of its
 * JSON, else what the caller says. Text: escape sequences removed, other control bytes and invalid
 * UTF-8 shown as \xHH, blanks at the end cut. A JSON object that is the whole line or ends it is
 * lifted into fields; if that lost nothing, it leaves the text, and a "message" or "msg" in a line
 * that is nothing but JSON becomes the text. docs/events.md says this to operators.
 */
#pragma once

#include "base/log.h"
#include "base/strbuf.h"
#include "core/limits.h"

#include <stddef.h>

enum { LOGLINE_NAME_MAX = 64 }; /* journald takes no longer field names */

struct logline_field {
    char name[LOGLINE_NAME_MAX + 1]; /* AGENT_ and the member's name in capitals */
    size_t at;                       /* in `values` */
    size_t len;
};

/* Memory is kept from line to line. */
struct logline {
    enum log_level level;
    struct strbuf text;    /* the whole line, readable; empty: there is nothing to tell */
    struct strbuf message; /* the text without what became fields */
    struct strbuf values;
    struct logline_field fields[LIMIT_OUTPUT_FIELDS];
    unsigned n_fields;
    struct strbuf plain; /* the bytes without escape sequences and blanks at the end */
};

void logline_init(struct logline *l);
void logline_fini(struct logline *l);

/* Begins a line: `bytes` without its newline. Sets only `text`, which is all that a line needs that
 * is kept but not passed on. */
void logline_begin(struct logline *l, const char *bytes, size_t len);

/* Sets the rest; `fallback` is the level of a line that names none. */
void logline_parse(struct logline *l, enum log_level fallback);
