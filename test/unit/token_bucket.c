/* core/token_bucket. */
#include "core/token_bucket.h"

#include "cmocka_all.h"

static unsigned take(struct token_bucket *b, unsigned tries, usec_t now)
{
    unsigned got = 0;
    for (unsigned i = 0; i < tries; i++)
        got += token_bucket_take(b, now);
    return got;
}

static void gives_a_burst_and_then_the_rate(void **state)
{
    (void)state;
    struct token_bucket b = token_bucket_initial(100, 1000, 5 * USEC_PER_SEC);
    assert_int_equal(take(&b, 2000, 5 * USEC_PER_SEC), 1000);
    assert_int_equal(take(&b, 10, 5 * USEC_PER_SEC + 9999), 0);
    assert_int_equal(take(&b, 10, 5 * USEC_PER_SEC + 10000), 1);
    assert_int_equal(take(&b, 1000, 6 * USEC_PER_SEC), 99);
    assert_int_equal(take(&b, 5000, USEC_PER_DAY * 365000), 1000);
}

static void loses_nothing_to_rounding(void **state)
{
    (void)state;
    struct token_bucket b = token_bucket_initial(3, 1, 0);
    unsigned got = take(&b, 1, 0);
    for (usec_t now = 1; now <= 10 * USEC_PER_SEC; now += 7)
        got += take(&b, 1, now);
    assert_in_range(got, 29, 31);
}

static void survives_a_clock_that_steps_back(void **state)
{
    (void)state;
    struct token_bucket b = token_bucket_initial(10, 10, USEC_PER_DAY);
    assert_int_equal(take(&b, 20, USEC_PER_DAY), 10);
    assert_int_equal(take(&b, 20, 0), 0);
    assert_int_equal(take(&b, 20, USEC_PER_DAY + USEC_PER_SEC / 2), 5);
}

static void zero_is_no_limit(void **state)
{
    (void)state;
    struct token_bucket b = token_bucket_initial(0, 0, 0);
    assert_int_equal(take(&b, 100000, 0), 100000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_a_burst_and_then_the_rate),
        cmocka_unit_test(loses_nothing_to_rounding),
        cmocka_unit_test(survives_a_clock_that_steps_back),
        cmocka_unit_test(zero_is_no_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
