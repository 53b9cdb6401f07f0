/* core/sweep/rdb_value: strings that every Redis takes, and the names of types. */
#include "core/sweep/rdb_value.h"

#include "core/sweep/rdb.h"

#include "cmocka_all.h"

#include <stdlib.h>
#include <string.h>

static void strings_of_every_length_decode_to_themselves(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 63, 64, 16383, 16384, 300000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct strbuf payload = STRBUF_INIT;
        struct strbuf value = STRBUF_INIT;
        char *text = malloc(sizes[i] + 1);
        for (size_t k = 0; k < sizes[i]; k++)
            text[k] = (char)(k * 31);
        assert_int_equal(rdb_string_encode(text, sizes[i], &payload), 0);
        assert_true(rdb_is_whole(payload.data, payload.len));
        assert_string_equal(rdb_type_name(payload.data, payload.len), "string");
        assert_int_equal(payload.data[payload.len - 10], 6);
        assert_int_equal(rdb_string_decode(payload.data, payload.len, 1 << 20, &value), 0);
        assert_int_equal(value.len, sizes[i]);
        assert_memory_equal(strbuf_text(&value), text, sizes[i]);
        payload.data[payload.len - 1] ^= 1;
        assert_false(rdb_is_whole(payload.data, payload.len));
        free(text);
        strbuf_fini(&payload);
        strbuf_fini(&value);
    }
}

static void types_have_names(void **state)
{
    (void)state;
    assert_string_equal(rdb_type_name("\x0e", 1), "list");
    assert_string_equal(rdb_type_name("\x0f", 1), "stream");
    assert_string_equal(rdb_type_name("\x14", 1), "set");
    assert_string_equal(rdb_type_name("\x11", 1), "zset");
    assert_string_equal(rdb_type_name("\x10", 1), "hash");
    assert_string_equal(rdb_type_name("\x08", 1), "unknown");
    assert_string_equal(rdb_type_name("\xff", 1), "unknown");
    assert_string_equal(rdb_type_name("", 0), "unknown");
    assert_false(rdb_is_whole("0123456789", 10));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings_of_every_length_decode_to_themselves),
        cmocka_unit_test(types_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
