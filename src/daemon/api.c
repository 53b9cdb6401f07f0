/* What the admin listeners answer. */
#include "daemon/api.h"

#include "base/num.h"
#include "base/strbuf.h"
#include "daemon/api_body.h"
#include "daemon/daemon.h"
#include "daemon/operation.h"
#include "daemon/reload.h"
#include "daemon/status.h"
#include "daemon/upgrade.h"
#include "daemon/verb_rollout.h"
#include "voxkeeper/control.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

struct exchange {
    struct daemon *daemon;
    const struct http_server_request *request;
    struct http_server_answer *answer;
};

static void answer_json(const struct exchange *x, int status, struct cJSON *json)
{
    x->answer->status = status;
    x->answer->content_type = "application/json";
    x->answer->body = cJSON_PrintUnformatted(json);
    x->answer->body_len = x->answer->body ? strlen(x->answer->body) : 0;
    cJSON_Delete(json);
}

static void answer_error(const struct exchange *x, int status, const char *code, const char *text)
{
    struct cJSON *o = cJSON_CreateObject();
    struct cJSON *error = cJSON_AddObjectToObject(o, "error");
    cJSON_AddStringToObject(error, "code", code);
    cJSON_AddStringToObject(error, "message", text);
    answer_json(x, status, o);
}

/* 200 as long as the loop turns: that it answers is the proof. */
static void get_livez(const struct exchange *x)
{
    struct cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "status", "ok");
    answer_json(x, 200, o);
}

static void get_readyz(const struct exchange *x)
{
    char why[256];
    bool ready = daemon_is_ready(x->daemon, why, sizeof why);
    struct cJSON *o = cJSON_CreateObject();
    cJSON_AddBoolToObject(o, "ready", ready);
    cJSON_AddStringToObject(o, "why", why);
    answer_json(x, ready ? 200 : 503, o);
}

static void get_status(const struct exchange *x)
{
    answer_json(x, 200, status_json(x->daemon));
}

static void get_workers(const struct exchange *x)
{
    struct cJSON *o = cJSON_CreateObject();
    cJSON_AddItemToObject(o, "workers", status_workers_json(x->daemon));
    answer_json(x, 200, o);
}

static void get_config(const struct exchange *x)
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
    answer_json(x, 200, o);
}

static void get_rollout(const struct exchange *x)
{
    answer_json(x, 200, rollout_record_json(x->daemon));
}

static void answer_operation(
    const struct exchange *x, int status, const struct operation *op, uint64_t after)
{
    struct cJSON *o = cJSON_CreateObject();
    cJSON_AddItemToObject(o, "operation", operation_json(op, after));
    answer_json(x, status, o);
}

static void get_operation(const struct exchange *x)
{
    uint64_t id = 0;
    uint64_t after = 0;
    const char *tail = x->request->path + strlen(VK_API_OPERATIONS) + 1;
    const char *query = http_server_query(x->request, "after");
    if (num_parse_u64(tail, 1, UINT64_MAX, &id) < 0 ||
        (query && num_parse_u64(query, 0, UINT64_MAX - 1, &after) < 0)) {
        answer_error(x, 400, "bad-request", "an operation's id and `after` are whole numbers");
        return;
    }
    const struct operation *op = operation_find(x->daemon->operations, id);
    if (!op) {
        answer_error(x, 404, "no-such-operation",
            "no operation has this id, or it ended too long ago to be remembered");
        return;
    }
    answer_operation(x, 200, op, after);
}

static int status_of(int code)
{
    switch (-code) {
    case EBUSY:
    case EALREADY:
    case EAGAIN:
    case ESHUTDOWN:
        return 409;
    case EINVAL:
    case ENOENT:
        return 400;
    default:
        return 503;
    }
}

typedef struct operation *verb_fn(
    struct daemon *d, const struct verb_asker *asker, const struct api_body *body, struct err *e);

static struct operation *do_restart(
    struct daemon *d, const struct verb_asker *asker, const struct api_body *body, struct err *e)
{
    (void)body;
    return verb_restart(d, asker, e);
}

static struct operation *do_cancel(
    struct daemon *d, const struct verb_asker *asker, const struct api_body *body, struct err *e)
{
    (void)body;
    return verb_cancel(d, asker, e);
}

static struct operation *do_promote(
    struct daemon *d, const struct verb_asker *asker, const struct api_body *body, struct err *e)
{
    (void)body;
    return verb_promote(d, asker, e);
}

static struct operation *do_abort(
    struct daemon *d, const struct verb_asker *asker, const struct api_body *body, struct err *e)
{
    (void)body;
    return verb_abort(d, asker, e);
}

static struct operation *do_reload(
    struct daemon *d, const struct verb_asker *asker, const struct api_body *body, struct err *e)
{
    (void)body;
    return reload_begin(d, asker, e);
}

