/* A probe that runs a command. */
#include "daemon/probe_exec.h"

#include "io/child.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct probe_exec {
    struct child *child;
    struct timer *deadline;
    void (*on_report)(enum probe_outcome outcome, const char *reason, void *arg);
    void *arg;
    bool late;
    struct exit_status exit;
};

static void on_started(struct child *c, void *arg)
{
    (void)c;
    (void)arg;
}

static void on_failed(struct child *c, const struct err *why, void *arg)
{
    struct probe_exec *p = arg;
    (void)c;
    timer_disarm(p->deadline);
    p->on_report(PROBE_FAIL, why->msg, p->arg);
}

static void on_exited(struct child *c, struct exit_status status, void *arg)
{
    struct probe_exec *p = arg;
    p->exit = status;
    child_kill_tree(c);
}

static void on_tree_gone(struct child *c, void *arg)
{
    struct probe_exec *p = arg;
    char text[EXIT_STATUS_TEXT_MAX];
    char reason[EXIT_STATUS_TEXT_MAX + 32];
    (void)c;
    timer_disarm(p->deadline);
    bool passed = !p->late && !p->exit.signaled && p->exit.code == 0;
    snprintf(reason, sizeof reason, "%s%s", p->late ? "no end in time, killed: " : "",
        exit_status_text(p->exit, text));
    p->on_report(passed ? PROBE_PASS : p->late ? PROBE_HUNG : PROBE_FAIL, reason, p->arg);
}

static void on_deadline(void *arg)
{
    struct probe_exec *p = arg;
    p->late = true;
    child_kill_tree(p->child);
}

struct probe_exec *probe_exec_new(struct loop *l, const struct probe_exec_spec *spec,
    void (*on_report)(enum probe_outcome outcome, const char *reason, void *arg), void *arg,
    struct err *e)
{
    static const struct child_callbacks callbacks = {
        .on_started = on_started,
        .on_failed = on_failed,
        .on_exited = on_exited,
        .on_tree_gone = on_tree_gone,
    };
    struct probe_exec *p = calloc(1, sizeof *p);
    if (!p) {
        err_sys(e, -ENOMEM, "starting the probe");
        return NULL;
    }
    p->on_report = on_report;
    p->arg = arg;
    p->deadline = timer_new(l, on_deadline, p);
    p->child = child_spawn(l,
        &(struct child_spec){.path = spec->command->items[0],
            .argv = spec->command->items,
            .envp = spec->environment,
            .name = spec->instance},
        &callbacks, p, e);
    if (!p->child) {
        probe_exec_free(p);
        return NULL;
    }
    timer_arm(p->deadline, usec_add(loop_now(), spec->timeout));
    return p;
}

void probe_exec_free(struct probe_exec *p)
{
    if (!p)
        return;
    if (p->child)
        child_kill_tree(p->child);
    child_free(p->child);
    timer_free(p->deadline);
    free(p);
}
