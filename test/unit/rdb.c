/* core/sweep/rdb: what Redis 7.0's DUMP answered, and what it never would. */
#include "core/sweep/rdb.h"

#include "cmocka_all.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { MAX = 1 << 20 };

static int decode(const void *payload, size_t len, size_t max, struct strbuf *out)
{
    /* A copy of exactly that size, so that the sanitizer sees a step beyond. */
    void *copy = malloc(len + !len);
    memcpy(copy, payload, len);
    int r = rdb_string_decode(copy, len, max, out);
    free(copy);
    return r;
}

#define BYTES(s) s, sizeof s - 1

static void decodes_what_redis_dumps(void **state)
{
    (void)state;
    static const struct {
        const char *payload;
        size_t payload_len;
        const char *value;
        size_t len;
    } rows[] = {
        {BYTES("\x00\x00\x0a\x00\x5d\x9b\x5c\x40\x0f\x7f\xa2\xda"), BYTES("")},
        {BYTES("\x00\x01\x61\x0a\x00\xbf\xfe\xef\x9b\x8f\x36\x7d\xb4"), BYTES("a")},
        {BYTES("\x00\xc0\x0c\x0a\x00\x3c\x2a\xf8\x51\x5c\x04\xbc\xd5"), BYTES("12")},
        {BYTES("\x00\xc0\xf9\x0a\x00\x5e\x26\xd1\x30\xd7\xa2\x42\xab"), BYTES("-7")},
        {BYTES("\x00\xc0\x7f\x0a\x00\x0d\xb5\xeb\x31\x52\x54\xc5\x14"), BYTES("127")},
        {BYTES("\x00\xc1\x80\x00\x0a\x00\xeb\x7a\xb3\xb5\x10\xcf\x4b\x65"), BYTES("128")},
        {BYTES("\x00\xc1\x7f\xff\x0a\x00\x17\x60\x82\x28\x54\x80\x84\x80"), BYTES("-129")},
        {BYTES("\x00\xc1\xff\x7f\x0a\x00\x49\x5a\x37\xda\x17\xf4\xd5\x2b"), BYTES("32767")},
        {BYTES("\x00\xc2\x00\x80\x00\x00\x0a\x00\x45\xd8\x2e\xed\xd5\xbd\xa9\x10"), BYTES("32768")},
        {BYTES("\x00\xc2\x00\x00\x00\x80\x0a\x00\xc7\x4f\x87\x3e\x33\x55\x81\x87"),
            BYTES("-2147483648")},
        {BYTES("\x00\xc2\xff\xff\xff\x7f\x0a\x00\x2c\x74\xe5\x9e\xe0\x2e\xad\xa1"),
            BYTES("2147483647")},
        {BYTES("\x00\x0a"
               "2147483648\x0a\x00\xe7\xb1\x29\xa3\x4c\x1d\x76\xee"),
            BYTES("2147483648")},
        {BYTES("\x00\x03\x30\x30\x37\x0a\x00\x72\x58\xe2\x7b\x4c\x69\xba\xd9"), BYTES("007")},
        {BYTES("\x00\x04\x61\x00\x62\xff\x0a\x00\x85\xc7\xa2\xc4\x1b\xe8\xa1\x4f"),
            BYTES("a\0b\xff")},
        {BYTES("\x00\xc3\x09\x40\x40\x01\x78\x78\xe0\x33\x00\x01\x78\x78\x0a\x00\x76\x71\xd5\x76"
               "\xc5\x79\x54\x42"),
            BYTES("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx")},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct strbuf out = STRBUF_INIT;
        strbuf_adds(&out, "before ");
        int r = decode(rows[i].payload, rows[i].payload_len, MAX, &out);
        if (r < 0)
            fail_msg("row %zu: %d", i, r);
        assert_int_equal(out.len, 7 + rows[i].len);
        assert_memory_equal(out.data + 7, rows[i].value, rows[i].len);
        strbuf_fini(&out);
    }
}

/* A reference that reaches further back than its own length, over 8191 bytes, and a long run. */
static void expands_long_references(void **state)
{
    (void)state;
    static const char payload[] =
        "\x00\xc3\x12\x41\xa4\x07\x7b\x22\x6b\x22\x3a\x31\x7d\x7b\xe0\xff\x06\xe1\x89\x09\x01\x31"
        "\x7d\x0a\x00\xf0\x4d\x20\x5c\xa0\xaf\xc2\x3f";
    struct strbuf out = STRBUF_INIT;
    assert_int_equal(decode(BYTES(payload), MAX, &out), 0);
    assert_int_equal(out.len, 420);
    for (size_t i = 0; i < 420; i += 7)
        assert_memory_equal(out.data + i, "{\"k\":1}", 7);
    assert_int_equal(decode(BYTES(payload), 420, &out), 0);
    assert_int_equal(decode(BYTES(payload), 419, &out), -EFBIG);
    assert_int_equal(out.len, 840);
    strbuf_fini(&out);
}

static void another_type_is_told_apart(void **state)
{
    (void)state;
    struct strbuf out = STRBUF_INIT;
    assert_int_equal(decode(BYTES("\x12\x01\x02\x09\x09\x00\x00\x00\x01\x00\x01\x01\xff\x0a\x00\x10"
                                  "\x82\x8f\x92\x09\xb3\xf4\x46"),
                         MAX, &out),
        -EPROTOTYPE);
    assert_int_equal(out.len, 0);
    strbuf_fini(&out);
}

