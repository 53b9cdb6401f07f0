/* DUMP payloads: types, and strings for every server. */
#include "core/sweep/rdb_value.h"

#include "core/sweep/rdb.h"

#include <errno.h>
#include <stdint.h>

enum { SUM = 8, FOOTER = 10, PORTABLE_VERSION = 6, LEN_14_BITS = 1 << 14 };

/* Redis' rdb.h and rdb.c, up to version 12; several encodings of one type have their own number. */
static const struct {
    unsigned char first, last;
    const char *name;
} types[] = {
    {0, 0, "string"},
    {1, 1, "list"},
    {2, 2, "set"},
    {3, 3, "zset"},
    {4, 4, "hash"},
    {5, 5, "zset"},
    {6, 7, "module"},
    {9, 9, "hash"},
    {10, 10, "list"},
    {11, 11, "set"},
    {12, 12, "zset"},
    {13, 13, "hash"},
    {14, 14, "list"},
    {15, 15, "stream"},
    {16, 16, "hash"},
    {17, 17, "zset"},
    {18, 18, "list"},
    {19, 19, "stream"},
    {20, 20, "set"},
    {21, 21, "stream"},
    {22, 25, "hash"},
};

const char *rdb_type_name(const void *payload, size_t len)
{
    const unsigned char *p = payload;
    for (size_t i = 0; len > 0 && i < sizeof types / sizeof *types; i++) {
        if (*p >= types[i].first && *p <= types[i].last)
            return types[i].name;
    }
    return "unknown";
}

bool rdb_is_whole(const void *payload, size_t len)
{
    const unsigned char *p = payload;
    uint64_t sum = 0;
    if (len < FOOTER + 1)
        return false;
    for (unsigned i = 0; i < SUM; i++)
        sum |= (uint64_t)p[len - SUM + i] << 8 * i;
    return sum == rdb_crc64(payload, len - SUM);
}

static void add_length(struct strbuf *out, size_t len)
{
    if (len < 64) {
        strbuf_addc(out, (char)len);
    } else if (len < LEN_14_BITS) {
        strbuf_addc(out, (char)(0x40 | len >> 8));
        strbuf_addc(out, (char)(len & 0xFF));
    } else {
        strbuf_addc(out, (char)0x80);
        for (int shift = 24; shift >= 0; shift -= 8)
            strbuf_addc(out, (char)(len >> shift & 0xFF));
    }
}

int rdb_string_encode(const void *value, size_t len, struct strbuf *out)
{
    size_t began = out->len;
    strbuf_addc(out, 0);
    add_length(out, len);
    strbuf_add(out, value, len);
    strbuf_addc(out, PORTABLE_VERSION);
    strbuf_addc(out, 0);
    if (out->failed)
        return -ENOMEM;
    uint64_t sum = rdb_crc64(out->data + began, out->len - began);
    for (unsigned i = 0; i < SUM; i++)
        strbuf_addc(out, (char)(sum >> 8 * i & 0xFF));
    return out->failed ? -ENOMEM : 0;
}
