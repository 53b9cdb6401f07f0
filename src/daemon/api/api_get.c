/* The paths that are only read. */
#include "base/num.h"
#include "base/strbuf.h"
#include "daemon/api/api_parts.h"
#include "daemon/daemon.h"
#include "daemon/metrics/metrics.h"
#include "daemon/status.h"
#include "daemon/sweep/sweeps.h"
#include "daemon/verbs/operation.h"
#include "daemon/verbs/verb_backup.h"
#include "voxkeeper/control.h"

#include <cjson/cJSON.h>
#include <string.h>

void api_get_metrics(const struct api_exchange *x)
{
    struct strbuf text = STRBUF_INIT;
    enum exposition_format format = exposition_format_of(http_server_header(x->request, "Accept"));
    metrics_write(x->daemon, format, &text);
    x->answer->status = 200;
    x->answer->content_type = exposition_content_type(format);
    x->answer->body_len = text.len;
    x->answer->body = strbuf_take(&text);
}

/* 200 as long as the loop turns: that it answers is the proof. */
void api_get_livez(const struct api_exchange *x)
{
    struct cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "status", "ok");
    api_answer_json(x, 200, o);
}

void api_get_readyz(const struct api_exchange *x)
{
    char why[256];
    bool ready = daemon_is_ready(x->daemon, why, sizeof why);
    struct cJSON *o = cJSON_CreateObject();
    cJSON_AddBoolToObject(o, "ready", ready);
    cJSON_AddStringToObject(o, "why", why);
    api_answer_json(x, ready ? 200 : 503, o);
}

void api_get_status(const struct api_exchange *x)
{
    api_answer_json(x, 200, status_json(x->daemon));
}

void api_get_workers(const struct api_exchange *x)
{
    api_answer_json(x, 200, status_workers_view(x->daemon));
}

void api_get_config(const struct api_exchange *x)
{
    struct strbuf text = STRBUF_INIT;
    struct strbuf values = STRBUF_INIT;
    struct cJSON *o = cJSON_CreateObject();
    config_write(x->daemon->config, CONFIG_SECRETS_MASK, &text);
    config_write_json(x->daemon->config, &values);
    cJSON_AddStringToObject(o, "text", strbuf_text(&text));
    cJSON_AddItemToObject(o, "values", cJSON_Parse(strbuf_text(&values)));
    strbuf_fini(&text);
    strbuf_fini(&values);
    api_answer_json(x, 200, o);
}

void api_get_rollout(const struct api_exchange *x)
{
    api_answer_json(x, 200, rollout_record_json(x->daemon, api_may_change(x)));
}

void api_get_sweep(const struct api_exchange *x)
{
    if (!x->daemon->sweeps) {
        api_answer_json(x, 200, cJSON_CreateNull());
        return;
    }
    x->answer->status = 200;
    x->answer->content_type = "application/json";
    x->answer->body = sweeps_history_json(x->daemon->sweeps);
    x->answer->body_len = x->answer->body ? strlen(x->answer->body) : 0;
}

void api_get_operation(const struct api_exchange *x)
{
    uint64_t id = 0;
    uint64_t after = 0;
    const char *tail = x->request->path + strlen(VK_API_OPERATIONS) + 1;
    const char *query = http_server_query(x->request, "after");
    /* Keys of callers and the last lines of workers are in its answers. */
    if (!api_admit_reader(x, "operations are"))
        return;
    if (num_parse_u64(tail, 1, UINT64_MAX, &id) < 0 ||
        (query && num_parse_u64(query, 0, UINT64_MAX - 1, &after) < 0)) {
        api_answer_error(x, 400, "bad-request", "an operation's id and `after` are whole numbers");
        return;
    }
    const struct operation *op = operation_find(x->daemon->operations, id);
    if (!op) {
        api_answer_error(x, 404, "no-such-operation",
            "no operation has this id, or it ended too long ago to be remembered");
        return;
    }
    api_answer_operation(x, 200, op, after);
}

void api_get_backups(const struct api_exchange *x)
{
    struct err e = {0};
    struct cJSON *o = verb_backups_json(x->daemon, &e);
    if (o)
        api_answer_json(x, 200, o);
    else
        api_answer_error(x, api_status_of(e.code), "unreadable", e.msg);
}
