/* What came of going through a backup: counts, the keys that an answer lists, and the sentence. */
#pragma once

#include "base/strbuf.h"
#include "core/sweep/backup.h"
#include "core/sweep/backup_index.h"
#include "daemon/sweep/restore.h"

struct cJSON;

/* More keys than this are counted but not listed in an answer. */
enum { RESTORE_LISTED_MAX = 1000 };

struct restore_tally {
    uint64_t keys; /* that the glob takes */
    uint64_t results[RESTORE_RESULT_COUNT];
    struct cJSON *listed; /* owned */
};

void restore_tally_init(struct restore_tally *t);
void restore_tally_fini(struct restore_tally *t);

/* `error` is "" when there is nothing to say. */
void restore_tally_add(struct restore_tally *t, const struct backup_key *key,
    enum backup_outcome outcome, enum restore_result result, const char *error);

/* Keys that are back; of a rehearsal: that would be. */
uint64_t restore_tally_restored(const struct restore_tally *t);

/* Whether every key that was to be put back is back, or need not be. */
bool restore_tally_went_well(const struct restore_tally *t);

/* "restored 5 of 7 keys: 1 exists, 1 expired" */
void restore_tally_sentence(
    const struct restore_tally *t, const struct restore_wish *wish, struct strbuf *out);

/* Returns owned JSON; takes the list out of the tally. */
struct cJSON *restore_tally_json(
    struct restore_tally *t, const struct backup_index *index, uint64_t size, uint64_t whole);
