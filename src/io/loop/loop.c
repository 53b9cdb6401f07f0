/* The event loop and its clocks; noticing that it stood still. */
#include "io/loop/loop.h"

#include "io/loop/loop_parts.h"
#include "io/loop/loop_uv.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Turns that close callbacks may need to close what they own in their turn. */
enum { CLOSING_TURNS = 16 };

static usec_t clock_read(clockid_t clock)
{
    struct timespec ts;
    int r = clock_gettime(clock, &ts);
    assert(r == 0);
    return (usec_t)ts.tv_sec * USEC_PER_SEC + (usec_t)ts.tv_nsec / 1000;
}

usec_t loop_now(void)
{
    return clock_read(CLOCK_BOOTTIME);
}

usec_t loop_wall_now(void)
{
    return clock_read(CLOCK_REALTIME);
}

struct loop *loop_new(struct err *e)
{
    struct loop *l = calloc(1, sizeof *l);
    if (!l) {
        err_sys(e, -ENOMEM, "creating the event loop");
        return NULL;
    }
    int r = uv_loop_init(&l->uv);
    if (r < 0) {
        free(l);
        err_sys(e, r, "creating the event loop");
        return NULL;
    }
    LIST_INIT(&l->timers);
    return l;
}

uv_loop_t *loop_uv(struct loop *l)
{
    return &l->uv;
}

struct loop_resident *loop_resident(const struct loop *l)
{
    return l->resident;
}

void loop_set_resident(struct loop *l, struct loop_resident *r)
{
    l->resident = r;
}

void loop_run(struct loop *l)
{
    uv_run(&l->uv, UV_RUN_DEFAULT);
}

void loop_stop(struct loop *l)
{
    uv_stop(&l->uv);
}

static void print_survivor(uv_handle_t *handle, void *arg)
{
    (void)arg;
    fprintf(stderr, "closing the event loop: a handle of type %s is still open%s\n",
        uv_handle_type_name(uv_handle_get_type(handle)), uv_is_closing(handle) ? " (closing)" : "");
}

void loop_free(struct loop *l)
{
    if (!l)
        return;
    timer_free(l->stall.timer);
    if (l->resident)
        l->resident->close(l->resident);
    /* Work that cannot be taken back: files are being written. */
    while (l->jobs > 0)
        uv_run(&l->uv, UV_RUN_ONCE);
    int r = uv_loop_close(&l->uv);
    for (int turn = 0; r == UV_EBUSY && turn < CLOSING_TURNS; turn++) {
        uv_run(&l->uv, UV_RUN_NOWAIT);
        r = uv_loop_close(&l->uv);
    }
    if (r < 0) {
        uv_walk(&l->uv, print_survivor, NULL);
        abort();
    }
    free(l);
}

void loop_watch_lag(struct loop *l, void (*on_due)(usec_t lag, void *arg), void *arg)
{
    l->lag.on_due = on_due;
    l->lag.arg = arg;
}

/* libuv's timers stand on CLOCK_MONOTONIC, which stops in a suspend; ours must not. */
static void follow_suspend(struct loop *l)
{
    usec_t boot = loop_now();
    usec_t mono = clock_read(CLOCK_MONOTONIC);
    usec_t suspended = usec_sub(boot, mono);
    if (suspended > l->stall.suspended + USEC_PER_MSEC) {
        struct timer *t;
        LIST_FOREACH(t, &l->timers, link)
        timer_rearm(t);
    }
    l->stall.suspended = suspended;
}

void loop_check_stall(struct loop *l)
{
    struct stall_watch *s = &l->stall;
    if (!s->timer)
        return;
    usec_t now = loop_now();
    if (now < s->due)
        return;
    usec_t from = s->due;
    s->due = usec_add(now, s->period);
    follow_suspend(l);
    timer_arm(s->timer, s->due);
    if (now - from > s->period / 2)
        s->on_stall(from, now, s->arg);
}

static void on_stall_tick(void *arg)
{
    loop_check_stall(arg);
}

void loop_watch_stalls(
    struct loop *l, usec_t limit, void (*on_stall)(usec_t from, usec_t until, void *arg), void *arg)
{
    struct stall_watch *s = &l->stall;
    if (!s->timer) {
        s->timer = timer_new(l, on_stall_tick, l);
        timer_unref(s->timer);
    }
    s->period = limit;
    s->on_stall = on_stall;
    s->arg = arg;
    s->suspended = usec_sub(loop_now(), clock_read(CLOCK_MONOTONIC));
    s->due = usec_add(loop_now(), limit);
    timer_arm(s->timer, s->due);
}
