/* The blocking client of the control socket. */
#include "io/http/control_client.h"

#include "base/strbuf.h"
#include "build_config.h"
#include "voxkeeper/control.h"

#include <curl/curl.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

enum { ANSWER_MAX = 16 * 1024 * 1024 };

struct reading {
    struct strbuf body;
    bool too_long;
};

static size_t on_body(char *bytes, size_t one, size_t len, void *arg)
{
    (void)one;
    struct reading *r = arg;
    r->too_long = r->body.len + len > ANSWER_MAX;
    if (r->too_long)
        return CURL_WRITEFUNC_ERROR;
    strbuf_add(&r->body, bytes, len);
    return r->body.failed ? CURL_WRITEFUNC_ERROR : len;
}

static bool set_up(CURL *easy, const char *socket_path, const char *url, usec_t timeout,
    struct curl_slist *headers, struct reading *reading)
{
    usec_t ms = timeout / USEC_PER_MSEC + (timeout % USEC_PER_MSEC != 0);
    int bad = 0;
    bad |= curl_easy_setopt(easy, CURLOPT_URL, url);
    bad |= curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, socket_path);
    bad |= curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    bad |= curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http");
    bad |= curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    bad |= curl_easy_setopt(easy, CURLOPT_PROXY, "");
    bad |= curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, ms < INT_MAX ? (long)ms : INT_MAX);
    bad |= curl_easy_setopt(easy, CURLOPT_USERAGENT, "voxkeeper/" VOXKEEPER_VERSION);
    bad |= curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    bad |= curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    bad |= curl_easy_setopt(easy, CURLOPT_WRITEDATA, reading);
    return bad == 0;
}

static bool set_method(CURL *easy, const char *method, const char *json_body)
{
    if (strcmp(method, "POST") != 0)
        return curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method) == CURLE_OK;
    return curl_easy_setopt(easy, CURLOPT_POST, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_POSTFIELDS, json_body ? json_body : "{}") == CURLE_OK;
}

static int explain_connect(int os_error, const char *path, struct err *e)
{
    switch (os_error) {
    case ENOENT:
    case ENOTDIR:
    case ECONNREFUSED:
        return err_set(e, os_error == ECONNREFUSED ? -ECONNREFUSED : -ENOENT,
            "no voxkeeperd answers on \"%s\": is it running? (systemctl status voxkeeper)", path);
    case EACCES:
    case EPERM:
        return err_set(e, -EACCES,
            "\"%s\" may not be used by you: run this with sudo, or as a member of the group that "
            "owns it (usually voxkeeper)",
            path);
    case 0:
        return err_set(e, -EIO, "connect to \"%s\": it is no socket that can be used", path);
    default:
        return err_sys(e, -os_error, "connect to \"%s\"", path);
    }
}

static int explain(CURL *easy, CURLcode code, const struct reading *reading, const char *path,
    usec_t timeout, struct err *e)
{
    char span[SPAN_TEXT_MAX];
    long os_error = 0;
    if (reading->too_long)
        return err_set(
            e, -EMSGSIZE, "read voxkeeperd's answer: longer than %d bytes", (int)ANSWER_MAX);
    switch (code) {
    case CURLE_OUT_OF_MEMORY:
        return err_sys(e, -ENOMEM, "ask voxkeeperd");
    case CURLE_OPERATION_TIMEDOUT:
        return err_set(e, -ETIMEDOUT,
            "voxkeeperd does not answer within %s on \"%s\": it runs, but hangs "
            "(journalctl -u voxkeeper)",
            span_format(timeout, span), path);
    case CURLE_COULDNT_CONNECT:
        curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &os_error);
        return explain_connect((int)os_error, path, e);
    default:
        return err_set(
            e, -EPROTO, "read voxkeeperd's answer on \"%s\": %s", path, curl_easy_strerror(code));
    }
}

static int perform(CURL *easy, const char *socket_path, struct reading *reading, usec_t timeout,
    struct control_answer *out, struct err *e)
{
    CURLcode code = curl_easy_perform(easy);
    if (code != CURLE_OK)
        return explain(easy, code, reading, socket_path, timeout, e);
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    size_t len = reading->body.len;
    char *body = strbuf_take(&reading->body);
    if (!body)
        return err_sys(e, -ENOMEM, "read voxkeeperd's answer");
    *out = (struct control_answer){.status = (int)status, .body = body, .body_len = len};
    return 0;
}

/* Behind sudo the daemon sees root; it may know for whom. */
static struct curl_slist *say_who(struct curl_slist *headers)
{
    /* systemd sets it for ExecReload= only. */
    if (headers && getenv("MAINPID") && getenv("INVOCATION_ID")) {
        struct curl_slist *more =
            curl_slist_append(headers, VK_HEADER_MANAGER ": " VK_MANAGER_RELOAD);
        return more ? more : headers;
    }
    const char *user = getenv("SUDO_USER");
    struct strbuf line = STRBUF_INIT;
    if (!headers || !user || !user[0] || strpbrk(user, "\r\n"))
        return headers;
    strbuf_addf(&line, VK_HEADER_SUDO_USER ": %.64s", user);
    struct curl_slist *more = curl_slist_append(headers, strbuf_text(&line));
    strbuf_fini(&line);
    return more ? more : headers;
}

int control_call(const char *socket_path, const char *method, const char *path,
    const char *json_body, usec_t timeout, struct control_answer *out, struct err *e)
{
    /* curl takes an empty path for none at all, and would go out over TCP. */
    if (!socket_path[0] || strlen(socket_path) >= sizeof((struct sockaddr_un *)0)->sun_path)
        return err_set(e, -ENAMETOOLONG, "connect to \"%.200s\": the path is %s", socket_path,
            socket_path[0] ? "too long" : "empty");
    struct reading reading = {.body = STRBUF_INIT};
    struct strbuf url = STRBUF_INIT;
    strbuf_addf(&url, "http://localhost%s", path);
    CURL *easy = curl_easy_init();
    struct curl_slist *headers = say_who(curl_slist_append(NULL, "Content-Type: application/json"));
    int rc;
    if (!easy || !headers || url.failed ||
        !set_up(easy, socket_path, strbuf_text(&url), timeout, headers, &reading) ||
        !set_method(easy, method, json_body))
        rc = err_sys(e, -ENOMEM, "ask voxkeeperd on \"%s\"", socket_path);
    else
        rc = perform(easy, socket_path, &reading, timeout, out, e);
    curl_slist_free_all(headers);
    curl_easy_cleanup(easy);
    strbuf_fini(&url);
    strbuf_fini(&reading.body);
    return rc;
}

void control_answer_fini(struct control_answer *a)
{
    free(a->body);
    *a = (struct control_answer){0};
}
