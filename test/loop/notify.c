/* What the service manager hears: datagrams on a socket of the test's own. */
#include "io/notify.h"

#include "cmocka_all.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static int manager = -1;

static int open_manager(void **state)
{
    (void)state;
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    socklen_t len = sizeof un;
    manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    /* A free abstract name, chosen by the kernel. */
    assert_int_equal(bind(manager, (struct sockaddr *)&un, sizeof un.sun_family), 0);
    assert_int_equal(getsockname(manager, (struct sockaddr *)&un, &len), 0);
    char name[128];
    snprintf(name, sizeof name, "@%.*s", (int)(len - sizeof un.sun_family - 1), un.sun_path + 1);
    setenv("NOTIFY_SOCKET", name, 1);
    return 0;
}

static int close_manager(void **state)
{
    (void)state;
    close(manager);
    unsetenv("NOTIFY_SOCKET");
    return 0;
}

/* The next datagram; sd_notify() has sent it before it returned. */
static const char *heard(void)
{
    static char text[4096];
    ssize_t n = recv(manager, text, sizeof text - 1, 0);
    text[n > 0 ? n : 0] = '\0';
    return text;
}

static void each_message(void **state)
{
    (void)state;
    notify_ready("2/2 ready");
    assert_string_equal(heard(), "READY=1\nSTATUS=2/2 ready");
    notify_status("draining, 100 % busy");
    assert_string_equal(heard(), "STATUS=draining, 100 % busy");
    notify_stopping("draining");
    assert_string_equal(heard(), "STOPPING=1\nSTATUS=draining");
    notify_extend_timeout(5 * USEC_PER_SEC);
    assert_string_equal(heard(), "EXTEND_TIMEOUT_USEC=5000000");
    notify_errno(2, "no such file");
    assert_string_equal(heard(), "ERRNO=2\nSTATUS=no such file");
    notify_watchdog();
    assert_string_equal(heard(), "WATCHDOG=1");
    assert_string_equal(heard(), "");
}

static void a_status_cannot_say_more_than_a_status(void **state)
{
    (void)state;
    notify_status("one\nSTOPPING=1");
    assert_string_equal(heard(), "STATUS=one");
}

static void reloading_tells_the_time_in_the_same_datagram(void **state)
{
    (void)state;
    uint64_t usec = 0;
    struct timespec now;
    notify_reloading();
    assert_int_equal(sscanf(heard(), "RELOADING=1\nMONOTONIC_USEC=%" SCNu64, &usec), 1);
    clock_gettime(CLOCK_MONOTONIC, &now);
    uint64_t now_usec = (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
    assert_true(usec <= now_usec && usec > now_usec - 10 * USEC_PER_SEC);
    assert_string_equal(heard(), "");
}

static void nothing_is_sent_without_a_manager(void **state)
{
    (void)state;
    unsetenv("NOTIFY_SOCKET");
    notify_ready("x");
    notify_reloading();
    notify_watchdog();
    assert_string_equal(heard(), "");
}

static void half_of_the_watchdog(void **state)
{
    (void)state;
    char pid[32];
    unsetenv("WATCHDOG_USEC");
    assert_int_equal(notify_watchdog_interval(), USEC_INFINITY);
    setenv("WATCHDOG_USEC", "10000000", 1);
    unsetenv("WATCHDOG_PID");
    assert_int_equal(notify_watchdog_interval(), 5 * USEC_PER_SEC);
    snprintf(pid, sizeof pid, "%d", getpid());
    setenv("WATCHDOG_PID", pid, 1);
    assert_int_equal(notify_watchdog_interval(), 5 * USEC_PER_SEC);
    setenv("WATCHDOG_PID", "1", 1); /* meant for another process */
    assert_int_equal(notify_watchdog_interval(), USEC_INFINITY);
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
}

static void the_managers_variables_are_known(void **state)
{
    (void)state;
    static const char *const ours[] = {"NOTIFY_SOCKET=/run/x", "WATCHDOG_USEC=1", "WATCHDOG_PID=1",
        "LISTEN_FDS=1", "LISTEN_PID=1", "LISTEN_FDNAMES=x", "FDSTORE=3", "INVOCATION_ID=x",
        "JOURNAL_STREAM=8:1", "CREDENTIALS_DIRECTORY=/run/c"};
    static const char *const theirs[] = {
        "PATH=/bin", "NOTIFY_SOCKETS=x", "LISTEN=x", "LISTEN_FDS", "MY_NOTIFY_SOCKET=x", ""};
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        assert_true(notify_owns_variable(ours[i]));
    for (size_t i = 0; i < sizeof theirs / sizeof *theirs; i++)
        assert_false(notify_owns_variable(theirs[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, open_manager, close_manager)
        T(each_message),
        T(a_status_cannot_say_more_than_a_status),
        T(reloading_tells_the_time_in_the_same_datagram),
        T(nothing_is_sent_without_a_manager),
        cmocka_unit_test(half_of_the_watchdog),
        cmocka_unit_test(the_managers_variables_are_known),
#undef T
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
