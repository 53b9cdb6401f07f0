/* core/sweep/scan_cursor: how far a SCAN is. */
#include "core/sweep/scan_cursor.h"

#include "cmocka_all.h"

/* As dictScan() steps through a table of 2^bits buckets. */
static uint64_t reversed(uint64_t v)
{
    uint64_t r = 0;
    for (int i = 0; i < 64; i++, v >>= 1)
        r = r << 1 | (v & 1);
    return r;
}

static uint64_t next(uint64_t cursor, int bits)
{
    uint64_t mask = (UINT64_C(1) << bits) - 1;
    return reversed(reversed(cursor | ~mask) + 1);
}

static void a_walk_is_even(void **state)
{
    (void)state;
    for (int bits = 1; bits <= 12; bits++) {
        uint64_t cursor = 0;
        for (int i = 0; i < 1 << bits; i++) {
            assert_true(scan_cursor_fraction(cursor) == (double)i / (1 << bits));
            cursor = next(cursor, bits);
        }
        assert_int_equal(cursor, 0);
    }
}

static void a_table_that_grows_does_not_set_it_back(void **state)
{
    (void)state;
    uint64_t cursor = 0;
    for (int i = 0; i < 100; i++)
        cursor = next(cursor, 8);
    double before = scan_cursor_fraction(cursor);
    assert_true(before == 100 / 256.0);
    cursor = next(cursor, 16);
    assert_true(scan_cursor_fraction(cursor) > before);
}

static void the_ends(void **state)
{
    (void)state;
    assert_true(scan_cursor_fraction(0) == 0);
    assert_true(scan_cursor_fraction(1) == 0.5);
    assert_true(scan_cursor_fraction(UINT64_C(1) << 63) > 0);
    assert_true(scan_cursor_fraction(UINT64_MAX >> 12) < 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_walk_is_even),
        cmocka_unit_test(a_table_that_grows_does_not_set_it_back),
        cmocka_unit_test(the_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
