/* What include/voxkeeper/handover.h promises, and what a program may ask of its listening socket.
 */
#include "preload/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char shim_variable[512];

/* One entrance and one worker, which has taken it. */
static void start(struct entrance *public, struct worker *w, const char *address, const char *kind,
    const char *argument)
{
    char server[512];
    snprintf(server, sizeof server, "%s", getenv("VOXKEEPER_SERVER"));
    const char *argv[] = {server, kind, argument, NULL};
    entrance_open(public, address);
    worker_start(w, public, 1, argv);
    worker_expect_taken(w, 1);
}

static void end(struct entrance *public, struct worker *w)
{
    worker_end(w);
    entrance_close(public);
    worker_environment(NULL);
}

static void the_socket_looks_as_it_should(void **state)
{
    (void)state;
    struct entrance public;
    struct worker w;
    char name[64];
    start(&public, &w, "127.0.0.1", "epoll-lt", "PORT");
    snprintf(name, sizeof name, "127.0.0.1 %u", public.port);
    assert_string_equal(caller_fetch(&w.private[0], "/name"), name);
    assert_string_equal(caller_fetch(&w.private[0], "/options"), "1 1 2 0 0");
    assert_memory_equal(caller_fetch(&w.private[0], "/peer"), "127.0.0.1 ", 10);
    end(&public, &w);
}

/* Whatever way a caller comes, as if the socket were the program's own; no other worker sees it. */
static void connections_inherit_its_options(void **state)
{
    (void)state;
    struct entrance public;
    struct worker w, other;
    int before = 0, set = 0;
    socklen_t length = sizeof before;
    start(&public, &w, "127.0.0.1", "epoll-lt", "PORT");
    worker_activate(&w);
    assert_int_equal(getsockopt(public.fd, SOL_SOCKET, SO_KEEPALIVE, &before, &length), 0);
    const char *usual = caller_fetch(&public, "/change");
    assert_non_null(strstr(usual, "1/1 ")); /* TCP_NODELAY, set before bind() */
    assert_memory_equal(usual, "0/0 ", 4);
    for (unsigned i = 0; i < 2; i++)
        assert_string_equal(caller_fetch(i ? &public : &w.private[0], "/inherited"),
            "1/1 100000/100000 77/77 1/1 ");
    assert_int_equal(getsockopt(public.fd, SOL_SOCKET, SO_KEEPALIVE, &set, &length), 0);
    assert_int_equal(set, before);
    worker_pause(&w);
    const char *argv[] = {getenv("VOXKEEPER_SERVER"), "epoll-lt", "PORT", NULL};
    worker_start(&other, &public, 1, argv);
    worker_expect_taken(&other, 1);
    worker_activate(&other);
    assert_memory_equal(caller_fetch(&public, "/inherited"), "0/0 ", 4);
    worker_end(&other);
    end(&public, &w);
}

static void peers_are_told_in_the_socket_s_own_family(void **state)
{
    (void)state;
    struct entrance public;
    struct worker w;
    char argument[32];
    start(&public, &w, "[::]", "epoll-lt", "PORT");
    worker_activate(&w);
    assert_memory_equal(caller_fetch(&public, "/peer"), "127.0.0.1 ", 10);
    worker_end(&w);
    snprintf(argument, sizeof argument, "6:%u", public.port);
    const char *argv[] = {getenv("VOXKEEPER_SERVER"), "epoll-lt", argument, NULL};
    worker_start(&w, &public, 1, argv);
    worker_expect_taken(&w, 1);
    assert_memory_equal(caller_fetch(&w.private[0], "/peer"), "::ffff:127.0.0.1 ", 17);
    end(&public, &w);
}

