/* core/incidents/condition: that the list of conditions is sound, and is found by name. */
#include "core/incidents/condition.h"

#include "cmocka_all.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

static void assert_is_slug(const char *text)
{
    assert_true(text[0] != '\0');
    for (const char *c = text; *c; c++)
        assert_true(islower((unsigned char)*c) || *c == '-');
}

static void every_condition_is_well_formed_and_found(void **state)
{
    (void)state;
    for (int i = 0; i < CONDITION_COUNT; i++) {
        enum condition c = (enum condition)i;
        enum condition found;
        assert_is_slug(condition_name(c));
        assert_is_slug(condition_anchor(c));
        assert_true(strlen(condition_title(c)) > 0);
        assert_true(condition_hold(c) <= 5 * USEC_PER_MIN);
        assert_true(condition_clear(c) <= USEC_PER_DAY);
        assert_int_equal(condition_find(condition_name(c), &found), 0);
        assert_int_equal(found, c); /* so names are unique as well */
    }
}

static void only_unanswered_callers_are_p1(void **state)
{
    (void)state;
    for (int i = 0; i < CONDITION_COUNT; i++)
        assert_int_equal(condition_severity((enum condition)i) == SEVERITY_P1,
            i == CONDITION_NO_WORKER || i == CONDITION_LOG_WATCH_P1);
}

static void unknown_names_are_not_found(void **state)
{
    (void)state;
    enum condition c = CONDITION_DISK_LOW;
    enum severity s = SEVERITY_P2;
    assert_int_equal(condition_find("", &c), -ENOENT);
    assert_int_equal(condition_find("disk-lo", &c), -ENOENT);
    assert_int_equal(severity_find("P4", &s), -ENOENT);
    assert_int_equal(c, CONDITION_DISK_LOW);
    assert_int_equal(s, SEVERITY_P2);
    assert_int_equal(severity_find("P1", &s), 0);
    assert_int_equal(s, SEVERITY_P1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_condition_is_well_formed_and_found),
        cmocka_unit_test(only_unanswered_callers_are_p1),
        cmocka_unit_test(unknown_names_are_not_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
