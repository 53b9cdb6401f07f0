/* A stream of bytes cut into lines. */
#pragma once

#include "base/strbuf.h"

#include <stddef.h>

/*
 * One line without its newline; `bytes` is borrowed for the call. A line over LIMIT_OUTPUT_LINE
 * comes in several calls with `part` 1, 2, ..; any other with `part` 0.
 */
typedef void lines_fn(const char *bytes, size_t len, unsigned part, void *arg);

struct lines {
    struct strbuf partial; /* what came since the last newline or part */
    unsigned part;         /* parts of this line that were handed over */
};

#define LINES_INIT                                                                                 \
    {                                                                                              \
        0                                                                                          \
    }

void lines_fini(struct lines *l);

/* Hands over what became complete. UTF-8 sequences are not cut between parts. */
void lines_feed(struct lines *l, const char *bytes, size_t len, lines_fn *on_line, void *arg);

/* The stream ended, or its writer did: the last line counts as complete. */
void lines_flush(struct lines *l, lines_fn *on_line, void *arg);
