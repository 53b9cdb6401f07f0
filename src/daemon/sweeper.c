/*
 * Keeps a pass going: what is to be known of the server first, step after step with pauses, what
 * an error means, and the end. What one key is and whether it may go is sweep_step.c's part.
 */
#include "daemon/sweeper.h"

#include "core/sweep.h"
#include "daemon/sweep_pass.h"
#include "io/redis_link.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* We work for that long at a time and then rest as long: half of one core of Redis at most. */
static const usec_t work_quantum = 10 * USEC_PER_MSEC;

enum { WAITS_MAX = 5 };

struct sweeper {
    struct loop *loop;
    struct redis_link *link;
    struct sweep_plan plan;
    struct idle_ledger *ledger;
    struct sweep_pass *pass;
};

static void pass_free(struct sweep_pass *p)
{
    if (!p)
        return;
    timer_free(p->timer);
    redis_batch_leave(p->prologue);
    redis_scan_free(p->scan);
    redis_remover_free(p->remover);
    sweep_step_forget(p);
    sweep_plan_fini(&p->plan);
    sweep_tally_fini(&p->summary);
    free(p);
}

/* The last thing a function does: on_done may begin another pass, or free the sweeper. */
static void pass_end(struct sweep_pass *p, bool complete)
{
    struct sweep_summary *s = &p->summary;
    s->complete = complete;
    s->took = usec_sub(loop_now(), p->began_at);
    if (!complete) {
        s->sessions_known = false;
        s->tasks_known = false;
    }
    if (!complete && s->error == REDIS_E_NONE)
        snprintf(s->error_text, sizeof s->error_text, "cancelled");
    p->sweeper->pass = NULL;
    p->on_done(s, p->arg);
    pass_free(p);
}

/* on_timer() goes on. */
static void rest(struct sweep_pass *p, usec_t span)
{
    p->resting = true;
    timer_arm(p->timer, usec_add(loop_now(), span));
}

static void step(struct sweep_pass *p)
{
    p->step_at = loop_now();
    redis_scan_step(p->scan);
}

/* 1, 2, 4, 8, 16 s; then Redis is not only busy. */
static void wait_for_redis(struct sweep_pass *p)
{
    p->wait = false;
    p->busy = 0;
    if (p->waits == WAITS_MAX) {
        pass_end(p, false);
        return;
    }
    rest(p, USEC_PER_SEC << p->waits);
    p->waits++;
}

void sweep_pass_react(
    struct sweep_pass *p, enum sweep_reaction reaction, enum redis_error error, const char *text)
{
    sweep_tally_error(&p->summary, error, text);
    switch (reaction) {
    case SWEEP_REACT_SKIP_KEY:
    case SWEEP_REACT_SKIP_KEYSPACE:
        break;
    case SWEEP_REACT_STOP_REMOVING:
        p->may_remove = false;
        break;
    case SWEEP_REACT_WAIT:
        p->wait = true;
        break;
    case SWEEP_REACT_END:
        p->end = true;
        break;
    }
}

void sweep_pass_go_on(struct sweep_pass *p)
{
    if (p->end || p->cancelled) {
        pass_end(p, false);
        return;
    }
    if (redis_scan_look(p->scan))
        return;
    if (redis_scan_at_end(p->scan)) {
        pass_end(p, true);
        return;
    }
    if (p->wait) {
        wait_for_redis(p);
        return;
    }
    p->waits = 0;
    p->busy += usec_sub(loop_now(), p->step_at);
    if (p->busy < work_quantum) {
        step(p);
        return;
    }
    rest(p, p->busy);
    p->busy = 0;
}

static void on_fault(const struct redis_fault *fault, void *arg)
{
    struct sweep_pass *p = arg;
    sweep_pass_react(p, sweep_react_scan(fault->error), fault->error, fault->text);
    if (p->end || p->cancelled)
        pass_end(p, false);
    else
        wait_for_redis(p);
}

/* ---- the server ---- */

enum { PROLOGUE_ROLE, PROLOGUE_INFO };

/* PEXPIRETIME came with 7.0; Valkey tells a Redis version of 7 and more as well. */
static bool knows_expire_time(const struct redis_value *info)
{
    static const char field[] = "redis_version:";
    const char *version = info->type == REDIS_STRING ? strstr(info->str, field) : NULL;
    return version && strtol(version + sizeof field - 1, NULL, 10) >= 7;
}