static void children_see_nothing_of_it(void **state)
{
    (void)state;
    struct entrance public;
    struct worker w;
    start(&public, &w, "127.0.0.1", "epoll-lt", "PORT");
    assert_string_equal(caller_fetch(&w.private[0], "/children"), "none 0\n0\n");
    end(&public, &w);
    snprintf(shim_variable, sizeof shim_variable, "LD_PRELOAD=libm.so.6:%s libdl.so.2",
        getenv("VOXKEEPER_SHIM"));
    worker_environment(shim_variable);
    start(&public, &w, "127.0.0.1", "epoll-lt", "PORT");
    assert_string_equal(caller_fetch(&w.private[0], "/children"), "libm.so.6:libdl.so.2 0\n0\n");
    end(&public, &w);
}

static void a_socket_closed_and_opened_again_is_taken_again(void **state)
{
    (void)state;
    struct entrance public;
    struct worker w;
    start(&public, &w, "127.0.0.1", "epoll-lt", "PORT");
    worker_activate(&w);
    for (unsigned i = 0; i < 50; i++) {
        caller_fetch(&public, "/reopen");
        worker_expect(&w, VK_HANDOVER_CLOSED, 1, 0);
        worker_expect(&w, VK_HANDOVER_TAKEN, 1, 0);
    }
    assert_int_equal(atoi(caller_fetch(&public, "/")), w.pid);
    worker_pause(&w);
    int fd = caller_ask(&public, "/");
    assert_int_equal(atoi(caller_fetch(&w.private[0], "/")), w.pid);
    assert_false(caller_has_answer(fd));
    close(fd);
    end(&public, &w);
}

static void a_duplicate_is_as_good(void **state)
{
    (void)state;
    struct entrance public;
    struct worker w;
    start(&public, &w, "127.0.0.1", "epoll-lt", "PORT");
    for (unsigned i = 0; i < 3; i++)
        caller_fetch(&w.private[0], "/dup");
    worker_expect_silence(&w);
    worker_activate(&w);
    assert_int_equal(atoi(caller_fetch(&public, "/")), w.pid);
    assert_int_equal(atoi(caller_fetch(&w.private[0], "/")), w.pid);
    end(&public, &w);
}

static void closing_everything_leaves_ours(void **state)
{
    (void)state;
    struct entrance public;
    struct worker w;
    start(&public, &w, "127.0.0.1", "epoll-lt", "PORT");
    assert_string_equal(caller_fetch(&w.private[0], "/closeall"), "0 -1");
    worker_activate(&w);
    assert_int_equal(atoi(caller_fetch(&public, "/")), w.pid);
    assert_int_equal(atoi(caller_fetch(&w.private[0], "/")), w.pid);
    end(&public, &w);
}

static void another_port_is_left_alone_and_told(void **state)
{
    (void)state;
    struct entrance public;
    struct worker w;
    unsigned port = 0;
    start(&public, &w, "127.0.0.1", "epoll-lt", "PORT");
    assert_int_equal(sscanf(caller_fetch(&w.private[0], "/other"), "127.0.0.1 %u", &port), 1);
    worker_expect(&w, VK_HANDOVER_OTHER, 0, port);
    end(&public, &w);
}

static void a_unix_path_stays_whatever_the_worker_does(void **state)
{
    (void)state;
    struct entrance public;
    struct worker w;
    struct stat before, after;
    char path[64];
    snprintf(path, sizeof path, "/tmp/voxkeeper shim %d", getpid());
    start(&public, &w, path, "epoll-et", "PORT");
    assert_int_equal(stat(path, &before), 0);
    worker_activate(&w);
    char name[80];
    snprintf(name, sizeof name, "unix %s", path);
    assert_string_equal(caller_fetch(&public, "/name"), name);
    assert_string_equal(caller_fetch(&public, "/peer"), "unix unnamed");
    assert_string_equal(caller_fetch(&w.private[0], "/peer"), "unix unnamed");
    caller_fetch(&public, "/reopen");
    assert_int_equal(atoi(caller_fetch(&public, "/")), w.pid);
    assert_int_equal(stat(path, &after), 0);
    assert_int_equal(before.st_ino, after.st_ino);
    end(&public, &w);
}

