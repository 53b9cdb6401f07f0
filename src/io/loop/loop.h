/* The event loop, its clock, timers and signals. Nothing here shows libuv to those who use it. */
#pragma once

#include "base/err.h"
#include "base/span.h"

#include <stdbool.h>

struct loop;
struct timer;
struct signal_watch;

/* Returns owned, or NULL with *e set. */
struct loop *loop_new(struct err *e);

/* Runs until loop_stop(), or until nothing is left to wait for. */
void loop_run(struct loop *l);
void loop_stop(struct loop *l);

/*
 * Closes the loop after every object on it was closed by its owner. Whatever is still open is our
 * own bug: its kind is printed and the process aborts.
 */
void loop_free(struct loop *l);

/* CLOCK_BOOTTIME, read now. */
usec_t loop_now(void);

/* CLOCK_REALTIME, microseconds since the epoch. */
usec_t loop_wall_now(void);

/*
 * Calls `on_stall` from the loop when it stood still: suspend, SIGSTOP, or a handler that blocked.
 * Notices every stall of 1.5 `limit` and none shorter than `limit / 2`; `from` is when the loop was
 * due to turn. Costs one timer of `limit`, which does not keep loop_run() running.
 */
void loop_watch_stalls(struct loop *l, usec_t limit,
    void (*on_stall)(usec_t from, usec_t until, void *arg), void *arg);

/*
 * Looks for a stall right now. After one, answers that came meanwhile are handled before any timer;
 * whoever judges how long an answer took calls this first.
 */
void loop_check_stall(struct loop *l);

/*
 * Tells of each timer how much later it comes than it was armed for; up to a millisecond of that is
 * how libuv rounds. Costs no timer of its own. `on_due` may be NULL: nobody listens any more.
 */
void loop_watch_lag(struct loop *l, void (*on_due)(usec_t lag, void *arg), void *arg);

/* A one-shot timer. Returns owned; aborts when memory is out (libuv does as well). */
struct timer *timer_new(struct loop *l, void (*on_due)(void *arg), void *arg);

/* Fires once at `at` (loop_now()'s clock), never early; at once if that is past. Re-arming
 * replaces. */
void timer_arm(struct timer *t, usec_t at);
void timer_disarm(struct timer *t);

/* No callback comes after this. The memory goes by itself. NULL is fine. */
void timer_free(struct timer *t);

/* Calls `on_signal` from the loop each time `signum` arrives. Returns owned, or NULL with *e set.
 */
struct signal_watch *signal_watch_new(
    struct loop *l, int signum, void (*on_signal)(int signum, void *arg), void *arg, struct err *e);
void signal_watch_free(struct signal_watch *w);
