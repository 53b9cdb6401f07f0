/*
 * One document in a memfd, replaced as a whole: two copies, each with its number, length and
 * checksum, so that a reader finds the latest whole one whatever moment the writer died at.
 */
#pragma once

#include "base/err.h"
#include "base/strbuf.h"

#include <stddef.h>

enum { SNAPSHOT_MAX = 4 << 20 };

/* Returns an empty one, close-on-exec, or a negative errno with *e set. */
int snapshot_new(struct err *e);

/* Returns 0, -EFBIG beyond SNAPSHOT_MAX, or a negative errno with *e set: the one before stays. */
int snapshot_write(int fd, const char *bytes, size_t len, struct err *e);

/* Appends the latest whole document. Returns 0, -ENODATA when there is none, or a negative errno,
 * with *e set. Anything may be behind `fd`. */
int snapshot_read(int fd, struct strbuf *out, struct err *e);
