/*
 * Looks for what the configuration names in the lines of all workers, and does what follows when
 * there are too many of them: an event, an incident. When they are too many is
 * core/logs/log_watch's.
 */
#pragma once

#include "core/config/config.h"

#include <stddef.h>
#include <stdint.h>

struct daemon;
struct log_watches;

/* Of d->config; `d` has its incidents. Returns owned; NULL when memory is out. */
struct log_watches *log_watches_new(struct daemon *d);

/* NULL is fine. */
void log_watches_free(struct log_watches *all);

/* A watch that looks for the same goes on with what it counted. `config` is borrowed until the next
 * call. */
void log_watches_configure(struct log_watches *all, const struct config *config);

/* A line of a worker: takes note; what follows is done in the next turn of the loop. NULL is fine.
 */
void log_watches_see(struct log_watches *all, unsigned slot, const char *text, size_t len);

/* For the metrics. */
unsigned log_watches_n(const struct log_watches *all);
const char *log_watches_name(const struct log_watches *all, unsigned n);
uint64_t log_watches_total(const struct log_watches *all, unsigned n); /* lines that matched */