static void an_abstract_name_is_taken(void **state)
{
    (void)state;
    struct entrance public;
    struct worker w;
    char name[64];
    snprintf(name, sizeof name, "@voxkeeper-shim-%d", getpid());
    start(&public, &w, name, "poll", "PORT");
    worker_activate(&w);
    assert_int_equal(atoi(caller_fetch(&public, "/")), w.pid);
    end(&public, &w);
}

static void several_entrances_have_a_private_one_each(void **state)
{
    (void)state;
    struct entrance public[2];
    struct worker w;
    char second[16];
    entrance_open(&public[0], "[::]");
    entrance_open(&public[1], "127.0.0.1");
    snprintf(second, sizeof second, "%u", public[1].port);
    const char *argv[] = {getenv("VOXKEEPER_SERVER"), "epoll-lt", "PORT", second, NULL};
    worker_start(&w, public, 2, argv);
    worker_expect_taken(&w, 2);
    worker_activate(&w);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(atoi(caller_fetch(&public[i], "/")), w.pid);
        assert_int_equal(atoi(caller_fetch(&w.private[i], "/")), w.pid);
    }
    worker_pause(&w);
    int fds[] = {caller_ask(&public[0], "/"), caller_ask(&public[1], "/")};
    for (unsigned i = 0; i < 2; i++) {
        caller_fetch(&w.private[i], "/");
        assert_false(caller_has_answer(fds[i]));
        close(fds[i]);
    }
    worker_end(&w);
    entrance_close(&public[0]);
    entrance_close(&public[1]);
}

static void replacing_itself_the_worker_stays_the_worker(void **state)
{
    (void)state;
    static const char *const wrappers[][3] = {{"/bin/sh", "-c", "exec \"$0\" \"$@\""},
        {"/usr/bin/env", "A=1", "B=2"}, {"nice", "-n", "1"}};
    for (unsigned i = 0; i < 3; i++) {
        struct entrance public;
        struct worker w;
        const char *argv[] = {wrappers[i][0], wrappers[i][1], wrappers[i][2],
            getenv("VOXKEEPER_SERVER"), "epoll-lt", "PORT", NULL};
        entrance_open(&public, "127.0.0.1");
        worker_start(&w, &public, 1, argv);
        worker_expect(&w, VK_HANDOVER_HELLO, 0, VK_HANDOVER_VERSION);
        worker_expect_taken(&w, 1);
        assert_string_equal(caller_fetch(&w.private[0], "/children"), "none 0\n0\n");
        worker_activate(&w);
        assert_int_equal(atoi(caller_fetch(&public, "/")), w.pid);
        worker_end(&w);
        entrance_close(&public);
    }
}

/* Fewer descriptors than the numbers that ours like to have, and many more. */
static void any_number_of_descriptors_will_do(void **state)
{
    (void)state;
    static const char *const limits[] = {
        "ulimit -n 40; exec \"$0\" \"$@\"", "ulimit -n 4096; exec \"$0\" \"$@\""};
    for (unsigned i = 0; i < 2; i++) {
        struct entrance public;
        struct worker w;
        const char *argv[] = {
            "/bin/sh", "-c", limits[i], getenv("VOXKEEPER_SERVER"), "epoll-lt", "PORT", NULL};
        entrance_open(&public, "127.0.0.1");
        worker_start(&w, &public, 1, argv);
        worker_expect(&w, VK_HANDOVER_HELLO, 0, VK_HANDOVER_VERSION);
        worker_expect_taken(&w, 1);
        if (i == 1)
            assert_string_equal(caller_fetch(&w.private[0], "/many"), "2000");
        worker_activate(&w);
        assert_int_equal(atoi(caller_fetch(&public, "/")), w.pid);
        worker_expect_silence(&w);
        worker_end(&w);
        entrance_close(&public);
    }
}

