/*
 * The admin listeners: libmicrohttpd's epoll descriptor on the loop. One handler answers complete
 * requests at once; slow, large or malformed ones never reach it and never hold the loop.
 */
#pragma once

#include "base/err.h"
#include "base/span.h"
#include "base/strlist.h"
#include "core/endpoint.h"
#include "io/http/http_stream.h"
#include "io/loop/loop.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct http_server;

struct http_peer {
    bool local; /* came by the unix socket; the ids below are then the kernel's word */
    uid_t uid;
    gid_t gid;
    pid_t pid;
    gid_t *groups; /* its supplementary groups */
    size_t n_groups;
};

/* One complete request; everything is borrowed for the time of the call. */
struct http_server_request {
    const char *method; /* "GET" (for a HEAD as well) or "POST" */
    const char *path;   /* decoded, without the query */
    const char *body;   /* NUL-terminated beside its length */
    size_t body_len;
    const struct http_peer *peer;
    void *handle; /* for http_server_query() and http_server_header() */
};

/* What the handler answers. */
struct http_server_answer {
    int status;
    const char *content_type; /* a literal */
    const char *allow;        /* value of Allow: for a 405; NULL: none */
    const char *policy;       /* value of Content-Security-Policy: for a page; NULL: it is none */
    bool challenge;           /* WWW-Authenticate: Bearer, for a 401 */
    unsigned retry_after;     /* seconds, of Retry-After: for a 503; 0: none */
    char *body;               /* taken: malloc()ed */
    size_t body_len;
    struct http_stream *stream; /* taken: goes on instead of a body; NULL: none */
};

typedef void http_server_handler(
    const struct http_server_request *request, struct http_server_answer *answer, void *arg);

/*
 * Opens a unix socket at `path` (mode 0666: the peer's credentials decide, request by request); a
 * stale socket file is replaced, a live one refused. Returns owned, or NULL with *e set.
 */
struct http_server *http_server_new_unix(
    struct loop *l, const char *path, http_server_handler *handler, void *arg, struct err *e);

/* Listens on a TCP endpoint. */
struct http_server *http_server_new_tcp(struct loop *l, const struct endpoint *ep,
    http_server_handler *handler, void *arg, struct err *e);

/* A query parameter, or a request header (any letter case); NULL if absent. */
const char *http_server_query(const struct http_server_request *request, const char *name);
const char *http_server_header(const struct http_server_request *request, const char *name);

/* The port that a TCP server really has (an endpoint with port 0 lets the kernel choose). */
uint16_t http_server_port(const struct http_server *s);

/* Names beside addresses and localhost by which browsers may ask (TCP). Copies. Returns 0 or
 * -ENOMEM, and then those before stay. */
int http_server_set_hosts(struct http_server *s, const struct strlist *hosts);

/* How long a connection may last in all, from now on (10 s otherwise), but for streams. */
void http_server_set_life(struct http_server *s, usec_t span);

/* Ends every stream, cleanly as far as its reader has read. */
void http_server_end_streams(struct http_server *s);

/* Closes every connection and removes the socket file. Not from the handler. NULL is fine. */
void http_server_free(struct http_server *s);

/* Whether `peer` may change things: root, `own` uid, or a member of `group` (NULL: none). */
bool http_peer_may_change(const struct http_peer *peer, uid_t own, const char *group);
