/* Counting callers: connections of other processes to a listener of ours. */
#include "io/sockets/sock_diag.h"

#include "cmocka_all.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* Listening on a free port of `address`; *out_at is where. */
static int listen_inet(const char *address, struct endpoint *out_at)
{
    struct sockaddr_in6 a6 = {.sin6_family = AF_INET6};
    struct sockaddr_in a4 = {.sin_family = AF_INET};
    bool v6 = inet_pton(AF_INET6, address, &a6.sin6_addr) == 1;
    if (!v6)
        assert_int_equal(inet_pton(AF_INET, address, &a4.sin_addr), 1);
    struct sockaddr *sa = v6 ? (struct sockaddr *)&a6 : (struct sockaddr *)&a4;
    socklen_t len = v6 ? sizeof a6 : sizeof a4;
    int fd = socket(sa->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, sa, len), 0);
    assert_int_equal(listen(fd, 16), 0);
    assert_int_equal(getsockname(fd, sa, &len), 0);
    *out_at = (struct endpoint){
        .family = v6 ? ENDPOINT_INET6 : ENDPOINT_INET,
        .port = ntohs(v6 ? a6.sin6_port : a4.sin_port),
    };
    memcpy(out_at->addr, v6 ? (void *)&a6.sin6_addr : (void *)&a4.sin_addr, v6 ? 16 : 4);
    return fd;
}

static int connect_v4(uint16_t port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return connect(fd, (struct sockaddr *)&a, sizeof a) == 0 ? fd : -1;
}

static int connect_v6(uint16_t port)
{
    struct sockaddr_in6 a = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    a.sin6_addr = in6addr_loopback;
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return connect(fd, (struct sockaddr *)&a, sizeof a) == 0 ? fd : -1;
}

/* A process that makes connections, does as told by bytes, and ends with the test. */
struct caller {
    pid_t pid;
    int orders;
    int answers;
};

/* Each order: '4' or '6' connects so, 'u' to the unix path, 's' shuts the last one down. */
static void caller_main(int orders, int answers, uint16_t port, const char *path)
{
    char order;
    int fd = -1;
    while (read(orders, &order, 1) == 1) {
        struct sockaddr_un un = {.sun_family = AF_UNIX};
        int r = 0;
        switch (order) {
        case '4':
            r = fd = connect_v4(port);
            break;
        case '6':
            r = fd = connect_v6(port);
            break;
        case 'u':
            strncpy(un.sun_path, path, sizeof un.sun_path - 1);
            fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
            r = connect(fd, (struct sockaddr *)&un, sizeof un);
            break;
        case 's':
            r = shutdown(fd, SHUT_WR);
            break;
        default:
            r = -1;
        }
        if (r < 0 || write(answers, "+", 1) != 1)
            _exit(1);
    }
    _exit(0);
}

static void caller_start(struct caller *c, uint16_t port, const char *path)
{
    int orders[2];
    int answers[2];
    assert_int_equal(pipe(orders), 0);
    assert_int_equal(pipe(answers), 0);
    c->pid = fork();
    assert_true(c->pid >= 0);
    if (c->pid == 0) {
        close(orders[1]);
        close(answers[0]);
        caller_main(orders[0], answers[1], port, path);
    }
    close(orders[0]);
    close(answers[1]);
    c->orders = orders[1];
    c->answers = answers[0];
}

static void caller_do(struct caller *c, char order)
{
    char answer = 0;
    assert_int_equal(write(c->orders, &order, 1), 1);
    assert_int_equal(read(c->answers, &answer, 1), 1);
}

static void caller_end(struct caller *c)
{
    int status = 0;
    close(c->orders);
    close(c->answers);
    assert_int_equal(waitpid(c->pid, &status, 0), c->pid);
    assert_int_equal(status, 0);
}

static struct sock_connections list(const struct endpoint *at, unsigned n)
{
    struct sock_connections c;
    struct err e;
    if (sock_diag_list(at, n, &c, &e) < 0)
        fail_msg("%s", e.msg);
    return c;
}

static size_t count(const struct endpoint *at)
{
    struct sock_connections c = list(at, 1);
    size_t n = c.n;
    sock_connections_fini(&c);
    return n;
}

static uint64_t inode_of(int fd)
{
    struct stat st;
    assert_int_equal(fstat(fd, &st), 0);
    return st.st_ino;
}

static void both_families_reach_a_dual_stack_listener(void **state)
{
    (void)state;
    struct endpoint at;
    struct caller caller;
    int listener = listen_inet("::", &at);
    caller_start(&caller, at.port, NULL);
    assert_int_equal(count(&at), 0);
    caller_do(&caller, '4');
    int one = accept(listener, NULL, NULL);
    caller_do(&caller, '6');
    int two = accept(listener, NULL, NULL);

    struct sock_connections c = list(&at, 1);
    assert_int_equal(c.n, 2);
    unsigned first = c.items[0].inode == inode_of(one) ? 0 : 1;
    assert_int_equal(c.items[first].inode, inode_of(one));
    assert_int_equal(c.items[first].local_port, at.port);
    assert_true(c.items[first].peer.port != 0);
    char text[SOCK_PEER_TEXT_MAX];
    assert_string_equal(sock_peer_text(&c.items[first].peer, text), "127.0.0.1");
    assert_int_equal(c.items[!first].inode, inode_of(two));
    assert_string_equal(sock_peer_text(&c.items[!first].peer, text), "::1");
    sock_connections_fini(&c);

    close(one);
    assert_int_equal(count(&at), 1);
    close(two);
    assert_int_equal(count(&at), 0);
    caller_end(&caller);
    close(listener);
}

