/*
 * What one pass goes by: its own copy of the keyspaces, the pattern for SCAN, and which keyspace a
 * key belongs to. Pure.
 */
#pragma once

#include "base/strbuf.h"
#include "core/config/config.h"
#include "core/sweep/keyglob.h"

struct sweep_plan {
    struct config_keyspace keyspaces[LIMIT_KEYSPACES];
    struct keyglob_prefix prefixes[LIMIT_KEYSPACES];
    unsigned n;
    struct keyglob_prefix sessions[LIMIT_KEYSPACES]; /* of all, also those narrowed away */
    unsigned n_sessions;
    struct strlist protect;
    usec_t active_window;
    usec_t least_age; /* an operator's wish for one pass: nothing younger goes; 0: none */
};

enum {
    SWEEP_PLAN_FOREIGN = -1,   /* none of our business */
    SWEEP_PLAN_PROTECTED = -2, /* in one of the keyspaces, and never to be touched */
};

/* Copies. Returns 0, -EINVAL (a pattern that is no prefix, too many) or -ENOMEM with *e set. */
int sweep_plan_init(struct sweep_plan *p, const struct config_keyspace *keyspaces, unsigned n,
    const struct strlist *protect, usec_t active_window, struct err *e);

/*
 * A copy for one pass: of the keyspace `only` (NULL: all), with `older_than` in place of MaxAge
 * (0: as it is). Returns as sweep_plan_init(), and -ENOENT: no such keyspace, or none at all.
 */
int sweep_plan_narrow(struct sweep_plan *p, const struct sweep_plan *from, const char *only,
    usec_t older_than, struct err *e);

void sweep_plan_fini(struct sweep_plan *p);

/* Appends the MATCH pattern that covers every keyspace; `n` > 0. */
void sweep_plan_match(const struct sweep_plan *p, struct strbuf *out);

/* The keyspace's number, by the longest prefix, or one of the above. */
int sweep_plan_find(const struct sweep_plan *p, const char *name, size_t len);
