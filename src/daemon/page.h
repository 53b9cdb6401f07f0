/* The status page: put together from the files in daemon/page/ when we are built. */
#pragma once

#include <stddef.h>

extern const char PAGE[]; /* HTML; no string: it ends after PAGE_LEN bytes */
extern const size_t PAGE_LEN;

/* What the page may do, as Content-Security-Policy says it: its own script and style, by their
 * hashes, and asking us. */
extern const char PAGE_POLICY[];
