/* core/redis_url: where Redis is. */
#include "core/redis_url.h"

#include "cmocka_all.h"

#include <errno.h>
#include <string.h>

static void reads_what_operators_write(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *address;
        const char *username;
        const char *password;
    } rows[] = {
        {"redis://redis:6379/0", "redis://redis:6379/0", "", ""},
        {"redis://localhost", "redis://localhost:6379/0", "", ""},
        {"redis://localhost/", "redis://localhost:6379/0", "", ""},
        {"redis://127.0.0.1:1/15", "redis://127.0.0.1:1/15", "", ""},
        {"redis://[::1]:6380/2", "redis://[::1]:6380/2", "", ""},
        {"redis://[fe80::1]", "redis://[fe80::1]:6379/0", "", ""},
        {"redis://:s3cret@h", "redis://h:6379/0", "", "s3cret"},
        {"redis://kim@h", "redis://h:6379/0", "kim", ""},
        {"redis://kim:p%40ss%3Aw@h:7", "redis://h:7/0", "kim", "p@ss:w"},
        {"redis://kim:a@b@h:7", "redis://h:7/0", "kim", "a@b"},
        {"redis://kim:100%25@h:7", "redis://h:7/0", "kim", "100%"},
        {"unix:///run/redis/redis.sock", "unix:///run/redis/redis.sock?db=0", "", ""},
        {"unix:///r.sock?db=3", "unix:///r.sock?db=3", "", ""},
        {"unix:///a%20b", "unix:///a b?db=0", "", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct redis_url url;
        struct err e = {0};
        char buf[REDIS_URL_TEXT_MAX];
        if (redis_url_parse(rows[i].text, &url, &e) < 0)
            fail_msg("\"%s\": %s", rows[i].text, e.msg);
        assert_string_equal(redis_url_address(&url, buf), rows[i].address);
        assert_string_equal(url.username, rows[i].username);
        assert_string_equal(url.password, rows[i].password);
    }
}

static void names_it_for_a_shell(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *command;
    } rows[] = {
        {"redis://localhost", "redis-cli"},
        {"redis://:s3cret@127.0.0.1:6379/0", "redis-cli"},
        {"redis://127.0.0.1:6380", "redis-cli -p 6380"},
        {"redis://redis/2", "redis-cli -h redis -n 2"},
        {"redis://kim:s3cret@redis.example.com:7/0", "redis-cli -h redis.example.com -p 7"},
        {"redis://[::1]:6380", "redis-cli -h ::1 -p 6380"},
        {"unix:///run/redis/redis.sock?db=3", "redis-cli -s /run/redis/redis.sock -n 3"},
        {"unix:///a%20b", "redis-cli -s '/a b'"},
        {"unix:///a%27b", "redis-cli -s \"/a'b\""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct redis_url url;
        struct err e = {0};
        char buf[REDIS_URL_TEXT_MAX];
        assert_int_equal(redis_url_parse(rows[i].text, &url, &e), 0);
        assert_string_equal(redis_url_cli(&url, buf), rows[i].command);
    }
}

static void refuses_with_a_reason(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *reason;
    } rows[] = {
        {"", "neither redis:// nor unix://"},
        {"localhost:6379", "neither redis:// nor unix://"},
        {"rediss://h", "\"rediss://\" is not spoken"},
        {"sentinel://h", "\"sentinel://\" is not spoken"},
        {"redis://", "bad host \"\""},
        {"redis://:6379", "bad host \"\""},
        {"redis://h:0", "bad port \"0\""},
        {"redis://h:65536", "bad port \"65536\""},
        {"redis://h:6379x", "bad port \"6379x\""},
        {"redis://[::1", "bad address"},
        {"redis://[::1]x", "bad address"},
        {"redis://h/x", "database \"x\""},
        {"redis://h/-1", "database \"-1\""},
        {"redis://h?db=1", "only /db"},
        {"redis://u:bad%@h", "bad %XX"},
        {"redis://u:bad%4@h", "bad %XX"},
        {"redis://u:nul%00@h", "bad %XX"},
        {"unix://run/redis.sock", "absolute path"},
        {"unix:///", "absolute path"},
        {"unix:///r?database=1", "only ?db=N"},
        {"unix:///r?db=x", "database \"x\""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct redis_url url;
        struct err e = {0};
        assert_int_equal(redis_url_parse(rows[i].text, &url, &e), -EINVAL);
        if (!strstr(e.msg, rows[i].reason))
            fail_msg("\"%s\": %s", rows[i].text, e.msg);
        assert_null(strstr(e.msg, "bad%"));
    }
}

static void long_ones_do_not_overflow(void **state)
{
    (void)state;
    char text[2048];
    struct redis_url url;
    struct err e;
    static const struct {
        const char *before, *after;
    } around[] = {{"redis://", ""}, {"redis://", ":p@h"}, {"redis://u:", "@h"}, {"unix:///", ""},
        {"redis://h/", ""}};
    for (size_t i = 0; i < sizeof around / sizeof *around; i++) {
        size_t n = strlen(around[i].before);
        memcpy(text, around[i].before, n);
        memset(text + n, 'x', 1024);
        strcpy(text + n + 1024, around[i].after);
        assert_int_equal(redis_url_parse(text, &url, &e), -EINVAL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_operators_write),
        cmocka_unit_test(names_it_for_a_shell),
        cmocka_unit_test(refuses_with_a_reason),
        cmocka_unit_test(long_ones_do_not_overflow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
