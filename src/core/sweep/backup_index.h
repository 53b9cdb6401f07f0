/* What a backup file holds as a whole: gathered block after block, without the keys themselves. */
#pragma once

#include "core/sweep/backup.h"

#include <stdbool.h>

enum { BACKUP_INDEX_TEXT = 64 };

struct backup_index {
    bool begun; /* a header was read; the texts are cut to what fits */
    usec_t at;
    char server[128];
    char version[BACKUP_INDEX_TEXT];
    char voxkeeper[BACKUP_INDEX_TEXT];
    uint64_t keys;
    uint64_t outcomes[BACKUP_OUTCOME_COUNT]; /* how many of each */
    unsigned char *outcome;                  /* of each key; owned */
    size_t size;
};

/* Counts one block's records. Returns 0, -EBADMSG (what was right before it counts) or -ENOMEM. */
int backup_index_add(struct backup_index *index, const struct strbuf *records);

enum backup_outcome backup_index_outcome(const struct backup_index *index, uint64_t key);

void backup_index_fini(struct backup_index *index);
