/* core/preflight/preflight_scale: peaks by weekday and hour, and whether workers and machine will
 * do. */
#include "core/preflight/preflight_scale.h"

#include "cmocka_all.h"

#include <errno.h>
#include <string.h>

enum { MON, TUE, WED, THU, FRI, SAT, SUN };

static struct peaks peaks_of(const char *a, const char *b)
{
    struct peaks p = {0};
    assert_int_equal(peaks_read(a, &p, NULL), 0);
    if (b)
        assert_int_equal(peaks_read(b, &p, NULL), 0);
    return p;
}

static void reads_days_and_hours(void **state)
{
    (void)state;
    struct peaks p = peaks_of("Mon..Fri 9..17 120", "Sat,Sun 40");
    assert_int_equal(p.callers[MON][8], 0);
    assert_int_equal(p.callers[MON][9], 120);
    assert_int_equal(p.callers[FRI][17], 120);
    assert_int_equal(p.callers[FRI][18], 0);
    assert_int_equal(p.callers[SAT][0], 40);
    assert_int_equal(p.callers[SUN][23], 40);
    p = peaks_of("40", "wed 12 50");
    assert_int_equal(p.callers[WED][12], 50);
    assert_int_equal(p.callers[WED][13], 40);
    /* The larger one holds, whichever comes first. */
    p = peaks_of("12 50", "40");
    assert_int_equal(p.callers[SUN][12], 50);
    /* Over midnight, also from one week to the next. */
    p = peaks_of("Fri 22..5 7", "Sun 23..0 9");
    assert_int_equal(p.callers[FRI][21], 0);
    assert_int_equal(p.callers[FRI][22], 7);
    assert_int_equal(p.callers[SAT][5], 7);
    assert_int_equal(p.callers[SAT][6], 0);
    assert_int_equal(p.callers[FRI][5], 0);
    assert_int_equal(p.callers[MON][0], 9);
    p = peaks_of("Sat..Mon 3", NULL);
    assert_int_equal(p.callers[MON][12], 3);
    assert_int_equal(p.callers[TUE][12], 0);
}

static void refuses_what_is_no_peak(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "Mon", "Mon..Fri", "24 5", "9..24 5", "9.. 5", "..9 5",
        "9..17..20 5", "Monday 5", "Mon.Fri 5", "Mon,,Tue 5", "Mon, 5", "9 5 Mon", "Mon 9 5 7",
        "-1", "1.5", "123 5", "\"5"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct err e = {0};
        struct peaks p = {0};
        if (peaks_read(bad[i], &p, &e) != -EINVAL || !e.msg[0])
            fail_msg("\"%s\" is taken", bad[i]);
        assert_false(p.any);
    }
}

static char office[] = "Mon..Fri 9..17 120";
static char always[] = "30";
static char *entries[] = {office, always, NULL};
static const struct strlist expected = {entries, 2};
static const struct strlist nothing = {0};

/* Everything is well. */
static struct preflight_scale sound(void)
{
    return (struct preflight_scale){.workers = 4,
        .standby = 1,
        .surge = 1,
        .min_workers = 2,
        .max_workers = 8,
        .per_worker = 30,
        .up_at = 80,
        .down_at = 30,
        .peaks = &expected,
        .day = WED,
        .hour = 20,
        .largest_worker = 100 << 20,
        .memory_free = 150 << 20,
        .memory_total = 700 << 20,
        .worker_fds = 20,
        .worker_fds_max = 140,
        .fds_per_session = 4,
        .files_open = 400,
        .files_max = 1000};
}

static void must_be(
    const struct preflight_scale *s, enum preflight_check bad, const char *words, int line)
{
    struct preflight p = {0};
    preflight_scale(s, &p);
    for (int c = 0; c < PREFLIGHT_CHECK_COUNT; c++) {
        bool wanted = (enum preflight_check)c == bad;
        const struct preflight_result *r = &p.results[c];
        if (preflight_check_item((enum preflight_check)c) != PREFLIGHT_ITEM_SCALING)
            continue;
        if (r->evidence.len == 0 || r->bad != wanted ||
            (wanted && !strstr(strbuf_text(&r->evidence), words)))
            fail_msg("line %d: %s: %s: %s", line, preflight_check_name((enum preflight_check)c),
                r->bad ? "bad" : "good", strbuf_text(&r->evidence));
    }
    preflight_fini(&p);
}

#define NONE PREFLIGHT_CHECK_COUNT
#define WITH(member, value, check, words)                                                          \
    do {                                                                                           \
        struct preflight_scale s = sound();                                                        \
        s.member = (value);                                                                        \
        must_be(&s, check, words, __LINE__);                                                       \
    } while (0)

