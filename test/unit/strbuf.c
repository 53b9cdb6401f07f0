/* base/strbuf: growing, always terminated, failure remembered. */
#include "base/strbuf.h"

#include "cmocka_all.h"

#include <stdlib.h>
#include <string.h>

static void empty_is_a_text(void **state)
{
    (void)state;
    struct strbuf b = STRBUF_INIT;
    assert_string_equal(strbuf_text(&b), "");
    strbuf_add(&b, "ignored", 0);
    assert_null(b.data);
    char *text = strbuf_take(&b);
    assert_string_equal(text, "");
    free(text);
    strbuf_fini(&b);
}

static void grows_over_every_size(void **state)
{
    (void)state;
    struct strbuf b = STRBUF_INIT;
    for (size_t i = 0; i < 10000; i++) {
        strbuf_addc(&b, (char)('a' + i % 26));
        assert_int_equal(b.len, i + 1);
        assert_int_equal(b.data[b.len], '\0');
        assert_true(b.size > b.len);
    }
    for (size_t i = 0; i < 10000; i++)
        assert_int_equal(b.data[i], 'a' + i % 26);
    strbuf_fini(&b);
    assert_null(b.data);
    strbuf_fini(&b);
}

static void formats_and_keeps_bytes(void **state)
{
    (void)state;
    struct strbuf b = STRBUF_INIT;
    strbuf_addf(&b, "%s-%d", "x", 42);
    strbuf_adds(&b, "/");
    strbuf_add(&b, "a\0b", 3);
    assert_int_equal(b.len, 8);
    assert_memory_equal(b.data, "x-42/a\0b", 9);
    char big[500];
    memset(big, 'y', sizeof big - 1);
    big[sizeof big - 1] = '\0';
    strbuf_reset(&b);
    assert_string_equal(strbuf_text(&b), "");
    strbuf_addf(&b, "<%s>", big); /* larger than what was there */
    assert_int_equal(b.len, sizeof big + 1);
    assert_int_equal(b.data[b.len - 1], '>');
    strbuf_fini(&b);
}

static void taking_leaves_it_empty(void **state)
{
    (void)state;
    struct strbuf b = STRBUF_INIT;
    strbuf_adds(&b, "mine");
    char *text = strbuf_take(&b);
    assert_string_equal(text, "mine");
    assert_null(b.data);
    assert_int_equal(b.len, 0);
    strbuf_adds(&b, "again");
    assert_string_equal(strbuf_text(&b), "again");
    free(text);
    strbuf_fini(&b);
}

static void a_failure_stays_until_reset(void **state)
{
    (void)state;
    struct strbuf b = STRBUF_INIT;
    strbuf_adds(&b, "kept");
    b.failed = true; /* as after an allocation that failed */
    strbuf_adds(&b, "lost");
    strbuf_addf(&b, "%d", 5);
    assert_string_equal(strbuf_text(&b), "kept");
    assert_null(strbuf_take(&b));
    assert_null(b.data);
    b.failed = true;
    strbuf_reset(&b);
    strbuf_adds(&b, "works");
    assert_string_equal(strbuf_text(&b), "works");
    strbuf_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_is_a_text),
        cmocka_unit_test(grows_over_every_size),
        cmocka_unit_test(formats_and_keeps_bytes),
        cmocka_unit_test(taking_leaves_it_empty),
        cmocka_unit_test(a_failure_stays_until_reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
