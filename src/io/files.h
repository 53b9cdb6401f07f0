/* Small files: reading one whole, appending a record. Synchronous. */
#pragma once

#include "base/err.h"

#include <stddef.h>

/*
 * Reads a regular file of at most `max` bytes. *out_text is owned and NUL-terminated. Returns 0,
 * -ENOENT, -EFBIG, -EISDIR or another -errno; *e names the file.
 */
int files_read(const char *path, size_t max, char **out_text, size_t *out_len, struct err *e);

/* As files_read(), of a file of any size: its last lines, in at most `max` bytes. */
int files_read_end(const char *path, size_t max, char **out_text, size_t *out_len, struct err *e);

/* Appends bytes in one write and makes them durable; creates the file with mode 0600. */
int files_append(const char *path, const void *bytes, size_t len, struct err *e);

/* Makes the directory (mode 0750) if it is not there; its parent must exist. */
int files_make_directory(const char *path, struct err *e);
