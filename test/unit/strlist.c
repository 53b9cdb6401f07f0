/* base/strlist: a list of owned strings. */
#include "base/strlist.h"

#include "cmocka_all.h"

static void copies_what_it_holds(void **state)
{
    (void)state;
    struct strlist l = {0};
    char text[] = "a";
    assert_int_equal(strlist_add(&l, text), 0);
    text[0] = 'z';
    assert_int_equal(strlist_add(&l, "b"), 0);
    assert_int_equal(l.n, 2);
    assert_string_equal(l.items[0], "a");
    assert_string_equal(l.items[1], "b");
    assert_null(l.items[2]);
    assert_true(strlist_has(&l, "b"));
    assert_false(strlist_has(&l, "B"));
    strlist_fini(&l);
    assert_int_equal(l.n, 0);
    assert_false(strlist_has(&l, "a"));
}

static void copies_are_independent(void **state)
{
    (void)state;
    struct strlist a = {0};
    struct strlist b = {0};
    assert_int_equal(strlist_copy(&b, &a), 0);
    assert_true(strlist_equal(&a, &b));
    assert_int_equal(strlist_add(&a, "x"), 0);
    assert_false(strlist_equal(&a, &b));
    assert_int_equal(strlist_copy(&b, &a), 0);
    assert_true(strlist_equal(&a, &b));
    a.items[0][0] = 'y';
    assert_false(strlist_equal(&a, &b));
    assert_string_equal(b.items[0], "x");
    strlist_fini(&a);
    strlist_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copies_what_it_holds),
        cmocka_unit_test(copies_are_independent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
