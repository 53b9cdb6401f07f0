/* HTTP requests (libcurl multi on the loop). Every request has a deadline and a body limit. */
#pragma once

#include "base/err.h"
#include "base/span.h"
#include "io/loop/loop.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct http_client;
struct http_request;

struct http_spec {
    const char *method; /* NULL: GET */
    const char *url;
    const char *unix_socket;    /* path to connect to instead of the URL's host; NULL: none */
    const char *const *headers; /* "Name: value", NULL-terminated; NULL: none */
    const char *ca_file;        /* PEM, instead of the system's authorities; NULL: those */
    const char *body;           /* NULL: none */
    size_t body_len;
    usec_t timeout;    /* for the whole exchange */
    size_t body_max;   /* bytes of the answer kept; the rest is read away and dropped */
    bool connect_only; /* ANSWERED (status 0, no body) as soon as the connection stands */
    bool want_expiry;  /* of the certificate */
};

/* How far a request came. */
enum http_phase {
    HTTP_PHASE_DNS,
    HTTP_PHASE_ROUTE,
    HTTP_PHASE_TCP,
    HTTP_PHASE_TLS,
    HTTP_PHASE_ANSWER
};

enum http_result {
    HTTP_ANSWERED,
    HTTP_TIMED_OUT, /* connected (or queued) but no complete answer in time: it may hang */
    HTTP_REFUSED,   /* nobody listens there */
    HTTP_FAILED,    /* anything else: resolution, reset, protocol, TLS */
};

/* Valid during the callback only. */
struct http_answer {
    enum http_result result;
    int status;       /* ANSWERED */
    const char *body; /* ANSWERED; not NUL-terminated */
    size_t body_len;
    bool truncated;        /* the body was longer than body_max */
    usec_t retry_after;    /* ANSWERED: that the answer asks for; 0: nothing */
    const char *what;      /* otherwise: what went wrong, one line */
    enum http_phase phase; /* and in which phase; of TLS, whether it was about the certificate */
    bool certificate;
    usec_t took;
    usec_t resolved, connected, secured; /* after so long; 0: it did not come so far */
    int64_t date;    /* ANSWERED: its Date:, seconds since the epoch; 0: none that can be read */
    int64_t expires; /* ANSWERED, if wanted: of the server's certificate; 0: not known */
};

/*
 * Certificates are always verified; redirects are never followed. A failure that is told by `what`
 * may name the host, and never the rest of the URL.
 *
 * Returns owned, or NULL with *e set. Connections are never reused: a probe must see a new one.
 */
struct http_client *http_client_new(struct loop *l, struct err *e);

/*
 * Starts a request; `on_answer` is called exactly once, from the loop, unless it is cancelled. The
 * spec's memory may go after the call. Returns a handle that is valid until then, NULL with *e set.
 */
struct http_request *http_request_start(struct http_client *client, const struct http_spec *spec,
    void (*on_answer)(const struct http_answer *answer, void *arg), void *arg, struct err *e);

/* No callback comes after this. */
void http_request_cancel(struct http_request *request);

/* Takes those out of `list` that this client made, also if it has closed them since. */
struct sock_connections;
void http_client_drop_own(struct http_client *client, struct sock_connections *list);

/* Cancels what is left. */
void http_client_free(struct http_client *client);
