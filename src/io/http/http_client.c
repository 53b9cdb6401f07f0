/* HTTP requests: one fresh connection each, a deadline, and no more of the answer than asked for.
 */
#include "io/http/http_client.h"

#include "base/strbuf.h"
#include "build_config.h"
#include "io/http/http_client_memory.h"
#include "io/http/http_client_uv.h"
#include "io/sockets/own_sockets.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum {
    HEADERS_MAX = 64 * 1024,    /* bytes of all header lines of an answer */
    READ_AWAY_MAX = 256 * 1024, /* bytes beyond body_max after which the answer is cut off */
};

struct http_client {
    struct http_client_uv *uv;
    struct http_request *first;
    bool reaping; /* a callback may be running: who frees us now only marks it */
    bool freed;
};

struct http_request {
    struct http_client *client;
    struct http_request *prev, *next;
    CURL *easy;
    struct curl_slist *headers;
    struct strbuf body;
    size_t body_max;
    size_t read_away;
    size_t header_bytes;
    bool cut_off; /* we stopped reading on purpose: the answer counts */
    bool is_secure;
    int64_t date;
    usec_t started;
    void (*on_answer)(const struct http_answer *answer, void *arg);
    void *arg;
    char error[CURL_ERROR_SIZE];
};

static void request_free(struct http_request *r)
{
    if (r->easy)
        curl_easy_cleanup(r->easy);
    curl_slist_free_all(r->headers);
    if (r->body.data)
        explicit_bzero(r->body.data, r->body.len); /* it may quote what was in a header */
    strbuf_fini(&r->body);
    free(r);
}

static void request_unlink(struct http_request *r)
{
    curl_multi_remove_handle(http_client_uv_multi(r->client->uv), r->easy);
    if (r->prev)
        r->prev->next = r->next;
    else
        r->client->first = r->next;
    if (r->next)
        r->next->prev = r->prev;
}

static size_t on_body(char *bytes, size_t one, size_t len, void *arg)
{
    (void)one;
    struct http_request *r = arg;
    size_t room = r->body_max - r->body.len;
    size_t keep = len < room ? len : room;
    strbuf_add(&r->body, bytes, keep);
    r->read_away += len - keep;
    if (r->read_away <= READ_AWAY_MAX)
        return len;
    r->cut_off = true;
    return CURL_WRITEFUNC_ERROR;
}

static size_t on_header(char *bytes, size_t one, size_t len, void *arg)
{
    (void)one;
    struct http_request *r = arg;
    char date[64];
    r->header_bytes += len;
    if (len > 5 && len < sizeof date && strncasecmp(bytes, "Date:", 5) == 0) {
        memcpy(date, bytes + 5, len - 5);
        date[len - 5] = '\0';
        time_t told = curl_getdate(date, NULL);
        r->date = told > 0 ? told : 0;
    }
    return r->header_bytes <= HEADERS_MAX ? len : CURL_WRITEFUNC_ERROR;
}

static enum http_result result_of(const struct http_request *r, CURLcode code)
{
    if (code == CURLE_OK || r->cut_off)
        return r->body.failed ? HTTP_FAILED : HTTP_ANSWERED;
    if (code == CURLE_OPERATION_TIMEDOUT)
        return HTTP_TIMED_OUT;
    if (code != CURLE_COULDNT_CONNECT)
        return HTTP_FAILED;
    long os_error = 0;
    curl_easy_getinfo(r->easy, CURLINFO_OS_ERRNO, &os_error);
    return os_error == ECONNREFUSED || os_error == ENOENT ? HTTP_REFUSED : HTTP_FAILED;
}

static const char *failure_of(const struct http_request *r, CURLcode code)
{
    if (r->body.failed)
        return strerrordesc_np(ENOMEM);
    if (r->header_bytes > HEADERS_MAX)
        return "the answer's headers are too long";
    return r->error[0] ? r->error : curl_easy_strerror(code);
}

static usec_t retry_after_of(const struct http_request *r)
{
    curl_off_t seconds = 0;
    curl_easy_getinfo(r->easy, CURLINFO_RETRY_AFTER, &seconds);
    return seconds > 0 && seconds < INT_MAX ? (usec_t)seconds * USEC_PER_SEC : 0;
}

static usec_t after(const struct http_request *r, CURLINFO what)
{
    curl_off_t usec = 0;
    curl_easy_getinfo(r->easy, what, &usec);
    return usec > 0 ? (usec_t)usec : 0;
}

static bool is_routing(int os_error)
{
    return os_error == ENETUNREACH || os_error == EHOSTUNREACH || os_error == ENETDOWN ||
           os_error == EADDRNOTAVAIL || os_error == EACCES || os_error == EPERM;
}

