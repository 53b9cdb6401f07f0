/* core/watchdog: off until the first report, patient with our own stalls. */
#include "core/watchdog.h"

#include "cmocka_all.h"

static void is_off_until_the_first_report(void **state)
{
    (void)state;
    struct watchdog w = watchdog_initial(10);
    assert_true(w.deadline == USEC_INFINITY);
    assert_true(watchdog_stalled(w, 50).deadline == USEC_INFINITY);
    assert_true(watchdog_set(w, 20, 50).deadline == USEC_INFINITY);
    assert_int_equal(watchdog_report(w, 100).deadline, 110);
}

static void counts_from_the_latest_report(void **state)
{
    (void)state;
    struct watchdog w = watchdog_report(watchdog_report(watchdog_initial(10), 100), 107);
    assert_int_equal(w.last, 107);
    assert_int_equal(w.deadline, 117);
}

static void a_new_interval_counts_from_now(void **state)
{
    (void)state;
    struct watchdog w = watchdog_report(watchdog_initial(10), 100);
    assert_int_equal(watchdog_set(w, 3, 105).deadline, 108);
    assert_true(watchdog_set(w, 0, 105).deadline == USEC_INFINITY);
    assert_int_equal(watchdog_set(watchdog_set(w, 0, 105), 4, 106).deadline, 110);
}

static void our_own_stall_is_not_the_workers(void **state)
{
    (void)state;
    struct watchdog w = watchdog_report(watchdog_initial(10), 100);
    assert_int_equal(watchdog_stalled(w, 500).deadline, 510);
}

static void without_an_interval_reports_ask_for_nothing(void **state)
{
    (void)state;
    assert_true(watchdog_report(watchdog_initial(0), 100).deadline == USEC_INFINITY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_off_until_the_first_report),
        cmocka_unit_test(counts_from_the_latest_report),
        cmocka_unit_test(a_new_interval_counts_from_now),
        cmocka_unit_test(our_own_stall_is_not_the_workers),
        cmocka_unit_test(without_an_interval_reports_ask_for_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
