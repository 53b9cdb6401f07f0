/* The last lines of something, kept for evidence: LIMIT_OUTPUT_LAST of LIMIT_OUTPUT_LAST_LINE. */
#pragma once

#include "base/strbuf.h"
#include "core/limits.h"

#include <stddef.h>

struct last_lines {
    struct strbuf lines[LIMIT_OUTPUT_LAST];
    unsigned next;
};

#define LAST_LINES_INIT                                                                            \
    {                                                                                              \
        0                                                                                          \
    }

void last_lines_fini(struct last_lines *l);

/* Copies the line, cut to the limit and then marked with `…`. */
void last_lines_add(struct last_lines *l, const char *bytes, size_t len);

/* Appends them, oldest first, each followed by a newline. */
void last_lines_write(const struct last_lines *l, struct strbuf *out);
