/* io/child/output: what a worker writes reaches the log, in order, bounded, with its fields. */
#include "io/child/output.h"

#include "base/log.h"
#include "cmocka_all.h"
#include "core/limits.h"
#include "turning.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Every record as `<priority>message` and `|NAME=value` for each field, one a line. */
struct heard {
    struct strbuf text;
    unsigned n;
    unsigned wanted;
};

static struct heard heard;

static void on_record(const struct log_record *record, void *arg)
{
    (void)arg;
    strbuf_addf(&heard.text, "<%d>", (int)record->level);
    strbuf_add(&heard.text, record->message, record->message_len);
    for (size_t i = 0; i < record->n_fields; i++) {
        strbuf_addf(&heard.text, "|%s=", record->fields[i].name);
        strbuf_add(&heard.text, record->fields[i].value, record->fields[i].len);
    }
    strbuf_addc(&heard.text, '\n');
    heard.n++;
}

static bool heard_enough(const void *arg)
{
    (void)arg;
    return heard.n >= heard.wanted;
}

struct setup {
    struct loop *loop;
    struct output *output;
    int out; /* the worker's ends */
    int err;
};

static const struct output_conf conf = {
    .identifier = "agent",
    .worker = 2,
    .life = 5,
    .generation = 3,
    .release = "1.2",
    .report_period = 10 * USEC_PER_MSEC,
};

static struct setup begin(unsigned rate)
{
    struct setup s = {0};
    struct err e;
    struct output_conf c = conf;
    c.rate = rate;
    strbuf_reset(&heard.text);
    heard.n = 0;
    log_set_sink(on_record, NULL);
    s.loop = loop_new(&e);
    s.output = output_new(s.loop, &c, &e);
    assert_non_null(s.output);
    s.out = dup(output_stdout_fd(s.output));
    s.err = dup(output_stderr_fd(s.output));
    output_started(s.output, 4711);
    return s;
}

static void hang_up(struct setup *s)
{
    close(s->out);
    close(s->err);
}

static void end(struct setup *s)
{
    output_free(s->output);
    loop_free(s->loop);
    log_set_sink(NULL, NULL);
    strbuf_fini(&heard.text);
}

