/*
 * The agent's configuration at its provider, a JSON document: what of it is kept, and what changed
 * from one look to the next. Pure.
 *
 * What may be a secret is never kept nor shown: values of members whose names say so, and those of
 * HTTP headers. That one of them changed is told by the digest of the whole document.
 */
#pragma once

#include "base/strbuf.h"
#include "core/digest.h"

#include <stdbool.h>
#include <stddef.h>

struct cJSON;

enum {
    INSTRUCTIONS_MAX = 512 * 1024, /* bytes of a document */
    INSTRUCTIONS_LINES = 40,       /* differences that are told */
    INSTRUCTIONS_SHOWN = 120       /* bytes of one value in them */
};

/*
 * Reads an answer: returns owned JSON without what is not to be kept, and the digest of what was
 * answered, without what changes by itself. Its members are in the order of their names, which are
 * all different: of several with one name the last one counts. NULL: it is no JSON object.
 */
struct cJSON *instructions_read(const char *text, size_t len, char out_digest[DIGEST_TEXT]);

/*
 * Appends one line for each difference of two that were read: `path: old -> new`, in the order of
 * names, long texts from where they differ on. Returns how many there are, which may be more than
 * lines.
 */
unsigned instructions_diff(
    const struct cJSON *before, const struct cJSON *after, struct strbuf *out);
