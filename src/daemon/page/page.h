/* What a browser shows: put together from the files in daemon/page/ when we are built. */
#pragma once

#include <stddef.h>

struct page {
    const char *bytes; /* HTML; no string: it ends after `len` bytes */
    size_t len;
    const char *policy; /* what it may do, as Content-Security-Policy says it */
};

/* It runs its own script, known by its hash, and may ask us. */
extern const struct page PAGE_STATUS;

/* docs/runbook.md, with the same anchors; it runs nothing. */
extern const struct page PAGE_RUNBOOK;
