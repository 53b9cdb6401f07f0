/* Where Redis is. A bad URL is quoted in the reason only as far as it can hold no password. */
#include "core/redis_url.h"

#include "base/num.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { DB_MAX = 65535 };

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Decodes %XX into `out`, which holds `size` bytes. -EINVAL: bad escape, NUL, or too long. */
static int decode(const char *text, size_t len, char *out, size_t size)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        if (c == '%') {
            int high = i + 2 < len ? hex(text[i + 1]) : -1;
            int low = i + 2 < len ? hex(text[i + 2]) : -1;
            if (high < 0 || low < 0)
                return -EINVAL;
            c = (char)(high * 16 + low);
            i += 2;
        }
        if (c == '\0' || n + 1 >= size)
            return -EINVAL;
        out[n++] = c;
    }
    out[n] = '\0';
    return 0;
}

static int parse_db(const char *text, unsigned *out, struct err *e)
{
    uint64_t db = 0;
    if (num_parse_u64(text, 0, DB_MAX, &db) < 0)
        return err_set(
            e, -EINVAL, "read Redis database \"%s\": not a number in 0..%d", text, DB_MAX);
    *out = (unsigned)db;
    return 0;
}

static int parse_unix(const char *rest, struct redis_url *u, struct err *e)
{
    const char *query = strchr(rest, '?');
    size_t len = query ? (size_t)(query - rest) : strlen(rest);
    u->is_unix = true;
    if (rest[0] != '/' || len < 2)
        return err_set(e, -EINVAL, "read Redis URL: \"unix://\" wants an absolute path after it");
    if (decode(rest, len, u->path, sizeof u->path) < 0)
        return err_set(e, -EINVAL, "read Redis URL: socket path \"%.*s\" is longer than %zu bytes",
            (int)len, rest, sizeof u->path - 1);
    if (!query)
        return 0;
    if (strncmp(query, "?db=", 4) != 0)
        return err_set(e, -EINVAL, "read Redis URL: \"%s\" is unknown, only ?db=N is", query);
    return parse_db(query + 4, &u->db, e);
}

/* user[:password] */
static int parse_credentials(const char *text, size_t len, struct redis_url *u, struct err *e)
{
    const char *colon = memchr(text, ':', len);
    size_t user_len = colon ? (size_t)(colon - text) : len;
    if (decode(text, user_len, u->username, sizeof u->username) < 0 ||
        (colon && decode(colon + 1, len - user_len - 1, u->password, sizeof u->password) < 0))
        return err_set(e, -EINVAL,
            "read Redis URL: user or password is longer than %d bytes or has a bad %%XX",
            REDIS_URL_SECRET_MAX - 1);
    return 0;
}

/* host[:port], [v6][:port] */
static int parse_host(const char *text, size_t len, struct redis_url *u, struct err *e)
{
    char authority[REDIS_URL_HOST_MAX + 16];
    if (len >= sizeof authority)
        return err_set(e, -EINVAL, "read Redis URL: the host name is too long");
    memcpy(authority, text, len);
    authority[len] = '\0';
    char *host = authority;
    char *port = NULL;
    if (host[0] == '[') {
        char *end = strchr(++host, ']');
        if (!end || (end[1] && end[1] != ':'))
            return err_set(e, -EINVAL, "read Redis URL: bad address \"%s\"", authority);
        port = end[1] ? end + 2 : NULL;
        *end = '\0';
    } else if ((port = strchr(host, ':'))) {
        *port++ = '\0';
    }
    if (!*host || strlen(host) >= sizeof u->host || strpbrk(host, " \t%"))
        return err_set(e, -EINVAL, "read Redis URL: bad host \"%s\"", host);
    uint64_t number = 6379;
    if (port && num_parse_u64(port, 1, UINT16_MAX, &number) < 0)
        return err_set(e, -EINVAL, "read Redis URL: bad port \"%s\"", port);
    memcpy(u->host, host, strlen(host) + 1);
    u->port = (uint16_t)number;
    return 0;
}

static int parse_tcp(const char *rest, struct redis_url *u, struct err *e)
{
    size_t len = strcspn(rest, "/?#");
    const char *db = rest + len;
    const char *at = NULL;
    for (size_t i = 0; i < len; i++) {
        if (rest[i] == '@')
            at = rest + i;
    }
    int r = at ? parse_credentials(rest, (size_t)(at - rest), u, e) : 0;
    const char *host = at ? at + 1 : rest;
    if (r == 0)
        r = parse_host(host, len - (size_t)(host - rest), u, e);
    if (r < 0 || !db[0] || strcmp(db, "/") == 0)
        return r;
    if (db[0] != '/')
        return err_set(e, -EINVAL, "read Redis URL: \"%s\" is unknown, only /db is", db);
    return parse_db(db + 1, &u->db, e);
}

int redis_url_parse(const char *text, struct redis_url *out, struct err *e)
{
    struct redis_url u = {0};
    int r;
    size_t scheme_len = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ+");
    if (strncmp(text, "unix://", 7) == 0)
        r = parse_unix(text + 7, &u, e);
    else if (strncmp(text, "redis://", 8) == 0)
        r = parse_tcp(text + 8, &u, e);
    else if (scheme_len > 0 && strncmp(text + scheme_len, "://", 3) == 0)
        r = err_set(e, -EINVAL,
            "read Redis URL: \"%.*s://\" is not spoken, redis:// and unix:// are", (int)scheme_len,
            text);
    else
        r = err_set(e, -EINVAL, "read Redis URL: it begins with neither redis:// nor unix://");
    if (r == 0)
        *out = u;
    return r;
}

const char *redis_url_address(const struct redis_url *url, char buf[REDIS_URL_TEXT_MAX])
{
    const char *open = strchr(url->host, ':') ? "[" : "";
    const char *close = *open ? "]" : "";
    if (url->is_unix)
        snprintf(buf, REDIS_URL_TEXT_MAX, "unix://%s?db=%u", url->path, url->db);
    else
        snprintf(buf, REDIS_URL_TEXT_MAX, "redis://%s%s%s:%u/%u", open, url->host, close,
            (unsigned)url->port, url->db);
    return buf;
}

enum { PORT_USUAL = 6379 };

static bool is_this_machine(const char *host)
{
    return strcmp(host, "127.0.0.1") == 0 || strcmp(host, "localhost") == 0;
}

/* Appends " OPTION VALUE", the value so that a shell takes it for one word. */
static void add_option(char buf[REDIS_URL_TEXT_MAX], const char *option, const char *value)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "./:_%+-";
    const char *quote = value[strspn(value, plain)] == '\0' ? "" : strchr(value, '\'') ? "\"" : "'";
    size_t len = strlen(buf);
    snprintf(buf + len, REDIS_URL_TEXT_MAX - len, " %s %s%s%s", option, quote, value, quote);
}

const char *redis_url_cli(const struct redis_url *url, char buf[REDIS_URL_TEXT_MAX])
{
    char number[16];
    snprintf(buf, REDIS_URL_TEXT_MAX, "redis-cli");
    if (url->is_unix)
        add_option(buf, "-s", url->path);
    else if (!is_this_machine(url->host))
        add_option(buf, "-h", url->host);
    if (!url->is_unix && url->port != PORT_USUAL) {
        snprintf(number, sizeof number, "%u", (unsigned)url->port);
        add_option(buf, "-p", number);
    }
    if (url->db > 0) {
        snprintf(number, sizeof number, "%u", url->db);
        add_option(buf, "-n", number);
    }
    return buf;
}
