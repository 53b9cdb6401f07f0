/* How loudly a line of foreign text speaks: level words and numbers as loggers write them. */
#pragma once

#include "base/log.h"

#include <stdbool.h>
#include <stddef.h>

/* A word such as `warn`, in any case. Writes only when it returns true. */
bool loglevel_word(const char *text, size_t len, enum log_level *out_level);

/* pino's and bunyan's numbers: 10 trace, 20 debug, 30 info, 40 warn, 50 error, 60 fatal. */
bool loglevel_number(const char *text, size_t len, enum log_level *out_level);

/*
 * The level that a line begins with, time stamps before it skipped: `info:`, `[warn]`, `ERROR text`
 * (without a colon only in capitals), or logfmt's `level=error` within its first 256 bytes.
 */
bool loglevel_of_line(const char *text, size_t len, enum log_level *out_level);
