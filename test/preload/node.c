/* What is Node's own: upgraded connections, the drain helper, and that its children are untouched.
 */
#include "preload/supervisor.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char options[600];

static void start(struct entrance *public, struct worker *w)
{
    char program[512];
    const char *argv[] = {"node", program, "PORT", NULL};
    snprintf(program, sizeof program, "%s/http.cjs", getenv("VOXKEEPER_PROGRAMS"));
    snprintf(options, sizeof options, "NODE_OPTIONS=--require=%s", getenv("VOXKEEPER_DRAIN"));
    worker_environment(options);
    entrance_open(public, "[::]");
    worker_start(w, public, 1, argv);
    worker_expect_taken(w, 1);
}

static void end(struct entrance *public, struct worker *w)
{
    worker_end(w);
    entrance_close(public);
    worker_environment(NULL);
}

static void children_see_nothing_of_it(void **state)
{
    (void)state;
    struct entrance public;
    struct worker w;
    start(&public, &w);
    assert_string_equal(caller_fetch(&w.private[0], "/children"), "none none 0\n0\n");
    end(&public, &w);
}

static void its_address_is_the_public_one(void **state)
{
    (void)state;
    struct entrance public;
    struct worker w;
    char address[80];
    start(&public, &w);
    snprintf(address, sizeof address, "{\"address\":\"::\",\"family\":\"IPv6\",\"port\":%u}",
        public.port);
    assert_string_equal(caller_fetch(&w.private[0], "/name"), address);
    end(&public, &w);
}

/* close() and listen() again, as an application that reloads itself does. */
static void it_may_listen_again(void **state)
{
    (void)state;
    struct entrance public;
    struct worker w;
    start(&public, &w);
    worker_activate(&w);
    for (unsigned i = 0; i < 5; i++) {
        caller_fetch(&public, "/reopen");
        worker_expect(&w, VK_HANDOVER_CLOSED, 1, 0);
        worker_expect(&w, VK_HANDOVER_TAKEN, 1, 0);
        assert_int_equal(atoi(caller_fetch(&public, "/")), w.pid);
    }
    end(&public, &w);
}

/* libuv closes by syscall(), not by close(). */
static void it_may_stop_listening(void **state)
{
    (void)state;
    struct entrance public;
    struct worker w;
    start(&public, &w);
    worker_activate(&w);
    assert_int_equal(atoi(caller_fetch(&public, "/close")), w.pid);
    worker_expect(&w, VK_HANDOVER_CLOSED, 1, 0);
    end(&public, &w);
}

static void say(int fd, const char *text)
{
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

/* Reads until `end`, into `out`. */
static void hear(int fd, const char *end, char out[1024])
{
    size_t n = 0;
    struct pollfd p = {.fd = fd, .events = POLLIN};
    out[0] = '\0';
    while (!strstr(out, end)) {
        assert_int_equal(poll(&p, 1, DEADLINE_MS), 1);
        ssize_t got = read(fd, out + n, 1023 - n);
        assert_true(got > 0);
        n += (size_t)got;
        out[n] = '\0';
    }
}

#define REQUEST "GET / HTTP/1.1\r\nHost: x\r\n\r\n"

static bool says(int fd, const char *header)
{
    char answer[1024];
    say(fd, REQUEST);
    hear(fd, "\r\n\r\n", answer);
    return strstr(answer, header) != NULL;
}

static void a_busy_connection_ends_when_the_worker_is_paused(void **state)
{
    (void)state;
    struct entrance public;
    struct worker w;
    char byte;
    start(&public, &w);
    worker_activate(&w);
    int busy = caller_connect(&public);
    assert_true(says(busy, "Connection: keep-alive"));
    assert_true(says(busy, "Connection: keep-alive"));
    worker_pause(&w);
    assert_true(says(busy, "Connection: close"));
    struct pollfd p = {.fd = busy, .events = POLLIN};
    while (poll(&p, 1, DEADLINE_MS) == 1 && read(busy, &byte, 1) > 0)
        ;
    close(busy);
    worker_activate(&w);
    busy = caller_connect(&public);
    assert_true(says(busy, "Connection: keep-alive"));
    close(busy);
    end(&public, &w);
}

static void an_upgraded_connection_lives_on(void **state)
{
    (void)state;
    struct entrance public;
    struct worker w;
    char answer[1024];
    start(&public, &w);
    worker_activate(&w);
    int call = caller_connect(&public);
    say(call, "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n");
    hear(call, "\r\n\r\n", answer);
    assert_memory_equal(answer, "HTTP/1.1 101 ", 13);
    worker_pause(&w);
    say(call, "still there?");
    hear(call, "still there?", answer);
    close(w.control);
    w.control = -1;
    say(call, "and now?");
    hear(call, "and now?", answer);
    close(call);
    end(&public, &w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(children_see_nothing_of_it),
        cmocka_unit_test(its_address_is_the_public_one),
        cmocka_unit_test(it_may_listen_again),
        cmocka_unit_test(it_may_stop_listening),
        cmocka_unit_test(a_busy_connection_ends_when_the_worker_is_paused),
        cmocka_unit_test(an_upgraded_connection_lives_on),
    };
    cmocka_set_test_filter(getenv("VOXKEEPER_TEST_FILTER"));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
