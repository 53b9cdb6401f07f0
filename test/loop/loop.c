/* The loop: timers that are never early, stalls, signals, and the end that finds survivors. */
#include "io/loop/loop.h"

#include "io/loop/loop_uv.h"

#include "loop/fixture.h"
#include "loop/suspend.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <uv.h>

static int open_bench(void **state)
{
    struct bench *b = calloc(1, sizeof *b);
    bench_open(b);
    suspended = 0;
    *state = b;
    return 0;
}

static int close_bench(void **state)
{
    bench_close(*state);
    free(*state);
    return 0;
}

struct alarm {
    struct bench *bench;
    struct timer *timer;
    usec_t at;
    unsigned rings;
    unsigned *order;
    unsigned place;
};

static void ring(void *arg)
{
    struct alarm *a = arg;
    assert_true(loop_now() >= a->at);
    a->rings++;
    if (a->order)
        a->place = ++*a->order;
    bench_wake(a->bench);
}

static void alarm_set(struct alarm *a, usec_t at)
{
    a->at = at;
    timer_arm(a->timer, at);
}

static void alarm_open(struct alarm *a, struct bench *b)
{
    *a = (struct alarm){.bench = b};
    a->timer = timer_new(b->loop, ring, a);
}

static void timers_are_never_early_and_come_in_order(void **state)
{
    enum { N = 40 };
    struct bench *b = *state;
    struct alarm alarms[N];
    unsigned order = 0;
    usec_t now = loop_now();
    for (unsigned i = 0; i < N; i++) {
        alarm_open(&alarms[i], b);
        alarms[i].order = &order;
        alarm_set(&alarms[i], now + (N - i) * 1537);
    }
    bench_wait(b, order == N);
    for (unsigned i = 0; i < N; i++) {
        assert_int_equal(alarms[i].rings, 1);
        assert_int_equal(alarms[i].place, N - i);
        timer_free(alarms[i].timer);
    }
}

static void a_timer_wakes_once(void **state)
{
    struct bench *b = *state;
    struct alarm a;
    struct rusage before;
    struct rusage after;
    alarm_open(&a, b);
    getrusage(RUSAGE_SELF, &before);
    clock_reads = 0;
    for (unsigned i = 1; i <= 20; i++) {
        alarm_set(&a, loop_now() + 1501);
        bench_wait(b, a.rings == i);
    }
    getrusage(RUSAGE_SELF, &after);
    /* A timer that came early and was armed again would sleep twice, or spin until it is due. */
    assert_true(clock_reads <= 20 * 10);
    assert_true(after.ru_nvcsw - before.ru_nvcsw <= 30);
    timer_free(a.timer);
}

/* Whatever the two clocks do to each other. */
static void a_timer_is_checked_when_it_fires(void **state)
{
    struct bench *b = *state;
    struct alarm a;
    struct alarm other;
    alarm_open(&a, b);
    alarm_open(&other, b);
    suspended = USEC_PER_HOUR;
    alarm_set(&a, loop_now() + 2 * USEC_PER_MSEC);
    suspended = 0;
    alarm_set(&other, loop_now() + 10 * USEC_PER_MSEC);
    bench_wait(b, other.rings == 1);
    assert_int_equal(a.rings, 0);
    timer_free(a.timer);
    timer_free(other.timer);
}

static void arming_again_replaces(void **state)
{
    struct bench *b = *state;
    struct alarm a;
    struct alarm later;
    alarm_open(&a, b);
    alarm_open(&later, b);
    alarm_set(&a, 1);
    alarm_set(&a, loop_now() + 5 * USEC_PER_MSEC);
    alarm_set(&later, loop_now() + 20 * USEC_PER_MSEC);
    bench_wait(b, later.rings == 1);
    assert_int_equal(a.rings, 1);

    alarm_set(&a, 1);
    timer_disarm(a.timer);
    timer_arm(a.timer, USEC_INFINITY);
    alarm_set(&later, loop_now() + 5 * USEC_PER_MSEC);
    bench_wait(b, later.rings == 2);
    assert_int_equal(a.rings, 1);

    alarm_set(&a, 0); /* long past: at once, but from the loop */
    assert_int_equal(a.rings, 1);
    bench_wait(b, a.rings == 2);
    timer_free(a.timer);
    timer_free(later.timer);
    timer_free(NULL);
}

static void free_myself(void *arg)
{
    struct alarm *a = arg;
    timer_free(a->timer);
    a->rings++;
    bench_wake(a->bench);
}

static void a_timer_may_be_freed_in_its_callback(void **state)
{
    struct bench *b = *state;
    struct alarm a = {.bench = b};
    a.timer = timer_new(b->loop, free_myself, &a);
    timer_arm(a.timer, 0);
    bench_wait(b, a.rings == 1);
}