static void a_connection_in_the_queue_counts(void **state)
{
    (void)state;
    struct endpoint at;
    struct caller caller;
    int listener = listen_inet("127.0.0.1", &at);
    caller_start(&caller, at.port, NULL);
    caller_do(&caller, '4');
    struct sock_connections c = list(&at, 1);
    assert_int_equal(c.n, 1);
    assert_int_equal(c.items[0].inode, 0);
    sock_connections_fini(&c);
    caller_end(&caller);
    close(listener);
}

static void a_caller_that_is_done_sending_counts(void **state)
{
    (void)state;
    struct endpoint at;
    struct caller caller;
    char byte;
    int listener = listen_inet("127.0.0.1", &at);
    caller_start(&caller, at.port, NULL);
    caller_do(&caller, '4');
    int fd = accept(listener, NULL, NULL);
    caller_do(&caller, 's');
    assert_int_equal(read(fd, &byte, 1), 0); /* the end has arrived */
    assert_int_equal(count(&at), 1);
    close(fd);
    assert_int_equal(count(&at), 0);
    caller_end(&caller);
    close(listener);
}

static void only_what_was_asked_for_is_listed(void **state)
{
    (void)state;
    struct endpoint at;
    struct endpoint other;
    struct caller caller;
    int listener = listen_inet("127.0.0.1", &at);
    int second = listen_inet("127.0.0.1", &other);
    caller_start(&caller, at.port, NULL);
    caller_do(&caller, '4');
    assert_int_equal(count(&at), 1);
    assert_int_equal(count(&other), 0);
    /* The same port at another address is another listener's. */
    struct endpoint elsewhere = at;
    elsewhere.addr[3] = 2;
    assert_int_equal(count(&elsewhere), 0);
    struct endpoint everywhere = {.family = ENDPOINT_INET6, .port = at.port};
    assert_int_equal(count(&everywhere), 1);
    /* Named twice it counts once. */
    struct endpoint list_of[] = {at, other, at};
    struct sock_connections c = list(list_of, 3);
    assert_int_equal(c.n, 1);
    sock_connections_fini(&c);
    caller_end(&caller);
    close(listener);
    close(second);
}

static void connections_to_a_unix_socket(void **state)
{
    (void)state;
    char directory[] = "/tmp/voxkeeper-test-XXXXXX";
    assert_non_null(mkdtemp(directory));
    struct endpoint at = {.family = ENDPOINT_UNIX};
    snprintf(at.path, sizeof at.path, "%s/s", directory);
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    memcpy(un.sun_path, at.path, sizeof un.sun_path);
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&un, sizeof un), 0);
    assert_int_equal(listen(listener, 16), 0);
    struct caller caller;
    caller_start(&caller, 0, at.path);
    assert_int_equal(count(&at), 0);

    caller_do(&caller, 'u');
    struct sock_connections c = list(&at, 1);
    assert_int_equal(c.n, 1);
    assert_int_equal(c.items[0].inode, 0);
    sock_connections_fini(&c);
    int fd = accept(listener, NULL, NULL);
    c = list(&at, 1);
    assert_int_equal(c.n, 1);
    assert_int_equal(c.items[0].inode, inode_of(fd));
    sock_connections_fini(&c);

    close(fd);
    close(listener);
    caller_end(&caller);
    unlink(at.path);
    rmdir(directory);
}

/* More than fits into one answer of the kernel. */
static void many_connections(void **state)
{
    (void)state;
    enum { MANY = 300 };
    struct endpoint at;
    struct caller caller;
    int fds[MANY];
    int listener = listen_inet("127.0.0.1", &at);
    caller_start(&caller, at.port, NULL);
    for (int i = 0; i < MANY; i++) {
        caller_do(&caller, '4');
        fds[i] = accept(listener, NULL, NULL);
    }
    assert_int_equal(count(&at), MANY);
    struct sock_connections c = list(&at, 1);
    pid_t pids[] = {caller.pid, getpid()};
    sock_connections_find_owners(&c, pids, 2);
    for (size_t i = 0; i < c.n; i++)
        assert_int_equal(c.items[i].owner, getpid());
    sock_connections_fini(&c);
    for (int i = 0; i < MANY; i++)
        close(fds[i]);
    caller_end(&caller);
    close(listener);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_families_reach_a_dual_stack_listener),
        cmocka_unit_test(a_connection_in_the_queue_counts),
        cmocka_unit_test(a_caller_that_is_done_sending_counts),
        cmocka_unit_test(only_what_was_asked_for_is_listed),
        cmocka_unit_test(connections_to_a_unix_socket),
        cmocka_unit_test(many_connections),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
