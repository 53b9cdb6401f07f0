/* What a probe's answer must look like, and the judgement of one answer. Pure. */
#pragma once

#include "base/err.h"
#include "base/strlist.h"
#include "core/fleet/prober.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * One assertion on a JSON body: `path=value`, `path!=value`, `path<number`, `path<=`, `path>`,
 * `path>=`, or `path` alone (present and not null). `path` is dotted (`dependencies.redis`,
 * `list.0`). A value is compared as text with the member's scalar (`true`, `3`, `ok`, `null`);
 * numbers compare as such. A member that is missing, an object or an array fails every comparison,
 * `!=` too; of several with one name the last counts, as in JavaScript.
 */
enum expect_op { EXPECT_PRESENT, EXPECT_EQ, EXPECT_NE, EXPECT_LT, EXPECT_LE, EXPECT_GT, EXPECT_GE };

struct expect_term {
    char *path;
    enum expect_op op;
    char *value;
    enum probe_outcome fault; /* what its failure says: FAIL, DEPENDENCY or PROVIDER */
};

struct expect {
    int status_min; /* ExpectStatus=200 or 200-299 */
    int status_max;
    struct expect_term *terms;
    size_t n_terms;
};

/* The values of the keys of that name; the paths of the last two are those of `json`, and no path
 * is in both. Borrows them. */
struct expect_spec {
    const char *status;
    const struct strlist *json;
    const struct strlist *dependency;
    const struct strlist *provider;
};

int expect_init(struct expect *x, const struct expect_spec *spec, struct err *e);
void expect_fini(struct expect *x);

enum { EXPECT_REASON_MAX = 256 };

/*
 * Judges one complete HTTP answer. PASS; PROVIDER if nothing but provider terms failed; DEPENDENCY
 * if dependency terms did, with or without those; else FAIL. `reason` (escaped, one line, "" for
 * PASS) tells the first failure that decided so. A truncated body fails only if JSON is asked of
 * it. Any bytes are safe; what nests deeper than LIMIT_JSON_DEPTH, or holds a NUL in any form, is
 * taken for no JSON.
 */
enum probe_outcome expect_judge(const struct expect *x, int status, const char *body, size_t len,
    bool truncated, char reason[EXPECT_REASON_MAX]);