static void nothing_comes_from_a_freed_timer(void **state)
{
    struct bench *b = *state;
    struct alarm a;
    struct alarm other;
    alarm_open(&a, b);
    alarm_open(&other, b);
    alarm_set(&a, 0);
    timer_free(a.timer);
    alarm_set(&other, loop_now() + 2 * USEC_PER_MSEC);
    bench_wait(b, other.rings == 1);
    assert_int_equal(a.rings, 0);
    timer_free(other.timer);
}

struct stalls {
    unsigned n;
    usec_t from;
    usec_t until;
};

static void note_stall(usec_t from, usec_t until, void *arg)
{
    struct stalls *s = arg;
    s->n++;
    if (until - from > s->until - s->from) { /* a busy machine may add short ones */
        s->from = from;
        s->until = until;
    }
}

/* A handler that blocks. */
static void spin(usec_t span)
{
    usec_t until = loop_now() + span;
    while (loop_now() < until)
        continue;
}

static void a_handler_that_blocks_is_a_stall(void **state)
{
    struct bench *b = *state;
    struct stalls stalls = {0};
    struct alarm a;
    alarm_open(&a, b);
    loop_watch_stalls(b->loop, 100 * USEC_PER_MSEC, note_stall, &stalls);
    usec_t before = loop_now();
    spin(250 * USEC_PER_MSEC);
    alarm_set(&a, loop_now() + 3 * USEC_PER_MSEC);
    bench_wait(b, a.rings == 1);
    assert_int_equal(stalls.n, 1);
    assert_in_range(stalls.from, before, before + 100 * USEC_PER_MSEC);
    assert_in_range(stalls.until, before + 250 * USEC_PER_MSEC, loop_now());
    timer_free(a.timer);
}

static void a_stall_can_be_looked_for(void **state)
{
    struct bench *b = *state;
    struct stalls stalls = {0};
    loop_check_stall(b->loop); /* nobody watches yet */
    loop_watch_stalls(b->loop, 100 * USEC_PER_MSEC, note_stall, &stalls);
    loop_check_stall(b->loop);
    assert_int_equal(stalls.n, 0);
    spin(200 * USEC_PER_MSEC);
    loop_check_stall(b->loop);
    assert_int_equal(stalls.n, 1);
    loop_check_stall(b->loop); /* told once */
    assert_int_equal(stalls.n, 1);
}

struct lag {
    unsigned n;
    usec_t longest;
};

static void note_lag(usec_t lag, void *arg)
{
    struct lag *l = arg;
    l->n++;
    l->longest = lag > l->longest ? lag : l->longest;
}

/* From when it was due, or armed if that was later. */
static void how_late_timers_come_is_told(void **state)
{
    struct bench *b = *state;
    struct lag lag = {0};
    struct alarm a;
    alarm_open(&a, b);
    alarm_set(&a, loop_now());
    spin(20 * USEC_PER_MSEC);
    loop_watch_lag(b->loop, note_lag, &lag);
    bench_wait(b, a.rings == 1);
    assert_true(lag.n >= 1);
    assert_in_range(lag.longest, 20 * USEC_PER_MSEC, USEC_PER_HOUR);
    unsigned before = lag.n;
    alarm_set(&a, 1);
    bench_wait(b, a.rings == 2);
    assert_true(lag.n > before);
    assert_true(lag.longest < USEC_PER_HOUR); /* not since the beginning of time */
    loop_watch_lag(b->loop, NULL, NULL);
    before = lag.n;
    alarm_set(&a, 1);
    bench_wait(b, a.rings == 3);
    assert_int_equal(lag.n, before);
    timer_free(a.timer);
}

struct turns {
    uv_prepare_t prepare;
    unsigned n;
};

static void on_turn(uv_prepare_t *prepare)
{
    ((struct turns *)prepare->data)->n++;
}

static void turns_closed(uv_handle_t *handle)
{
    (void)handle;
}

static void an_idle_loop_does_not_stall_and_hardly_wakes(void **state)
{
    struct bench *b = *state;
    struct stalls stalls = {0};
    struct lag lag = {0};
    struct turns turns = {.prepare = {.data = &turns}};
    struct alarm a;
    alarm_open(&a, b);
    loop_watch_stalls(b->loop, 200 * USEC_PER_MSEC, note_stall, &stalls);
    loop_watch_lag(b->loop, note_lag, &lag);
    uv_prepare_init(loop_uv(b->loop), &turns.prepare);
    uv_prepare_start(&turns.prepare, on_turn);
    alarm_set(&a, loop_now() + 1100 * USEC_PER_MSEC);
    bench_wait(b, a.rings == 1);
    uv_close((uv_handle_t *)&turns.prepare, turns_closed);
    uv_run(loop_uv(b->loop), UV_RUN_NOWAIT);
    timer_free(a.timer);
    /* On a machine with no time for us it does stand still: then a timer came as late. */
    assert_true(stalls.n == 0 || lag.longest > 100 * USEC_PER_MSEC);
    /* One for each limit, one for the alarm, and the first. */
    assert_true(turns.n <= 8);
}

