/* A host name to addresses, without the loop ever waiting for it. */
#pragma once

#include "base/err.h"
#include "io/loop/loop.h"

enum { RESOLVE_MAX = 8, RESOLVE_TEXT_MAX = 64 };

struct resolve;

struct resolve_result {
    int n;                                       /* 0: `why` says why not */
    char address[RESOLVE_MAX][RESOLVE_TEXT_MAX]; /* numbers, in the resolver's order */
    char why[128];
};

/* An address already: there is nothing to resolve. */
bool resolve_is_numeric(const char *host);

/*
 * Calls `on_done` once, from the loop; `r` is over then. There is no deadline of its own. The
 * getaddrinfo() runs on a thread that nobody waits for, so a name server that hangs delays neither
 * resolve_free() nor the end of the loop (libuv's own cannot be cancelled once it runs). Returns
 * owned, or NULL with *e set.
 */
struct resolve *resolve_new(struct loop *l, const char *host,
    void (*on_done)(const struct resolve_result *result, void *arg), void *arg, struct err *e);

/* No callback comes after this. NULL is fine, and so is the call from on_done. */
void resolve_free(struct resolve *r);
