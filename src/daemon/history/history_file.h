/*
 * The latest events in a file, so that they outlive the process: a first line that says which count
 * of numbers this is, then each event as happening_json() writes it whole. It is written anew, from
 * what is remembered, at the start, when it grew beyond LIMIT_HISTORY_FILE and when the disk has
 * room again; nothing is synced. Whatever goes wrong with it costs only what the file would have
 * kept.
 */
#pragma once

#include "daemon/history/history.h"

struct history_file;

/* Returns owned; NULL when memory is out. */
struct history_file *history_file_new(const char *path);

/*
 * Reads what a former instance left, the oldest first: `each` is given happenings with rising
 * numbers and takes what is in them. Returns owned text, the count of numbers that they belong to;
 * NULL if numbers after theirs may be known to someone already, and so must begin a count of their
 * own.
 */
char *history_file_read(
    const char *path, void (*each)(struct happening *taken, void *arg), void *arg);

/* Writes all that `h` remembers. False if that failed. */
bool history_file_rewrite(struct history_file *f, const struct history *h);

/* Adds the newest event of `h`. */
void history_file_add(struct history_file *f, const struct history *h);

/* NULL is fine. */
void history_file_free(struct history_file *f);
