/*
 * A file of lines that is only appended to, and survives whatever cuts a write short: each line has
 * a checksum in front, a torn end is cut off when it is opened, and what was appended is made
 * durable on another thread. One process at a time.
 */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct append_log;
struct loop;

struct append_log_found {
    size_t lines; /* that are whole */
    size_t bad;   /* that are not, and were left out */
};

/*
 * Opens or creates it (mode 0600) and gives every whole line, without its end, to `on_line`.
 * `on_lost` is told, from the loop, when what was written could not be made durable. Returns owned,
 * or NULL with *e set.
 */
struct append_log *append_log_open(struct loop *l, const char *path,
    void (*on_line)(const char *line, size_t len, void *arg),
    void (*on_lost)(const struct err *e, void *arg), void *arg, struct append_log_found *out_found,
    struct err *e);

/* Unsynced lines still become durable. NULL is fine. */
void append_log_close(struct append_log *log);

/*
 * Appends lines, each ended by '\n'. They outlive this process at once and a power cut soon. On
 * failure, a negative errno with *e set, nothing of them is there.
 */
int append_log_add(struct append_log *log, const char *lines, size_t len, struct err *e);

/* Puts these lines in the place of all there are; durable on return. On failure as before. */
int append_log_rewrite(struct append_log *log, const char *lines, size_t len, struct err *e);

/* Bytes of the file. */
size_t append_log_size(const struct append_log *log);
