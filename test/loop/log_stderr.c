/* io/journal/log_stderr: lines reach a reader whole, and nobody waits for a reader that does not
 * read. */
#include "io/journal/log_stderr.h"

#include "base/strbuf.h"
#include "cmocka_all.h"
#include "io/loop/loop.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum kind { PIPE, STREAM_SOCKET, SHARED_PIPE, KINDS };

static void open_pair(enum kind kind, int fds[2])
{
    if (kind != STREAM_SOCKET) {
        assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
        return;
    }
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    fds[0] = pair[0];
    fds[1] = pair[1];
}

/* For SHARED_PIPE, without the means to open the pipe anew. */
static struct log_stderr *open_for(enum kind kind, int fd)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    const struct rlimit none = {.rlim_cur = 0, .rlim_max = limit.rlim_max};
    if (kind == SHARED_PIPE)
        setrlimit(RLIMIT_NOFILE, &none);
    struct log_stderr *s = log_stderr_new(fd);
    setrlimit(RLIMIT_NOFILE, &limit);
    return s;
}

/* Reads what is there. */
static void read_all(int fd, struct strbuf *out)
{
    char bytes[4096];
    ssize_t n;
    fcntl(fd, F_SETFL, O_NONBLOCK);
    while ((n = read(fd, bytes, sizeof bytes)) > 0)
        strbuf_add(out, bytes, (size_t)n);
}

static size_t make_line(char *line, unsigned number, size_t len)
{
    memset(line, 'a' + (int)(number % 26), len);
    line[len - 1] = '\n';
    return len;
}

static void assert_whole_lines(const struct strbuf *text)
{
    const char *s = text->data;
    while (*s) {
        const char *end = strchr(s, '\n');
        assert_non_null(end);
        assert_int_equal(strspn(s, (char[]){*s, '\0'}), end - s);
        s = end + 1;
    }
}

/* A reader that stops reading costs a bounded time, and lines, but never half a line. */
static void survives_a_full_reader(void **state)
{
    (void)state;
    for (enum kind kind = PIPE; kind < KINDS; kind++) {
        int fds[2];
        open_pair(kind, fds);
        struct log_stderr *s = open_for(kind, fds[1]);
        char *line = malloc(10000);
        usec_t from = loop_now();
        for (unsigned i = 0; i < 1000; i++)
            log_stderr_write(s, line, make_line(line, i, 5000 + i));
        assert_true(loop_now() - from < USEC_PER_SEC);
        uint64_t dropped = log_stderr_dropped(s);
        assert_in_range(dropped, 1, 999);

        struct strbuf text = STRBUF_INIT;
        read_all(fds[0], &text);
        size_t begun = text.len;
        log_stderr_write(s, line, make_line(line, 7, 50));
        read_all(fds[0], &text);
        assert_true(text.len > begun);
        assert_int_equal(log_stderr_dropped(s), dropped);
        assert_whole_lines(&text);

        assert_int_equal(fcntl(fds[1], F_GETFL) & O_NONBLOCK, 0); /* it belongs to others too */
        log_stderr_free(s);
        assert_true(fcntl(fds[1], F_GETFD) >= 0);
        free(line);
        strbuf_fini(&text);
        close(fds[0]);
        close(fds[1]);
    }
}

static void survives_a_reader_that_went(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    for (enum kind kind = PIPE; kind < KINDS; kind++) {
        int fds[2];
        open_pair(kind, fds);
        struct log_stderr *s = open_for(kind, fds[1]);
        close(fds[0]);
        log_stderr_write(s, "x\n", 2);
        log_stderr_write(s, "y\n", 2);
        assert_int_equal(log_stderr_dropped(s), 2);
        log_stderr_free(s);
        close(fds[1]);
    }
}

static void writes_to_a_file(void **state)
{
    (void)state;
    char path[] = "/tmp/log_stderr.XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    struct log_stderr *s = log_stderr_new(fd);
    log_stderr_write(s, "one\n", 4);
    log_stderr_write(s, "two\n", 4);
    log_stderr_free(s);
    char text[16] = "";
    assert_int_equal(pread(fd, text, sizeof text, 0), 8);
    assert_string_equal(text, "one\ntwo\n");
    unlink(path);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(survives_a_full_reader),
        cmocka_unit_test(survives_a_reader_that_went),
        cmocka_unit_test(writes_to_a_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
