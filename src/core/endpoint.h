/* Where something listens: `[::]:3004`, `127.0.0.1:9464`, `3004` (= `[::]:3004`), `/run/x.sock`. */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

enum endpoint_family { ENDPOINT_UNIX, ENDPOINT_INET, ENDPOINT_INET6 };

struct endpoint {
    enum endpoint_family family;
    uint16_t port;          /* 0 for ENDPOINT_UNIX */
    unsigned char addr[16]; /* network order; 4 bytes of it for ENDPOINT_INET */
    char path[108];         /* ENDPOINT_UNIX */
};

enum { ENDPOINT_TEXT_MAX = 128 };

/* Numbers only, no name resolution. Returns 0 or -EINVAL with the reason in *e. */
int endpoint_parse(const char *text, struct endpoint *out, struct err *e);

/* The canonical text; into `buf`, returned. */
const char *endpoint_text(const struct endpoint *ep, char buf[ENDPOINT_TEXT_MAX]);

bool endpoint_equal(const struct endpoint *a, const struct endpoint *b);

/* Whether only one of them can be bound: an address of all interfaces takes the port from every
 * other one. */
bool endpoint_collide(const struct endpoint *a, const struct endpoint *b);
