/* io/loop/patience: what has come is heard first, and time in which we did not run is given again.
 */
#include "io/loop/patience.h"

#include "loop/fixture.h"
#include "loop/suspend.h"

/* Beside hours, what a busy machine adds is nothing. */
#define SPAN USEC_PER_HOUR
#define STEP USEC_PER_MIN

struct world {
    struct loop *loop;
    struct patience *patience;
    unsigned dues;
    bool heard;        /* what lay in the pipe was read */
    bool heard_at_due; /* before */
    int pipe[2];
    uv_poll_t poll;
};

static void on_due(void *arg)
{
    struct world *w = arg;
    w->dues++;
    w->heard_at_due = w->heard;
}

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct err e;
    w->loop = loop_new(&e);
    assert_non_null(w->loop);
    suspend_follow(w->loop);
    w->patience = patience_new(w->loop, on_due, w);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    patience_free(w->patience);
    patience_free(NULL);
    loop_free(w->loop);
    free(w);
    return 0;
}

static void it_comes_when_the_time_is_over(void **state)
{
    struct world *w = *state;
    assert_int_equal(patience_at(w->patience), USEC_INFINITY);
    usec_t at = usec_add(loop_now(), SPAN);
    patience_arm(w->patience, at, SPAN);
    assert_int_equal(patience_at(w->patience), at);
    suspend_pass(w->loop, SPAN - STEP, STEP);
    assert_int_equal(w->dues, 0);
    suspend_pass(w->loop, 3 * STEP, STEP); /* due, a look as long as it came late, and that is it */
    assert_int_equal(w->dues, 1);
    assert_int_equal(patience_at(w->patience), USEC_INFINITY);
    suspend_pass(w->loop, SPAN, STEP);
    assert_int_equal(w->dues, 1);
}

static void time_in_which_we_did_not_run_is_given_again(void **state)
{
    struct world *w = *state;
    patience_arm(w->patience, usec_add(loop_now(), SPAN), SPAN);
    suspend_for(w->loop, SPAN + SPAN / 2);
    assert_int_equal(w->dues, 0);
    suspend_pass(w->loop, SPAN / 2 - STEP, STEP);
    assert_int_equal(w->dues, 0);
    suspend_for(w->loop, SPAN / 2); /* and again */
    assert_int_equal(w->dues, 0);
    suspend_pass(w->loop, SPAN / 2 + 2 * STEP, STEP);
    assert_int_equal(w->dues, 1);
}

static void nor_did_we_run_if_it_is_past_when_armed(void **state)
{
    struct world *w = *state;
    patience_arm(w->patience, usec_sub(loop_now(), SPAN), SPAN);
    suspend_pass(w->loop, SPAN - STEP, STEP);
    assert_int_equal(w->dues, 0);
    suspend_pass(w->loop, 3 * STEP, STEP);
    assert_int_equal(w->dues, 1);
}

static void no_more_is_given_than_there_was(void **state)
{
    struct world *w = *state;
    patience_arm(w->patience, usec_add(loop_now(), SPAN), SPAN);
    suspend_for(w->loop, 100 * SPAN);
    assert_int_equal(w->dues, 0);
    suspend_pass(w->loop, SPAN + 2 * STEP, STEP);
    assert_int_equal(w->dues, 1);
}

static void arming_begins_anew(void **state)
{
    struct world *w = *state;
    patience_arm(w->patience, usec_add(loop_now(), SPAN), SPAN);
    suspend_pass(w->loop, SPAN - STEP, STEP);
    patience_arm(w->patience, usec_add(loop_now(), SPAN), SPAN);
    suspend_pass(w->loop, SPAN - STEP, STEP);
    assert_int_equal(w->dues, 0);
    patience_arm(w->patience, USEC_INFINITY, SPAN);
    suspend_pass(w->loop, 2 * SPAN, STEP);
    assert_int_equal(w->dues, 0);
}

/* Nobody is waited for: it is late, and comes. */
static void without_a_span_it_is_a_timer(void **state)
{
    struct world *w = *state;
    patience_arm(w->patience, usec_add(loop_now(), SPAN), 0);
    suspend_for(w->loop, 2 * SPAN);
    assert_int_equal(w->dues, 1);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct world *w = poll->data;
    (void)events;
    assert_int_equal(status, 0);
    w->heard = true;
    uv_poll_stop(poll);
}

static void on_closed(uv_handle_t *handle)
{
    (void)handle;
}

/* libuv comes to timers before it polls. */
static void what_has_come_is_heard_first(void **state)
{
    struct world *w = *state;
    assert_int_equal(pipe(w->pipe), 0);
    assert_int_equal(write(w->pipe[1], "", 1), 1);
    uv_poll_init(loop_uv(w->loop), &w->poll, w->pipe[0]);
    w->poll.data = w;
    uv_poll_start(&w->poll, UV_READABLE, on_readable);
    patience_arm(w->patience, loop_now(), SPAN);
    while (w->dues == 0)
        uv_run(loop_uv(w->loop), UV_RUN_ONCE);
    uv_close((uv_handle_t *)&w->poll, on_closed);
    uv_run(loop_uv(w->loop), UV_RUN_NOWAIT);
    close(w->pipe[0]);
    close(w->pipe[1]);
    assert_true(w->heard_at_due);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(it_comes_when_the_time_is_over),
        TEST(time_in_which_we_did_not_run_is_given_again),
        TEST(nor_did_we_run_if_it_is_past_when_armed),
        TEST(no_more_is_given_than_there_was),
        TEST(arming_begins_anew),
        TEST(without_a_span_it_is_a_timer),
        TEST(what_has_come_is_heard_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