static void on_prologue(size_t index, const struct redis_value *reply, void *arg)
{
    struct sweep_pass *p = arg;
    if (index == PROLOGUE_INFO) {
        p->has_expire = knows_expire_time(reply);
        return;
    }
    struct redis_value role = redis_value_at(reply, 0);
    /* Not permitted to ask: then whatever removes finds out by itself. */
    if (role.type != REDIS_STRING || strcmp(role.str, "master") == 0)
        return;
    p->may_remove = false;
    if (p->summary.dry_run || p->summary.census_only)
        return;
    sweep_pass_react(p, SWEEP_REACT_END, REDIS_E_READONLY,
        "READONLY this server is a replica, from which nothing is removed");
}

static void on_prologue_done(bool lost, void *arg)
{
    static const struct redis_scan_events events = {
        sweep_step_name, sweep_step_keys, sweep_step_looked, on_fault};
    struct sweep_pass *p = arg;
    p->prologue = NULL;
    if (lost)
        sweep_pass_react(p, SWEEP_REACT_END, REDIS_E_LOST, redis_batch_lost_text(p->link));
    if (p->end || p->cancelled) {
        pass_end(p, false);
        return;
    }
    struct strbuf match = STRBUF_INIT;
    sweep_plan_match(&p->plan, &match);
    if (match.failed)
        abort();
    p->scan = redis_scan_new(p->link, strbuf_text(&match), match.len, p->has_expire, &events, p);
    p->remover = redis_remover_new(p->link, p->has_expire, sweep_step_removed, p);
    strbuf_fini(&match);
    step(p);
}

static void ask_prologue(struct sweep_pass *p)
{
    p->prologue = redis_batch_new(p->link, 2, on_prologue, on_prologue_done, p);
    redis_batch_add(p->prologue, PROLOGUE_ROLE, 1, (const char *const[]){"ROLE"}, NULL);
    redis_batch_add(p->prologue, PROLOGUE_INFO, 2, (const char *const[]){"INFO", "server"}, NULL);
    redis_batch_end(p->prologue);
}

/* A pass begins, or goes on after a rest. */
static void on_timer(void *arg)
{
    struct sweep_pass *p = arg;
    p->resting = false;
    if (p->cancelled)
        pass_end(p, false);
    else if (p->scan)
        step(p);
    else
        ask_prologue(p);
}

/* ---- the sweeper ---- */

struct sweeper *sweeper_new(struct loop *l, struct redis_link *link)
{
    struct sweeper *s = calloc(1, sizeof *s);
    if (!s)
        abort();
    s->loop = l;
    s->link = link;
    s->ledger = idle_ledger_new();
    return s;
}

int sweeper_configure(struct sweeper *s, const struct config_keyspace *keyspaces,
    unsigned n_keyspaces, const struct strlist *protect, usec_t active_window, struct err *e)
{
    struct sweep_plan plan;
    int r = sweep_plan_init(&plan, keyspaces, n_keyspaces, protect, active_window, e);
    if (r < 0)
        return r;
    sweep_plan_fini(&s->plan);
    s->plan = plan;
    return 0;
}

int sweeper_run(struct sweeper *s, const struct sweep_request *request,
    sweeper_finding_fn *on_finding, sweeper_done_fn *on_done, void *arg, struct err *e)
{
    if (s->pass)
        return err_set(e, -EBUSY, "sweeping: another pass is under way");
    if (redis_link_state(s->link) != REDIS_LINK_UP)
        return err_set(e, -ENOTCONN, "sweeping: Redis at %s is not up: %s",
            redis_link_address(s->link), redis_link_why(s->link));
    struct sweep_pass *p = calloc(1, sizeof *p);
    if (!p)
        abort();
    int r = sweep_plan_narrow(&p->plan, &s->plan, request->keyspace, request->older_than, e);
    if (r < 0) {
        free(p);
        return r;
    }
    p->sweeper = s;
    p->link = s->link;
    p->ledger = s->ledger;
    p->summary.dry_run = request->dry_run;
    p->summary.census_only = request->census_only;
    p->on_finding = on_finding;
    p->on_done = on_done;
    p->arg = arg;
    p->may_remove = true;
    p->began_at = loop_now();
    sweep_tally_begin(&p->summary, &p->plan);
    p->timer = timer_new(s->loop, on_timer, p);
    rest(p, 0);
    s->pass = p;
    return 0;
}

bool sweeper_busy(const struct sweeper *s)
{
    return s->pass;
}

void sweeper_cancel(struct sweeper *s)
{
    struct sweep_pass *p = s->pass;
    if (!p)
        return;
    /* What is under way ends first: it is known then what was removed. */
    p->cancelled = true;
    if (p->resting)
        rest(p, 0);
}

void sweeper_free(struct sweeper *s)
{
    if (!s)
        return;
    pass_free(s->pass);
    idle_ledger_free(s->ledger);
    sweep_plan_fini(&s->plan);
    free(s);
}
