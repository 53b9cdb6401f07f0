/* Key patterns of the form `prefix*`, and one SCAN pattern that covers several of them. */
#pragma once

#include "base/err.h"
#include "base/strbuf.h"

#include <stdbool.h>
#include <stddef.h>

/* Owned bytes that a key's name begins with. */
struct keyglob_prefix {
    char *bytes;
    size_t len;
};

/*
 * Reads `prefix*`; `\x` stands for x itself. Returns 0, -EINVAL with *e set (another glob, an empty
 * prefix) or -ENOMEM. Free with keyglob_fini().
 */
int keyglob_init(struct keyglob_prefix *p, const char *pattern, struct err *e);
void keyglob_fini(struct keyglob_prefix *p);

bool keyglob_matches(const struct keyglob_prefix *p, const char *name, size_t len);

/*
 * Appends a MATCH pattern that every key of every prefix fits; others may fit as well. Redis' globs
 * have no alternation, but one class of bytes per position, over the length all have in common,
 * lets one pass do for all. `n` > 0.
 */
void keyglob_superset(const struct keyglob_prefix *prefixes, size_t n, struct strbuf *out);
