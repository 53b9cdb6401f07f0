/* The paths that tell what happened: once, and as it happens. */
#include "base/num.h"
#include "daemon/api/api_parts.h"
#include "daemon/api/stream.h"
#include "daemon/daemon.h"
#include "daemon/history/history.h"

#include <cjson/cJSON.h>

/* A query parameter that is a whole number; `*out` stays if it is absent. */
static bool read_number(const struct api_exchange *x, const char *name, uint64_t *out)
{
    const char *text = http_server_query(x->request, name);
    return !text || num_parse_u64(text, 0, UINT64_MAX - 1, out) == 0;
}

/* With `after` the next ones after it, else the latest. */
void api_get_events(const struct api_exchange *x)
{
    const struct history *h = x->daemon->history;
    uint64_t newest = history_newest(h);
    uint64_t after = UINT64_MAX;
    uint64_t limit = LIMIT_HISTORY_EVENTS;
    if (!read_number(x, "after", &after) || !read_number(x, "limit", &limit)) {
        api_answer_error(x, 400, "bad-request", "`after` and `limit` are whole numbers");
        return;
    }
    if (after == UINT64_MAX)
        after = newest > limit ? newest - limit : 0;
    struct cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "boot", history_boot(h));
    cJSON_AddNumberToObject(o, "newest", (double)newest);
    struct cJSON *events = cJSON_AddArrayToObject(o, "events");
    bool whole = api_may_change(x);
    const struct happening *next;
    for (; limit > 0 && (next = history_after(h, after)) != NULL; limit--) {
        cJSON_AddItemToArray(events, happening_json(next, whole));
        after = next->seq;
    }
    api_answer_json(x, 200, o);
}

void api_get_stream(const struct api_exchange *x)
{
    const char *last_id = http_server_header(x->request, "Last-Event-ID");
    if (!last_id)
        last_id = http_server_query(x->request, "last_event_id");
    struct http_stream *stream = stream_open(x->daemon->stream, last_id, api_may_change(x));
    if (!stream) {
        x->answer->retry_after = 5;
        api_answer_error(x, 503, "too-many-streams",
            "as many streams as there may be are open; try again later, or poll");
        return;
    }
    x->answer->status = 200;
    x->answer->content_type = "text/event-stream";
    x->answer->stream = stream;
}
