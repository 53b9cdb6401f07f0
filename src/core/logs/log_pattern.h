/*
 * A pattern (PCRE2) for lines of a worker. What one line costs is bounded, whatever the pattern and
 * whatever the line: only its first LIMIT_LOG_WATCH_LINE bytes are looked at, from most places in
 * it a few steps are taken, and many from some. Who needs more than that gets no answer.
 */
#pragma once

#include "base/err.h"

#include <stddef.h>

struct log_pattern;

enum log_pattern_result {
    LOG_PATTERN_NO,
    LOG_PATTERN_YES,
    LOG_PATTERN_COSTLY, /* it was not looked at to the end */
};

/* Returns owned; NULL with *e: -EINVAL with the cause and its offset in `text`, or -ENOMEM. */
struct log_pattern *log_pattern_new(const char *text, struct err *e);

/* NULL is fine. */
void log_pattern_free(struct log_pattern *p);

enum log_pattern_result log_pattern_match(struct log_pattern *p, const char *line, size_t len);
