/* cli/watch_change: time that goes by is no news. */
#include "cli/watch_change.h"

#include "cmocka_all.h"

static bool differ(const char *before, const char *after)
{
    cJSON *a = cJSON_Parse(before);
    cJSON *b = cJSON_Parse(after);
    bool differs = watch_differs(a, b);
    cJSON_Delete(a);
    cJSON_Delete(b);
    return differs;
}

static void what_is_the_same(void **state)
{
    (void)state;
    assert_false(watch_differs(NULL, NULL));
    assert_false(differ("{\"a\":[1,\"x\",null,true]}", "{\"a\":[1,\"x\",null,true]}"));
    assert_false(differ("{\"up_usec\":1,\"lines\":3}", "{\"up_usec\":2,\"lines\":4}"));
    assert_false(differ("[{\"rss_bytes\":1}]", "[{\"rss_bytes\":2}]"));
}

static void what_is_news(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"{\"a\":1}", "{\"a\":2}"},
        {"{\"a\":1}", "{\"b\":1}"},
        {"{\"a\":true}", "{\"a\":false}"},
        {"{\"a\":\"x\"}", "{\"a\":\"y\"}"},
        {"[1]", "[1,2]"},
        {"[1,2]", "[1]"},
        {"{\"left_usec\":null}", "{\"left_usec\":1}"},
        {"{\"list\":[{\"state\":\"serving\"}]}", "{\"list\":[{\"state\":\"gone\"}]}"},
        {"{}", "null"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        assert_true(differ(pairs[i][0], pairs[i][1]));
    cJSON *a = cJSON_Parse("{}");
    assert_true(watch_differs(NULL, a));
    assert_true(watch_differs(a, NULL));
    cJSON_Delete(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_the_same),
        cmocka_unit_test(what_is_news),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
