/*
 * A file of lines that outlives its writer but not, for certain, the machine: nothing is synced,
 * and a full disk costs lines, never more. Synchronous.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct line_file;

/* Opens nothing yet. Copies the path. Returns owned, NULL if memory is out. */
struct line_file *line_file_new(const char *path);

/* Writes PATH.new and puts it in place of the file; from now on lines are appended to that. False,
 * and the file at PATH is what it was, if that fails. */
bool line_file_replace(struct line_file *f, const void *bytes, size_t len);

/* False if it could not be written whole, or if line_file_replace() has not succeeded yet; what was
 * written of it is overwritten by the next. */
bool line_file_append(struct line_file *f, const void *bytes, size_t len);

/* Makes the first byte of the file at PATH a '#': a full disk has room for that, too. */
void line_file_spoil(struct line_file *f);

uint64_t line_file_size(const struct line_file *f);

/* NULL is fine. */
void line_file_free(struct line_file *f);
