/* core/sweep/backup: what is written is read, and a torn or changed file is read up to the tear. */
#include "core/sweep/backup.h"
#include "core/sweep/backup_index.h"

#include "cmocka_all.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ROW(s)                                                                                     \
    {                                                                                              \
        s, sizeof s - 1                                                                            \
    }
#define BYTES(s) ((struct backup_bytes)ROW(s))

static const struct backup_header header = {.at = UINT64_C(1700000000123456),
    .server = {"unix:/run/redis.sock", 20},
    .version = {"7.0.15", 6},
    .voxkeeper = {"0.1.0", 5}};

static struct backup_key key_of(struct backup_bytes name, struct backup_bytes payload)
{
    return (struct backup_key){.expire_ms = -1,
        .type = BYTES("string"),
        .keyspace = BYTES("sessions"),
        .finding = BYTES("stale"),
        .reason = BYTES("no TTL and 3 days old"),
        .name = name,
        .payload = payload};
}

static void assert_bytes(struct backup_bytes a, struct backup_bytes b)
{
    assert_int_equal(a.len, b.len);
    assert_memory_equal(a.at, b.at, b.len);
}

static void assert_key(const struct backup_record *r, const struct backup_key *key)
{
    assert_int_equal(r->type, BACKUP_KEY);
    assert_int_equal(r->key.expire_ms, key->expire_ms);
    assert_bytes(r->key.type, key->type);
    assert_bytes(r->key.keyspace, key->keyspace);
    assert_bytes(r->key.finding, key->finding);
    assert_bytes(r->key.reason, key->reason);
    assert_bytes(r->key.name, key->name);
    assert_bytes(r->key.payload, key->payload);
}

/* Unpacks a block of exactly its size, so that the sanitizer sees a step beyond. */
static int unpack(const char *block, size_t len, struct strbuf *records)
{
    size_t packed_len = 0;
    if (len < BACKUP_BLOCK_HEADER || backup_block_len(block, &packed_len) < 0 ||
        packed_len != len - BACKUP_BLOCK_HEADER)
        return -EBADMSG;
    char *packed = malloc(packed_len + 1);
    memcpy(packed, block + BACKUP_BLOCK_HEADER, packed_len);
    int r = backup_unpack(block, packed, packed_len, records);
    free(packed);
    return r;
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    struct strbuf records = STRBUF_INIT;
    struct strbuf block = STRBUF_INIT;
    struct strbuf again = STRBUF_INIT;
    struct backup_record r;
    size_t at = 0;
    struct backup_key keys[3] = {key_of(BYTES("k\0\xff\n*"), BYTES("\0\1x\n\0")),
        key_of(BYTES(""), BYTES("")), key_of(BYTES("third"), BYTES("p"))};
    keys[1].expire_ms = INT64_MAX;
    keys[2].expire_ms = 0;
    backup_add_header(&records, &header);
    for (int i = 0; i < 3; i++)
        backup_add_key(&records, &keys[i]);
    backup_add_results(&records, &(struct backup_results){1, BYTES("\1\3")});
    assert_int_equal(backup_pack(&records, &block), 0);
    assert_int_equal(unpack(block.data, block.len, &again), 0);
    assert_int_equal(again.len, records.len);
    assert_int_equal(backup_next(&again, &at, &r), 1);
    assert_int_equal(r.type, BACKUP_HEADER);
    assert_true(r.header.at == header.at);
    assert_bytes(r.header.server, header.server);
    assert_bytes(r.header.version, header.version);
    assert_bytes(r.header.voxkeeper, header.voxkeeper);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(backup_next(&again, &at, &r), 1);
        assert_key(&r, &keys[i]);
    }
    assert_int_equal(backup_next(&again, &at, &r), 1);
    assert_int_equal(r.type, BACKUP_RESULTS);
    assert_int_equal(r.results.first, 1);
    assert_bytes(r.results.results, BYTES("\1\3"));
    assert_int_equal(backup_next(&again, &at, &r), 0);
    strbuf_fini(&records);
    strbuf_fini(&block);
    strbuf_fini(&again);
}

static void it_is_compressed(void **state)
{
    (void)state;
    struct strbuf records = STRBUF_INIT;
    struct strbuf block = STRBUF_INIT;
    struct backup_key key = key_of(BYTES("elevenlabs:session:1"), BYTES("{\"createdAt\":1}"));
    for (int i = 0; i < 1000; i++)
        backup_add_key(&records, &key);
    assert_int_equal(backup_pack(&records, &block), 0);
    assert_true(block.len < records.len / 10);
    strbuf_fini(&records);
    strbuf_fini(&block);
}

