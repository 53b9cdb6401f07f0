/* core/doctor_rise: by how much a counter that never falls rose of late. */
#include "core/doctor/doctor_rise.h"

#include "cmocka_all.h"

#define MIN USEC_PER_MIN
#define H USEC_PER_HOUR

static const usec_t start = 100 * USEC_PER_DAY;

static void note(struct doctor_rise *r, uint64_t origin, uint64_t value, usec_t at)
{
    const struct doctor_count_now count = {origin, value, USEC_INFINITY};
    doctor_rise_note(r, &count, at);
}

static void assert_rose(
    const struct doctor_rise *r, uint64_t value, usec_t now, bool known, uint64_t by, usec_t within)
{
    const struct doctor_count_now count = {1, value, USEC_INFINITY};
    struct doctor_risen risen = doctor_rise_lately(r, &count, now, H);
    assert_int_equal(risen.known, known);
    assert_int_equal(risen.by, by);
    assert_int_equal(risen.within, within);
}

static void what_nobody_watched_is_not_known(void **state)
{
    (void)state;
    struct doctor_rise r = {0};
    assert_rose(NULL, 7, start, false, 0, 0);
    assert_rose(&r, 7, start, false, 0, 0);
    note(&r, 1, 7, start);
    assert_rose(&r, 7, start + MIN, true, 0, MIN);
    /* Nobody has looked for longer than it is asked for. */
    assert_rose(&r, 9, start + 2 * H, false, 0, 0);
}

static void who_counts_since_a_moment_ago_needs_no_watching(void **state)
{
    (void)state;
    const struct doctor_count_now young = {1, 5, 10 * MIN};
    struct doctor_risen risen = doctor_rise_lately(NULL, &young, start, H);
    assert_true(risen.known && risen.by == 5 && risen.within == 10 * MIN);
}

static void what_happened_once_is_forgotten(void **state)
{
    (void)state;
    struct doctor_rise r = {0};
    for (unsigned minute = 0; minute < 30; minute++)
        note(&r, 1, 100, start + minute * MIN);
    for (unsigned minute = 30; minute < 500; minute++) {
        usec_t now = start + minute * MIN;
        uint64_t by = minute <= 89 ? 3 : 0;
        usec_t within = minute > 60 ? H : minute * MIN;
        assert_rose(&r, 103, now, true, by, within);
        note(&r, 1, 103, now);
    }
}

static void another_run_begins_anew(void **state)
{
    (void)state;
    struct doctor_rise r = {0};
    note(&r, 2, 1000, start);
    assert_rose(&r, 5, start + MIN, false, 0, 0);
    note(&r, 1, 5, start + MIN);
    assert_rose(&r, 6, start + 2 * MIN, true, 1, MIN);
    /* A counter that was reset (CONFIG RESETSTAT) rose by nothing that anybody knows of. */
    assert_rose(&r, 0, start + 3 * MIN, true, 0, 2 * MIN);
}

static void an_origin_is_its_name(void **state)
{
    (void)state;
    assert_true(doctor_rise_origin("a") == doctor_rise_origin("a"));
    assert_true(doctor_rise_origin("a") != doctor_rise_origin("c"));
    assert_true(doctor_rise_origin("") != 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_nobody_watched_is_not_known),
        cmocka_unit_test(who_counts_since_a_moment_ago_needs_no_watching),
        cmocka_unit_test(what_happened_once_is_forgotten),
        cmocka_unit_test(another_run_begins_anew),
        cmocka_unit_test(an_origin_is_its_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