static bool is_of_tls(CURLcode code)
{
    return code == CURLE_SSL_CONNECT_ERROR || code == CURLE_PEER_FAILED_VERIFICATION ||
           code == CURLE_SSL_CACERT_BADFILE || code == CURLE_SSL_CERTPROBLEM ||
           code == CURLE_SSL_CIPHER || code == CURLE_SSL_ISSUER_ERROR;
}

/* The phase that had begun and was not over. */
static enum http_phase phase_of(const struct http_request *r, CURLcode code)
{
    long os_error = 0;
    curl_easy_getinfo(r->easy, CURLINFO_OS_ERRNO, &os_error);
    if (code == CURLE_COULDNT_RESOLVE_HOST || after(r, CURLINFO_NAMELOOKUP_TIME_T) == 0)
        return HTTP_PHASE_DNS;
    if (is_of_tls(code))
        return HTTP_PHASE_TLS;
    if (after(r, CURLINFO_CONNECT_TIME_T) == 0)
        return is_routing((int)os_error) ? HTTP_PHASE_ROUTE : HTTP_PHASE_TCP;
    return r->is_secure && after(r, CURLINFO_APPCONNECT_TIME_T) == 0 ? HTTP_PHASE_TLS
                                                                     : HTTP_PHASE_ANSWER;
}

/* Of the first certificate: the others are those that vouch for it. */
static int64_t expiry_of(const struct http_request *r)
{
    static const char name[] = "Expire date:";
    struct curl_certinfo *info = NULL;
    curl_easy_getinfo(r->easy, CURLINFO_CERTINFO, &info);
    if (!info || info->num_of_certs == 0)
        return 0;
    for (const struct curl_slist *line = info->certinfo[0]; line; line = line->next) {
        if (strncmp(line->data, name, sizeof name - 1) == 0) {
            time_t at = curl_getdate(line->data + sizeof name - 1, NULL);
            return at > 0 ? at : 0;
        }
    }
    return 0;
}

static void request_end(struct http_request *r, CURLcode code)
{
    struct http_answer answer = {
        .result = result_of(r, code),
        .took = usec_sub(loop_now(), r->started),
        .phase = phase_of(r, code),
        .certificate = code == CURLE_PEER_FAILED_VERIFICATION,
        .resolved = after(r, CURLINFO_NAMELOOKUP_TIME_T),
        .connected = after(r, CURLINFO_CONNECT_TIME_T),
        .secured = after(r, CURLINFO_APPCONNECT_TIME_T),
    };
    if (answer.result == HTTP_ANSWERED) {
        long status = 0;
        curl_easy_getinfo(r->easy, CURLINFO_RESPONSE_CODE, &status);
        answer.status = (int)status;
        answer.retry_after = retry_after_of(r);
        answer.date = r->date;
        answer.expires = expiry_of(r);
        answer.body = strbuf_text(&r->body);
        answer.body_len = r->body.len;
        answer.truncated = r->read_away > 0;
    } else {
        answer.what = failure_of(r, code);
    }
    request_unlink(r);
    r->on_answer(&answer, r->arg);
    request_free(r);
}

static void client_destroy(struct http_client *client)
{
    http_client_uv_close(client->uv);
    free(client);
    curl_global_cleanup();
}

/* A callback may start and cancel requests and free the client: nothing is remembered across it. */
static void on_turn(void *arg)
{
    struct http_client *client = arg;
    CURLM *multi = http_client_uv_multi(client->uv);
    client->reaping = true;
    CURLMsg *message;
    int left;
    while (!client->freed && (message = curl_multi_info_read(multi, &left))) {
        struct http_request *r;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&r);
        request_end(r, message->data.result);
    }
    client->reaping = false;
    if (client->freed)
        client_destroy(client);
}

struct http_client *http_client_new(struct loop *l, struct err *e)
{
    struct http_client *client = calloc(1, sizeof *client);
    if (!client || http_client_init_curl() != CURLE_OK) {
        free(client);
        err_sys(e, -ENOMEM, "start HTTP client");
        return NULL;
    }
    client->uv = http_client_uv_new(l, on_turn, client, e);
    if (!client->uv) {
        free(client);
        curl_global_cleanup();
        return NULL;
    }
    return client;
}

static long milliseconds(usec_t span)
{
    usec_t ms = span / USEC_PER_MSEC + (span % USEC_PER_MSEC != 0);
    if (ms == 0)
        return 1; /* curl takes 0 for "no limit" */
    return ms < INT_MAX ? (long)ms : INT_MAX;
}

