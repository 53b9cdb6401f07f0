/*
 * The latest lines of a file that grows by one now and then: what is worth showing after a restart,
 * and is no loss when the machine dies. Hence nothing is synced, and a line costs one write.
 */
#pragma once

#include "base/err.h"

#include <stddef.h>

struct recent_lines;

/*
 * Reads the latest `max` lines of `path`, which need not be there; a torn last line is left out.
 * Returns owned, or NULL with *e set when memory is out. A file that cannot be read or written is
 * no reason to fail: then the lines are kept in memory only and *e says why (code 0: all is well).
 */
struct recent_lines *recent_lines_open(const char *path, size_t max, struct err *e);

/* Adds one line, without its end; the oldest goes. Returns 0, or a negative errno with *e set when
 * it is not in the file. Rewrites the file once it is twice as long as it need be. */
int recent_lines_add(struct recent_lines *r, const char *line, struct err *e);

size_t recent_lines_count(const struct recent_lines *r);
/* Borrowed until the next one is added; 0 is the oldest. */
const char *recent_lines_get(const struct recent_lines *r, size_t index);

void recent_lines_free(struct recent_lines *r); /* NULL is fine */
