/*
 * Any bytes as a backup file: its blocks as they are, then all of it as records, as whoever packs
 * them anew could have it. What is read must be within the input and within the limits.
 */
#include "fuzz.h"

#include "core/sweep/backup.h"
#include "core/sweep/backup_index.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void check_bytes(const struct strbuf *records, struct backup_bytes bytes)
{
    uintptr_t at = (uintptr_t)bytes.at;
    uintptr_t from = (uintptr_t)strbuf_text(records);
    check(bytes.len == 0 || (at >= from && at + bytes.len <= from + records->len));
}

static void read_records(struct backup_index *index, const struct strbuf *records)
{
    struct backup_record record;
    size_t at = 0;
    int r;
    while ((r = backup_next(records, &at, &record)) == 1) {
        check(at <= records->len);
        if (record.type == BACKUP_KEY) {
            check(record.key.expire_ms >= -1);
            check_bytes(records, record.key.name);
            check_bytes(records, record.key.payload);
        }
    }
    check(r == 0 || r == -EBADMSG);
    check(backup_index_add(index, records) == r || r == 0);
    uint64_t n = 0;
    for (int i = 0; i < BACKUP_OUTCOME_COUNT; i++)
        n += index->outcomes[i];
    check(n == index->keys);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct backup_index index = {0};
    struct strbuf records = STRBUF_INIT;
    const char *at = (const char *)data;
    size_t left = size;
    size_t len;
    while (left >= BACKUP_BLOCK_HEADER && backup_block_len(at, &len) == 0 &&
           len <= left - BACKUP_BLOCK_HEADER) {
        int r = backup_unpack(at, at + BACKUP_BLOCK_HEADER, len, &records);
        check(r == 0 || r == -EBADMSG);
        check(records.len <= BACKUP_BLOCK_MAX && (r == 0 || records.len == 0));
        if (r < 0)
            break;
        read_records(&index, &records);
        at += BACKUP_BLOCK_HEADER + len;
        left -= BACKUP_BLOCK_HEADER + len;
    }
    strbuf_reset(&records);
    strbuf_add(&records, data, size);
    read_records(&index, &records);
    backup_index_fini(&index);
    strbuf_fini(&records);
    return 0;
}
