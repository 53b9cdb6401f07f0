/* core/metrics/latency: quantiles of times. */
#include "core/metrics/latency.h"

#include "cmocka_all.h"

static void none_is_nothing(void **state)
{
    (void)state;
    struct latency l = {0};
    assert_true(latency_quantile(&l, 500) == 0);
    assert_true(latency_quantile(&l, 1000) == 0);
}

static void quantiles_are_a_quarter_too_long_at_most(void **state)
{
    (void)state;
    struct latency l = {0};
    for (usec_t t = 1; t <= 10000; t++)
        latency_add(&l, t);
    static const unsigned permille[] = {1, 10, 500, 900, 990, 1000};
    for (size_t i = 0; i < sizeof permille / sizeof *permille; i++) {
        usec_t exact = 10 * permille[i];
        usec_t got = latency_quantile(&l, permille[i]);
        assert_in_range(got, exact, exact + exact / 4);
    }
    assert_true(l.max == 10000);
}

static void any_time_has_its_bucket(void **state)
{
    (void)state;
    for (usec_t t = 1; t != 0; t <<= 1) {
        struct latency l = {0};
        latency_add(&l, t - 1);
        latency_add(&l, t);
        assert_true(latency_quantile(&l, 1000) == t);
        assert_true(latency_quantile(&l, 500) >= t - 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(none_is_nothing),
        cmocka_unit_test(quantiles_are_a_quarter_too_long_at_most),
        cmocka_unit_test(any_time_has_its_bucket),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
