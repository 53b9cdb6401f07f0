/* base/names: finding a name in a table. */
#include "base/names.h"

#include "cmocka_all.h"

#include <errno.h>

static void in_a_list(void **state)
{
    (void)state;
    static const char *const colors[] = {"red", NULL, "green", "greener", "red", ""};
    assert_int_equal(NAMES_FIND(colors, "red"), 0); /* the first one */
    assert_int_equal(NAMES_FIND(colors, "green"), 2);
    assert_int_equal(NAMES_FIND(colors, "greener"), 3);
    assert_int_equal(NAMES_FIND(colors, ""), 5);
    assert_int_equal(NAMES_FIND(colors, "gree"), -ENOENT);
    assert_int_equal(NAMES_FIND(colors, "Red"), -ENOENT);
    assert_int_equal(NAMES_FIND(colors, NULL), -ENOENT);
    assert_int_equal(names_find(colors, sizeof *colors, 2, "green"), -ENOENT);
    assert_int_equal(names_find(NULL, sizeof *colors, 0, "red"), -ENOENT);
}

static void in_rows(void **state)
{
    (void)state;
    static const struct {
        char sign;
        const char *name;
        int value;
        const char *other;
    } rows[] = {{'a', "one", 1, "two"}, {'b', "two", 2, "one"}, {'c', NULL, 3, "last"}};
    assert_int_equal(ROWS_FIND(rows, name, "one"), 0);
    assert_int_equal(ROWS_FIND(rows, other, "one"), 1);
    assert_int_equal(ROWS_FIND(rows, other, "last"), 2);
    assert_int_equal(ROWS_FIND(rows, name, "last"), -ENOENT);
    assert_int_equal(ROWS_FIND(rows, name, NULL), -ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_a_list),
        cmocka_unit_test(in_rows),
    };
    return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}
