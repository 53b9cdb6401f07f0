/* Names of kept descriptors: what is written is read, and nothing else is. */
#include "core/saved/keep_name.h"

#include "cmocka_all.h"

#include <string.h>

static void valid_names(void **state)
{
    (void)state;
    char longest[KEEP_NAME_MAX + 1];
    memset(longest, 'x', KEEP_NAME_MAX);
    longest[KEEP_NAME_MAX] = '\0';
    assert_false(keep_name_is_valid(longest));
    longest[KEEP_NAME_MAX - 1] = '\0';
    assert_true(keep_name_is_valid(longest));
    assert_true(keep_name_is_valid("w1.out-A_9"));
    static const char *const bad[] = {"", "a:b", "a+1", "a b", "a\n", "\xc3\xa4", "a=b"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(keep_name_is_valid(bad[i]));
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    char longest[KEEP_NAME_MAX];
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    const char *const names[] = {"state", "listen-1", "w1.out", longest};
    static const uint64_t numbers[] = {1, 7, UINT64_MAX - 1};
    for (size_t i = 0; i < 4; i++) {
        for (size_t j = 0; j < 3; j++) {
            char stored[KEEP_STORED_MAX];
            char name[KEEP_NAME_MAX];
            uint64_t number = 0;
            keep_name_store(names[i], numbers[j], stored);
            assert_true(keep_name_read(stored, name, &number));
            assert_string_equal(name, names[i]);
            assert_true(number == numbers[j]);
        }
    }
}

static void what_is_not_ours_is_not_read(void **state)
{
    (void)state;
    static const char *const others[] = {"", "stored", "public", "unknown", "vk.", "vk.state",
        "vk.+1", "vk.state+", "vk.state+0", "vk.state+01", "vk.state+x", "vk.state+1x",
        "vk.state+-1", "vk.state+ 1", "vk.st ate+1", "vk.state+1+2",
        "vk.state+18446744073709551616", "vk.state+18446744073709551615", "xvk.state+1",
        "VK.state+1"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        char name[KEEP_NAME_MAX] = "untouched";
        uint64_t number = 99;
        assert_false(keep_name_read(others[i], name, &number));
        assert_string_equal(name, "untouched");
        assert_true(number == 99);
    }
    char too_long[KEEP_STORED_MAX + 8];
    memset(too_long, 'x', sizeof too_long);
    memcpy(too_long, KEEP_PREFIX, strlen(KEEP_PREFIX));
    memcpy(too_long + KEEP_STORED_MAX, "+1", 3);
    char name[KEEP_NAME_MAX];
    uint64_t number = 0;
    assert_false(keep_name_read(too_long, name, &number));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(valid_names),
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(what_is_not_ours_is_not_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
