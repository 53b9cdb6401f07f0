/*
 * Every kind of server under the shim: private always, public only while active, paused again, and
 * unmoved when the supervisor goes.
 */
#include "preload/supervisor.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void assert_answered_by(const char *answer, const struct worker *w, bool forks)
{
    if (forks) /* by a child */
        assert_true(atoi(answer) > 0);
    else
        assert_int_equal(atoi(answer), w->pid);
}

/* A caller that waits, and goes on waiting while the private listener is answered. */
static int wait_in_vain(struct entrance *public, struct worker *w)
{
    int fd = caller_ask(public, "/");
    for (unsigned i = 0; i < 5; i++)
        caller_fetch(&w->private[0], "/");
    assert_false(caller_has_answer(fd));
    return fd;
}

/* What would be readable for ever must not keep it busy. */
static void assert_idle(const struct worker *w)
{
    uint64_t before = worker_cpu_ns(w);
    poll(NULL, 0, 100);
    assert_true(worker_cpu_ns(w) - before < 50000000);
}

static void live(struct entrance *public, const char *const *argv, unsigned taken, bool forks)
{
    struct worker w;
    worker_start(&w, public, 1, argv);
    worker_expect(&w, VK_HANDOVER_HELLO, 0, VK_HANDOVER_VERSION);
    for (unsigned i = 0; i < taken; i++)
        worker_expect(&w, VK_HANDOVER_TAKEN, 1, 0);
    assert_answered_by(caller_fetch(&w.private[0], "/"), &w, forks);
    int fd = wait_in_vain(public, &w);
    worker_activate(&w);
    assert_answered_by(caller_answer(fd, false), &w, forks);
    for (unsigned i = 0; i < 20; i++) {
        assert_answered_by(caller_fetch(public, "/"), &w, forks);
        assert_answered_by(caller_fetch(&w.private[0], "/"), &w, forks);
    }
    worker_pause(&w);
    fd = wait_in_vain(public, &w);
    assert_idle(&w);
    worker_activate(&w);
    assert_answered_by(caller_answer(fd, false), &w, forks);
    worker_expect_silence(&w);
    close(w.control);
    w.control = -1;
    for (unsigned i = 0; i < 3; i++) {
        assert_answered_by(caller_fetch(public, "/"), &w, forks);
        assert_answered_by(caller_fetch(&w.private[0], "/"), &w, forks);
    }
    assert_idle(&w);
    worker_end(&w);
}

static void c_server(const char *kind)
{
    struct entrance public;
    const char *argv[] = {getenv("VOXKEEPER_SERVER"), kind, "PORT", NULL};
    entrance_open(&public, "127.0.0.1");
    live(&public, argv, 1, strncmp(kind, "prefork", 7) == 0);
    entrance_close(&public);
}

#define C_SERVER(name, kind)                                                                       \
    static void name(void **state)                                                                 \
    {                                                                                              \
        (void)state;                                                                               \
        c_server(kind);                                                                            \
    }

C_SERVER(epoll_level_triggered, "epoll-lt")
C_SERVER(epoll_edge_triggered, "epoll-et")
C_SERVER(epoll_oneshot, "epoll-oneshot")
C_SERVER(epoll_exclusive, "epoll-exclusive")
C_SERVER(epoll_modified, "epoll-mod")
C_SERVER(epoll_by_threads, "epoll-threads")
C_SERVER(poll_loop, "poll")
C_SERVER(select_loop, "select")
C_SERVER(blocking_accept, "blocking")
C_SERVER(blocking_threads, "threads")
C_SERVER(prefork_blocking, "prefork")
C_SERVER(prefork_epoll, "prefork-epoll")

static void program(const char *interpreter, const char *name, const char *address, unsigned taken)
{
    struct entrance public;
    char path[512];
    const char *argv[] = {interpreter, path, "PORT", NULL};
    snprintf(path, sizeof path, "%s/%s", getenv("VOXKEEPER_PROGRAMS"), name);
    entrance_open(&public, address);
    live(&public, argv, taken, false);
    entrance_close(&public);
}

static void node_http(void **state)
{
    (void)state;
    program("node", "http.cjs", "[::]", 1);
}

static void node_net_on_both_versions(void **state)
{
    (void)state;
    program("node", "net.cjs", "[::]", 2);
}

static void python_http_server(void **state)
{
    (void)state;
    program("/usr/bin/python3", "http_server.py", "127.0.0.1", 1);
}

static void python_asyncio(void **state)
{
    (void)state;
    program("/usr/bin/python3", "asyncio_server.py", "[::]", 2);
}

static void python_selectors(void **state)
{
    (void)state;
    program("/usr/bin/python3", "selectors_server.py", "127.0.0.1", 1);
}

static void python_blocking(void **state)
{
    (void)state;
    program("/usr/bin/python3", "blocking_server.py", "127.0.0.1", 1);
}

static void ruby_tcp_server(void **state)
{
    (void)state;
    program("ruby", "tcp_server.rb", "127.0.0.1", 1);
}

static void ruby_select(void **state)
{
    (void)state;
    program("ruby", "select_server.rb", "127.0.0.1", 1);
}

static void node_cluster(void **state)
{
    (void)state;
    program("node", "cluster.cjs", "[::]", 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(epoll_level_triggered),
        cmocka_unit_test(epoll_edge_triggered),
        cmocka_unit_test(epoll_oneshot),
        cmocka_unit_test(epoll_exclusive),
        cmocka_unit_test(epoll_modified),
        cmocka_unit_test(epoll_by_threads),
        cmocka_unit_test(poll_loop),
        cmocka_unit_test(select_loop),
        cmocka_unit_test(blocking_accept),
        cmocka_unit_test(blocking_threads),
        cmocka_unit_test(prefork_blocking),
        cmocka_unit_test(prefork_epoll),
        cmocka_unit_test(node_http),
        cmocka_unit_test(node_net_on_both_versions),
        cmocka_unit_test(python_http_server),
        cmocka_unit_test(python_asyncio),
        cmocka_unit_test(python_selectors),
        cmocka_unit_test(python_blocking),
        cmocka_unit_test(ruby_tcp_server),
        cmocka_unit_test(ruby_select),
        cmocka_unit_test(node_cluster),
    };
    cmocka_set_test_filter(getenv("VOXKEEPER_TEST_FILTER"));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
