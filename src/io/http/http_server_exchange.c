/* One request and its answer. */
#include "io/http/http_server_exchange.h"

#include "base/strbuf.h"
#include "base/text.h"
#include "io/http/http_server_peer.h"
#include "io/http/http_server_refuse.h"
#include "voxkeeper/control.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char METHODS[] = "GET, HEAD, POST";

struct exchange {
    char *uri;
    bool begun; /* the head was looked at */
    char *body; /* room for body_len and a NUL */
    size_t body_len;
    size_t have;
    struct http_stream *stream; /* that the answer is; NULL: none */
};

void *http_server_exchange_begin(void *cls, const char *uri, struct MHD_Connection *connection)
{
    (void)cls;
    (void)connection;
    struct exchange *x = calloc(1, sizeof *x);
    if (!x)
        return NULL;
    x->uri = strdup(uri);
    if (x->uri)
        return x;
    free(x);
    return NULL;
}

void http_server_exchange_end(void *cls, struct MHD_Connection *connection, void **context,
    enum MHD_RequestTerminationCode code)
{
    (void)cls;
    (void)connection;
    (void)code;
    struct exchange *x = *context;
    if (!x)
        return;
    if (x->stream)
        http_server_stream_closed(x->stream);
    free(x->uri);
    free(x->body);
    free(x);
    *context = NULL;
}

static void add_retry_after(struct MHD_Response *response, unsigned seconds)
{
    char text[16];
    snprintf(text, sizeof text, "%u", seconds);
    MHD_add_response_header(response, "Retry-After", text);
}

/* Takes `response`; NULL means that memory ran out, and MHD_NO drops the connection. */
static enum MHD_Result reply_with(struct MHD_Connection *connection,
    const struct http_server_answer *answer, struct MHD_Response *response)
{
    if (!response)
        return MHD_NO;
    if (answer->content_type)
        MHD_add_response_header(response, "Content-Type", answer->content_type);
    if (answer->allow)
        MHD_add_response_header(response, "Allow", answer->allow);
    if (answer->policy) {
        MHD_add_response_header(response, "Content-Security-Policy", answer->policy);
        MHD_add_response_header(response, "Referrer-Policy", "no-referrer");
    }
    if (answer->challenge)
        MHD_add_response_header(response, "WWW-Authenticate", "Bearer");
    if (answer->retry_after > 0)
        add_retry_after(response, answer->retry_after);
    MHD_add_response_header(response, "Cache-Control", "no-store");
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    /* A connection serves one request, so that its age is the request's age. */
    MHD_add_response_header(response, "Connection", "close");
    enum MHD_Result rc = MHD_queue_response(connection, (unsigned)answer->status, response);
    MHD_destroy_response(response);
    return rc;
}

/* Takes the answer's body. */
static enum MHD_Result reply(struct MHD_Connection *connection, struct http_server_answer *answer)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(answer->body_len, answer->body, MHD_RESPMEM_MUST_FREE);
    if (!response)
        free(answer->body);
    return reply_with(connection, answer, response);
}

static enum MHD_Result refuse(
    struct MHD_Connection *connection, const struct http_server_refusal *refusal)
{
    struct strbuf body = STRBUF_INIT;
    strbuf_addf(&body, "{\"error\":{\"code\":\"%s\",\"message\":", refusal->code);
    text_json(&body, refusal->message, strlen(refusal->message));
    strbuf_adds(&body, "}}\n");
    size_t len = body.len;
    struct http_server_answer answer = {.status = refusal->status,
        .content_type = "application/json",
        .allow = refusal->status == MHD_HTTP_METHOD_NOT_ALLOWED ? METHODS : NULL,
        .body = strbuf_take(&body),
        .body_len = len};
    return answer.body ? reply(connection, &answer) : MHD_NO;
}

static const char *header(struct MHD_Connection *connection, const char *name)
{
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

/* The head is complete: refuses the request or makes room for its body. */
static enum MHD_Result look_at_head(const struct http_server_exchange_conf *conf,
    struct exchange *x, struct MHD_Connection *connection, const char *method)
{
    const struct http_server_head head = {.uri = x->uri,
        .method = method,
        .host = header(connection, "Host"),
        .origin = header(connection, "Origin"),
        .fetch_site = header(connection, "Sec-Fetch-Site"),
        .content_length = header(connection, "Content-Length"),
        .transfer_encoding = header(connection, "Transfer-Encoding"),
        .hosts = &conf->hosts,
        .local = conf->local};
    struct http_server_refusal refusal =
        http_server_refuse(&head, VK_REQUEST_BODY_MAX, &x->body_len);
    if (refusal.status != 0)
        return refuse(connection, &refusal);
    x->begun = true;
    x->body = calloc(1, x->body_len + 1);
    return x->body ? MHD_YES : MHD_NO;
}

static enum MHD_Result ask_handler(struct http_server_exchange_conf *conf, struct exchange *x,
    struct MHD_Connection *connection, const char *url, const char *method)
{
    struct http_peer peer = {.local = false};
    if (conf->local) {
        int fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
        if (http_server_peer_init(&peer, fd) < 0)
            return MHD_NO;
    }
    const struct http_server_request request = {
        .method = strcmp(method, "HEAD") == 0 ? "GET" : method,
        .path = url,
        .body = x->body,
        .body_len = x->have,
        .peer = &peer,
        .handle = connection,
    };
    struct http_server_answer answer = {.status = MHD_HTTP_INTERNAL_SERVER_ERROR};
    conf->handler(&request, &answer, conf->arg);
    http_server_peer_fini(&peer);
    assert(answer.status >= 200 && answer.status <= 599);
    x->stream = answer.stream;
    if (x->stream)
        return reply_with(connection, &answer,
            http_server_stream_response(&conf->streams, x->stream, connection));
    return reply(connection, &answer);
}

enum MHD_Result http_server_exchange_step(void *cls, struct MHD_Connection *connection,
    const char *url, const char *method, const char *version, const char *upload_data,
    size_t *upload_data_size, void **context)
{
    (void)version;
    struct http_server_exchange_conf *conf = cls;
    struct exchange *x = *context;
    if (!x)
        return MHD_NO;
    if (!x->begun)
        return look_at_head(conf, x, connection, method);
    if (*upload_data_size == 0)
        return ask_handler(conf, x, connection, url, method);
    if (*upload_data_size > x->body_len - x->have)
        return MHD_NO; /* microhttpd and we read the length differently */
    memcpy(x->body + x->have, upload_data, *upload_data_size);
    x->have += *upload_data_size;
    *upload_data_size = 0;
    return MHD_YES;
}

const char *http_server_query(const struct http_server_request *request, const char *name)
{
    return MHD_lookup_connection_value(request->handle, MHD_GET_ARGUMENT_KIND, name);
}

const char *http_server_header(const struct http_server_request *request, const char *name)
{
    return header(request->handle, name);
}
