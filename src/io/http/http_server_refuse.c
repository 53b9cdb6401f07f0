/* What is wrong with a request. */
#include "io/http/http_server_refuse.h"

#include "base/num.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>
#include <strings.h>

/* `/path?query` in printable ASCII, whose escapes are whole and hide no NUL. */
static bool uri_is_sane(const char *uri)
{
    if (uri[0] != '/')
        return false;
    for (const char *c = uri; *c; c++) {
        if (*c <= ' ' || *c >= 0x7f)
            return false;
        if (*c == '%') {
            if (!isxdigit((unsigned char)c[1]) || !isxdigit((unsigned char)c[2]))
                return false;
            if (c[1] == '0' && c[2] == '0')
                return false;
        }
    }
    return true;
}

/* The host of `host[:port]` or `[host][:port]`, without port and brackets. */
static bool host_of(const char *header, char *out, size_t size)
{
    const char *end;
    if (header[0] == '[') {
        header++;
        end = strchr(header, ']');
        if (!end || (end[1] && end[1] != ':'))
            return false;
    } else {
        end = header + strcspn(header, ":");
    }
    size_t len = (size_t)(end - header);
    if (len == 0 || len >= size)
        return false;
    memcpy(out, header, len);
    out[len] = '\0';
    return true;
}

/*
 * A name that no stranger's name server can point at us. Otherwise a page in somebody's browser
 * could read our answers as if they were its own (DNS rebinding).
 */
static bool host_is_ours(const char *header, const struct strlist *hosts)
{
    char host[256];
    if (!header)
        return true; /* HTTP/1.0: no browser */
    if (!host_of(header, host, sizeof host))
        return false;
    for (size_t i = 0; i < hosts->n; i++) {
        if (strcasecmp(host, hosts->items[i]) == 0)
            return true;
    }
    unsigned char address[sizeof(struct in6_addr)];
    return strcasecmp(host, "localhost") == 0 || inet_pton(AF_INET, host, address) == 1 ||
           inet_pton(AF_INET6, host, address) == 1;
}

/* Whether the page that asks, `scheme://host[:port]`, came from where it asks. */
static bool origin_is_host(const char *origin, const char *host)
{
    const char *after = strstr(origin, "://");
    return after && host && strcasecmp(after + 3, host) == 0;
}

/* What browsers say of the page that asks; others say nothing of the kind. */
static struct http_server_refusal refuse_page(const struct http_server_head *head)
{
    bool post = strcmp(head->method, "POST") == 0;
    if (head->origin && head->local && post)
        return (struct http_server_refusal){403, "origin", "web pages may change nothing here"};
    if (head->local)
        return (struct http_server_refusal){0};
    if (head->origin && !origin_is_host(head->origin, head->host))
        return (struct http_server_refusal){
            403, "origin", "this page is from somewhere else: Origin is not the Host that it asks"};
    if (post && head->fetch_site && strcmp(head->fetch_site, "same-origin") != 0 &&
        strcmp(head->fetch_site, "none") != 0)
        return (struct http_server_refusal){
            403, "origin", "this page is from somewhere else, and may change nothing here"};
    return (struct http_server_refusal){0};
}

static bool method_is_known(const char *method)
{
    return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0 || strcmp(method, "POST") == 0;
}

struct http_server_refusal http_server_refuse(
    const struct http_server_head *head, size_t body_max, size_t *out_body_len)
{
    uint64_t len = 0;
    if (!method_is_known(head->method))
        return (struct http_server_refusal){405, "method", "only GET, HEAD and POST are known"};
    if (!uri_is_sane(head->uri))
        return (struct http_server_refusal){400, "path", "the path is malformed"};
    if (!head->local && !host_is_ours(head->host, head->hosts))
        return (struct http_server_refusal){403, "host",
            "ask by address, as localhost, or by a name of [Admin] AllowedHosts=: other names are "
            "not answered"};
    struct http_server_refusal page = refuse_page(head);
    if (page.status != 0)
        return page;
    if (head->transfer_encoding)
        return (struct http_server_refusal){
            411, "length", "send the body with its Content-Length, not in chunks"};
    if (head->content_length && num_parse_u64(head->content_length, 0, SIZE_MAX, &len) < 0)
        return (struct http_server_refusal){400, "length", "Content-Length is not a number"};
    if (len > body_max)
        return (struct http_server_refusal){413, "too-long", "the body is too long"};
    *out_body_len = (size_t)len;
    return (struct http_server_refusal){0};
}
