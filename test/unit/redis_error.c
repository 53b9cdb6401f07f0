/* core/redis_error: what an error reply means. The texts are Redis 7.0's own. */
#include "core/redis_error.h"

#include "cmocka_all.h"

#include <string.h>

static void knows_what_redis_says(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum redis_error error;
    } rows[] = {
        {"LOADING Redis is loading the dataset in memory", REDIS_E_LOADING},
        {"BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.",
            REDIS_E_BUSY},
        {"OOM command not allowed when used memory > 'maxmemory'.", REDIS_E_OOM},
        {"READONLY You can't write against a read only replica.", REDIS_E_READONLY},
        {"MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
            REDIS_E_READONLY},
        {"NOAUTH Authentication required.", REDIS_E_NOAUTH},
        {"WRONGPASS invalid username-password pair or user is disabled.", REDIS_E_NOAUTH},
        {"DENIED Redis is running in protected mode because protected mode is enabled",
            REDIS_E_NOAUTH},
        {"ERR invalid password", REDIS_E_NOAUTH},
        {"ERR AUTH <password> called without any password configured for the default user. Are you "
         "sure your configuration is correct?",
            REDIS_E_NOAUTH},
        {"NOPERM this user has no permissions to run the 'scan' command", REDIS_E_NOPERM},
        {"ERR The user executing the script can't access at least one of the keys mentioned",
            REDIS_E_NOPERM},
        {"MOVED 3999 127.0.0.1:6381", REDIS_E_MOVED},
        {"ASK 3999 127.0.0.1:6381", REDIS_E_MOVED},
        {"TRYAGAIN Multiple keys request during rehashing of slot", REDIS_E_MOVED},
        {"CLUSTERDOWN The cluster is down", REDIS_E_CLUSTERDOWN},
        {"MISCONF Redis is configured to save RDB snapshots, but it's unable to persist to disk.",
            REDIS_E_MISCONF},
        {"NOREPLICAS Not enough good replicas to write.", REDIS_E_MISCONF},
        {"NOSCRIPT No matching script. Please use EVAL.", REDIS_E_NOSCRIPT},
        {"WRONGTYPE Operation against a key holding the wrong kind of value", REDIS_E_WRONGTYPE},
        {"ERR max number of clients reached", REDIS_E_CLIENTS},
        {"ERR unknown command 'FOO', with args beginning with: ", REDIS_E_OTHER},
        {"LOADINGS of fun", REDIS_E_OTHER},
        {"BUSYKEY Target key name already exists.", REDIS_E_OTHER},
        {"LOADING", REDIS_E_LOADING},
        {" ", REDIS_E_OTHER},
        {"", REDIS_E_OTHER},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        enum redis_error error = redis_error_class(rows[i].text, strlen(rows[i].text));
        if (error != rows[i].error)
            fail_msg("\"%s\" is taken for %s", rows[i].text, redis_error_name(error));
    }
    assert_int_equal(redis_error_class(NULL, 0), REDIS_E_OTHER);
    assert_int_equal(redis_error_class("OOM\0x", 5), REDIS_E_OTHER);
}

static void every_error_has_a_name(void **state)
{
    (void)state;
    assert_string_equal(redis_error_name(REDIS_E_NONE), "none");
    assert_string_equal(redis_error_name(REDIS_E_PROTOCOL), "garbage");
    assert_string_equal(redis_error_name(REDIS_E_NOPERM), "no-permission");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_what_redis_says),
        cmocka_unit_test(every_error_has_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
