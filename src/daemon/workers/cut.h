/* Callers whose calls break off: who they were, for those who will call them back. */
#pragma once

#include "base/strbuf.h"
#include "core/config/config.h"

struct connections;
struct slot;
struct sock_connections;

/* Appends `"ADDRESS port NUMBER"` for each, with commas between, LIMIT_CUT_CALLERS at most. */
void cut_names(const struct sock_connections *connections, struct strbuf *out);

/* One line {"at_usec": .., "callers": n, "who": names} in the state directory. */
void cut_write(const struct config *config, uint64_t n, const char *names_json);

/*
 * This worker is about to be stopped: whom it still has on the line is told. It was paused, and its
 * time to drain has passed. The loop waits for the kernel's answer, as the worker's end does: it is
 * to name whom that cuts, no more and no less.
 */
void cut_tell_worker(const struct config *config, struct connections *connections,
    const struct slot *slot, unsigned index);