static void every_changed_bit_and_every_cut_is_noticed(void **state)
{
    (void)state;
    struct strbuf records = STRBUF_INIT;
    struct strbuf block = STRBUF_INIT;
    struct strbuf again = STRBUF_INIT;
    struct backup_key key = key_of(BYTES("name"), BYTES("payload"));
    backup_add_key(&records, &key);
    assert_int_equal(backup_pack(&records, &block), 0);
    for (size_t bit = 0; bit < 8 * block.len; bit++) {
        block.data[bit / 8] = (char)(block.data[bit / 8] ^ 1 << bit % 8);
        assert_int_equal(unpack(block.data, block.len, &again), -EBADMSG);
        assert_int_equal(again.len, 0);
        block.data[bit / 8] = (char)(block.data[bit / 8] ^ 1 << bit % 8);
    }
    for (size_t len = 0; len < block.len; len++)
        assert_int_equal(unpack(block.data, len, &again), -EBADMSG);
    assert_int_equal(unpack(block.data, block.len, &again), 0);
    strbuf_fini(&records);
    strbuf_fini(&block);
    strbuf_fini(&again);
}

static void what_a_later_version_adds_is_passed_over(void **state)
{
    (void)state;
    struct strbuf records = STRBUF_INIT;
    struct backup_record r;
    size_t at = 0;
    struct backup_key key = key_of(BYTES("name"), BYTES("payload"));
    strbuf_add(&records, "Z\x03\0\0\0abc", 8);
    size_t began = records.len;
    backup_add_key(&records, &key);
    /* One field more at the end of a record. */
    records.data[began + 1]++;
    strbuf_addc(&records, 'x');
    strbuf_add(&records, "Y\0\0\0\0", 5);
    assert_int_equal(backup_next(&records, &at, &r), 1);
    assert_key(&r, &key);
    assert_int_equal(backup_next(&records, &at, &r), 0);
    strbuf_fini(&records);
}

static void records_that_do_not_add_up_are_refused(void **state)
{
    (void)state;
    static const struct backup_bytes rows[] = {
        ROW("K"),
        ROW("K\1\0\0\0"),
        ROW("K\0\0\0\0"),
        ROW("H\1\0\0\0x"),
        ROW("R\xff\xff\xff\xff"),
        ROW("R\x0d\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\4"), /* no such outcome */
        ROW("R\x0d\0\0\0\0\0\0\0\0\0\0\0\2\0\0\0\1"),
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct strbuf records = STRBUF_INIT;
        struct backup_record r;
        size_t at = 0;
        strbuf_add(&records, rows[i].at, rows[i].len);
        if (backup_next(&records, &at, &r) != -EBADMSG)
            fail_msg("row %zu", i);
        strbuf_fini(&records);
    }
}

static void too_much_for_a_block_is_refused(void **state)
{
    (void)state;
    struct strbuf records = STRBUF_INIT;
    struct strbuf block = STRBUF_INIT;
    char *big = calloc(1, BACKUP_BLOCK_MAX);
    struct backup_key key = key_of(BYTES("name"), (struct backup_bytes){big, BACKUP_BLOCK_MAX});
    backup_add_key(&records, &key);
    assert_int_equal(backup_pack(&records, &block), -EFBIG);
    assert_int_equal(block.len, 0);
    free(big);
    strbuf_fini(&records);
    strbuf_fini(&block);
}

static void the_index_knows_what_became_of_each(void **state)
{
    (void)state;
    struct backup_index index = {0};
    struct strbuf records = STRBUF_INIT;
    struct backup_key key = key_of(BYTES("name"), BYTES("payload"));
    backup_add_header(&records, &header);
    for (int i = 0; i < 3000; i++)
        backup_add_key(&records, &key);
    assert_int_equal(backup_index_add(&index, &records), 0);
    assert_string_equal(index.server, "unix:/run/redis.sock");
    assert_string_equal(index.version, "7.0.15");
    assert_int_equal(index.keys, 3000);
    assert_int_equal(index.outcomes[BACKUP_UNKNOWN], 3000);
    strbuf_reset(&records);
    backup_add_results(&records, &(struct backup_results){0, BYTES("\1\1\2")});
    backup_add_results(&records, &(struct backup_results){2998, BYTES("\1\3")});
    assert_int_equal(backup_index_add(&index, &records), 0);
    assert_int_equal(index.outcomes[BACKUP_UNKNOWN], 2995);
    assert_int_equal(index.outcomes[BACKUP_REMOVED], 3);
    assert_int_equal(backup_index_outcome(&index, 2), BACKUP_SURVIVED);
    assert_int_equal(backup_index_outcome(&index, 3), BACKUP_UNKNOWN);
    assert_int_equal(backup_index_outcome(&index, 2999), BACKUP_NOT_TRIED);
    assert_int_equal(backup_index_outcome(&index, 3000), BACKUP_UNKNOWN);
    strbuf_reset(&records);
    backup_add_results(&records, &(struct backup_results){2999, BYTES("\1\1")});
    assert_int_equal(backup_index_add(&index, &records), -EBADMSG);
    assert_int_equal(backup_index_outcome(&index, 2999), BACKUP_NOT_TRIED);
    backup_index_fini(&index);
    strbuf_fini(&records);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(it_is_compressed),
        cmocka_unit_test(every_changed_bit_and_every_cut_is_noticed),
        cmocka_unit_test(what_a_later_version_adds_is_passed_over),
        cmocka_unit_test(records_that_do_not_add_up_are_refused),
        cmocka_unit_test(too_much_for_a_block_is_refused),
        cmocka_unit_test(the_index_knows_what_became_of_each),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
