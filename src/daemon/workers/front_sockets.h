/* The sockets behind Listen=: bound by ourselves, or by the service manager (a `.socket` unit). */
#pragma once

#include "base/err.h"
#include "core/endpoint.h"
#include "core/limits.h"
#include "io/sockets/inherited.h"

#include <stdbool.h>

struct keep;

struct front_sockets {
    struct endpoint endpoints[LIMIT_LISTEN];
    int fds[LIMIT_LISTEN];
    char *inherited_as[LIMIT_LISTEN]; /* name by which the manager passed it; NULL: our own */
    unsigned n;
};

/* Where sockets come from beside binding; borrowed, and NULL if there is none of that kind. */
struct front_sources {
    struct inherited *inherited; /* what the service manager passed */
    struct keep *keep;           /* what outlives us: every socket is kept */
};

/*
 * Opens in *fresh what `have` does not have yet, for each of `wanted`: from what was
 * inherited by its address, else from what was kept, with whoever waits in it, else by a bind.
 * Returns 0, or a negative errno with *e set, and then nothing changed.
 */
int front_sockets_open(struct front_sockets *fresh, const struct front_sockets *have,
    const struct endpoint *wanted, unsigned n, struct front_sources sources, struct err *e);

/* `have` becomes *fresh with what both have; the rest is closed. *fresh is moved from. */
void front_sockets_replace(
    struct front_sockets *have, struct front_sockets *fresh, struct front_sources sources);

/* Closes our own, which are kept no more; what was inherited goes back. */
void front_sockets_close(struct front_sockets *s, struct front_sources sources);

/* The same, and what is kept stays so: the next instance goes on with it. */
void front_sockets_leave(struct front_sockets *s, struct inherited *in);

bool front_sockets_inherited(const struct front_sockets *s);

/* Warns of every listener left in `in`: `why` nobody answers there. */
void front_sockets_warn_unused(const struct inherited *in, const char *why);