static void a_child_that_execs_is_not_the_worker(void **state)
{
    (void)state;
    struct entrance public;
    struct worker w;
    const char *argv[] = {"/bin/sh", "-c", "\"$0\" epoll-lt \"$1\"; kill -STOP $$",
        getenv("VOXKEEPER_SERVER"), "PORT", NULL};
    entrance_open(&public, "127.0.0.1");
    worker_start(&w, &public, 1, argv);
    worker_expect(&w, VK_HANDOVER_HELLO, 0, VK_HANDOVER_VERSION);
    /* The child binds for itself, which fails: the port is taken. Nobody answers for the worker. */
    int fd = caller_ask(&w.private[0], "/");
    struct pollfd p = {.fd = w.control, .events = POLLIN};
    assert_int_equal(poll(&p, 1, 200), 0);
    assert_false(caller_has_answer(fd));
    close(fd);
    end(&public, &w);
}

static void in_another_process_it_is_inert(void **state)
{
    (void)state;
    struct entrance public;
    struct worker w;
    const char *argv[] = {"/bin/sh", "-c",
        "echo ${LD_PRELOAD-none} $(env | grep -c HANDOVER) >&6; kill -STOP $$", NULL};
    int ends[2];
    char said[64];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    entrance_open(&public, "127.0.0.1");
    close(public.fd);
    public.fd = fcntl(ends[1], F_DUPFD_CLOEXEC, 100); /* in the place of the public listener: 6 */
    worker_environment(VK_HANDOVER_ENV_PID "=1");
    worker_start(&w, &public, 1, argv);
    ssize_t n = read(ends[0], said, sizeof said - 1);
    assert_true(n > 0);
    said[n] = '\0';
    assert_string_equal(said, "none 0\n");
    worker_expect_silence(&w);
    close(ends[0]);
    close(ends[1]);
    end(&public, &w);
}

static void what_is_no_listener_is_refused(void **state)
{
    (void)state;
    struct entrance public;
    struct worker w;
    const char *argv[] = {"/bin/sh", "-c", "kill -STOP $$", NULL};
    entrance_open(&public, "127.0.0.1");
    close(public.fd);
    public.fd = fcntl(0, F_DUPFD_CLOEXEC, 100);
    worker_start(&w, &public, 1, argv);
    worker_expect(&w, VK_HANDOVER_REFUSED, 1, ENOTSOCK);
    end(&public, &w);
}

/* A message of the future, or of half the length, hurts nobody. */
static void messages_may_be_strange(void **state)
{
    (void)state;
    struct entrance public;
    struct worker w;
    char large[512];
    memset(large, 'A', sizeof large);
    start(&public, &w, "127.0.0.1", "blocking", "PORT");
    assert_int_equal(send(w.control, "?", 1, 0), 1);
    assert_int_equal(send(w.control, "A", 1, 0), 1);
    worker_expect(&w, VK_HANDOVER_ACTIVE, 0, 0);
    assert_int_equal(atoi(caller_fetch(&public, "/")), w.pid);
    assert_int_equal(send(w.control, large, sizeof large, 0), sizeof large);
    worker_expect(&w, VK_HANDOVER_ACTIVE, 0, 0);
    end(&public, &w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_socket_looks_as_it_should),
        cmocka_unit_test(peers_are_told_in_the_socket_s_own_family),
        cmocka_unit_test(children_see_nothing_of_it),
        cmocka_unit_test(a_socket_closed_and_opened_again_is_taken_again),
        cmocka_unit_test(a_duplicate_is_as_good),
        cmocka_unit_test(closing_everything_leaves_ours),
        cmocka_unit_test(another_port_is_left_alone_and_told),
        cmocka_unit_test(a_unix_path_stays_whatever_the_worker_does),
        cmocka_unit_test(an_abstract_name_is_taken),
        cmocka_unit_test(several_entrances_have_a_private_one_each),
        cmocka_unit_test(replacing_itself_the_worker_stays_the_worker),
        cmocka_unit_test(any_number_of_descriptors_will_do),
        cmocka_unit_test(a_child_that_execs_is_not_the_worker),
        cmocka_unit_test(in_another_process_it_is_inert),
        cmocka_unit_test(what_is_no_listener_is_refused),
        cmocka_unit_test(connections_inherit_its_options),
        cmocka_unit_test(messages_may_be_strange),
    };
    cmocka_set_test_filter(getenv("VOXKEEPER_TEST_FILTER"));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
