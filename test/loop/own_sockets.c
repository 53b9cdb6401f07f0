/* Telling our own connections from those of callers, who may have the same port as one of ours. */
#include "io/sockets/own_sockets.h"

#include "cmocka_all.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

struct world {
    struct own_sockets *own;
    int public_fd, private_fd;
    struct endpoint public, private;
};

static uint16_t port_of(int fd)
{
    struct sockaddr_in a;
    socklen_t len = sizeof a;
    assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
    return ntohs(a.sin_port);
}

static struct sockaddr_in loopback(uint16_t port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return a;
}

/* At `port` of ours, which others may share; 0: any. */
static int open_at(uint16_t port)
{
    struct sockaddr_in a = loopback(port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int)), 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
    return fd;
}

static int listen_at(struct endpoint *out)
{
    int fd = open_at(0);
    assert_int_equal(listen(fd, 16), 0);
    *out = (struct endpoint){.family = ENDPOINT_INET, .addr = {127, 0, 0, 1}, .port = port_of(fd)};
    return fd;
}

static int connect_from(uint16_t port, const struct endpoint *to)
{
    struct sockaddr_in a = loopback(to->port);
    int fd = open_at(port);
    assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
    return fd;
}

static int setup(void **state)
{
    static struct world w;
    w.own = own_sockets_new();
    w.public_fd = listen_at(&w.public);
    w.private_fd = listen_at(&w.private);
    *state = &w;
    return w.own ? 0 : -1;
}

static int teardown(void **state)
{
    struct world *w = *state;
    own_sockets_free(w->own);
    close(w->public_fd);
    close(w->private_fd);
    return 0;
}

/* At the public listener, without ours. */
static size_t callers(struct world *w, usec_t now)
{
    struct err e = {0};
    struct sock_connections list;
    if (sock_diag_list(&w->public, 1, &list, &e) < 0)
        fail_msg("%s", e.msg);
    own_sockets_drop(w->own, &list, now);
    size_t n = list.n;
    sock_connections_fini(&list);
    return n;
}

static void ours_are_no_callers(void **state)
{
    struct world *w = *state;
    int ours = connect_from(0, &w->public);
    int caller = connect_from(0, &w->public);
    assert_int_equal(own_sockets_add(w->own, ours), 0);
    assert_int_equal(callers(w, 1), 1);
    own_sockets_close(w->own, ours, 1);
    assert_int_equal(callers(w, 2), 1); /* the agent has not noticed yet */
    close(caller);
}

/* A port is only taken for one destination: of a probe's, another process calls the agent. */
static void a_caller_may_have_the_port_of_one_of_ours(void **state)
{
    struct world *w = *state;
    int probe = connect_from(0, &w->private);
    int caller = connect_from(port_of(probe), &w->public);
    assert_int_equal(own_sockets_add(w->own, probe), 0);
    assert_int_equal(callers(w, 1), 1);
    own_sockets_close(w->own, probe, 1);
    assert_int_equal(callers(w, 2), 1);
    close(caller);
}

static void one_without_an_end_is_nobody(void **state)
{
    struct world *w = *state;
    int unconnected = open_at(0);
    int caller = connect_from(port_of(unconnected), &w->public);
    assert_int_equal(own_sockets_add(w->own, unconnected), 0);
    assert_int_equal(callers(w, 1), 1);
    own_sockets_close(w->own, unconnected, 1);
    assert_int_equal(callers(w, 1), 1);
    close(caller);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(ours_are_no_callers),
        TEST(a_caller_may_have_the_port_of_one_of_ours),
        TEST(one_without_an_end_is_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