static bool set_method(struct http_request *r, const struct http_spec *spec)
{
    const char *method = spec->method ? spec->method : "GET";
    CURL *easy = r->easy;
    int bad = 0;
    if (strcmp(method, "HEAD") == 0)
        return curl_easy_setopt(easy, CURLOPT_NOBODY, 1L) == CURLE_OK;
    if (spec->body || strcmp(method, "POST") == 0) {
        bad |= curl_easy_setopt(easy, CURLOPT_POST, 1L);
        bad |= curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)spec->body_len);
        bad |= curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, spec->body ? spec->body : "");
    }
    if (strcmp(method, "GET") != 0 || spec->body)
        bad |= curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
    return bad == 0;
}

static bool add_header(struct http_request *r, const char *line)
{
    struct curl_slist *longer = curl_slist_append(r->headers, line);
    if (longer)
        r->headers = longer;
    return longer != NULL;
}

static bool set_headers(struct http_request *r, const struct http_spec *spec)
{
    /* No "Expect: 100-continue": a large body is sent at once, not after a second of waiting. */
    if (!add_header(r, "Expect:"))
        return false;
    for (const char *const *line = spec->headers; line && *line; line++) {
        if (!add_header(r, *line))
            return false;
    }
    return curl_easy_setopt(r->easy, CURLOPT_HTTPHEADER, r->headers) == CURLE_OK;
}

/* What every request has in common: nothing from the environment, nothing reused, no detours. */
static bool set_rules(CURL *easy)
{
    int bad = 0;
    bad |= curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    bad |= curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    bad |= curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    bad |= curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    bad |= curl_easy_setopt(easy, CURLOPT_PROXY, "");
    bad |= curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
    bad |= curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
    bad |= curl_easy_setopt(easy, CURLOPT_USERAGENT, "voxkeeper/" VOXKEEPER_VERSION);
    /* A name server that hangs must not hang us when the request is given up. */
    bad |= curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
    return bad == 0;
}

static bool set_exchange(struct http_request *r, const struct http_spec *spec)
{
    CURL *easy = r->easy;
    int bad = 0;
    bad |= curl_easy_setopt(easy, CURLOPT_URL, spec->url);
    bad |= curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, spec->unix_socket);
    bad |= curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, milliseconds(spec->timeout));
    bad |= curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, spec->connect_only ? 1L : 0L);
    bad |= curl_easy_setopt(easy, CURLOPT_CERTINFO, spec->want_expiry ? 1L : 0L);
    if (spec->ca_file) {
        bad |= curl_easy_setopt(easy, CURLOPT_CAINFO, spec->ca_file);
        bad |= curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    }
    bad |= curl_easy_setopt(easy, CURLOPT_PRIVATE, r);
    bad |= curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, r->error);
    bad |= curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    bad |= curl_easy_setopt(easy, CURLOPT_WRITEDATA, r);
    bad |= curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    bad |= curl_easy_setopt(easy, CURLOPT_HEADERDATA, r);
    return bad == 0 && set_rules(easy) && set_method(r, spec) && set_headers(r, spec);
}

struct http_request *http_request_start(struct http_client *client, const struct http_spec *spec,
    void (*on_answer)(const struct http_answer *answer, void *arg), void *arg, struct err *e)
{
    struct http_request *r = calloc(1, sizeof *r);
    if (!r)
        goto no_memory;
    r->client = client;
    r->body_max = spec->body_max;
    r->is_secure = strncasecmp(spec->url, "https:", 6) == 0;
    r->started = loop_now();
    r->on_answer = on_answer;
    r->arg = arg;
    r->easy = curl_easy_init();
    if (!r->easy || !set_exchange(r, spec) || !http_client_uv_keep_books(client->uv, r->easy))
        goto no_memory;
    if (curl_multi_add_handle(http_client_uv_multi(client->uv), r->easy) != CURLM_OK)
        goto no_memory;
    r->next = client->first;
    if (r->next)
        r->next->prev = r;
    client->first = r;
    return r;

no_memory:
    if (r)
        request_free(r);
    err_sys(e, -ENOMEM, "ask \"%s\"", spec->url);
    return NULL;
}

void http_request_cancel(struct http_request *request)
{
    request_unlink(request);
    request_free(request);
}

void http_client_drop_own(struct http_client *client, struct sock_connections *list)
{
    own_sockets_drop(http_client_uv_own(client->uv), list, loop_now());
}

void http_client_free(struct http_client *client)
{
    if (!client)
        return;
    while (client->first)
        http_request_cancel(client->first);
    client->freed = true;
    if (!client->reaping)
        client_destroy(client);
}
