/* core/doctor/acl_rules: as Redis 6.0, 6.2 and 7.0 tell them. */
#include "core/doctor/acl_rules.h"

#include "cmocka_all.h"

#include <string.h>

static void commands_that_delete(void **state)
{
    (void)state;
    static const struct {
        const char *commands;
        bool may;
    } rows[] = {
        {"", false},
        {"+@all", true},
        {"-@all", false},
        {"-@all +unlink", true},
        {"-@all +del", true},
        {"-@all +scan +pttl +dump", false},
        {"+@all -unlink", true}, /* there is DEL */
        {"+@all -unlink -del", false},
        {"+@all -@dangerous", true},
        {"+@all -@write", false},
        {"+@all -@write +unlink", true},
        {"+@all -@keyspace", false},
        {"+@all -@fast", true},
        {"+@all -@fast -@slow", false},
        {"-@all +@write", true},
        {"-@all +@fast", true},
        {"-@all +@read", false},
        {"-@all +@fast -unlink", false},
        {"-@all +unlinked +undel", false},
        {"  -@all   +unlink  ", true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (acl_rules_may_delete(rows[i].commands) != rows[i].may)
            fail_msg("%s", rows[i].commands);
    }
}

static void keys_that_are_meant(void **state)
{
    (void)state;
    static const char key[] = "elevenlabs:conversation:1";
    static const struct {
        const char *pattern;
        bool has;
    } rows[] = {
        {"*", true}, {"~*", true}, {"elevenlabs:*", true}, {"~elevenlabs:*", true},
        {"%RW~elevenlabs:*", true}, {"%W~elevenlabs:*", true}, {"%R~elevenlabs:*", false},
        {"elevenlabs:session:*", false}, {"~cursor_task:*", false}, {"", false}, {"~", false},
        {"a~*", false}, /* a name with a tilde in it */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (acl_rules_has_key(rows[i].pattern, strlen(rows[i].pattern), key, sizeof key - 1) !=
            rows[i].has)
            fail_msg("%s", rows[i].pattern);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_that_delete),
        cmocka_unit_test(keys_that_are_meant),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
