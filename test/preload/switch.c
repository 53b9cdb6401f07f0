/*
 * Callers come all the time while generations change: two workers take turns, each switch verified
 * on the private listener first. Not one request may fail.
 */
#include "preload/supervisor.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { CALLERS = 4 };

struct caller {
    struct crowd *crowd;
    pthread_t thread;
    atomic_ulong answered;
};

struct crowd {
    struct entrance *public;
    atomic_bool enough;
    atomic_ulong answered, failed;
    _Atomic uint64_t slowest_us;
    struct caller callers[CALLERS];
};

static uint64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000U + (uint64_t)t.tv_nsec / 1000U;
}

/* cmocka's assertions are for the main thread only. */
static bool ask_once(const struct entrance *e)
{
    static const char request[] = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    char answer[1024];
    size_t length = 0;
    ssize_t n = -1;
    int fd = caller_try(e);
    if (fd >= 0 && send(fd, request, sizeof request - 1, MSG_NOSIGNAL) > 0) {
        while ((n = recv(fd, answer + length, sizeof answer - 1 - length, 0)) > 0)
            length += (size_t)n;
    }
    if (fd >= 0)
        close(fd);
    answer[length] = '\0';
    const char *body = strstr(answer, "\r\n\r\n");
    return n == 0 && body && atoi(body + 4) > 0;
}

static void *call_on(void *arg)
{
    struct caller *caller = arg;
    struct crowd *c = caller->crowd;
    while (!c->enough) {
        uint64_t began = now_us();
        bool well = ask_once(c->public);
        uint64_t took = now_us() - began;
        if (took > c->slowest_us)
            c->slowest_us = took;
        atomic_fetch_add(well ? &c->answered : &c->failed, 1);
        atomic_fetch_add(&caller->answered, well ? 1 : 0);
    }
    return NULL;
}

static void crowd_start(struct crowd *c, struct entrance *public)
{
    memset(c, 0, sizeof *c);
    c->public = public;
    for (unsigned i = 0; i < CALLERS; i++) {
        c->callers[i].crowd = c;
        pthread_create(&c->callers[i].thread, NULL, call_on, &c->callers[i]);
    }
}

static void crowd_end(struct crowd *c, unsigned switches)
{
    c->enough = true;
    for (unsigned i = 0; i < CALLERS; i++)
        pthread_join(c->callers[i].thread, NULL);
    printf("%u switches: %lu answered, %lu failed, slowest %llu us\n", switches, c->answered,
        c->failed, (unsigned long long)c->slowest_us);
    assert_int_equal(c->failed, 0);
    assert_true(c->answered > switches);
}

/* At least one is answered by the new state before the next one begins. */
static void wait_for_answers(struct crowd *c, unsigned long n)
{
    unsigned long before = c->answered;
    uint64_t deadline = now_us() + DEADLINE_MS * 1000U;
    while (c->answered < before + n && c->failed == 0 && now_us() < deadline)
        usleep(100);
    assert_true(c->answered >= before + n);
}

/* Whoever was the old worker's has been answered: each caller has one request at a time. */
static void wait_for_everybody(struct crowd *c)
{
    unsigned long before[CALLERS];
    uint64_t deadline = now_us() + DEADLINE_MS * 1000U;
    for (unsigned i = 0; i < CALLERS; i++)
        before[i] = c->callers[i].answered;
    for (unsigned i = 0; i < CALLERS; i++) {
        while (c->callers[i].answered == before[i] && c->failed == 0 && now_us() < deadline)
            usleep(100);
        assert_true(c->callers[i].answered > before[i]);
    }
}

/* As a rollout does: the new one first, then the old one off, then a look by the one that serves.
 */
static void switch_to(struct worker *new, struct worker *old)
{
    assert_int_equal(atoi(caller_fetch(&new->private[0], "/")), new->pid);
    worker_activate(new);
    worker_pause(old);
    worker_activate(new);
}

static void take_turns(const char *const *argv, const char *address, unsigned switches)
{
    struct entrance public;
    struct worker workers[2];
    struct crowd crowd;
    entrance_open(&public, address);
    for (unsigned i = 0; i < 2; i++) {
        worker_start(&workers[i], &public, 1, argv);
        worker_expect_taken(&workers[i], 1);
    }
    worker_activate(&workers[0]);
    crowd_start(&crowd, &public);
    for (unsigned i = 0; i < switches; i++) {
        switch_to(&workers[(i + 1) % 2], &workers[i % 2]);
        wait_for_answers(&crowd, 8);
    }
    crowd_end(&crowd, switches);
    worker_end(&workers[0]);
    worker_end(&workers[1]);
    entrance_close(&public);
}

static void node_workers_take_turns(void **state)
{
    (void)state;
    char program[512];
    const char *argv[] = {"node", program, "PORT", NULL};
    snprintf(program, sizeof program, "%s/http.cjs", getenv("VOXKEEPER_PROGRAMS"));
    take_turns(argv, "[::]", 200);
}

static void c_workers_take_turns(void **state)
{
    (void)state;
    static const char *const kinds[] = {"epoll-et", "epoll-threads", "threads", "poll"};
    for (unsigned i = 0; i < 4; i++) {
        const char *argv[] = {getenv("VOXKEEPER_SERVER"), kinds[i], "PORT", NULL};
        take_turns(argv, "127.0.0.1", 200);
    }
}

/* Each generation is new, and the old one is stopped after its last caller. */
static void generations_come_and_go(void **state)
{
    (void)state;
    struct entrance public;
    struct worker old, new;
    struct crowd crowd;
    char program[512];
    const char *argv[] = {"node", program, "PORT", NULL};
    snprintf(program, sizeof program, "%s/http.cjs", getenv("VOXKEEPER_PROGRAMS"));
    entrance_open(&public, "[::]");
    worker_start(&old, &public, 1, argv);
    worker_expect_taken(&old, 1);
    worker_activate(&old);
    crowd_start(&crowd, &public);
    for (unsigned i = 0; i < 12; i++) {
        worker_start(&new, &public, 1, argv);
        worker_expect_taken(&new, 1);
        switch_to(&new, &old);
        wait_for_everybody(&crowd);
        worker_end(&old);
        worker_activate(&new);
        old = new;
    }
    crowd_end(&crowd, 12);
    worker_end(&old);
    entrance_close(&public);
}

static void a_standby_answers_at_once(void **state)
{
    (void)state;
    struct entrance public;
    struct worker w;
    char program[512];
    const char *argv[] = {"node", program, "PORT", NULL};
    snprintf(program, sizeof program, "%s/http.cjs", getenv("VOXKEEPER_PROGRAMS"));
    entrance_open(&public, "[::]");
    worker_start(&w, &public, 1, argv);
    worker_expect_taken(&w, 1);
    caller_fetch(&w.private[0], "/");
    int fd = caller_ask(&public, "/");
    uint64_t began = now_us();
    worker_send(&w, VK_HANDOVER_ACTIVATE);
    assert_int_equal(atoi(caller_answer(fd, false)), w.pid);
    printf("activated to first response: %llu us\n", (unsigned long long)(now_us() - began));
    worker_end(&w);
    entrance_close(&public);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(node_workers_take_turns),
        cmocka_unit_test(c_workers_take_turns),
        cmocka_unit_test(generations_come_and_go),
        cmocka_unit_test(a_standby_answers_at_once),
    };
    cmocka_set_test_filter(getenv("VOXKEEPER_TEST_FILTER"));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
