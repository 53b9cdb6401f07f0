/*
 * Reads what DUMP answers. Format: RDB object, version (2 bytes, little endian), CRC64.
 * https://rdb.fnordig.de/file_format.html and Redis' rdb.h describe it.
 */
#include "core/sweep/rdb.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { FOOTER = 10, TYPE_STRING = 0 };

/* CRC-64/Jones, reflected, by half bytes. */
static const uint64_t crc_table[16] = {
    UINT64_C(0x0000000000000000),
    UINT64_C(0x7d08ff3b88be6f81),
    UINT64_C(0xfa11fe77117cdf02),
    UINT64_C(0x8719014c99c2b083),
    UINT64_C(0xdf7adabd7a6e2d6f),
    UINT64_C(0xa2722586f2d042ee),
    UINT64_C(0x256b24ca6b12f26d),
    UINT64_C(0x5863dbf1e3ac9dec),
    UINT64_C(0x95ac9329ac4bc9b5),
    UINT64_C(0xe8a46c1224f5a634),
    UINT64_C(0x6fbd6d5ebd3716b7),
    UINT64_C(0x12b5926535897936),
    UINT64_C(0x4ad64994d625e4da),
    UINT64_C(0x37deb6af5e9b8b5b),
    UINT64_C(0xb0c7b7e3c7593bd8),
    UINT64_C(0xcdcf48d84fe75459),
};

uint64_t rdb_crc64(const void *bytes, size_t len)
{
    const unsigned char *p = bytes;
    uint64_t crc = 0;
    for (size_t i = 0; i < len; i++) {
        crc ^= p[i];
        crc = (crc >> 4) ^ crc_table[crc & 15];
        crc = (crc >> 4) ^ crc_table[crc & 15];
    }
    return crc;
}

struct cursor {
    const unsigned char *at;
    const unsigned char *end;
};

static bool take(struct cursor *c, size_t n, const unsigned char **out)
{
    if ((size_t)(c->end - c->at) < n)
        return false;
    *out = c->at;
    c->at += n;
    return true;
}

static bool take_number(struct cursor *c, size_t n, bool big_endian, uint64_t *out)
{
    const unsigned char *p;
    if (!take(c, n, &p))
        return false;
    uint64_t value = 0;
    for (size_t i = 0; i < n; i++)
        value = value << 8 | p[big_endian ? i : n - 1 - i];
    *out = value;
    return true;
}

/* A length, or with *special set the number of a special encoding. */
static bool take_length(struct cursor *c, uint64_t *out, bool *special)
{
    uint64_t first;
    uint64_t next;
    *special = false;
    if (!take_number(c, 1, true, &first))
        return false;
    switch (first >> 6) {
    case 0:
        *out = first;
        return true;
    case 1:
        if (!take_number(c, 1, true, &next))
            return false;
        *out = (first & 0x3F) << 8 | next;
        return true;
    case 3:
        *special = true;
        *out = first & 0x3F;
        return true;
    default:
        if (first == 0x80)
            return take_number(c, 4, true, out);
        return first == 0x81 && take_number(c, 8, true, out);
    }
}

static int add_integer(struct cursor *c, size_t n, struct strbuf *out)
{
    uint64_t raw;
    if (!take_number(c, n, false, &raw))
        return -EBADMSG;
    int64_t value = n == 1 ? (int8_t)raw : n == 2 ? (int16_t)raw : (int32_t)raw;
    strbuf_addf(out, "%" PRId64, value);
    return 0;
}

/* LZF: literal runs and references back into what was written. Fills exactly `len` bytes. */
static bool lzf_expand(const unsigned char *in, size_t in_len, char *out, size_t len)
{
    struct cursor c = {in, in + in_len};
    size_t n = 0;
    const unsigned char *p;
    while (take(&c, 1, &p)) {
        size_t control = *p;
        if (control < 32) {
            size_t run = control + 1;
            if (run > len - n || !take(&c, run, &p))
                return false;
            memcpy(out + n, p, run);
            n += run;
            continue;
        }
        size_t run = control >> 5;
        if (run == 7) {
            if (!take(&c, 1, &p))
                return false;
            run += *p;
        }
        run += 2;
        if (!take(&c, 1, &p))
            return false;
        size_t back = ((control & 0x1F) << 8 | *p) + 1;
        if (back > n || run > len - n)
            return false;
        for (; run > 0; run--, n++)
            out[n] = out[n - back];
    }
    return n == len;
}

static int add_compressed(struct cursor *c, size_t max, struct strbuf *out)
{
    uint64_t packed;
    uint64_t len;
    bool special;
    const unsigned char *p;
    if (!take_length(c, &packed, &special) || special || !take_length(c, &len, &special) || special)
        return -EBADMSG;
    if (len > max)
        return -EFBIG;
    if (packed > (uint64_t)(c->end - c->at) || !take(c, (size_t)packed, &p))
        return -EBADMSG;
    char *text = malloc((size_t)len + 1);
    if (!text)
        return -ENOMEM;
    int r = lzf_expand(p, (size_t)packed, text, (size_t)len) ? 0 : -EBADMSG;
    if (r == 0)
        strbuf_add(out, text, (size_t)len);
    free(text);
    return r;
}

static int add_string(struct cursor *c, size_t max, struct strbuf *out)
{
    uint64_t len;
    bool special;
    const unsigned char *p;
    if (!take_length(c, &len, &special))
        return -EBADMSG;
    if (special) {
        if (len <= 2)
            return add_integer(c, (size_t)1 << len, out);
        return len == 3 ? add_compressed(c, max, out) : -EBADMSG;
    }
    if (len > max)
        return -EFBIG;
    if (!take(c, (size_t)len, &p))
        return -EBADMSG;
    strbuf_add(out, p, (size_t)len);
    return 0;
}

int rdb_string_decode(const void *payload, size_t len, size_t max, struct strbuf *out)
{
    const unsigned char *p = payload;
    if (len < FOOTER + 1)
        return -EBADMSG;
    struct cursor footer = {p + len - 8, p + len};
    uint64_t crc;
    bool whole = take_number(&footer, 8, false, &crc);
    assert(whole);
    if (crc != rdb_crc64(p, len - 8))
        return -EBADMSG;
    if (p[0] != TYPE_STRING)
        return -EPROTOTYPE;
    struct cursor c = {p + 1, p + len - FOOTER};
    size_t before = out->len;
    int r = add_string(&c, max, out);
    if (r == 0 && c.at != c.end)
        r = -EBADMSG;
    if (r == 0 && out->failed)
        r = -ENOMEM;
    if (r < 0 && !out->failed && out->data) {
        out->len = before;
        out->data[before] = '\0';
    }
    return r;
}
