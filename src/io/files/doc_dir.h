/*
 * A directory of small documents, each a file that is there whole or not at all: written beside,
 * made durable, renamed. Another thread does it; what cannot be written now is tried again.
 */
#pragma once

#include "base/err.h"
#include "base/strlist.h"
#include "io/loop/loop.h"

#include <stddef.h>

struct doc_dir;

/*
 * The directory is made when something is written, with mode 0750, its parent must exist. Files of
 * writes that never ended are removed. Returns owned; NULL when memory is out.
 */
struct doc_dir *doc_dir_open(struct loop *l, const char *path);

/*
 * What is not written yet is written now, or, behind a write that another thread is at, when that
 * has ended: by loop_free() at the latest. NULL is fine.
 */
void doc_dir_free(struct doc_dir *d);

/* Names of the documents; a directory that does not exist has none. Blocks. Returns 0 or a negative
 * errno with *e set. */
int doc_dir_list(const struct doc_dir *d, struct strlist *out, struct err *e);

/* As files_read(). Blocks. */
int doc_dir_read(const struct doc_dir *d, const char *name, size_t max, char **out_text,
    size_t *out_len, struct err *e);

/* Renames it to NAME.broken, so that it is no document any more and a person can look. Blocks. */
int doc_dir_set_aside(const struct doc_dir *d, const char *name, struct err *e);

/* Writes `text` (taken; NULL: out of memory, which is logged) as `name`, in place of what is there
 * or waits. */
void doc_dir_put(struct doc_dir *d, const char *name, char *text);
void doc_dir_remove(struct doc_dir *d, const char *name);

/* Why what was put last is not on disk yet; "": it is, or it is being written. */
const char *doc_dir_trouble(const struct doc_dir *d);
