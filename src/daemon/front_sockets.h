/* The sockets behind Listen=: bound by ourselves, or by the service manager (a `.socket` unit). */
#pragma once

#include "base/err.h"
#include "core/endpoint.h"
#include "core/limits.h"
#include "io/inherited.h"

#include <stdbool.h>

struct front_sockets {
    struct endpoint endpoints[LIMIT_LISTEN];
    int fds[LIMIT_LISTEN];
    char *inherited_as[LIMIT_LISTEN]; /* name by which the manager passed it; NULL: our own */
    unsigned n;
};

/*
 * Opens in *fresh what `have` does not have yet, for each of `wanted`: from `in` (NULL: nothing was
 * inherited) if it is there by its address, else by a bind of our own. Returns 0, or a negative
 * errno with *e set, and then nothing changed.
 */
int front_sockets_open(struct front_sockets *fresh, const struct front_sockets *have,
    const struct endpoint *wanted, unsigned n, struct inherited *in, struct err *e);

/* `have` becomes *fresh with what both have; the rest is closed. *fresh is moved from. */
void front_sockets_replace(
    struct front_sockets *have, struct front_sockets *fresh, struct inherited *in);

/* Closes our own; what was inherited goes back to `in`. */
void front_sockets_close(struct front_sockets *s, struct inherited *in);
bool front_sockets_inherited(const struct front_sockets *s);

/* Warns of every listener left in `in`: `why` nobody answers there. */
void front_sockets_warn_unused(const struct inherited *in, const char *why);
