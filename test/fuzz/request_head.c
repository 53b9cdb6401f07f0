/*
 * Any head of a request to the admin listeners: URI, method, Host, Origin, Sec-Fetch-Site,
 * Content-Length and Authorization, a line each; an empty line is a header that is absent. Nothing
 * gets by that a page from elsewhere could send, and only the token is the token.
 */
#include "fuzz.h"

#include "base/text.h"
#include "daemon/api/token.h"
#include "io/http/http_server_refuse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <unistd.h>

enum { LINES = 7, BODY_MAX = 1000 };

static const char token[] = "0123456789abcdef";

static void check(bool holds)
{
    if (!holds)
        abort();
}

/* Of a file that stays until the end. */
static const char *token_path(void)
{
    static char path[64];
    if (!path[0]) {
        int fd = memfd_create("token", 0);
        check(fd >= 0 && write(fd, token, sizeof token - 1) == sizeof token - 1);
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    }
    return path;
}

static void judge(const char *authorization)
{
    struct err e = {0};
    bool right = authorization && strncasecmp(authorization, "Bearer ", 7) == 0 &&
                 strcmp(authorization + 7, token) == 0;
    check(token_judge(token_path(), authorization, &e) == (right ? TOKEN_RIGHT : TOKEN_WRONG));
}

static void refuse(char *const lines[LINES], bool local)
{
    static char name[] = "agent.example";
    static char *names[] = {name};
    const struct strlist hosts = {names, 1};
    const struct http_server_head head = {
        .uri = lines[0] ? lines[0] : "/",
        .method = lines[1] ? lines[1] : "POST",
        .host = lines[2],
        .origin = lines[3],
        .fetch_site = lines[4],
        .content_length = lines[5],
        .hosts = &hosts,
        .local = local,
    };
    size_t body_len = SIZE_MAX;
    struct http_server_refusal r = http_server_refuse(&head, BODY_MAX, &body_len);
    if (r.status != 0) {
        check(r.status >= 400 && r.status < 600 && r.code && r.message);
        check(body_len == SIZE_MAX);
        return;
    }
    check(body_len <= BODY_MAX && head.uri[0] == '/');
    bool post = strcmp(head.method, "POST") == 0;
    check(post || strcmp(head.method, "GET") == 0 || strcmp(head.method, "HEAD") == 0);
    if (local) {
        check(!head.origin || !post);
        return;
    }
    const char *page = head.origin ? strstr(head.origin, "://") : NULL;
    check(!head.origin || (page && head.host && strcasecmp(page + 3, head.host) == 0));
    check(!post || !head.fetch_site || strcmp(head.fetch_site, "cross-site") != 0);
    check(!head.host || strcasecmp(head.host, "evil.example") != 0);
}

static char *copy_of(const char *bytes, size_t len)
{
    char *copy = malloc(len + 1);
    check(copy != NULL);
    memcpy(copy, bytes, len);
    copy[len] = '\0';
    return copy;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *lines[LINES] = {0};
    const char *text = (const char *)data;
    for (unsigned i = 0; i < LINES && size > 0; i++) {
        const char *end = memchr(text, '\n', size);
        size_t n = end ? (size_t)(end - text) : size;
        if (n > 0)
            lines[i] = copy_of(text, n);
        n += end != NULL;
        text += n;
        size -= n;
    }
    refuse(lines, true);
    refuse(lines, false);
    judge(lines[6]);
    for (unsigned i = 0; i < LINES; i++)
        free(lines[i]);
    return 0;
}