static void put(int fd, const char *text)
{
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

static void hear(struct setup *s, unsigned n)
{
    heard.wanted = n;
    if (!turn_until(s->loop, heard_enough, NULL))
        fail_msg("heard %u of %u:\n%s", heard.n, n, strbuf_text(&heard.text));
}

#define FIELDS(stream)                                                                             \
    "|SYSLOG_IDENTIFIER=agent|VOXKEEPER_WORKER=2|VOXKEEPER_GENERATION=3|VOXKEEPER_LIFE=5"          \
    "|VOXKEEPER_STREAM=" stream "|WORKER_PID=4711|OBJECT_PID=4711|VOXKEEPER_RELEASE=1.2"

static void passes_lines_on_with_their_fields(void **state)
{
    (void)state;
    struct setup s = begin(0);
    put(s.out, "\x1b[34mdebug\x1b[39m: on {\"a\":1}\n\n\x1b[0m\npl");
    hear(&s, 1);
    put(s.out, "ain\r\n");
    hear(&s, 2);
    put(s.err, "ouch\n");
    hear(&s, 3);
    assert_string_equal(strbuf_text(&heard.text),
        "<7>debug: on" FIELDS("stdout") "|AGENT_A=1\n"
                                        "<6>plain" FIELDS("stdout") "\n"
                                                                    "<4>ouch" FIELDS(
                                                                        "stderr") "\n");
    assert_int_equal(output_lines(s.output), 3);
    struct strbuf last = STRBUF_INIT;
    output_last_lines(s.output, &last);
    assert_string_equal(strbuf_text(&last), "debug: on {\"a\":1}\nplain\nouch\n");
    strbuf_fini(&last);
    hang_up(&s);
    end(&s);
}

static void counts_errors(void **state)
{
    (void)state;
    struct setup s = begin(0);
    put(s.out, "error: one\n<2>two\n{\"level\":\"error\",\"msg\":\"three\"}\nwarn: no\nno error\n");
    hear(&s, 5);
    put(s.err, "an error, but it does not say so\n");
    hear(&s, 6);
    assert_int_equal(output_errors(s.output)->total, 3);
    hang_up(&s);
    end(&s);
}

static void tells_a_partial_line_at_the_end(void **state)
{
    (void)state;
    struct setup s = begin(0);
    put(s.out, "last words");
    hang_up(&s);
    hear(&s, 1);
    assert_string_equal(strbuf_text(&heard.text), "<6>last words" FIELDS("stdout") "\n");
    end(&s);
    s = begin(0);
    put(s.out, "cut off");
    uv_run(loop_uv(s.loop), UV_RUN_NOWAIT);
    uv_run(loop_uv(s.loop), UV_RUN_NOWAIT);
    output_free(s.output);
    assert_string_equal(strbuf_text(&heard.text), "<6>cut off" FIELDS("stdout") "\n");
    hang_up(&s);
    s.output = NULL;
    end(&s);
}

static void marks_the_parts_of_a_long_line(void **state)
{
    (void)state;
    struct setup s = begin(0);
    char *line = malloc(LIMIT_OUTPUT_LINE + 1);
    memset(line, 'x', LIMIT_OUTPUT_LINE);
    memcpy(line, "error: ", 7);
    assert_int_equal(write(s.out, line, LIMIT_OUTPUT_LINE), LIMIT_OUTPUT_LINE);
    put(s.out, "info: rest\nnext\n");
    free(line);
    hear(&s, 3);
    const char *text = strbuf_text(&heard.text);
    assert_memory_equal(text, "<3>error: xxx", 13);
    assert_non_null(strstr(text,
        "xxx" FIELDS("stdout") "|VOXKEEPER_LINE_PART=1\n"
                               "<3>info: rest" FIELDS("stdout") "|VOXKEEPER_LINE_PART=2\n"
                                                                "<6>next" FIELDS("stdout") "\n"));
    hang_up(&s);
    end(&s);
}

static void drains_what_is_left_at_once(void **state)
{
    (void)state;
    struct setup s = begin(0);
    put(s.out, "one\ntwo\nthr");
    put(s.err, "four");
    output_drain(s.output);
    assert_string_equal(strbuf_text(&heard.text),
        "<6>one" FIELDS("stdout") "\n<6>two" FIELDS("stdout") "\n<6>thr" FIELDS(
            "stdout") "\n"
                      "<4>four" FIELDS("stderr") "\n");
    put(s.out, "a grandchild\n"); /* still holds the pipe */
    hear(&s, 5);
    hang_up(&s);
    end(&s);
}

static void leaves_a_flood_out_and_says_so(void **state)
{
    (void)state;
    struct setup s = begin(1);
    for (int i = 0; i < 1000; i++)
        put(s.out, "flood\n");
    put(s.out, "the last\n");
    hear(&s, 11); /* the burst of ten, and the event */
    const char *event = strstr(strbuf_text(&heard.text), "<4>");
    assert_non_null(event);
    assert_non_null(strstr(event, "|VOXKEEPER_EVENT=worker-output-dropped"));
    assert_non_null(strstr(event, "|VOXKEEPER_WORKER=2"));
    assert_non_null(strstr(event, "|VOXKEEPER_LINES=991"));
    assert_int_equal(output_dropped(s.output), 991);
    assert_int_equal(output_lines(s.output), 1001);
    struct strbuf last = STRBUF_INIT;
    output_last_lines(s.output, &last);
    assert_non_null(strstr(strbuf_text(&last), "flood\nthe last\n"));
    strbuf_fini(&last);
    put(s.out, "more\n");
    hear(&s, 12);
    assert_non_null(strstr(strbuf_text(&heard.text), "|VOXKEEPER_LINES=1\n"));
    hang_up(&s);
    end(&s);
}

static void tells_of_a_flood_before_it_is_freed(void **state)
{
    (void)state;
    struct setup s = begin(1);
    for (int i = 0; i < 30; i++)
        put(s.out, "flood\n");
    output_drain(s.output);
    assert_non_null(strstr(strbuf_text(&heard.text), "|VOXKEEPER_LINES=20\n"));
    hang_up(&s);
    end(&s);
}

static void count(void *arg)
{
    (*(unsigned *)arg)++;
}

static bool ticked(const void *arg)
{
    return *(const unsigned *)arg > 0;
}

/* A flood that keeps pace whatever the reader does: each line that is read writes another. */
static void on_record_write_another(const struct log_record *record, void *arg)
{
    (void)record;
    put(*(const int *)arg, "again\n");
}

static void does_not_let_a_flood_hold_the_loop(void **state)
{
    (void)state;
    struct setup s = begin(0);
    log_set_sink(on_record_write_another, &s.out);
    for (int i = 0; i < 1000; i++)
        put(s.out, "first\n");
    unsigned ticks = 0;
    struct timer *t = timer_new(s.loop, count, &ticks);
    timer_arm(t, loop_now());
    assert_true(turn_until(s.loop, ticked, &ticks));
    timer_free(t);
    output_drain(s.output);
    assert_true(output_lines(s.output) > 2000);
    hang_up(&s);
    end(&s);
}

/* What an instance has read of a line, and not told, goes with it; the rest of the line does not.
 */
static void the_next_instance_reads_on(void **state)
{
    (void)state;
    struct err e;
    struct setup s = begin(0);
    int out = dup(output_stdout_read_fd(s.output));
    int err = dup(output_stderr_read_fd(s.output));
    put(s.out, "one\nread and ");
    hear(&s, 1);
    output_free(s.output);
    strbuf_reset(&heard.text);
    heard.n = 0;
    put(s.out, "cut\ntwo\n");
    put(s.err, "ouch\n");
    s.output = output_adopt(s.loop, &conf, 4711, out, err, &e);
    assert_non_null(s.output);
    assert_int_equal(output_stdout_read_fd(s.output), out);
    assert_int_equal(output_stderr_read_fd(s.output), err);
    assert_int_equal(fcntl(out, F_GETFD), FD_CLOEXEC);
    assert_int_equal(output_stdout_fd(s.output), -1); /* the worker's ends are the worker's */
    assert_int_equal(heard.n, 0);                     /* not from inside the call */
    hear(&s, 3);
    const char *text = strbuf_text(&heard.text);
    assert_non_null(strstr(text, "<6>cut" FIELDS("stdout") "\n<6>two" FIELDS("stdout") "\n"));
    assert_non_null(strstr(text, "<4>ouch" FIELDS("stderr") "\n"));
    put(s.out, "last words");
    hang_up(&s);
    hear(&s, 4);
    end(&s);
}

static bool stdout_is_closed(const void *arg)
{
    return output_stdout_read_fd(arg) < 0;
}

static void a_closed_pipe_is_adopted_as_that(void **state)
{
    (void)state;
    struct err e;
    struct setup s = begin(0);
    close(s.out);
    assert_true(turn_until(s.loop, stdout_is_closed, s.output));
    int err = dup(output_stderr_read_fd(s.output));
    output_free(s.output);
    s.output = output_adopt(s.loop, &conf, 4711, -1, err, &e);
    assert_non_null(s.output);
    assert_int_equal(output_stdout_read_fd(s.output), -1);
    put(s.err, "ouch\n");
    hear(&s, 1);
    output_drain(s.output);
    close(s.err);
    end(&s);
}

/* Writes lines of `size` bytes until it would block, as a worker of whom nobody reads. */
static size_t write_all_that_fits(int fd, size_t size)
{
    char line[4096];
    size_t written = 0;
    memset(line, 'x', size);
    line[size - 1] = '\n';
    assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    while (write(fd, line, size) == (ssize_t)size)
        written += size;
    assert_int_equal(errno, EAGAIN);
    return written;
}

static void much_can_be_written_while_nobody_reads(void **state)
{
    (void)state;
    static const size_t sizes[] = {20, 100, 1000, 3000};
    for (unsigned i = 0; i < 4; i++) {
        struct setup s = begin(0);
        size_t capacity = (size_t)fcntl(s.out, F_GETPIPE_SZ);
        size_t written = write_all_that_fits(s.out, sizes[i]);
        printf(
            "lines of %zu bytes: %zu of %zu bytes until it blocks\n", sizes[i], written, capacity);
        assert_int_equal(fcntl(s.err, F_GETPIPE_SZ), capacity);
        if (geteuid() == 0)
            assert_int_equal(capacity, LIMIT_OUTPUT_PIPE);
        assert_in_range(written, capacity / 10 * 7, capacity);
        /* Nothing of it is lost. */
        hear(&s, (unsigned)(written / sizes[i]));
        hang_up(&s);
        end(&s);
    }
}

/* A user whose pipes hold as much as a user's may gets the small ones. */
static void without_room_for_large_pipes(void)
{
    int ends[2];
    assert_int_equal(setresgid(65534, 65534, 65534), 0);
    assert_int_equal(setresuid(65534, 65534, 65534), 0);
    do
        assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    while (fcntl(ends[0], F_SETPIPE_SZ, LIMIT_OUTPUT_PIPE) >= 0);
    struct setup s = begin(0);
    assert_in_range(fcntl(s.out, F_GETPIPE_SZ), 4096, LIMIT_OUTPUT_PIPE / 2);
    put(s.out, "one\n");
    hear(&s, 1);
    hang_up(&s);
    end(&s);
}

static void a_pipe_that_may_not_grow_will_do(void **state)
{
    (void)state;
    int status = 0;
    if (geteuid() != 0) {
        if (getenv("VOXKEEPER_MUST_RUN"))
            fail_msg("only root becomes another user");
        skip();
    }
    pid_t pid = fork();
    if (pid == 0) {
        without_room_for_large_pipes();
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static void can_be_freed_before_it_started(void **state)
{
    (void)state;
    struct err e;
    struct loop *l = loop_new(&e);
    int before = dup(0);
    close(before);
    struct output *o = output_new(l, &(struct output_conf){.identifier = "a", .release = ""}, &e);
    output_drain(o);
    output_free(o);
    int after = dup(0);
    assert_int_equal(before, after); /* no descriptor was left */
    close(after);
    output_free(NULL);
    loop_free(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passes_lines_on_with_their_fields),
        cmocka_unit_test(counts_errors),
        cmocka_unit_test(tells_a_partial_line_at_the_end),
        cmocka_unit_test(marks_the_parts_of_a_long_line),
        cmocka_unit_test(drains_what_is_left_at_once),
        cmocka_unit_test(leaves_a_flood_out_and_says_so),
        cmocka_unit_test(tells_of_a_flood_before_it_is_freed),
        cmocka_unit_test(does_not_let_a_flood_hold_the_loop),
        cmocka_unit_test(the_next_instance_reads_on),
        cmocka_unit_test(a_closed_pipe_is_adopted_as_that),
        cmocka_unit_test(much_can_be_written_while_nobody_reads),
        cmocka_unit_test(a_pipe_that_may_not_grow_will_do),
        cmocka_unit_test(can_be_freed_before_it_started),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
