/* What `GET /metrics` answers: every family of core/metrics/exposition_table.h. */
#pragma once

#include "base/strbuf.h"
#include "core/metrics/exposition.h"

struct daemon;

/*
 * Appends a whole scrape. Every series is there from the start, at 0 or NaN, but those of workers,
 * keyspaces, notifiers, a rollout and Redis, which there may not be; docs/metrics.md bounds them.
 */
void metrics_write(struct daemon *d, enum exposition_format format, struct strbuf *out);
