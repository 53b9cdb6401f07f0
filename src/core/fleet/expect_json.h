/* The JSON side of an expectation: reading a body that anyone may have written, and one term. */
#pragma once

#include "base/strbuf.h"
#include "core/fleet/expect.h"

#include <cjson/cJSON.h>

#include <stdbool.h>
#include <stddef.h>

/*
 * Reads exactly one JSON value that fills the body. Refuses nesting beyond LIMIT_JSON_DEPTH and NUL
 * in any form (it would cut a text short, and what is behind it would never be compared). Returns
 * owned, or NULL with the cause.
 */
cJSON *expect_json_parse(const char *body, size_t len, const char **out_fault);

/* Whether the term holds; if not, appends one escaped line that says why. */
bool expect_json_term(const struct expect_term *term, const cJSON *root, struct strbuf *why);

/* What stands at a dotted path; NULL: nothing. */
const cJSON *expect_json_at(const cJSON *root, const char *path);

/* A scalar as text, in `buf` if it is a number; NULL if it is an object or an array. */
const char *expect_json_scalar(const cJSON *item, char buf[40]);