static void finds_what_does_not_fit(void **state)
{
    (void)state;
    WITH(hour, 20, NONE, "");
    WITH(min_workers, 9, PREFLIGHT_BOUNDS, "MinWorkers=9 is above MaxWorkers=8");
    WITH(min_workers, 5, PREFLIGHT_BOUNDS, "Workers=4 is below MinWorkers=5");
    WITH(max_workers, 3, PREFLIGHT_BOUNDS, "Workers=4 is above MaxWorkers=3");
    WITH(max_workers, 4, NONE, "");
    WITH(down_at, 80, PREFLIGHT_THRESHOLDS, "ScaleDownAt=80% is not below ScaleUpAt=80%");
    WITH(up_at, 120, PREFLIGHT_THRESHOLDS, "above 100%");
    WITH(down_at, 41, NONE, ""); /* two workers stay */
    WITH(per_worker, 29, PREFLIGHT_CAPACITY, "too few in 45 hours of the week");
    WITH(peaks, &nothing, PREFLIGHT_CAPACITY, "ExpectedPeak=");
    WITH(in_place, true, NONE, ""); /* in the evening */
    WITH(largest_worker, 0, PREFLIGHT_MEMORY, "no worker runs");
    WITH(memory_total, 0, PREFLIGHT_MEMORY, "does not tell");
    WITH(memory_free, 99 << 20, PREFLIGHT_MEMORY, "100 MiB for 1 more workers; 99 MiB can be had");
    WITH(memory_total, 599 << 20, PREFLIGHT_MEMORY, "6 workers of 100 MiB each take 600 MiB");
    WITH(worker_memory, 151 << 20, PREFLIGHT_MEMORY, "151 MiB");
    WITH(worker_memory, 50 << 20, NONE, ""); /* it has more already */
    WITH(worker_fds_max, 139, PREFLIGHT_DESCRIPTORS, "its limit is 139");
    WITH(worker_fds_max, 0, PREFLIGHT_DESCRIPTORS, "no worker runs");
    WITH(files_max, 999, PREFLIGHT_DESCRIPTORS, "400 open of 999");
    WITH(files_max, 0, PREFLIGHT_DESCRIPTORS, "does not tell");
}

static void says_whose_number_it_is(void **state)
{
    (void)state;
    struct preflight_scale s = sound();
    struct preflight p = {0};
    s.configured = 2;
    s.scaled_by = "kim";
    preflight_scale(&s, &p);
    assert_string_equal(strbuf_text(&p.results[PREFLIGHT_BOUNDS].evidence),
        "MinWorkers=2 <= voxkeeper scale 4 (by kim, in place of Workers=2) <= MaxWorkers=8");
    preflight_fini(&p);
    s.min_workers = 5;
    must_be(&s, PREFLIGHT_BOUNDS,
        "voxkeeper scale 4 (by kim, in place of Workers=2) is below MinWorkers=5", __LINE__);
    s = sound();
    s.scaled_by = "kim";
    s.per_worker = 29;
    must_be(&s, PREFLIGHT_CAPACITY, "4 workers (voxkeeper scale) of 29 callers each", __LINE__);
}

static void one_worker_must_not_go_up_and_down(void **state)
{
    (void)state;
    struct preflight_scale s = sound();
    s.min_workers = 1;
    s.down_at = 40;
    must_be(&s, NONE, "", __LINE__);
    s.down_at = 41;
    must_be(&s, PREFLIGHT_THRESHOLDS, "for ever", __LINE__);
}

static void a_rollout_in_place_takes_a_worker_away(void **state)
{
    (void)state;
    struct preflight_scale s = sound();
    s.hour = 12;
    must_be(&s, NONE, "", __LINE__);
    s.in_place = true;
    must_be(&s, PREFLIGHT_CAPACITY,
        "a rollout now leaves room for 90; 120 are expected on Wed at 12:00", __LINE__);
}

static void who_says_nothing_is_told_all_that_is_missing(void **state)
{
    (void)state;
    struct preflight_scale s = sound();
    struct preflight p = {0};
    s.per_worker = 0;
    preflight_scale(&s, &p);
    assert_true(p.results[PREFLIGHT_CAPACITY].bad);
    assert_true(p.results[PREFLIGHT_DESCRIPTORS].bad);
    assert_non_null(
        strstr(strbuf_text(&p.results[PREFLIGHT_CAPACITY].evidence), "SessionsPerWorker="));
    preflight_fini(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_days_and_hours),
        cmocka_unit_test(refuses_what_is_no_peak),
        cmocka_unit_test(finds_what_does_not_fit),
        cmocka_unit_test(says_whose_number_it_is),
        cmocka_unit_test(one_worker_must_not_go_up_and_down),
        cmocka_unit_test(a_rollout_in_place_takes_a_worker_away),
        cmocka_unit_test(who_says_nothing_is_told_all_that_is_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
