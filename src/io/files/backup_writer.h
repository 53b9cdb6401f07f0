/*
 * Writes one backup file, block after block, off the loop. A block is told as written when it is on
 * the disk: all of its bytes, and fdatasync(). After a failure nothing more is accepted: what was
 * written before it stays readable.
 */
#pragma once

#include "base/err.h"
#include "base/strbuf.h"
#include "io/loop/loop.h"

#include <stdint.h>

struct backup_writer;

/* `why` is NULL when it went well. */
typedef void backup_written_fn(const struct err *why, void *arg);

/*
 * For a new file in `directory` (copied), which is made with the first block: of mode 0600, in a
 * directory of mode 0700. Returns owned; aborts when memory is out.
 */
struct backup_writer *backup_writer_new(
    struct loop *l, const char *directory, backup_written_fn *on_written, void *arg);

/* Takes what `records` holds. One at a time: `on_written` comes once, from the loop. */
void backup_writer_append(struct backup_writer *w, struct strbuf *records);

/* "" until the first block is written. */
const char *backup_writer_name(const struct backup_writer *w);
uint64_t backup_writer_size(const struct backup_writer *w);

/* No callback comes after this; a block under way is still written. NULL is fine. */
void backup_writer_free(struct backup_writer *w);
