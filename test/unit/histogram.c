/* core/metrics/histogram: which bucket, and what is kept. */
#include "core/metrics/histogram.h"

#include "cmocka_all.h"

static const enum histogram_scale scales[] = {HISTOGRAM_ANSWERS, HISTOGRAM_WORK, HISTOGRAM_AGES};

static void bounds_rise_and_fit(void **state)
{
    (void)state;
    for (size_t s = 0; s < sizeof scales / sizeof *scales; s++) {
        unsigned n;
        const usec_t *bounds = histogram_bounds(scales[s], &n);
        assert_in_range(n, 1, HISTOGRAM_BUCKETS_MAX - 1);
        for (unsigned i = 1; i < n; i++)
            assert_true(bounds[i - 1] < bounds[i]);
    }
}

static void a_bound_belongs_to_its_bucket(void **state)
{
    (void)state;
    for (size_t s = 0; s < sizeof scales / sizeof *scales; s++) {
        unsigned n;
        const usec_t *bounds = histogram_bounds(scales[s], &n);
        for (unsigned i = 0; i < n; i++) {
            struct histogram h = {.scale = scales[s]};
            histogram_add(&h, bounds[i]);
            assert_int_equal(h.buckets[i], 1);
            histogram_add(&h, bounds[i] + 1);
            assert_int_equal(h.buckets[i], 1);
            assert_int_equal(h.buckets[i + 1], 1);
            assert_int_equal(h.n, 2);
            assert_true(h.sum == 2 * bounds[i] + 1);
        }
    }
}

static void nothing_is_too_short_or_too_long(void **state)
{
    (void)state;
    unsigned n;
    struct histogram h = {.scale = HISTOGRAM_WORK};
    histogram_bounds(h.scale, &n);
    histogram_add(&h, 0);
    histogram_add(&h, USEC_INFINITY);
    histogram_add(&h, USEC_INFINITY);
    assert_int_equal(h.buckets[0], 1);
    assert_int_equal(h.buckets[n], 2);
    assert_true(h.sum == USEC_INFINITY);
}

static void counts_can_be_put_in_and_forgotten(void **state)
{
    (void)state;
    struct histogram h = {.scale = HISTOGRAM_AGES};
    histogram_put(&h, 0, 7);
    histogram_put(&h, 4, 2);
    h.sum = 5;
    assert_int_equal(h.n, 9);
    assert_int_equal(h.buckets[0], 7);
    assert_int_equal(h.buckets[4], 2);
    histogram_clear(&h);
    assert_int_equal(h.n, 0);
    assert_int_equal(h.buckets[0], 0);
    assert_int_equal(h.sum, 0);
    assert_int_equal(h.scale, HISTOGRAM_AGES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bounds_rise_and_fit),
        cmocka_unit_test(a_bound_belongs_to_its_bucket),
        cmocka_unit_test(nothing_is_too_short_or_too_long),
        cmocka_unit_test(counts_can_be_put_in_and_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
