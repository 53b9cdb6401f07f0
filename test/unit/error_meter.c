/* core/fleet/error_meter: errors of the last ten minutes, and no others. */
#include "cmocka_all.h"

#include "core/fleet/error_meter.h"

#define S USEC_PER_SEC
#define WINDOW (ERROR_METER_BUCKETS * ERROR_METER_BUCKET)

static void rate_is(const struct error_meter *m, usec_t now, uint64_t errors, usec_t span)
{
    struct error_rate rate = error_meter_rate(m, now);
    assert_int_equal(rate.errors, errors);
    assert_int_equal(rate.span, span);
}

static void counts_from_the_begin(void **state)
{
    (void)state;
    struct error_meter m = error_meter_initial(7 * S);
    rate_is(&m, 7 * S, 0, 0);
    error_meter_add(&m, 8 * S);
    error_meter_add(&m, 8 * S);
    error_meter_add(&m, 30 * S);
    rate_is(&m, 37 * S, 3, 30 * S);
    assert_int_equal(m.total, 3);
}

static void forgets_what_is_older(void **state)
{
    (void)state;
    struct error_meter m = error_meter_initial(0);
    error_meter_add(&m, 1 * S);
    error_meter_add(&m, 15 * S);
    rate_is(&m, WINDOW - 1, 2, WINDOW - 1);
    /* The first bucket is out; the present one has just begun. */
    rate_is(&m, WINDOW, 1, WINDOW - ERROR_METER_BUCKET);
    rate_is(&m, WINDOW + ERROR_METER_BUCKET + 3 * S, 0, WINDOW - ERROR_METER_BUCKET + 3 * S);
    error_meter_add(&m, WINDOW + 12 * S);
    rate_is(&m, WINDOW + 12 * S, 1, WINDOW - ERROR_METER_BUCKET + 2 * S);
    assert_int_equal(m.total, 3);
}

static void a_long_silence_leaves_nothing_behind(void **state)
{
    (void)state;
    struct error_meter m = error_meter_initial(0);
    for (unsigned i = 0; i < ERROR_METER_BUCKETS; i++)
        error_meter_add(&m, i * ERROR_METER_BUCKET);
    rate_is(&m, WINDOW - 1, ERROR_METER_BUCKETS, WINDOW - 1);
    rate_is(&m, 100 * WINDOW, 0, WINDOW - ERROR_METER_BUCKET);
    error_meter_add(&m, 100 * WINDOW);
    rate_is(&m, 100 * WINDOW, 1, WINDOW - ERROR_METER_BUCKET);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_from_the_begin),
        cmocka_unit_test(forgets_what_is_older),
        cmocka_unit_test(a_long_silence_leaves_nothing_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
