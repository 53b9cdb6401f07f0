/* core/fleet/notify_message: what is understood of a datagram, and what is passed over. */
#include "core/fleet/notify_message.h"

#include "cmocka_all.h"

#include <string.h>

static struct notify_message parsed(const char *text)
{
    struct notify_message m;
    if (!notify_message_parse(text, strlen(text), &m))
        fail_msg("not understood: \"%s\"", text);
    return m;
}

static void takes_each_wish(void **state)
{
    (void)state;
    assert_true(parsed("READY=1").wish.ready);
    assert_true(parsed("STOPPING=1").wish.stopping);
    assert_true(parsed("WATCHDOG=1").wish.alive);
    assert_false(parsed("WATCHDOG=1").wish.trigger);
    assert_true(parsed("WATCHDOG=trigger").wish.trigger);
    assert_int_equal(parsed("EXTEND_TIMEOUT_USEC=5").wish.extend, 5);
    assert_int_equal(parsed("WATCHDOG_USEC=20000").wish.interval, 20000);
    assert_true(parsed("WATCHDOG_USEC=0").wish.sets_interval);
    assert_int_equal(parsed("WATCHDOG_USEC=0").wish.interval, 0);
    /* No watchdog is that patient. */
    assert_int_equal(parsed("WATCHDOG_USEC=18446744073709551615").wish.interval, 0);
    assert_int_equal(parsed("ERRNO=2").error, 2);
    assert_true(parsed("ERRNO=0").has_error);
}

static void takes_many_lines_of_which_some_are_unknown(void **state)
{
    (void)state;
    struct notify_message m =
        parsed("MAINPID=1\nREADY=1\n\nX_KEY=a=b\nSTATUS=well = fine\nWATCHDOG=1\n");
    assert_true(m.wish.ready && m.wish.alive && !m.wish.stopping);
    assert_int_equal(m.status_len, strlen("well = fine"));
    assert_memory_equal(m.status, "well = fine", m.status_len);
    m = parsed("STATUS=first\nSTATUS=");
    assert_non_null(m.status);
    assert_int_equal(m.status_len, 0); /* takes the words back */
}

static void passes_over_what_its_names_do_not_take(void **state)
{
    (void)state;
    static const char *const lines[] = {"", "\n", "=", "READY", "READY=", "READY=yes", "READY=11",
        "ready=1", " READY=1", "READY =1", "READY=1 ", "STOPPING=0", "WATCHDOG=", "WATCHDOG=2",
        "WATCHDOG_USEC=", "WATCHDOG_USEC=-1", "WATCHDOG_USEC=1", "WATCHDOG_USEC=1s",
        "WATCHDOG_USEC=18446744073709551616", "EXTEND_TIMEOUT_USEC=0",
        "EXTEND_TIMEOUT_USEC=86400000001", "ERRNO=-2", "ERRNO=4096", "ERRNO=ENOENT", "BARRIER=2",
        "MAINPID=7", "RELOADING=1", "FDSTORE=1"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct notify_message m;
        if (notify_message_parse(lines[i], strlen(lines[i]), &m))
            fail_msg("understood: \"%s\"", lines[i]);
    }
}

static void a_nul_byte_ends_nothing_but_the_datagram(void **state)
{
    (void)state;
    struct notify_message m = {0};
    assert_true(notify_message_parse("READY=1", 8, &m));
    assert_true(m.wish.ready);
    assert_false(notify_message_parse("READY=1\0", 9, &m));
    assert_false(notify_message_parse("ERRNO=1\0002", 9, &m));
    assert_true(notify_message_parse("STATUS=a\0b", 10, &m));
    assert_int_equal(m.status_len, 3);
}

static void knows_what_no_machine_needs(void **state)
{
    (void)state;
    static const char *const words[] = {"STATUS=x", "ERRNO=5", "BARRIER=1"};
    for (size_t i = 0; i < 3; i++) {
        struct notify_message m = parsed(words[i]);
        assert_true(notify_wish_is_empty(&m.wish));
    }
    static const char *const wishes[] = {"READY=1", "STOPPING=1", "WATCHDOG=1", "WATCHDOG=trigger",
        "WATCHDOG_USEC=0", "EXTEND_TIMEOUT_USEC=1"};
    for (size_t i = 0; i < 6; i++) {
        struct notify_message m = parsed(wishes[i]);
        assert_false(notify_wish_is_empty(&m.wish));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_each_wish),
        cmocka_unit_test(takes_many_lines_of_which_some_are_unknown),
        cmocka_unit_test(passes_over_what_its_names_do_not_take),
        cmocka_unit_test(a_nul_byte_ends_nothing_but_the_datagram),
        cmocka_unit_test(knows_what_no_machine_needs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
