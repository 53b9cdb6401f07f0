/*
 * What the status page draws over time: callers, probe latency and serving workers, looked at every
 * few seconds and kept for an hour. Memory is bounded; what was before this process is not known.
 */
#pragma once

#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

struct cJSON;
struct daemon;
struct samples;

#define SAMPLES_INTERVAL (5 * USEC_PER_SEC)
#define SAMPLES_SPAN (60 * USEC_PER_MIN)

/* Looks at the daemon's parts for the first time in a turn of the loop after this, and while they
 * are there. Returns owned;
 * NULL when memory is out. */
struct samples *samples_new(const struct daemon *d);

/* NULL is fine. */
void samples_free(struct samples *s);

/*
 * {"interval_ms", "samples": [{"time": "2026-01-02T03:04:05.678901Z", "callers", "probe_ms",
 * "serving"}, ..]}: the newest `limit`, the oldest first. `callers` are connections, `probe_ms` is
 * the slowest serving worker's latest probe; null: not known. Returns owned JSON.
 */
struct cJSON *samples_json(const struct samples *s, unsigned limit);

/* The same with the newest only, for those who have the others. */
struct cJSON *samples_newest_json(const struct daemon *d);

/* Connections as the newest sample has them; false: not known. */
bool samples_callers(const struct samples *s, uint64_t *out_n);
