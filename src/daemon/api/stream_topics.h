/* What a stream tells of beside the events: one topic for each view of the API that changes. */
#pragma once

#include <stdint.h>

struct cJSON;
struct daemon;

#define STREAM_TOPICS(X)                                                                           \
    X(STATUS, "status", status_json)                                                               \
    X(WORKERS, "workers", status_workers_view)                                                     \
    X(SAMPLES, "samples", samples_newest_json)                                                     \
    X(INCIDENTS, "incidents", incidents_open_view)

#define X(symbol, name, make) STREAM_TOPIC_##symbol,
enum stream_topic { STREAM_TOPICS(X) STREAM_TOPIC_COUNT };
#undef X

/* The name of the SSE event, and of the path below /api/v1 that answers the same. */
const char *stream_topic_name(enum stream_topic topic);

/* What GET answers; of samples the newest only, of incidents those that are open. Returns owned
 * JSON. */
struct cJSON *stream_topic_json(enum stream_topic topic, const struct daemon *d);

/* A sum of all of it but the numbers that go on by themselves, such as an uptime. */
uint64_t stream_topic_sum(const struct cJSON *json);
