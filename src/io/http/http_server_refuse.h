/* What is wrong with a request before anybody looks at what it asks for. Pure. */
#pragma once

#include "base/strlist.h"

#include <stdbool.h>
#include <stddef.h>

struct http_server_head {
    const char *uri; /* as it was sent, with the query */
    const char *method;
    const char *host; /* NULL: absent, as the others */
    const char *origin;
    const char *fetch_site; /* Sec-Fetch-Site: what a browser says of who asks */
    const char *content_length;
    const char *transfer_encoding;
    const struct strlist *hosts; /* names by which it may be asked */
    bool local;                  /* came by the unix socket */
};

/* `status` is 0 when nothing is wrong. */
struct http_server_refusal {
    int status;
    const char *code;
    const char *message;
};

/* `*out_body_len` is the length of the body that follows; written only if nothing is wrong. */
struct http_server_refusal http_server_refuse(
    const struct http_server_head *head, size_t body_max, size_t *out_body_len);
