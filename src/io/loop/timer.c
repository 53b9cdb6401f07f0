/* One-shot timers on CLOCK_BOOTTIME over libuv's millisecond timers. */
#include "io/loop/loop.h"

#include "io/loop/loop_parts.h"

#include <assert.h>
#include <stdlib.h>

static void on_uv_timer(uv_timer_t *uv)
{
    struct timer *t = uv->data;
    struct loop *l = t->loop;
    usec_t now = loop_now();
    if (now < t->at) {
        timer_rearm(t);
        return;
    }
    t->at = USEC_INFINITY;
    if (l->lag.on_due)
        l->lag.on_due(usec_sub(now, t->due), l->lag.arg);
    t->on_due(t->arg);
}

struct timer *timer_new(struct loop *l, void (*on_due)(void *arg), void *arg)
{
    struct timer *t = calloc(1, sizeof *t);
    if (!t)
        abort();
    t->loop = l;
    t->at = USEC_INFINITY;
    t->on_due = on_due;
    t->arg = arg;
    uv_timer_init(&l->uv, &t->uv);
    t->uv.data = t;
    LIST_INSERT_HEAD(&l->timers, t, link);
    return t;
}

void timer_unref(struct timer *t)
{
    uv_unref((uv_handle_t *)&t->uv);
}

void timer_rearm(struct timer *t)
{
    if (t->at == USEC_INFINITY) {
        uv_timer_stop(&t->uv);
        return;
    }
    /* libuv counts whole milliseconds from a time that it caches. The due millisecond is computed
     * from the exact time and rounded up, so that it fires neither early nor twice. */
    uint64_t cached_ms = uv_now(&t->loop->uv);
    usec_t left = usec_sub(t->at, loop_now());
    usec_t due = usec_add(uv_hrtime() / 1000, left);
    uint64_t due_ms = due / USEC_PER_MSEC + (due % USEC_PER_MSEC != 0);
    /* What is past is due in the next turn, not with the next whole millisecond. */
    uint64_t wait_ms = left > 0 && due_ms > cached_ms ? due_ms - cached_ms : 0;
    int r = uv_timer_start(&t->uv, on_uv_timer, wait_ms, 0);
    assert(r == 0);
}

void timer_arm(struct timer *t, usec_t at)
{
    t->at = at;
    if (at != USEC_INFINITY) {
        usec_t now = loop_now();
        t->due = at > now ? at : now;
    }
    timer_rearm(t);
}

void timer_disarm(struct timer *t)
{
    timer_arm(t, USEC_INFINITY);
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void timer_free(struct timer *t)
{
    if (!t)
        return;
    LIST_REMOVE(t, link);
    uv_close((uv_handle_t *)&t->uv, on_closed);
}
