/* core/json_scan: strict, without memory, and no deeper than allowed. */
#include "core/json_scan.h"

#include "base/strbuf.h"
#include "cmocka_all.h"
#include "core/limits.h"

#include <string.h>

static void takes_json_and_nothing_else(void **state)
{
    (void)state;
    static const char *const good[] = {"{}", "[]", "null", "true", "false", "0", "-0.5e+10", "\"\"",
        " [1 , {\"a\" : [ ] } ]", "\"\\u12aF\\n\\/\"", "\"\xff\"", "1E5"};
    static const char *const bad[] = {"", " ", "{", "[", "[1,]", "{\"a\"}", "{\"a\":}", "{a:1}",
        "{,}", "-", "1.", "1e", "+1", "nul", "\"", "\"\\\"", "\"\\u12g4\"", "\"\\u12", "\"\\x\"",
        "\"\t\"", "{1:2}", "[1 2]", "]", "'a'"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        if (json_scan_value(good[i], strlen(good[i])) != strlen(good[i]))
            fail_msg("not taken: %s", good[i]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (json_scan_value(bad[i], strlen(bad[i])) != 0)
            fail_msg("taken: %s", bad[i]);
    }
    /* Ends where the value does, and never reads beyond the length. */
    assert_int_equal(json_scan_value("{} x", 4), 2);
    assert_int_equal(json_scan_value("true", 3), 0);
    assert_int_equal(json_scan_value("01", 2), 1);
    assert_int_equal(json_scan_value("\"a\0\"", 4), 0);
}

static void goes_no_deeper_than_the_limit(void **state)
{
    (void)state;
    char text[2 * (LIMIT_JSON_DEPTH + 1)];
    for (size_t depth = LIMIT_JSON_DEPTH; depth <= LIMIT_JSON_DEPTH + 1; depth++) {
        memset(text, '[', depth);
        memset(text + depth, ']', depth);
        size_t expected = depth <= LIMIT_JSON_DEPTH ? 2 * depth : 0;
        assert_int_equal(json_scan_value(text, 2 * depth), expected);
    }
}

static void walks_the_members(void **state)
{
    (void)state;
    static const char text[] = " { \"a\" : [1, {\"x\":2}] , \"b\\\"\":\"}\", \"\" : -1 }";
    struct strbuf heard = STRBUF_INIT;
    struct json_member m;
    size_t pos = 0;
    while (json_scan_member(text, sizeof text - 1, &pos, &m)) {
        strbuf_add(&heard, m.key, m.key_len);
        strbuf_addc(&heard, '=');
        json_scan_compact(&heard, m.value, m.value_len);
        strbuf_addc(&heard, ';');
    }
    assert_string_equal(strbuf_text(&heard), "a=[1,{\"x\":2}];b\\\"=\"}\";=-1;");
    pos = 0;
    assert_false(json_scan_member("{ }", 3, &pos, &m));
    strbuf_fini(&heard);
}

static void unescapes(void **state)
{
    (void)state;
    static const char text[] =
        "\\b\\f\\n\\r\\t\\\"\\\\\\/\\u0041\\u00e9\\u20ac\\ud83d\\ude00\\ud83d-\\ude00";
    struct strbuf out = STRBUF_INIT;
    json_scan_unescape(&out, text, sizeof text - 1);
    assert_string_equal(strbuf_text(&out),
        "\b\f\n\r\t\"\\/A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xef\xbf\xbd-\xef\xbf\xbd");
    strbuf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_json_and_nothing_else),
        cmocka_unit_test(goes_no_deeper_than_the_limit),
        cmocka_unit_test(walks_the_members),
        cmocka_unit_test(unescapes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
