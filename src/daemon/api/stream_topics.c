/* What a stream tells of. */
#include "daemon/api/stream_topics.h"

#include "base/names.h"
#include "daemon/daemon.h"
#include "daemon/incidents/incidents.h"
#include "daemon/metrics/samples.h"
#include "daemon/status.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <string.h>

const char *stream_topic_name(enum stream_topic topic)
{
#define X(symbol, name, make) name,
    static const char *const names[] = {STREAM_TOPICS(X)};
#undef X
    return names[topic];
}

/* Those of the past are there to be asked for. */
static struct cJSON *incidents_open_view(const struct daemon *d)
{
    return incidents_json(d->incidents, true);
}

struct cJSON *stream_topic_json(enum stream_topic topic, const struct daemon *d)
{
#define X(symbol, name, make) make,
    static struct cJSON *(*const makes[])(const struct daemon *d) = {STREAM_TOPICS(X)};
#undef X
    return makes[topic](d);
}

/* They differ each time one looks. */
static bool goes_on(const char *member)
{
    static const char *const names[] = {"uptime_usec", "age_usec", "duration_usec", "deadline_usec",
        "left_usec", "retry_in_usec", "took_usec", "ping_usec", "cpu_usec", "rss_bytes",
        "descriptors", "threads", "lines"};
    return NAMES_FIND(names, member) >= 0;
}

/* FNV-1a. */
static uint64_t add_bytes(uint64_t sum, const void *bytes, size_t len)
{
    const unsigned char *b = bytes;
    for (size_t i = 0; i < len; i++)
        sum = (sum ^ b[i]) * 0x100000001b3;
    return sum;
}

static uint64_t add_text(uint64_t sum, const char *text)
{
    return add_bytes(sum, text, strlen(text) + 1);
}

static uint64_t add_json(uint64_t sum, const struct cJSON *json)
{
    sum = add_bytes(sum, &json->type, sizeof json->type);
    if (json->string)
        sum = add_text(sum, json->string);
    if (cJSON_IsString(json))
        sum = add_text(sum, json->valuestring);
    if (cJSON_IsNumber(json))
        sum = add_bytes(sum, &json->valuedouble, sizeof json->valuedouble);
    for (const struct cJSON *child = json->child; child; child = child->next) {
        if (!child->string || !cJSON_IsNumber(child) || !goes_on(child->string))
            sum = add_json(sum, child);
    }
    return sum;
}

uint64_t stream_topic_sum(const struct cJSON *json)
{
    return json ? add_json(0xcbf29ce484222325, json) : 0;
}
