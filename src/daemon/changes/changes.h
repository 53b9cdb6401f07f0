/*
 * The change log of this host, STATE/changelog.jsonl: who changed what, when and why. Entries are
 * put on the disk by another thread; one that cannot be put there waits for a better time, and the
 * journal has every one of them, with its sum, from the beginning.
 */
#pragma once

#include "core/changes/changelog.h"

#include <stdbool.h>

struct cJSON;
struct changes;
struct loop;

/*
 * Reads the log of the state directory through, mends a torn end and tells what is wrong with the
 * rest. Returns owned; NULL when memory is out. A log that cannot be read costs a file, no change.
 */
struct changes *changes_new(struct loop *l, const char *state_directory);

/* What waits is on the disk by the end of loop_free(), if it can be. NULL is fine. */
void changes_free(struct changes *c);

/* Adds an entry now (its `wall` is not looked at), and tells the journal. */
void changes_add(struct changes *c, const struct change *change);

/* Appends the entries that are not on the disk yet to what was read of it, so that nobody misses
 * what he has just noted. */
void changes_add_waiting(const struct changes *c, struct strbuf *text);

/* Whether the chain ends there. False: entries were taken off the end of the file. */
bool changes_is_end(const struct changes *c, const struct changelog_head *head);

/* Borrowed. */
const char *changes_path(const struct changes *c);

/*
 * "details" of the latest entry of a kind that is found by looking (CHANGE_RELEASE, _UNIT,
 * _VERSION), as it was when voxkeeperd started. Borrowed; NULL: there was none.
 */
const struct cJSON *changes_found(const struct changes *c, const char *kind);
