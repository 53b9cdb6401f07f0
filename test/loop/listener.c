/* io/listener: sockets that callers can reach, and addresses that are refused. */
#include "io/listener.h"

#include "fixture.h"

#include <arpa/inet.h>
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wildcard_of_ipv6_takes_ipv4_as_well),
        cmocka_unit_test(a_taken_port_is_refused_by_name),
        cmocka_unit_test(a_dead_socket_file_is_replaced_and_a_live_one_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
