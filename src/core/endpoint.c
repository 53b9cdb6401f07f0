/* Reading, writing and comparing what to listen on or to connect to. */
#include "core/endpoint.h"

#include "base/num.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static int parse_port(const char *text, const char *whole, uint16_t *out, struct err *e)
{
    uint64_t port = 0;
    if (num_parse_u64(text, 1, 65535, &port) < 0)
        return err_set(e, -EINVAL, "read port \"%.40s\" of \"%.80s\": not a number from 1 to 65535",
            text, whole);
    *out = (uint16_t)port;
    return 0;
}

static int parse_unix(const char *text, struct endpoint *out, struct err *e)
{
    struct endpoint ep = {.family = ENDPOINT_UNIX};
    if (strlen(text) >= sizeof ep.path)
        return err_set(e, -EINVAL, "read socket path \"%.40s…\": longer than %zu bytes", text,
            sizeof ep.path - 1);
    strcpy(ep.path, text);
    *out = ep;
    return 0;
}

static int parse_inet6(const char *text, struct endpoint *out, struct err *e)
{
    struct endpoint ep = {.family = ENDPOINT_INET6};
    char host[INET6_ADDRSTRLEN];
    const char *close = strchr(text, ']');
    size_t len = close ? (size_t)(close - text - 1) : 0;
    if (!close || close[1] != ':')
        return err_set(e, -EINVAL, "read address \"%.80s\": want [ADDRESS]:PORT", text);
    if (len >= sizeof host)
        return err_set(e, -EINVAL, "read address \"%.80s\": not an IPv6 address", text);
    memcpy(host, text + 1, len);
    host[len] = '\0';
    if (inet_pton(AF_INET6, host, ep.addr) != 1)
        return err_set(e, -EINVAL, "read address \"%.80s\": not an IPv6 address", text);
    int r = parse_port(close + 2, text, &ep.port, e);
    if (r == 0)
        *out = ep;
    return r;
}

static int parse_inet(const char *text, const char *colon, struct endpoint *out, struct err *e)
{
    struct endpoint ep = {.family = ENDPOINT_INET};
    char host[INET_ADDRSTRLEN];
    size_t len = (size_t)(colon - text);
    if (len < sizeof host) {
        memcpy(host, text, len);
        host[len] = '\0';
    }
    if (strcmp(colon + 1, "") != 0 && strchr(colon + 1, ':'))
        return err_set(
            e, -EINVAL, "read address \"%.80s\": an IPv6 address stands in brackets", text);
    if (len >= sizeof host || inet_pton(AF_INET, host, ep.addr) != 1)
        return err_set(e, -EINVAL,
            "read address \"%.80s\": not an IP address (names are not "
            "looked up)",
            text);
    int r = parse_port(colon + 1, text, &ep.port, e);
    if (r == 0)
        *out = ep;
    return r;
}

int endpoint_parse(const char *text, struct endpoint *out, struct err *e)
{
    if (text[0] == '/')
        return parse_unix(text, out, e);
    if (text[0] == '[')
        return parse_inet6(text, out, e);
    const char *colon = strchr(text, ':');
    if (colon)
        return parse_inet(text, colon, out, e);
    struct endpoint ep = {.family = ENDPOINT_INET6};
    if (text[strspn(text, "0123456789")] != '\0' || text[0] == '\0')
        return err_set(e, -EINVAL,
            "read address \"%.80s\": want PORT, ADDRESS:PORT, [ADDRESS]:PORT or /PATH", text);
    int r = parse_port(text, text, &ep.port, e);
    if (r == 0)
        *out = ep;
    return r;
}

const char *endpoint_text(const struct endpoint *ep, char buf[ENDPOINT_TEXT_MAX])
{
    char host[INET6_ADDRSTRLEN] = "";
    switch (ep->family) {
    case ENDPOINT_UNIX:
        snprintf(buf, ENDPOINT_TEXT_MAX, "%s", ep->path);
        break;
    case ENDPOINT_INET:
        inet_ntop(AF_INET, ep->addr, host, sizeof host);
        snprintf(buf, ENDPOINT_TEXT_MAX, "%s:%u", host, ep->port);
        break;
    case ENDPOINT_INET6:
        inet_ntop(AF_INET6, ep->addr, host, sizeof host);
        snprintf(buf, ENDPOINT_TEXT_MAX, "[%s]:%u", host, ep->port);
        break;
    }
    return buf;
}

bool endpoint_equal(const struct endpoint *a, const struct endpoint *b)
{
    if (a->family != b->family)
        return false;
    switch (a->family) {
    case ENDPOINT_UNIX:
        return strcmp(a->path, b->path) == 0;
    case ENDPOINT_INET:
        return a->port == b->port && memcmp(a->addr, b->addr, 4) == 0;
    case ENDPOINT_INET6:
        return a->port == b->port && memcmp(a->addr, b->addr, 16) == 0;
    }
    return false;
}

static bool is_wildcard(const struct endpoint *ep)
{
    static const unsigned char zero[16];
    return memcmp(ep->addr, zero, sizeof zero) == 0;
}

bool endpoint_collide(const struct endpoint *a, const struct endpoint *b)
{
    return endpoint_equal(a, b) ||
           (a->port == b->port && a->port != 0 && (is_wildcard(a) || is_wildcard(b)));
}
