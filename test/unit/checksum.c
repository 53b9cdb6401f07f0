/* Every changed bit, every cut and every exchange shows. */
#include "base/checksum.h"

#include "cmocka_all.h"

#include <string.h>

static uint64_t sum_of(const void *bytes, size_t len)
{
    return checksum_add(CHECKSUM_START, bytes, len);
}

static void every_bit_counts(void **state)
{
    (void)state;
    unsigned char bytes[29];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(i * 7);
    uint64_t whole = sum_of(bytes, sizeof bytes);
    for (size_t bit = 0; bit < sizeof bytes * 8; bit++) {
        bytes[bit / 8] ^= (unsigned char)(1U << (bit % 8));
        assert_true(sum_of(bytes, sizeof bytes) != whole);
        bytes[bit / 8] ^= (unsigned char)(1U << (bit % 8));
    }
    assert_true(sum_of(bytes, sizeof bytes) == whole);
}

static void every_length_counts(void **state)
{
    (void)state;
    static const unsigned char zeros[40];
    for (size_t a = 0; a < sizeof zeros; a++) {
        for (size_t b = 0; b < a; b++)
            assert_true(sum_of(zeros, a) != sum_of(zeros, b));
    }
}

static void the_order_counts(void **state)
{
    (void)state;
    assert_true(sum_of("aaaaaaaabbbbbbbb", 16) != sum_of("bbbbbbbbaaaaaaaa", 16));
    assert_true(checksum_add(sum_of("a", 1), "b", 1) != checksum_add(sum_of("b", 1), "a", 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_bit_counts),
        cmocka_unit_test(every_length_counts),
        cmocka_unit_test(the_order_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
