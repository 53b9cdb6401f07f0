/* base/num: the whole text or nothing. */
#include "base/num.h"

#include "cmocka_all.h"

#include <errno.h>

static void reads_unsigned(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t min, max;
        int r;
        uint64_t value;
    } rows[] = {
        {"0", 0, 10, 0, 0},
        {"10", 0, 10, 0, 10},
        {"11", 0, 10, -ERANGE, 0},
        {"4", 5, 10, -ERANGE, 0},
        {"007", 0, 10, 0, 7},
        {"18446744073709551615", 0, UINT64_MAX, 0, UINT64_MAX},
        {"18446744073709551616", 0, UINT64_MAX, -ERANGE, 0},
        {"-1", 0, UINT64_MAX, -EINVAL, 0},
        {"+1", 0, UINT64_MAX, -EINVAL, 0},
        {" 1", 0, 10, -EINVAL, 0},
        {"1 ", 0, 10, -EINVAL, 0},
        {"1x", 0, 10, -EINVAL, 0},
        {"0x10", 0, 100, -EINVAL, 0},
        {"", 0, 10, -EINVAL, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint64_t value = 12345;
        int r = num_parse_u64(rows[i].text, rows[i].min, rows[i].max, &value);
        if (r != rows[i].r || value != (r == 0 ? rows[i].value : 12345))
            fail_msg("\"%s\": r=%d, %llu", rows[i].text, r, (unsigned long long)value);
    }
}

static void reads_signed(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t min, max;
        int r;
        int64_t value;
    } rows[] = {
        {"-5", -10, 10, 0, -5},
        {"5", -10, 10, 0, 5},
        {"-11", -10, 10, -ERANGE, 0},
        {"-9223372036854775808", INT64_MIN, INT64_MAX, 0, INT64_MIN},
        {"9223372036854775808", INT64_MIN, INT64_MAX, -ERANGE, 0},
        {"--5", -10, 10, -EINVAL, 0},
        {"- 5", -10, 10, -EINVAL, 0},
        {"-", -10, 10, -EINVAL, 0},
        {"5-", -10, 10, -EINVAL, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t value = 12345;
        int r = num_parse_i64(rows[i].text, rows[i].min, rows[i].max, &value);
        if (r != rows[i].r || value != (r == 0 ? rows[i].value : 12345))
            fail_msg("\"%s\": r=%d, %lld", rows[i].text, r, (long long)value);
    }
}

static void reads_decimals(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int r;
        double value;
    } rows[] = {
        {"1.5", 0, 1.5},
        {"2", 0, 2},
        {"-0.25", 0, -0.25},
        {"11", -ERANGE, 0},
        {"1e400", -ERANGE, 0},
        {"nan", -EINVAL, 0},
        {"inf", -EINVAL, 0},
        {"1.5s", -EINVAL, 0},
        {".5", -EINVAL, 0},
        {"0x5", -EINVAL, 0},
        {"", -EINVAL, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        double value = 12345;
        int r = num_parse_double(rows[i].text, -10, 10, &value);
        double expected = r == 0 ? rows[i].value : 12345;
        if (r != rows[i].r || value < expected || value > expected)
            fail_msg("\"%s\": r=%d, %g", rows[i].text, r, value);
    }
}

static void reads_booleans(void **state)
{
    (void)state;
    static const char *const yes[] = {"yes", "true", "on", "1", "YES", "True", "y", "t"};
    static const char *const no[] = {"no", "false", "off", "0", "NO", "Off", "n", "f"};
    static const char *const neither[] = {"", "2", "yess", "ye", "enable", " yes", "-1"};
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) {
        bool value = false;
        assert_int_equal(num_parse_bool(yes[i], &value), 0);
        assert_true(value);
        value = true;
        assert_int_equal(num_parse_bool(no[i], &value), 0);
        assert_false(value);
    }
    for (size_t i = 0; i < sizeof neither / sizeof *neither; i++) {
        bool value = true;
        assert_int_equal(num_parse_bool(neither[i], &value), -EINVAL);
        assert_true(value);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_unsigned),
        cmocka_unit_test(reads_signed),
        cmocka_unit_test(reads_decimals),
        cmocka_unit_test(reads_booleans),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
