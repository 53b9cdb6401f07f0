/*
 * MaxDelete=: what one sweep may remove before a person has to agree. Pure.
 *
 * All or nothing: how many keys would go is known before the first of them goes. The share is that
 * of each keyspace, since a wrong MaxAge= or AgeFields= shows in one of them; below
 * SWEEP_FUSE_SHARE_FROM keys it is not looked at, or two of five sessions would blow it.
 */
#pragma once

#include "base/err.h"
#include "base/span.h"
#include "base/strbuf.h"
#include "core/limits.h"

#include <stdbool.h>
#include <stdint.h>

enum { SWEEP_FUSE_SHARE_FROM = 100, SWEEP_FUSE_NO_SHARE = 100 };

struct sweep_cap {
    uint64_t count;   /* UINT64_MAX: any number */
    unsigned percent; /* of each keyspace; SWEEP_FUSE_NO_SHARE: any share */
};

/* `10000 20%`, in any order; either alone; `infinity`. Returns 0 or -EINVAL and writes on 0. */
int sweep_cap_parse(const char *text, struct sweep_cap *out);
void sweep_cap_format(const struct sweep_cap *cap, struct strbuf *out);
bool sweep_cap_is_none(const struct sweep_cap *cap);

struct sweep_fuse_count {
    const char *keyspace;
    uint64_t keys; /* seen in it */
    uint64_t removable;
};

/* Whether that many may go. If not, *why says which limit is in the way. */
bool sweep_fuse_allows(const struct sweep_cap *cap, const struct sweep_fuse_count *counts,
    unsigned n, char (*why)[160]);

enum { SWEEP_PERMIT_TOKEN = 16 };
#define SWEEP_PERMIT_VALID USEC_PER_HOUR

/* Leave for one sweep beyond MaxDelete=: of what the sweep that was held would have removed. */
struct sweep_permit {
    char token[SWEEP_PERMIT_TOKEN + 1]; /* "": none */
    usec_t until;
    uint64_t limit; /* of keys that may go: what was told, and a tenth and a hundred more */
    char keyspace[LIMIT_NAME + 1]; /* "": all */
    usec_t older_than;
};

/* `keyspace` NULL: all. */
struct sweep_permit sweep_permit_grant(
    uint64_t random, usec_t now, uint64_t removable, const char *keyspace, usec_t older_than);

/* Still valid, and not used. */
bool sweep_permit_holds(const struct sweep_permit *permit, usec_t now);

/* Uses it up. Returns 0, or -EPERM with *e set, and then it stays as it was. */
int sweep_permit_take(struct sweep_permit *permit, const char *token, usec_t now,
    struct sweep_permit *out, struct err *e);
