/* base/text: globs, distances and escapes. */
#include "base/text.h"

#include "base/strbuf.h"
#include "cmocka_all.h"

#include <string.h>

static bool glob(const char *pattern, const char *text)
{
    return text_glob(pattern, strlen(pattern), text, strlen(text));
}

static void globs_as_redis_does(void **state)
{
    (void)state;
    assert_true(glob("cursor_task:*", "cursor_task:42"));
    assert_true(glob("cursor_task:*", "cursor_task:"));
    assert_false(glob("cursor_task:*", "cursor_tas"));
    assert_true(glob("*", ""));
    assert_true(glob("a*b*c", "a__b__b__c"));
    assert_false(glob("a*b*c", "a__b__b__"));
    assert_true(glob("h?llo", "hello"));
    assert_true(glob("h[ae]llo", "hallo"));
    assert_false(glob("h[^e]llo", "hello"));
    assert_true(glob("h[a-e]llo", "hcllo"));
    assert_true(glob("h\\*llo", "h*llo"));
    assert_false(glob("h\\*llo", "hallo"));
    assert_true(glob("[ec][lu]*", "cux"));
    assert_true(text_glob("a*", 2, "a\0b\n", 4));
    assert_false(glob("abc", "abcd"));
}

static void globs_are_not_exponential(void **state)
{
    (void)state;
    char text[4096];
    memset(text, 'a', sizeof text);
    assert_false(text_glob("a*a*a*a*a*a*a*a*a*b", 19, text, sizeof text));
}

static void finds_near_names(void **state)
{
    (void)state;
    assert_int_equal(text_distance("Lisen", "Listen", 9), 1);
    assert_int_equal(text_distance("listen", "Listen", 9), 0);
    assert_int_equal(text_distance("Interval", "Timeout", 3), 3);
}

static void escaped_is(const char *bytes, size_t len, size_t max, const char *expected)
{
    struct strbuf out = STRBUF_INIT;
    text_escape(&out, bytes, len, max);
    assert_string_equal(strbuf_text(&out), expected);
    strbuf_fini(&out);
}

static void escapes_what_would_hurt_a_terminal(void **state)
{
    (void)state;
    escaped_is("plain", 5, 100, "plain");
    escaped_is("a\nb\tc\\", 6, 100, "a\\nb\\tc\\\\");
    escaped_is("\0\x1b[31m", 6, 100, "\\x00\\x1b[31m");
    escaped_is("\xff\xc3\xa9", 3, 100, "\\xff\xc3\xa9");
    escaped_is("\xc2\x9b", 2, 100, "\\xc2\\x9b");
    escaped_is("abcdef", 6, 3, "abc…");
}

static void writes_json_strings(void **state)
{
    (void)state;
    struct strbuf out = STRBUF_INIT;
    static const char bytes[] = "a\"b\\\n\xff\xed\xa0\x80"; /* ends in a lone surrogate */
    text_json(&out, bytes, sizeof bytes - 1);
    assert_string_equal(strbuf_text(&out), "\"a\\\"b\\\\\\u000a\\ufffd\\ufffd\\ufffd\\ufffd\"");
    strbuf_fini(&out);
}

static void blanks_control_bytes(void **state)
{
    (void)state;
    char text[] = "\033[2Jboo\r\n\x7f \xc3\xa9";
    text_blank_controls(text);
    assert_string_equal(text, "?[2Jboo??? \xc3\xa9");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(globs_as_redis_does),
        cmocka_unit_test(globs_are_not_exponential),
        cmocka_unit_test(finds_near_names),
        cmocka_unit_test(escapes_what_would_hurt_a_terminal),
        cmocka_unit_test(writes_json_strings),
        cmocka_unit_test(blanks_control_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