static void timers_follow_a_suspend(void **state)
{
    struct bench *b = *state;
    struct stalls stalls = {0};
    struct alarm a;
    alarm_open(&a, b);
    loop_watch_stalls(b->loop, 20 * USEC_PER_MSEC, note_stall, &stalls);
    alarm_set(&a, loop_now() + USEC_PER_HOUR);
    suspended = USEC_PER_HOUR + USEC_PER_SEC;
    bench_wait(b, a.rings == 1);
    assert_true(stalls.until - stalls.from > 59 * USEC_PER_MIN);
    timer_free(a.timer);
}

struct heard {
    struct bench *bench;
    int signum;
    unsigned n;
};

static void on_signal(int signum, void *arg)
{
    struct heard *h = arg;
    h->signum = signum;
    h->n++;
    bench_wake(h->bench);
}

static void signals_come_from_the_loop(void **state)
{
    struct bench *b = *state;
    struct heard h = {.bench = b};
    struct err e;
    struct signal_watch *w = signal_watch_new(b->loop, SIGUSR1, on_signal, &h, &e);
    assert_non_null(w);
    for (unsigned i = 1; i <= 3; i++) {
        kill(getpid(), SIGUSR1);
        assert_int_equal(h.n, i - 1);
        bench_wait(b, h.n == i);
        assert_int_equal(h.signum, SIGUSR1);
    }
    signal_watch_free(w);
    signal_watch_free(NULL);
    assert_null(signal_watch_new(b->loop, SIGKILL, on_signal, &h, &e));
    assert_string_equal(e.msg, "watching for SIGKILL: Invalid argument");
}

static void the_loop_ends_when_nothing_is_left(void **state)
{
    (void)state;
    struct err e;
    struct stalls stalls = {0};
    struct loop *l = loop_new(&e);
    loop_watch_stalls(l, USEC_PER_HOUR, note_stall, &stalls);
    loop_run(l); /* the watch alone does not keep it */
    loop_free(l);
    loop_free(NULL);
}

/* What loop_free() prints when a timer was forgotten; how the process ended. */
static void a_survivor_is_named(void **state)
{
    (void)state;
    int ends[2];
    char text[256];
    int status = 0;
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct err e;
        struct rlimit no_core = {0};
        setrlimit(RLIMIT_CORE, &no_core);
        dup2(ends[1], 2);
        signal(SIGABRT, SIG_DFL);
        struct loop *l = loop_new(&e);
        timer_arm(timer_new(l, free_myself, NULL), loop_now() + USEC_PER_HOUR);
        loop_free(l);
        _exit(0);
    }
    close(ends[1]);
    ssize_t n = read(ends[0], text, sizeof text - 1);
    assert_true(n > 0);
    text[n] = '\0';
    close(ends[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    assert_string_equal(text, "closing the event loop: a handle of type timer is still open\n");
}

static void what_is_past_waits_for_no_millisecond(void **state)
{
    struct bench *b = *state;
    struct alarm a;
    alarm_open(&a, b);
    for (unsigned i = 1; i <= 20; i++) {
        alarm_set(&a, loop_now());
        assert_int_equal(uv_backend_timeout(loop_uv(b->loop)), 0);
        bench_wait(b, a.rings == i);
    }
    timer_free(a.timer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, open_bench, close_bench)
        T(timers_are_never_early_and_come_in_order),
        T(a_timer_wakes_once),
        T(what_is_past_waits_for_no_millisecond),
        T(a_timer_is_checked_when_it_fires),
        T(arming_again_replaces),
        T(a_timer_may_be_freed_in_its_callback),
        T(nothing_comes_from_a_freed_timer),
        T(a_handler_that_blocks_is_a_stall),
        T(a_stall_can_be_looked_for),
        T(how_late_timers_come_is_told),
        T(an_idle_loop_does_not_stall_and_hardly_wakes),
        T(timers_follow_a_suspend),
        T(signals_come_from_the_loop),
        cmocka_unit_test(the_loop_ends_when_nothing_is_left),
        cmocka_unit_test(a_survivor_is_named),
#undef T
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