static struct operation *do_drain(
    struct daemon *d, const struct verb_asker *asker, const struct api_body *body, struct err *e)
{
    (void)body;
    return verb_drain(d, asker, e);
}

static struct operation *do_resume(
    struct daemon *d, const struct verb_asker *asker, const struct api_body *body, struct err *e)
{
    (void)body;
    return verb_resume(d, asker, e);
}

static struct operation *do_upgrade(
    struct daemon *d, const struct verb_asker *asker, const struct api_body *body, struct err *e)
{
    (void)body;
    return verb_upgrade(d, asker, e);
}

static struct operation *do_sweep(
    struct daemon *d, const struct verb_asker *asker, const struct api_body *body, struct err *e)
{
    return verb_sweep(d, asker, &body->sweep, e);
}

static void refuse_stranger(const struct exchange *x)
{
    const char *group = x->daemon->config->admin.control_group;
    struct strbuf text = STRBUF_INIT;
    strbuf_adds(&text, "only root and the service's user may change something");
    if (group)
        strbuf_addf(&text, ", and the members of group \"%s\"", group);
    else
        strbuf_adds(&text, "; [Admin] ControlGroup= admits a group");
    answer_error(x, 403, "not-permitted", strbuf_text(&text));
    strbuf_fini(&text);
}

static void post(const struct exchange *x, verb_fn *verb)
{
    struct err e = {0};
    struct api_body body = {0};
    char author[API_AUTHOR_MAX];
    if (!x->request->peer->local) {
        answer_error(x, 403, "read-only",
            "TCP only reads; use the unix socket (`voxkeeper` does) to change something");
        return;
    }
    if (!http_peer_may_change(x->request->peer, getuid(), x->daemon->config->admin.control_group)) {
        refuse_stranger(x);
        return;
    }
    if (api_body_read(x->request->body, x->request->body_len, &body, &e) < 0) {
        answer_error(x, 400, "bad-request", e.msg);
        api_body_fini(&body);
        return;
    }
    if (body.asks_sweep && verb != do_sweep) {
        answer_error(x, 400, "bad-request", "only a sweep takes dry_run, keyspace and older_than");
        api_body_fini(&body);
        return;
    }
    api_author(x->request->peer, author);
    const struct verb_asker asker = {.author = author, .reason = body.reason};
    const struct operation *op = verb(x->daemon, &asker, &body, &e);
    if (op)
        answer_operation(x, 202, op, 0);
    else
        answer_error(x, status_of(e.code), "refused", e.msg);
    api_body_fini(&body);
}

static const struct route {
    const char *path;
    bool prefix; /* anything below `path` */
    void (*get)(const struct exchange *x);
    verb_fn *verb;
} routes[] = {
    {"/livez", false, get_livez, NULL},
    {"/readyz", false, get_readyz, NULL},
    {VK_API_STATUS, false, get_status, NULL},
    {VK_API_WORKERS, false, get_workers, NULL},
    {VK_API_CONFIG, false, get_config, NULL},
    {VK_API_OPERATIONS, true, get_operation, NULL},
    {VK_API_RESTART, false, NULL, do_restart},
    {VK_API_RELOAD, false, NULL, do_reload},
    {VK_API_ROLLOUT, false, get_rollout, NULL},
    {VK_API_ROLLOUT_CANCEL, false, NULL, do_cancel},
    {VK_API_ROLLOUT_PROMOTE, false, NULL, do_promote},
    {VK_API_ROLLOUT_ABORT, false, NULL, do_abort},
    {VK_API_DRAIN, false, NULL, do_drain},
    {VK_API_RESUME, false, NULL, do_resume},
    {VK_API_UPGRADE, false, NULL, do_upgrade},
    {VK_API_SWEEP, false, NULL, do_sweep},
};

static const struct route *route_of(const char *path)
{
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
        size_t len = strlen(routes[i].path);
        if (routes[i].prefix ? strncmp(path, routes[i].path, len) == 0 && path[len] == '/'
                             : strcmp(path, routes[i].path) == 0)
            return &routes[i];
    }
    return NULL;
}

void api_answer(
    struct daemon *d, const struct http_server_request *request, struct http_server_answer *answer)
{
    const struct exchange x = {.daemon = d, .request = request, .answer = answer};
    const struct route *route = route_of(request->path);
    bool is_get = strcmp(request->method, "GET") == 0 || strcmp(request->method, "HEAD") == 0;
    if (!route) {
        answer_error(&x, 404, "not-found", "no such path; see include/voxkeeper/control.h");
    } else if (is_get && route->get) {
        route->get(&x);
    } else if (strcmp(request->method, "POST") == 0 && route->verb) {
        post(&x, route->verb);
    } else {
        answer->allow = route->get ? "GET, HEAD" : "POST";
        answer_error(&x, 405, "method-not-allowed",
            route->get ? "this path is only read" : "this path takes POST");
    }
}
