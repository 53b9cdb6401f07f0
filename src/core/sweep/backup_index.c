/* What a backup file holds. */
#include "core/sweep/backup_index.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_SIZE = 1024 };

static void copy_text(char *out, size_t size, struct backup_bytes text)
{
    size_t len = text.len < size ? text.len : size - 1;
    memcpy(out, text.at, len);
    out[len] = '\0';
}

static void add_header(struct backup_index *index, const struct backup_header *h)
{
    if (index->begun)
        return;
    index->begun = true;
    index->at = h->at;
    copy_text(index->server, sizeof index->server, h->server);
    copy_text(index->version, sizeof index->version, h->version);
    copy_text(index->voxkeeper, sizeof index->voxkeeper, h->voxkeeper);
}

static int add_key(struct backup_index *index)
{
    if (index->keys == index->size) {
        size_t size = index->size ? 2 * index->size : FIRST_SIZE;
        unsigned char *outcome = realloc(index->outcome, size);
        if (!outcome)
            return -ENOMEM;
        index->outcome = outcome;
        index->size = size;
    }
    index->outcome[index->keys++] = BACKUP_UNKNOWN;
    index->outcomes[BACKUP_UNKNOWN]++;
    return 0;
}

static int add_results(struct backup_index *index, const struct backup_results *r)
{
    if (r->first > index->keys || r->results.len > index->keys - r->first)
        return -EBADMSG;
    for (size_t i = 0; i < r->results.len; i++) {
        unsigned char *outcome = &index->outcome[r->first + i];
        index->outcomes[*outcome]--;
        *outcome = (unsigned char)r->results.at[i];
        index->outcomes[*outcome]++;
    }
    return 0;
}

int backup_index_add(struct backup_index *index, const struct strbuf *records)
{
    struct backup_record record;
    size_t at = 0;
    int r;
    while ((r = backup_next(records, &at, &record)) == 1) {
        switch (record.type) {
        case BACKUP_HEADER:
            add_header(index, &record.header);
            r = 0;
            break;
        case BACKUP_KEY:
            r = add_key(index);
            break;
        case BACKUP_RESULTS:
            r = add_results(index, &record.results);
            break;
        }
        if (r < 0)
            return r;
    }
    return r;
}

enum backup_outcome backup_index_outcome(const struct backup_index *index, uint64_t key)
{
    return key < index->keys ? (enum backup_outcome)index->outcome[key] : BACKUP_UNKNOWN;
}

void backup_index_fini(struct backup_index *index)
{
    free(index->outcome);
    *index = (struct backup_index){0};
}
