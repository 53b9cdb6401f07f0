/* The insides of `struct loop`, shared by loop.c and timer.c. */
#pragma once

#include "io/loop/loop.h"

#include <sys/queue.h>
#include <uv.h>

struct timer {
    uv_timer_t uv;
    struct loop *loop;
    usec_t at;  /* USEC_INFINITY: not armed */
    usec_t due; /* `at`, or when it was armed if that was later */
    void (*on_due)(void *arg);
    void *arg;
    LIST_ENTRY(timer) link;
};

struct stall_watch {
    struct timer *timer; /* NULL: nobody watches */
    usec_t period;
    usec_t due;
    usec_t suspended; /* CLOCK_BOOTTIME - CLOCK_MONOTONIC at the last look */
    void (*on_stall)(usec_t from, usec_t until, void *arg);
    void *arg;
};

struct loop_resident;

struct loop {
    uv_loop_t uv;
    LIST_HEAD(, timer) timers;
    struct stall_watch stall;
    struct loop_resident *resident;
    struct {
        void (*on_due)(usec_t lag, void *arg); /* NULL: nobody listens */
        void *arg;
    } lag;
    unsigned jobs; /* on the pool of threads, or done and not told yet */
};

/* Arms libuv's timer anew for `t->at`, after a suspend has moved the two clocks apart. */
void timer_rearm(struct timer *t);

/* A timer that does not keep loop_run() running. */
void timer_unref(struct timer *t);
