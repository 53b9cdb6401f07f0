/* What `GET /metrics` answers: Prometheus' text format 0.0.4. */
#pragma once

#include "base/strbuf.h"

struct daemon;

#define METRICS_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* Appends every metric. The number of series is bounded by the workers. */
void metrics_write(const struct daemon *d, struct strbuf *out);
