/*
 * A worker that an instance of us has left behind: that one was killed, and the next one, which is
 * not the worker's parent, adopts it. The test's process plays init.
 */
#pragma once

#include "io/child/cgroup.h"
#include "loop/worker_bench.h"

#include <sys/pidfd.h>
#include <sys/prctl.h>

/* Nobody else's on this machine: whoever bears it is killed. */
static inline const char *legacy_name(void)
{
    static char name[32];
    if (name[0] == '\0')
        snprintf(name, sizeof name, "legacy-%d", getpid());
    return name;
}

struct legacy {
    pid_t pid;
    int pidfd;
    int lines; /* what the script writes to its descriptor 3; nobody else has it open */
    int go;    /* what it reads from 4 */
};

struct legacy_story {
    char *script;
    bool with_cgroup;
    bool never_reaped;                 /* by init, while the next instance lives */
    bool bystanders;                   /* that stay when all is over */
    void (*between)(struct legacy *l); /* in init, before the next instance; NULL: nothing */
    void (*next)(struct legacy *l);
};

static inline _Noreturn void legacy_former(
    const struct legacy_story *story, int lines, int go, int report)
{
    struct bench b;
    struct subject s;
    struct err e;
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* when a test fails, as of the next instance */
    bench_open(&b);
    struct cgroup *g = story->with_cgroup ? cgroup_open_own(&e) : NULL;
    char *argv[] = {(char[]){"sh"}, (char[]){"-c"}, story->script, NULL};
    struct child_fd fds[] = {{2, 2}, {lines, 3}, {go, 4}};
    struct child_spec spec = {
        .path = "/bin/sh",
        .argv = argv,
        .envp = subject_environment,
        .fds = fds,
        .n_fds = 3,
        .cgroup = g,
        .name = legacy_name(),
    };
    subject_try(&s, &b, &spec, &e);
    assert_non_null(s.child);
    bench_wait(&b, s.started);
    dprintf(report, "%d\n", child_pid(s.child));
    for (;;)
        pause();
}

/* Until the next instance is done. */
static inline void legacy_play_init(pid_t next, bool reap_others, bool bystanders)
{
    int status = 0;
    pid_t pid = 0;
    while (pid != next)
        pid = waitpid(reap_others ? -1 : next, &status, 0);
    assert_int_equal(status, 0);
    while (waitpid(-1, NULL, WNOHANG) > 0)
        continue;
    assert_int_equal(waitpid(-1, NULL, WNOHANG), bystanders ? 0 : -1);
}

static inline void legacy_tell(const struct legacy_story *story)
{
    struct legacy l;
    (void)legacy_name();
    int lines[2];
    int go[2];
    int report[2];
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
    make_pipe(lines);
    make_pipe(go);
    make_pipe(report);
    pid_t former = fork();
    if (former == 0)
        legacy_former(story, lines[1], go[0], report[1]);
    close(lines[1]);
    close(go[0]);
    l = (struct legacy){.pid = (pid_t)read_number(report[0]), .lines = lines[0], .go = go[1]};
    l.pidfd = pidfd_open(l.pid, 0);
    assert_true(l.pidfd >= 0);
    assert_int_equal(kill(former, SIGKILL), 0);
    assert_int_equal(waitpid(former, NULL, 0), former);
    if (story->between)
        story->between(&l);
    pid_t next = fork();
    if (next == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        story->next(&l);
        _exit(0);
    }
    legacy_play_init(next, !story->never_reaped, story->bystanders);
    close(report[0]);
    close(report[1]);
    close(l.lines);
    close(l.go);
    close(l.pidfd);
}

/* child_adopt() with the notes of a subject. Takes l->pidfd. */
static inline void legacy_adopt(
    struct legacy *l, struct subject *s, struct bench *b, struct cgroup *cgroup)
{
    struct err e = {0};
    *s = (struct subject){.bench = b, .started = true};
    s->child = child_adopt(b->loop,
        &(struct child_adoption){
            .pid = l->pid, .pidfd = l->pidfd, .name = legacy_name(), .cgroup = cgroup},
        &subject_callbacks, s, &e);
    if (!s->child)
        fail_msg("%s", e.msg);
    assert_int_equal(child_pid(s->child), l->pid);
    assert_int_equal(child_pidfd(s->child), l->pidfd);
}

/* The next instance. */
static inline void legacy_open(struct bench *b)
{
    struct err e;
    bench_open(b);
    assert_int_equal(child_become_subreaper(b->loop, &e), 0);
}

static inline void legacy_close(struct bench *b, struct subject *s)
{
    child_free(s->child);
    bench_close(b);
}

/* All that held the script's pipe is dead, reaped or not. */
static inline void legacy_expect_all_dead(const struct legacy *l)
{
    char byte;
    assert_int_equal(fcntl(l->lines, F_SETFL, O_NONBLOCK), 0);
    assert_int_equal(read(l->lines, &byte, 1), 0);
}
