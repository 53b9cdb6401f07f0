/* base/timestamp: points in time. */
#include "base/timestamp.h"

#include "cmocka_all.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define S UINT64_C(1000000)

static void reads_iso_8601(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int r;
        usec_t wall;
    } rows[] = {
        {"1970-01-01T00:00:00Z", 0, 0},
        {"2001-09-09T01:46:40.000Z", 0, 1000000000 * S},
        {"2025-06-01T12:30:00.123Z", 0, 1748781000 * S + 123000},
        {"2025-06-01t12:30:00z", 0, 1748781000 * S},
        {"2025-06-01 12:30:00Z", 0, 1748781000 * S},
        {"2025-06-01T12:30:00,5Z", 0, 1748781000 * S + 500000},
        {"2025-06-01T12:30:00.123456789Z", 0, 1748781000 * S + 123456},
        {"2025-06-01T14:30:00+02:00", 0, 1748781000 * S},
        {"2025-06-01T14:30:00+0200", 0, 1748781000 * S},
        {"2025-06-01T14:30:00+02", 0, 1748781000 * S},
        {"2025-06-01T07:00:00-05:30", 0, 1748781000 * S},
        {"2025-06-02T00:00:00+11:30", 0, 1748781000 * S},
        {"2025-06-01T24:00:00Z", 0, 1748822400 * S},
        {"2016-12-31T23:59:60Z", 0, 1483228800 * S},
        {"2024-02-29T00:00:00Z", 0, 1709164800 * S},
        {"2000-02-29T00:00:00Z", 0, 951782400 * S},
        {"9999-12-31T23:59:59Z", 0, UINT64_C(253402300799) * S},
        {"1969-12-31T23:59:59Z", -ERANGE, 0},
        {"1970-01-01T00:00:00+00:01", -ERANGE, 0},
        {"0001-01-01T00:00:00Z", -ERANGE, 0},
        {"0000-01-01T00:00:00Z", -ERANGE, 0},
        {"2023-02-29T00:00:00Z", -EINVAL, 0},
        {"1900-02-29T00:00:00Z", -EINVAL, 0},
        {"2025-04-31T00:00:00Z", -EINVAL, 0},
        {"2025-13-01T00:00:00Z", -EINVAL, 0},
        {"2025-00-01T00:00:00Z", -EINVAL, 0},
        {"2025-06-01T12:30:00", -EINVAL, 0},
        {"2025-06-01", -EINVAL, 0},
        {"2025-06-01T12:30Z", -EINVAL, 0},
        {"2025-06-01T25:30:00Z", -EINVAL, 0},
        {"2025-06-01T24:00:01Z", -EINVAL, 0},
        {"2025-06-01T24:00:00.1Z", -EINVAL, 0},
        {"2025-06-01T12:60:00Z", -EINVAL, 0},
        {"2025-06-01T12:30:61Z", -EINVAL, 0},
        {"2025-06-01T12:30:00.Z", -EINVAL, 0},
        {"2025-06-01T12:30:00Zx", -EINVAL, 0},
        {"2025-06-01T12:30:00+24:00", -EINVAL, 0},
        {"2025-06-01T12:30:00+02:60", -EINVAL, 0},
        {"2025-06-01T12:30:00+2", -EINVAL, 0},
        {"2025-06-01T12:30:00+02:", -EINVAL, 0},
        {"+2025-06-01T12:30:00Z", -EINVAL, 0},
        {"-025-06-01T12:30:00Z", -EINVAL, 0},
        {" 2025-06-01T12:30:00Z", -EINVAL, 0},
        {"20250601T123000Z", -EINVAL, 0},
        {"Sun Jun 01 2025", -EINVAL, 0},
        {"", -EINVAL, 0},
        {"Z", -EINVAL, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        usec_t wall = 77;
        /* A copy of exactly that size, so that the sanitizer sees a step beyond. */
        size_t len = strlen(rows[i].text);
        char *copy = malloc(len + 1);
        memcpy(copy, rows[i].text, len + 1);
        char *exact = memcpy(malloc(len + !len), copy, len);
        int r = timestamp_parse(exact, len, &wall);
        if (r != rows[i].r || wall != (r == 0 ? rows[i].wall : 77))
            fail_msg("\"%s\": r=%d wall=%llu", rows[i].text, r, (unsigned long long)wall);
        free(copy);
        free(exact);
    }
}

static void agrees_with_libc_on_every_day(void **state)
{
    (void)state;
    for (time_t t = 0; t < 253402300800; t += 86400 * 7 + 3661) {
        struct tm tm;
        char text[64];
        char ours[TIMESTAMP_TEXT_MAX];
        usec_t wall = 0;
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S.000Z", gmtime_r(&t, &tm));
        assert_int_equal(timestamp_parse(text, strlen(text), &wall), 0);
        if (wall != (usec_t)t * S || strcmp(timestamp_format(wall, ours), text) != 0)
            fail_msg("%s: %s", text, ours);
    }
}

static void writes_what_it_reads(void **state)
{
    (void)state;
    char buf[TIMESTAMP_TEXT_MAX];
    assert_string_equal(timestamp_format(1748781000 * S + 123456, buf), "2025-06-01T12:30:00.123Z");
    assert_string_equal(timestamp_format(0, buf), "1970-01-01T00:00:00.000Z");
    assert_string_equal(timestamp_format(USEC_INFINITY, buf), "infinity");
}

static void tells_seconds_from_milliseconds(void **state)
{
    (void)state;
    usec_t wall = 0;
    assert_int_equal(timestamp_from_number(1748781000, &wall), 0);
    assert_true(wall == 1748781000 * S);
    assert_int_equal(timestamp_from_number(1748781000.25, &wall), 0);
    assert_true(wall == 1748781000 * S + 250000);
    assert_int_equal(timestamp_from_number(1748781000123.0, &wall), 0);
    assert_true(wall == 1748781000 * S + 123000);
    static const double bad[] = {0, -1, 1, 99999999, 1e14, 1e300, -1748781000, INFINITY, NAN};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(timestamp_from_number(bad[i], &wall), -ERANGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_iso_8601),
        cmocka_unit_test(agrees_with_libc_on_every_day),
        cmocka_unit_test(writes_what_it_reads),
        cmocka_unit_test(tells_seconds_from_milliseconds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
