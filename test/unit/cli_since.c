/* cli/since: points in the past as people write them. */
#include "cli/since.h"

#include "cmocka_all.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

/* 2026-03-01 12:30:40 UTC */
#define NOW (UINT64_C(1772368240) * USEC_PER_SEC)

static void texts(void **state)
{
    static const struct {
        const char *text;
        uint64_t seconds; /* before NOW */
    } good[] = {
        {"10min", 600},
        {"1h 30min", 5400},
        {"40", 40},
        {"12:30", 40},
        {"12:29:40", 60},
        {"00:00", 45040},
        {"12:31", 86400 - 20},
        {"23:50", 86400 - 40760},
        {"2026-03-01", 45040},
        {"2026-02-28 12:30", 86440},
        {"2026-02-28 12:30:40", 86400},
        {"2026-03-01T12:30:00Z", 40},
        {"2026-03-01T14:30:00+02:00", 40},
    };
    static const char *const bad[] = {
        "", "soon", "25:00", "12:30x", "2026-13-01", "2026-02-28 12", "-10min", "03:10 yesterday"};
    (void)state;
    setenv("TZ", "UTC", 1);
    tzset();
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        usec_t wall = 0;
        assert_int_equal(since_parse(good[i].text, NOW, &wall), 0);
        assert_int_equal((NOW - wall) / USEC_PER_SEC, good[i].seconds);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        usec_t wall = 7;
        assert_int_equal(since_parse(bad[i], NOW, &wall), -EINVAL);
        assert_int_equal(wall, 7);
    }
}

static void what_is_ahead_is_the_next_time(void **state)
{
    usec_t wall = 0;
    (void)state;
    setenv("TZ", "UTC", 1);
    tzset();
    assert_int_equal(ahead_parse("12:31", NOW, &wall), 0);
    assert_int_equal((wall - NOW) / USEC_PER_SEC, 20);
    assert_int_equal(ahead_parse("12:30", NOW, &wall), 0);
    assert_int_equal((wall - NOW) / USEC_PER_SEC, 86400 - 40);
    assert_int_equal(ahead_parse("2026-03-01T12:31:00Z", NOW, &wall), 0);
    assert_int_equal((wall - NOW) / USEC_PER_SEC, 20);
    assert_int_equal(ahead_parse("10min", NOW, &wall), -EINVAL);
}

static void local_time_is_local(void **state)
{
    usec_t wall = 0;
    (void)state;
    setenv("TZ", "EST5", 1);
    tzset();
    assert_int_equal(since_parse("07:30", NOW, &wall), 0);
    assert_int_equal((NOW - wall) / USEC_PER_SEC, 40);
    assert_int_equal(since_parse("2026-03-01 07:30", NOW, &wall), 0);
    assert_int_equal((NOW - wall) / USEC_PER_SEC, 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts),
        cmocka_unit_test(what_is_ahead_is_the_next_time),
        cmocka_unit_test(local_time_is_local),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
