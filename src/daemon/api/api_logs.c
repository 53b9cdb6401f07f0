/* The log lines in memory: for those without a journal, or who may not read it. */
#include "base/num.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "base/timestamp.h"
#include "core/limits.h"
#include "core/own_unit.h"
#include "daemon/api/api_parts.h"
#include "daemon/daemon.h"
#include "daemon/logs/log_ring.h"
#include "io/journal/journal.h"
#include "io/manager.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

enum { LINES_DEFAULT = 100 };

/* False and has answered if it is none of min..max; absent is fine. */
static bool read_number(
    const struct api_exchange *x, const char *name, uint64_t min, uint64_t max, uint64_t *out)
{
    const char *text = http_server_query(x->request, name);
    struct err e = {0};
    if (!text || num_parse_u64(text, min, max, out) == 0)
        return true;
    err_set(&e, -EINVAL, "reading the request: %s=\"%.40s\" is no whole number", name, text);
    api_answer_error(x, 400, "bad-request", e.msg);
    return false;
}

static bool read_since(const struct api_exchange *x, usec_t *out)
{
    const char *text = http_server_query(x->request, "since");
    if (!text || timestamp_parse(text, strlen(text), out) == 0)
        return true;
    api_answer_error(x, 400, "bad-request", "`since` is a time such as 2026-01-02T03:04:05Z");
    return false;
}

static bool read_event(const struct api_exchange *x, struct log_ring_query *query)
{
    const char *text = http_server_query(x->request, "event");
    query->of_event = text != NULL;
    if (!text || event_find(text, strlen(text), &query->event))
        return true;
    struct err e = {0};
    err_set(&e, -EINVAL, "reading the request: \"%.60s\" is no event", text);
    api_answer_error(x, 400, "bad-request", e.msg);
    return false;
}

static bool read_query(const struct api_exchange *x, struct log_ring_query *query)
{
    *query = (struct log_ring_query){.limit = LINES_DEFAULT};
    query->follows = http_server_query(x->request, "after") != NULL;
    return read_number(x, "after", 0, UINT64_MAX - 1, &query->after) &&
           read_number(x, "worker", 1, LIMIT_WORKERS, &query->worker) &&
           read_number(x, "limit", 0, LIMIT_LOG_LINES, &query->limit) &&
           read_since(x, &query->since) && read_event(x, query);
}

void api_get_logs(const struct api_exchange *x)
{
    struct log_ring_query query;
    struct own_unit unit = {0};
    struct err no_unit = {0};
    struct strbuf lines = STRBUF_INIT;
    struct strbuf text = STRBUF_INIT;
    if (!api_admit_reader(x, "log lines are") || !read_query(x, &query))
        return;
    bool has_unit = journal_in_use() && manager_own_unit(&unit, &no_unit) == 0;
    uint64_t newest = log_ring_write(x->daemon->log_ring, &query, &lines);
    /* Numbers begin anew with each process. */
    strbuf_addf(&text,
        "{\"boot\":\"%" PRIx64 "-%x\",\"journal\":%s,\"unit\":", x->daemon->started_wall,
        (unsigned)getpid(), journal_in_use() ? "true" : "false");
    text_json(&text, unit.name, has_unit ? strlen(unit.name) : 0);
    strbuf_addf(&text, ",\"oldest\":%" PRIu64 ",\"newest\":%" PRIu64 ",\"lines\":[%s]}",
        log_ring_oldest(x->daemon->log_ring), newest, strbuf_text(&lines));
    strbuf_fini(&lines);
    x->answer->status = 200;
    x->answer->content_type = "application/json";
    x->answer->body_len = text.len;
    x->answer->body = strbuf_take(&text);
}
