/*
 * Reads a backup file off the loop: first all of it, to know what became of each key and how far it
 * is whole; then again, block after block, for whoever wants the keys.
 */
#pragma once

#include "base/err.h"
#include "base/strbuf.h"
#include "core/sweep/backup_index.h"
#include "io/loop/loop.h"

#include <stdbool.h>
#include <stdint.h>

struct backup_reader;

/* What the first look found; borrowed until backup_reader_free(). */
struct backup_look {
    struct backup_index index;
    uint64_t size;  /* of the file */
    uint64_t whole; /* bytes up to the tear; less than `size`: it is torn there */
};

struct backup_reader_events {
    /* `why` not NULL: it cannot be read at all. */
    void (*on_look)(const struct backup_look *look, const struct err *why, void *arg);
    /* After backup_reader_next(). NULL: there are no more, or *why says what went wrong. */
    void (*on_block)(const struct strbuf *records, const struct err *why, void *arg);
};

/* Begins the first look at `path` (copied). Returns owned; aborts when memory is out. */
struct backup_reader *backup_reader_new(
    struct loop *l, const char *path, const struct backup_reader_events *events, void *arg);

/* Reads the next block: on_block follows from the loop. Not before on_look or the last one came. */
void backup_reader_next(struct backup_reader *r);

/* No callback comes after this. Allowed in every callback. NULL is fine. */
void backup_reader_free(struct backup_reader *r);
