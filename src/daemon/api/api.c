/* What the admin listeners answer: finds the route, and checks who asks and with what. */
#include "daemon/api/api.h"

#include "daemon/api/api_parts.h"
#include "daemon/daemon.h"
#include "daemon/verbs/operation.h"
#include "voxkeeper/control.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <string.h>

void api_answer_json(const struct api_exchange *x, int status, struct cJSON *json)
{
    x->answer->status = status;
    x->answer->content_type = "application/json";
    x->answer->body = cJSON_PrintUnformatted(json);
    x->answer->body_len = x->answer->body ? strlen(x->answer->body) : 0;
    cJSON_Delete(json);
}

void api_answer_error(const struct api_exchange *x, int status, const char *code, const char *text)
{
    struct cJSON *o = cJSON_CreateObject();
    struct cJSON *error = cJSON_AddObjectToObject(o, "error");
    cJSON_AddStringToObject(error, "code", code);
    cJSON_AddStringToObject(error, "message", text);
    api_answer_json(x, status, o);
}

void api_answer_operation(
    const struct api_exchange *x, int status, const struct operation *op, uint64_t after)
{
    struct cJSON *o = cJSON_CreateObject();
    cJSON_AddItemToObject(o, "operation", operation_json(op, after));
    api_answer_json(x, status, o);
}

int api_status_of(int code)
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

/* Reads the body for a verb. Returns false and has answered when it cannot be taken. */
static bool read_body(
    const struct api_exchange *x, const struct api_route *route, struct api_body *body)
{
    struct err e = {0};
    if (api_body_read(x->request->body, x->request->body_len, body, &e) < 0) {
        api_answer_error(x, 400, "bad-request", e.msg);
        return false;
    }
    const char *surplus = api_body_surplus(body, route->members | API_MEMBER_BIT(REASON));
    if (!surplus)
        return true;
    err_set(&e, -EINVAL, "reading the request: \"%s\" means nothing to %s", surplus, route->path);
    api_answer_error(x, 400, "bad-request", e.msg);
    return false;
}

static void post(const struct api_exchange *x, const struct api_route *route)
{
    struct err e = {0};
    struct api_body body = {0};
    char author[API_AUTHOR_MAX];
    if (!api_admit(x))
        return;
    if (!read_body(x, route, &body)) {
        api_body_fini(&body);
        return;
    }
    api_author_of(x, author);
    body.below = route->prefix ? x->request->path + strlen(route->path) + 1 : "";
    const struct verb_asker asker = {
        .author = author, .reason = body.reason, .preflight = &body.preflight};
    const struct operation *op = route->verb(x->daemon, &asker, &body, &e);
    if (op)
        api_answer_operation(x, 202, op, 0);
    else
        api_answer_error(x, api_status_of(e.code), e.code == -EBUSY ? "busy" : "refused", e.msg);
    api_body_fini(&body);
}

void api_answer(
    struct daemon *d, const struct http_server_request *request, struct http_server_answer *answer)
{
    const struct api_exchange x = {.daemon = d, .request = request, .answer = answer};
    const struct api_route *route = api_route_of(request->path);
    bool is_get = strcmp(request->method, "GET") == 0 || strcmp(request->method, "HEAD") == 0;
    if (strcmp(request->path, VK_PREFLIGHT_ECHO) == 0 && strcmp(request->method, "POST") == 0) {
        api_post_echo(&x);
    } else if (!route) {
        api_answer_error(&x, 404, "not-found", "no such path; see include/voxkeeper/control.h");
    } else if (is_get && route->get) {
        route->get(&x);
    } else if (strcmp(request->method, "POST") == 0 && route->verb) {
        post(&x, route);
    } else {
        answer->allow = route->get ? "GET, HEAD" : "POST";
        api_answer_error(&x, 405, "method-not-allowed",
            route->get ? "this path is only read" : "this path takes POST");
    }
}
