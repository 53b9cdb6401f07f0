/* Blocks of a backup file: deflated, and with a checksum over all of them. */
#include "core/sweep/backup.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* Fast: a batch waits for it, and most of what is saved is compressed by Redis already. */
enum { LEVEL = 1 };

enum { AT_PACKED = 4, AT_RAW = 8, AT_SUM = 12, SUMMED = AT_SUM };

static const char magic[4] = {'V', 'K', 'B', 'K'};

static void put_u32(char *at, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++)
        at[i] = (char)(value >> 8 * i & 0xFF);
}

static uint32_t get_u32(const char *at)
{
    uint32_t value = 0;
    for (unsigned i = 0; i < 4; i++)
        value |= (uint32_t)(unsigned char)at[i] << 8 * i;
    return value;
}

static uint32_t sum_of(const char *header, const char *packed, size_t len)
{
    uLong sum = crc32(0, (const Bytef *)header, SUMMED);
    return (uint32_t)crc32(sum, (const Bytef *)packed, (uInt)len);
}

int backup_pack(const struct strbuf *records, struct strbuf *out)
{
    char header[BACKUP_BLOCK_HEADER];
    if (records->failed)
        return -ENOMEM;
    if (records->len > BACKUP_BLOCK_MAX)
        return -EFBIG;
    uLongf len = compressBound((uLong)records->len);
    char *packed = malloc(len);
    if (!packed)
        return -ENOMEM;
    int r = compress2(
        (Bytef *)packed, &len, (const Bytef *)strbuf_text(records), (uLong)records->len, LEVEL);
    if (r == Z_OK && len <= BACKUP_BLOCK_MAX) {
        memcpy(header, magic, sizeof magic);
        put_u32(header + AT_PACKED, (uint32_t)len);
        put_u32(header + AT_RAW, (uint32_t)records->len);
        put_u32(header + AT_SUM, sum_of(header, packed, len));
        strbuf_add(out, header, sizeof header);
        strbuf_add(out, packed, len);
    }
    free(packed);
    if (r != Z_OK || out->failed)
        return -ENOMEM;
    return len > BACKUP_BLOCK_MAX ? -EFBIG : 0;
}

int backup_block_len(const char header[BACKUP_BLOCK_HEADER], size_t *out_len)
{
    uint32_t len = get_u32(header + AT_PACKED);
    if (memcmp(header, magic, sizeof magic) != 0 || len > BACKUP_BLOCK_MAX ||
        get_u32(header + AT_RAW) > BACKUP_BLOCK_MAX)
        return -EBADMSG;
    *out_len = len;
    return 0;
}

int backup_unpack(const char header[BACKUP_BLOCK_HEADER], const char *packed, size_t packed_len,
    struct strbuf *records)
{
    size_t len;
    strbuf_reset(records);
    if (backup_block_len(header, &len) < 0 || len != packed_len ||
        get_u32(header + AT_SUM) != sum_of(header, packed, len))
        return -EBADMSG;
    uLongf raw = get_u32(header + AT_RAW);
    char *bytes = malloc(raw + 1);
    if (!bytes)
        return -ENOMEM;
    int r = uncompress((Bytef *)bytes, &raw, (const Bytef *)packed, (uLong)packed_len);
    if (r == Z_OK && raw == get_u32(header + AT_RAW))
        strbuf_add(records, bytes, raw);
    else
        r = r == Z_MEM_ERROR ? r : Z_DATA_ERROR;
    free(bytes);
    if (r == Z_MEM_ERROR || records->failed)
        return -ENOMEM;
    return r == Z_OK ? 0 : -EBADMSG;
}
