/* Reading what a changing request brings: its JSON body and who sent it. */
#pragma once

#include "base/err.h"
#include "daemon/sweeps.h"
#include "io/http_server.h"

#include <stddef.h>

struct cJSON;

enum { API_AUTHOR_MAX = 96 };

struct api_body {
    const char *reason; /* "" if absent; borrowed from `json`, as are the others */
    struct sweep_wish sweep;
    bool asks_sweep;    /* some member of it was there */
    struct cJSON *json; /* owned; NULL for an empty body */
};

/*
 * Reads a body: nothing, or a JSON object with known members of the right kind. Returns 0, or
 * -EINVAL with *e naming the member. Call api_body_fini() either way.
 */
int api_body_read(const char *text, size_t len, struct api_body *out, struct err *e);
void api_body_fini(struct api_body *body);

/* The peer's user name, or its number. */
void api_author(const struct http_peer *peer, char out[API_AUTHOR_MAX]);
