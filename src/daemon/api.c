/* What the admin listeners answer. */
#include "daemon/api.h"

#include "base/num.h"
#include "base/strbuf.h"
#include "daemon/api_body.h"
#include "daemon/daemon.h"
#include "daemon/metrics.h"
#include "daemon/operation.h"
#include "daemon/reload.h"
#include "daemon/status.h"
#include "daemon/sweeps.h"
#include "daemon/upgrade.h"
#include "daemon/verb_backup.h"
#include "daemon/verb_keys.h"
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

static void get_metrics(const struct exchange *x)
{
    struct strbuf text = STRBUF_INIT;
    metrics_write(x->daemon, &text);
    x->answer->status = 200;
    x->answer->content_type = METRICS_CONTENT_TYPE;
    x->answer->body_len = text.len;
    x->answer->body = strbuf_take(&text);
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

static void get_sweep(const struct exchange *x)
{
    if (!x->daemon->sweeps) {
        answer_json(x, 200, cJSON_CreateNull());
        return;
    }
    x->answer->status = 200;
    x->answer->content_type = "application/json";
    x->answer->body = sweeps_history_json(x->daemon->sweeps);
    x->answer->body_len = x->answer->body ? strlen(x->answer->body) : 0;
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

static struct operation *do_sweep_cancel(
    struct daemon *d, const struct verb_asker *asker, const struct api_body *body, struct err *e)
{
    return verb_sweep_cancel(d, asker, body->operation, e);
}

static struct operation *do_keys(
    struct daemon *d, const struct verb_asker *asker, const struct api_body *body, struct err *e)
{
    struct key_wish wish = body->keys;
    wish.keyspace = body->sweep.keyspace;
    if (body->sweep.limit > VK_KEYS_MAX) {
        err_set(e, -EINVAL, "listing keys: no more than %d are shown", (int)VK_KEYS_MAX);
        return NULL;
    }
    wish.limit = (unsigned)body->sweep.limit;
    return verb_keys(d, asker, &wish, e);
}

static void get_backups(const struct exchange *x)
{
    struct err e = {0};
    struct cJSON *o = verb_backups_json(x->daemon, &e);
    if (o)
        answer_json(x, 200, o);
    else
        answer_error(x, status_of(e.code), "unreadable", e.msg);
}

static struct operation *do_show_backup(
    struct daemon *d, const struct verb_asker *asker, const struct api_body *body, struct err *e)
{
    struct restore_wish wish = body->restore;
    wish.show = true;
    return verb_restore(d, asker, &wish, e);
}

static struct operation *do_restore(
    struct daemon *d, const struct verb_asker *asker, const struct api_body *body, struct err *e)
{
    struct restore_wish wish = body->restore;
    wish.dry_run = body->sweep.dry_run;
    return verb_restore(d, asker, &wish, e);
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

static const struct route {
    const char *path;
    bool prefix; /* anything below `path` */
    void (*get)(const struct exchange *x);
    verb_fn *verb;
    unsigned members; /* API_MEMBER_BIT()s that it takes beside the reason */
} routes[] = {
    {"/livez", false, get_livez, NULL, 0},
    {"/readyz", false, get_readyz, NULL, 0},
    {"/metrics", false, get_metrics, NULL, 0},
    {VK_API_STATUS, false, get_status, NULL, 0},
    {VK_API_WORKERS, false, get_workers, NULL, 0},
    {VK_API_CONFIG, false, get_config, NULL, 0},
    {VK_API_OPERATIONS, true, get_operation, NULL, 0},
    {VK_API_RESTART, false, NULL, do_restart, 0},
    {VK_API_RELOAD, false, NULL, do_reload, 0},
    {VK_API_ROLLOUT, false, get_rollout, NULL, 0},
    {VK_API_ROLLOUT_CANCEL, false, NULL, do_cancel, 0},
    {VK_API_ROLLOUT_PROMOTE, false, NULL, do_promote, 0},
    {VK_API_ROLLOUT_ABORT, false, NULL, do_abort, 0},
    {VK_API_DRAIN, false, NULL, do_drain, 0},
    {VK_API_RESUME, false, NULL, do_resume, 0},
    {VK_API_UPGRADE, false, NULL, do_upgrade, 0},
    {VK_API_SWEEP, false, get_sweep, do_sweep,
        API_MEMBER_BIT(DRY_RUN) | API_MEMBER_BIT(KEYSPACE) | API_MEMBER_BIT(OLDER_THAN) |
            API_MEMBER_BIT(LIMIT) | API_MEMBER_BIT(CONFIRM) | API_MEMBER_BIT(NO_BACKUP)},
    {VK_API_SWEEP_CANCEL, false, NULL, do_sweep_cancel, API_MEMBER_BIT(OPERATION)},
    {VK_API_KEYS, false, NULL, do_keys,
        API_MEMBER_BIT(STUCK) | API_MEMBER_BIT(KEYSPACE) | API_MEMBER_BIT(SORT) |
            API_MEMBER_BIT(LIMIT)},
    {VK_API_BACKUPS, false, get_backups, do_show_backup,
        API_MEMBER_BIT(FILE) | API_MEMBER_BIT(KEY)},
    {VK_API_RESTORE, false, NULL, do_restore,
        API_MEMBER_BIT(FILE) | API_MEMBER_BIT(KEY) | API_MEMBER_BIT(REPLACE) |
            API_MEMBER_BIT(DRY_RUN)},
};

/* Reads the body for a verb. Returns false and has answered when it cannot be taken. */
static bool read_body(const struct exchange *x, const struct route *route, struct api_body *body)
{
    struct err e = {0};
    if (api_body_read(x->request->body, x->request->body_len, body, &e) < 0) {
        answer_error(x, 400, "bad-request", e.msg);
        return false;
    }
    const char *surplus = api_body_surplus(body, route->members | API_MEMBER_BIT(REASON));
    if (!surplus)
        return true;
    err_set(&e, -EINVAL, "reading the request: \"%s\" means nothing to %s", surplus, route->path);
    answer_error(x, 400, "bad-request", e.msg);
    return false;
}

static void post(const struct exchange *x, const struct route *route)
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
    if (!read_body(x, route, &body)) {
        api_body_fini(&body);
        return;
    }
    api_author(x->request->peer, author);
    const struct verb_asker asker = {.author = author, .reason = body.reason};
    const struct operation *op = route->verb(x->daemon, &asker, &body, &e);
    if (op)
        answer_operation(x, 202, op, 0);
    else
        answer_error(x, status_of(e.code), e.code == -EBUSY ? "busy" : "refused", e.msg);
    api_body_fini(&body);
}

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
        post(&x, route);
    } else {
        answer->allow = route->get ? "GET, HEAD" : "POST";
        answer_error(&x, 405, "method-not-allowed",
            route->get ? "this path is only read" : "this path takes POST");
    }
}
