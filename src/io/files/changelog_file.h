/*
 * The file of the change log. Everything here blocks until it is on the disk: it is for
 * io/loop/job, and for the end of the process.
 */
#pragma once

#include "base/err.h"
#include "core/changes/changelog.h"

/*
 * Reads the log at `path` through, which need not be there, and mends its end: an entry that lacks
 * its line end gets it, half an entry is taken off and is then *out_torn (owned; NULL: none).
 * *out_text (owned) is the whole of it, but for what was torn. Returns 0, or a negative errno with
 * *e set: -EFBIG beyond LIMIT_CHANGELOG_FILE.
 */
int changelog_file_open(const char *path, struct changelog_finding *out, char **out_text,
    char **out_torn, struct err *e);

/*
 * Appends whole lines, all of them or, with a negative errno and *e set, none: what was written is
 * taken off again.
 */
int changelog_file_append(const char *path, const char *lines, size_t len, struct err *e);

/* Reads the last lines, about `max` bytes of them. A log that is not there is empty. *out_text is
 * owned. Returns 0 or a negative errno with *e set. */
int changelog_file_tail(
    const char *path, size_t max, char **out_text, size_t *out_len, struct err *e);