static void one_flipped_bit_is_noticed(void **state)
{
    (void)state;
    unsigned char payload[] = "\x00\x01\x61\x0a\x00\xbf\xfe\xef\x9b\x8f\x36\x7d\xb4";
    struct strbuf out = STRBUF_INIT;
    for (size_t bit = 0; bit < (sizeof payload - 1) * 8; bit++) {
        payload[bit / 8] ^= (unsigned char)(1 << bit % 8);
        assert_int_equal(decode(payload, sizeof payload - 1, MAX, &out), -EBADMSG);
        payload[bit / 8] ^= (unsigned char)(1 << bit % 8);
    }
    for (size_t len = 0; len < sizeof payload - 1; len++)
        assert_int_equal(decode(payload, len, MAX, &out), -EBADMSG);
    strbuf_fini(&out);
}

/* Checksummed nonsense: whoever can write to Redis can make it with RESTORE. */
static int decode_sealed(const void *body, size_t len, struct strbuf *out)
{
    unsigned char sealed[128];
    memcpy(sealed, body, len);
    memcpy(sealed + len, "\x0a\x00", 2);
    uint64_t crc = rdb_crc64(sealed, len + 2);
    for (size_t i = 0; i < 8; i++)
        sealed[len + 2 + i] = (unsigned char)(crc >> 8 * i);
    return decode(sealed, len + 10, MAX, out);
}

static void sealed_nonsense_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        size_t len;
        int r;
    } rows[] = {
        {BYTES("\x00\x05"
               "hello"),
            0},
        {BYTES("\x00\x80\x00\x00\x00\x05"
               "hello"),
            0},
        {BYTES("\x00\x81\x00\x00\x00\x00\x00\x00\x00\x05"
               "hello"),
            0},
        {BYTES("\x00\x40\x05"
               "hello"),
            0},
        {BYTES("\x00"), -EBADMSG},
        {BYTES("\x00\x06"
               "hello"),
            -EBADMSG},
        {BYTES("\x00\x04"
               "hello"),
            -EBADMSG},
        {BYTES("\x00\x82\x05"
               "hello"),
            -EBADMSG},
        {BYTES("\x00\x80\x00\x00"), -EBADMSG},
        {BYTES("\x00\x80\xff\xff\xff\xff"), -EFBIG},
        {BYTES("\x00\x81\xff\xff\xff\xff\xff\xff\xff\xff"), -EFBIG},
        {BYTES("\x00\xc0"), -EBADMSG},
        {BYTES("\x00\xc2\x01\x02\x03"), -EBADMSG},
        {BYTES("\x00\xc4\x01"), -EBADMSG},
        {BYTES("\x00\xff"), -EBADMSG},
        {BYTES("\x00\xc3\x02\x01\x00x"), 0},
        {BYTES("\x00\xc3\x02\x02\x00x"), -EBADMSG},         /* shorter than announced */
        {BYTES("\x00\xc3\x03\x01\x01xy"), -EBADMSG},        /* longer */
        {BYTES("\x00\xc3\x02\x03\x20\x00"), -EBADMSG},      /* back beyond the start */
        {BYTES("\x00\xc3\x04\x0a\x00x\x20\x01"), -EBADMSG}, /* one too far back */
        {BYTES("\x00\xc3\x04\x04\x00x\x20\x00"), 0},        /* xxxx */
        {BYTES("\x00\xc3\x03\x04\x00x\x20"), -EBADMSG},     /* cut in a reference */
        {BYTES("\x00\xc3\x03\x04\x00x\xe0"), -EBADMSG},     /* cut in a long one */
        {BYTES("\x00\xc3\x02\x04\x1fx"), -EBADMSG},         /* run beyond the input */
        {BYTES("\x00\xc3\xc0\x01\x00x"), -EBADMSG},         /* a length that is none */
        {BYTES("\x00\xc3\x01\xc0\x00"), -EBADMSG},          /* the other one */
        {BYTES("\x00\xc3\x81\xff\xff\xff\xff\xff\xff\xff\xff\x04"), -EBADMSG},
        {BYTES("\x00\xc3\x01\x80\x7f\xff\xff\xff\x00"), -EFBIG},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct strbuf out = STRBUF_INIT;
        int r = decode_sealed(rows[i].body, rows[i].len, &out);
        if (r != rows[i].r || (r < 0 && out.len != 0))
            fail_msg("row %zu: %d, %zu bytes", i, r, out.len);
        strbuf_fini(&out);
    }
}

static void the_checksum_is_redis_own(void **state)
{
    (void)state;
    assert_true(rdb_crc64("123456789", 9) == UINT64_C(0xe9c6d914c4b8d9ca));
    assert_true(rdb_crc64("", 0) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decodes_what_redis_dumps),
        cmocka_unit_test(expands_long_references),
        cmocka_unit_test(another_type_is_told_apart),
        cmocka_unit_test(one_flipped_bit_is_noticed),
        cmocka_unit_test(sealed_nonsense_is_refused),
        cmocka_unit_test(the_checksum_is_redis_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
