/*
 * A loop with a deadline for tests of what lives on it: callbacks note what happened and call
 * bench_wake(); the test waits for its condition. The end asserts that nothing is left open.
 */
#pragma once

#include "cmocka_all.h"
#include "io/loop/loop.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BENCH_DEADLINE (20 * USEC_PER_SEC)

struct bench {
    struct loop *loop;
    struct timer *deadline;
};

static inline void bench_on_deadline(void *arg)
{
    (void)arg;
    fprintf(stderr, "the awaited event did not come\n");
    abort();
}

static inline void bench_open(struct bench *b)
{
    struct err e;
    b->loop = loop_new(&e);
    assert_non_null(b->loop);
    b->deadline = timer_new(b->loop, bench_on_deadline, b);
}

static inline void bench_close(struct bench *b)
{
    timer_free(b->deadline);
    loop_free(b->loop); /* aborts when a handle survives */
}

static inline void bench_wake(struct bench *b)
{
    loop_stop(b->loop);
}

/* Runs the loop until `condition` holds. Made a macro to look at the test's own variables. */
#define bench_wait(b, condition)                                                                   \
    do {                                                                                           \
        timer_arm((b)->deadline, usec_add(loop_now(), BENCH_DEADLINE));                            \
        while (!(condition))                                                                       \
            loop_run((b)->loop);                                                                   \
        timer_disarm((b)->deadline);                                                               \
    } while (0)

/* Reads a line (without its end) that another process writes; the loop stands still meanwhile. */
static inline void read_line(int fd, char *buf, size_t size)
{
    size_t n = 0;
    for (;;) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        int ready = poll(&p, 1, 20000);
        if (ready < 0 && errno == EINTR)
            continue; /* SIGCHLD: the loop will hear of it later */
        assert_int_equal(ready, 1);
        assert_true(n < size);
        assert_int_equal(read(fd, buf + n, 1), 1);
        if (buf[n] == '\n')
            break;
        n++;
    }
    buf[n] = '\0';
}

static inline long read_number(int fd)
{
    char line[64];
    read_line(fd, line, sizeof line);
    return strtol(line, NULL, 10);
}
