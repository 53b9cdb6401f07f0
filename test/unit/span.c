/* base/span: time spans and sizes. */
#include "base/span.h"

#include "cmocka_all.h"

#include <errno.h>

static void reads_what_systemd_reads(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int r;
        usec_t span;
    } rows[] = {
        {"30s", 0, 30 * USEC_PER_SEC},
        {"30", 0, 30 * USEC_PER_SEC},
        {"1.5s", 0, 1500000},
        {"0.5", 0, 500000},
        {"5min 20s", 0, 320 * USEC_PER_SEC},
        {"5min20s", 0, 320 * USEC_PER_SEC},
        {" 24 h ", 0, USEC_PER_DAY},
        {"2d", 0, 2 * USEC_PER_DAY},
        {"1w", 0, 7 * USEC_PER_DAY},
        {"250ms", 0, 250000},
        {"7us", 0, 7},
        {"0", 0, 0},
        {"infinity", 0, USEC_INFINITY},
        {"", -EINVAL, 0},
        {"s", -EINVAL, 0},
        {"-5s", -EINVAL, 0},
        {"5 parsec", -EINVAL, 0},
        {"5s!", -EINVAL, 0},
        {"1.", -EINVAL, 0},
        {"99999999999999999999s", -ERANGE, 0},
        {"18446744073709551615us", -ERANGE, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        usec_t span = 12345;
        int r = span_parse(rows[i].text, &span);
        if (r != rows[i].r || (r == 0 && span != rows[i].span) || (r != 0 && span != 12345))
            fail_msg("\"%s\": r=%d span=%llu", rows[i].text, r, (unsigned long long)span);
    }
}

static void writes_two_units(void **state)
{
    (void)state;
    char buf[SPAN_TEXT_MAX];
    assert_string_equal(span_format(0, buf), "0");
    assert_string_equal(span_format(USEC_INFINITY, buf), "infinity");
    assert_string_equal(span_format(90 * USEC_PER_SEC, buf), "1min 30s");
    assert_string_equal(span_format(USEC_PER_HOUR, buf), "1h");
    assert_string_equal(span_format(USEC_PER_HOUR + 5 * USEC_PER_SEC, buf), "1h");
    assert_string_equal(span_format(1500 * USEC_PER_MSEC, buf), "1s 500ms");
    assert_string_equal(span_format(42, buf), "42us");
}

static void shows_how_long_it_took(void **state)
{
    (void)state;
    char buf[SPAN_TEXT_MAX];
    assert_string_equal(span_show(735, buf), "735us");
    assert_string_equal(span_show(804999, buf), "804ms");
    assert_string_equal(span_show(3279999, buf), "3.27s");
    assert_string_equal(span_show(90 * USEC_PER_SEC + 7, buf), "1min 30s");
    assert_string_equal(span_show(USEC_INFINITY, buf), "infinity");
}

static void sums_do_not_wrap(void **state)
{
    (void)state;
    assert_true(usec_add(USEC_INFINITY - 1, 5) == USEC_INFINITY);
    assert_true(usec_add(2, 3) == 5);
    assert_true(usec_sub(3, 5) == 0);
    assert_true(usec_sub(5, 3) == 2);
}

static void sizes_go_both_ways(void **state)
{
    (void)state;
    uint64_t size = 0;
    char buf[SPAN_TEXT_MAX];
    assert_int_equal(size_parse("64M", &size), 0);
    assert_int_equal(size, 64 << 20);
    assert_string_equal(size_format(size, buf), "64M");
    assert_int_equal(size_parse("1.5K", &size), 0);
    assert_int_equal(size, 1536);
    assert_string_equal(size_format(size, buf), "1536");
    assert_int_equal(size_parse("4096", &size), 0);
    assert_string_equal(size_format(size, buf), "4K");
    assert_int_equal(size_parse("1.5", &size), -EINVAL);
    assert_int_equal(size_parse("64X", &size), -EINVAL);
    assert_int_equal(size_parse("99999999T", &size), -ERANGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_systemd_reads),
        cmocka_unit_test(writes_two_units),
        cmocka_unit_test(shows_how_long_it_took),
        cmocka_unit_test(sums_do_not_wrap),
        cmocka_unit_test(sizes_go_both_ways),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
