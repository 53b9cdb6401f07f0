/* io/sockets/listener: sockets that callers can reach, and addresses that are refused. */
#include "io/sockets/listener.h"

#include "fixture.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

static struct endpoint endpoint(const char *text)
{
    struct endpoint ep;
    struct err e;
    assert_int_equal(endpoint_parse(text, &ep, &e), 0);
    return ep;
}

static int connect_ipv4(uint16_t port)
{
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int r = connect(fd, (const struct sockaddr *)&to, sizeof to);
    close(fd);
    return r;
}

/* Port 0 is none that a configuration may name; here it lets the kernel choose. */
static int open_any(enum endpoint_family family, uint16_t port)
{
    struct endpoint ep = {.family = family, .port = port};
    struct err e = {0};
    int fd = listener_open(&ep, 16, &e);
    if (fd < 0)
        fail_msg("%s", e.msg);
    return fd;
}

static void a_wildcard_of_ipv6_takes_ipv4_as_well(void **state)
{
    (void)state;
    int fd = open_any(ENDPOINT_INET6, 0);
    assert_true(listener_port(fd) > 0);
    assert_int_equal(connect_ipv4(listener_port(fd)), 0);
    close(fd);
}

static void a_taken_port_is_refused_by_name(void **state)
{
    (void)state;
    int fd = open_any(ENDPOINT_INET, 0);
    struct endpoint ep = {.family = ENDPOINT_INET, .port = listener_port(fd)};
    char expected[64];
    struct err e;
    assert_int_equal(listener_open(&ep, 16, &e), -EADDRINUSE);
    snprintf(expected, sizeof expected, "0.0.0.0:%u", ep.port);
    assert_non_null(strstr(e.msg, expected));
    close(fd);
}

static void a_dead_socket_file_is_replaced_and_a_live_one_refused(void **state)
{
    (void)state;
    char directory[] = "/tmp/vk-listener-XXXXXX";
    char path[64];
    struct err e;
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/s", directory);
    struct endpoint ep = endpoint(path);
    int first = listener_open(&ep, 16, &e);
    assert_true(first >= 0);
    assert_int_equal(listener_port(first), 0);
    assert_int_equal(listener_open(&ep, 16, &e), -EADDRINUSE);
    close(first);
    int second = listener_open(&ep, 16, &e);
    assert_true(second >= 0);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0666);
    close(second);
    unlink(path);
    rmdir(directory);
}

/* Where a socket of ours says that it is. */
static void at(const char *text, enum endpoint_family family)
{
    struct endpoint ep = endpoint(text);
    struct endpoint found;
    struct err e;
    int fd = listener_open(&ep, 16, &e);
    assert_true(fd >= 0);
    assert_int_equal(listener_address(fd, &found), 0);
    assert_int_equal(found.family, family);
    if (family == ENDPOINT_UNIX)
        unlink(text);
    close(fd);
    assert_true(endpoint_equal(&ep, &found));
}

static void a_listener_knows_its_address(void **state)
{
    (void)state;
    char path[64];
    char text[64];
    struct endpoint found;
    int any = open_any(ENDPOINT_INET6, 0);
    uint16_t port = listener_port(any);
    close(any);
    snprintf(text, sizeof text, "[::]:%u", port);
    at(text, ENDPOINT_INET6);
    snprintf(text, sizeof text, "127.0.0.1:%u", port);
    at(text, ENDPOINT_INET);
    snprintf(path, sizeof path, "/tmp/vk-listener-%d", getpid());
    at(path, ENDPOINT_UNIX);
    int idle = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(listener_address(idle, &found), -ENOTSOCK);
    assert_int_equal(listener_address(STDIN_FILENO, &found), -ENOTSOCK);
    close(idle);
}

static bool no_ipv6;

int __real_socket(int family, int type, int protocol);
int __wrap_socket(int family, int type, int protocol);

int __wrap_socket(int family, int type, int protocol)
{
    if (family == AF_INET6 && no_ipv6) {
        errno = EAFNOSUPPORT;
        return -1;
    }
    return __real_socket(family, type, protocol);
}

static void without_ipv6_the_wildcard_is_that_of_ipv4(void **state)
{
    (void)state;
    struct endpoint loopback = {.family = ENDPOINT_INET6, .addr = {[15] = 1}};
    struct endpoint found;
    struct err e;
    no_ipv6 = true;
    int fd = open_any(ENDPOINT_INET6, 0);
    assert_int_equal(listener_open(&loopback, 16, &e), -EAFNOSUPPORT);
    no_ipv6 = false;
    assert_int_equal(listener_address(fd, &found), 0);
    assert_int_equal(found.family, ENDPOINT_INET);
    assert_int_equal(connect_ipv4(listener_port(fd)), 0);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wildcard_of_ipv6_takes_ipv4_as_well),
        cmocka_unit_test(a_taken_port_is_refused_by_name),
        cmocka_unit_test(a_listener_knows_its_address),
        cmocka_unit_test(without_ipv6_the_wildcard_is_that_of_ipv4),
        cmocka_unit_test(a_dead_socket_file_is_replaced_and_a_live_one_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
