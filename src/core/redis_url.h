/* Where Redis is: redis://[user[:password]@]host[:port][/db], unix:///path[?db=n]. */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { REDIS_URL_SECRET_MAX = 512, REDIS_URL_HOST_MAX = 254, REDIS_URL_TEXT_MAX = 320 };

struct redis_url {
    bool is_unix;
    char host[REDIS_URL_HOST_MAX]; /* name or number, without brackets */
    uint16_t port;
    char path[108]; /* of the unix socket */
    unsigned db;
    char username[REDIS_URL_SECRET_MAX]; /* "" when there is none */
    char password[REDIS_URL_SECRET_MAX]; /* "" when there is none */
};

/* %XX is decoded in user and password. Returns 0, or -EINVAL with the reason in *e (no secret). */
int redis_url_parse(const char *text, struct redis_url *out, struct err *e);

/* The address without credentials, as a URL again. Into `buf`, returned. */
const char *redis_url_address(const struct redis_url *url, char buf[REDIS_URL_TEXT_MAX]);

/* `redis-cli` as it reaches that server, without credentials; for a shell. Into `buf`, returned. */
const char *redis_url_cli(const struct redis_url *url, char buf[REDIS_URL_TEXT_MAX]);
