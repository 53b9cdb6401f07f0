/* A worker under test: spawns a shell script and notes what its callbacks said. */
#pragma once

#include "io/child/child.h"
#include "loop/fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

struct subject {
    struct bench *bench;
    struct child *child;
    bool started;
    bool failed;
    bool exited;
    bool gone;
    struct exit_status status;
    struct err why;
};

static inline void subject_on_started(struct child *c, void *arg)
{
    struct subject *s = arg;
    assert_ptr_equal(c, s->child);
    assert_false(s->started || s->failed || s->exited);
    s->started = true;
    bench_wake(s->bench);
}

static inline void subject_on_failed(struct child *c, const struct err *why, void *arg)
{
    struct subject *s = arg;
    assert_ptr_equal(c, s->child);
    assert_false(s->started || s->failed);
    s->failed = true;
    s->why = *why;
    bench_wake(s->bench);
}

static inline void subject_on_exited(struct child *c, struct exit_status status, void *arg)
{
    struct subject *s = arg;
    assert_ptr_equal(c, s->child);
    assert_true(s->started && !s->exited);
    s->exited = true;
    s->status = status;
    bench_wake(s->bench);
}

static inline void subject_on_tree_gone(struct child *c, void *arg)
{
    struct subject *s = arg;
    assert_ptr_equal(c, s->child);
    assert_true(s->exited && !s->gone);
    s->gone = true;
    bench_wake(s->bench);
}

static const struct child_callbacks subject_callbacks = {
    .on_started = subject_on_started,
    .on_failed = subject_on_failed,
    .on_exited = subject_on_exited,
    .on_tree_gone = subject_on_tree_gone,
};

static char *const subject_environment[] = {
    (char[]){"PATH=/usr/local/bin:/usr/bin:/bin"},
    NULL,
};

/* As child_spawn, with the notes and without surprises. */
static inline void subject_try(
    struct subject *s, struct bench *b, const struct child_spec *spec, struct err *e)
{
    *s = (struct subject){.bench = b};
    s->child = child_spawn(b->loop, spec, &subject_callbacks, s, e);
}

/* `/bin/sh -c script`, its descriptor 3 being `out_fd` (-1: none). */
static inline void subject_spawn_shell(
    struct subject *s, struct bench *b, const char *name, char *script, int out_fd)
{
    struct err e = {0};
    char *argv[] = {(char[]){"sh"}, (char[]){"-c"}, script, NULL};
    struct child_fd fds[] = {{.source = 2, .target = 2}, {.source = out_fd, .target = 3}};
    struct child_spec spec = {
        .path = "/bin/sh",
        .argv = argv,
        .envp = subject_environment,
        .fds = fds,
        .n_fds = out_fd < 0 ? 1 : 2,
        .name = name,
    };
    subject_try(s, b, &spec, &e);
    if (!s->child)
        fail_msg("%s", e.msg);
}

static inline void subject_kill(struct subject *s)
{
    child_kill_tree(s->child);
    bench_wait(s->bench, s->gone);
}

/* We have no child left, dead or alive. */
static inline void assert_no_children(void)
{
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

static inline void make_pipe(int ends[2])
{
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
}
