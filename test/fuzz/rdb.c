/*
 * Any bytes as a DUMP payload: as they are, and sealed with a right checksum, since whoever can
 * write to Redis can make such a key with RESTORE.
 */
#include "fuzz.h"

#include "core/sweep/rdb.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { MAX = 64 * 1024 };

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void decode(const uint8_t *payload, size_t len)
{
    struct strbuf out = STRBUF_INIT;
    strbuf_adds(&out, "before");
    int r = rdb_string_decode(payload, len, MAX, &out);
    check(r == 0 || r == -EPROTOTYPE || r == -EFBIG || r == -EBADMSG);
    check(out.len >= 6 && out.len <= 6 + MAX && memcmp(out.data, "before", 6) == 0);
    check(r == 0 || out.len == 6);
    strbuf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *sealed = malloc(size + 8);
    check(sealed != NULL);
    if (size > 0)
        memcpy(sealed, data, size);
    uint64_t crc = rdb_crc64(data, size);
    for (size_t i = 0; i < 8; i++)
        sealed[size + i] = (uint8_t)(crc >> 8 * i);
    decode(data, size);
    decode(sealed, size + 8);
    free(sealed);
    return 0;
}
