/* base/err: messages that grow outward. */
#include "base/err.h"

#include "cmocka_all.h"

#include <errno.h>
#include <string.h>

static void a_message_grows_outward(void **state)
{
    (void)state;
    struct err e = {0};
    assert_int_equal(err_set(&e, -EINVAL, "unknown key \"%s\"", "Lisen"), -EINVAL);
    assert_string_equal(e.msg, "unknown key \"Lisen\"");
    assert_int_equal(err_wrap(&e, "line %d", 7), -EINVAL);
    assert_int_equal(err_wrap(&e, "reading %s", "/etc/x"), -EINVAL);
    assert_int_equal(e.code, -EINVAL);
    assert_string_equal(e.msg, "reading /etc/x: line 7: unknown key \"Lisen\"");
}

static void the_system_has_the_last_word(void **state)
{
    (void)state;
    struct err e = {0};
    assert_int_equal(err_sys(&e, -ENOENT, "open %s", "/nowhere"), -ENOENT);
    assert_string_equal(e.msg, "open /nowhere: No such file or directory");
    assert_int_equal(e.code, -ENOENT);
}

static void nobody_needs_to_listen(void **state)
{
    (void)state;
    assert_int_equal(err_set(NULL, -EIO, "x"), -EIO);
    assert_int_equal(err_sys(NULL, -EIO, "x"), -EIO);
    err_wrap(NULL, "x");
}

static void long_messages_are_cut(void **state)
{
    (void)state;
    struct err e = {0};
    char text[2 * ERR_MSG_MAX];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    err_set(&e, -EINVAL, "%s", text);
    assert_int_equal(strlen(e.msg), ERR_MSG_MAX - 1);
    err_sys(&e, -ENOENT, "%s", text);
    assert_int_equal(strlen(e.msg), ERR_MSG_MAX - 1);
    err_wrap(&e, "outer");
    assert_int_equal(strlen(e.msg), ERR_MSG_MAX - 1);
    assert_memory_equal(e.msg, "outer: xxx", 10);
    err_wrap(&e, "%s", text);
    assert_int_equal(strlen(e.msg), ERR_MSG_MAX - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_grows_outward),
        cmocka_unit_test(the_system_has_the_last_word),
        cmocka_unit_test(nobody_needs_to_listen),
        cmocka_unit_test(long_messages_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
