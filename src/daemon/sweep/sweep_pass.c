/*
 * Begins a pass and ends it, and what an error means for it. What comes next is sweep_flow.c's
 * part, what one key is and whether it may go is sweep_step.c's.
 */
#include "daemon/sweep/sweep_pass.h"

#include "daemon/sweep/sweep_backup.h"
#include "daemon/sweep/sweep_flow.h"
#include "daemon/sweep/sweep_lease.h"
#include "daemon/sweep/sweep_server.h"
#include "io/redis/redis_lease.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A pass that lost its connection looks for another one for so long, and so often. */
static const usec_t reconnect_within = USEC_PER_MIN;
static const usec_t reconnect_look = 50 * USEC_PER_MSEC;

enum { WAITS_MAX = 5, RECONNECTS_MAX = 10 };

void sweep_pass_free(struct sweep_pass *p)
{
    if (!p)
        return;
    timer_free(p->timer);
    timer_free(p->turn);
    redis_batch_leave(p->prologue);
    redis_scan_free(p->scan);
    redis_remover_free(p->remover);
    redis_lease_free(p->lease);
    sweep_pace_free(p->pace);
    sweep_hold_free(&p->hold);
    sweep_mend_free(p->mend);
    sweep_step_forget(p);
    sweep_backup_forget(p);
    sweep_plan_fini(&p->plan);
    sweep_tally_fini(&p->summary);
    free(p);
}

/* The last thing a function does: on_done may begin another pass. */
void sweep_pass_finish(struct sweep_pass *p)
{
    struct sweep_summary *s = &p->summary;
    if (sweep_lease_returns(p))
        return;
    s->complete = p->complete;
    s->took = usec_sub(loop_now(), p->began_at);
    s->reconnects = p->reconnects;
    sweep_pace_spent(p->pace, &s->spent);
    if (!p->complete) {
        s->sessions_known = false;
        s->tasks_known = false;
    }
    if (s->limited)
        snprintf(s->error_text, sizeof s->error_text, "ended at the limit that was asked for");
    else if (!p->complete && s->error == REDIS_E_NONE && !s->error_text[0])
        snprintf(s->error_text, sizeof s->error_text, "cancelled");
    p->on_done(s, p->owner);
    sweep_pass_free(p);
}

void sweep_pass_end(struct sweep_pass *p, bool complete)
{
    p->complete = complete;
    if (!sweep_backup_end(p))
        sweep_pass_finish(p);
}

void sweep_pass_rest(struct sweep_pass *p, usec_t span)
{
    p->resting = true;
    timer_arm(p->timer, usec_add(loop_now(), span));
}

/* 1, 2, 4, 8, 16 s; then Redis is not only busy. */
static void wait_for_redis(struct sweep_pass *p)
{
    p->wait = false;
    if (p->waits == WAITS_MAX) {
        sweep_pass_end(p, false);
        return;
    }
    sweep_pass_rest(p, USEC_PER_SEC << p->waits);
    p->waits++;
}

/* The step under way is done again then: what it removed is gone, what it did not look at is not.
 */
static void wait_for_connection(struct sweep_pass *p)
{
    p->lost = false;
    p->lost_until =
        usec_add(loop_now(), p->limits.patience > 0 ? p->limits.patience : reconnect_within);
    if (p->reconnects == RECONNECTS_MAX) {
        sweep_tally_error(&p->summary, p->loss.error, p->loss.text);
        sweep_pass_end(p, false);
        return;
    }
    p->reconnects++;
    sweep_pass_rest(p, reconnect_look);
}

void sweep_pass_react(
    struct sweep_pass *p, enum sweep_reaction reaction, enum redis_error error, const char *text)
{
    /* Who waits for a census asks again by himself, and soon. */
    if (reaction == SWEEP_REACT_RECONNECT && p->summary.census_only)
        reaction = SWEEP_REACT_END;
    if (reaction != SWEEP_REACT_RECONNECT)
        sweep_tally_error(&p->summary, error, text);
    switch (reaction) {
    case SWEEP_REACT_SKIP_KEY:
    case SWEEP_REACT_SKIP_KEYSPACE:
        break;
    case SWEEP_REACT_STOP_REMOVING:
        p->may_remove = false;
        break;
    case SWEEP_REACT_RECONNECT:
        p->lost = true;
        p->loss.error = error;
        snprintf(p->loss.text, sizeof p->loss.text, "%s", text);
        break;
    case SWEEP_REACT_WAIT:
        p->wait = true;
        break;
    case SWEEP_REACT_END:
        p->end = true;
        break;
    }
}

bool sweep_pass_is_stopped(const struct sweep_pass *p)
{
    return p->end || p->cancelled || p->summary.limited || p->wait || sweep_pass_is_cut_off(p);
}

bool sweep_pass_is_cut_off(const struct sweep_pass *p)
{
    return p->lost || redis_link_connects(p->link) != p->connects;
}

void sweep_pass_stop(struct sweep_pass *p)
{
    /* It was lost and found while nothing of ours was under way. */
    if (!p->lost && sweep_pass_is_cut_off(p))
        sweep_pass_react(p, SWEEP_REACT_RECONNECT, REDIS_E_LOST, "the connection was lost");
    if (p->end || p->cancelled || p->summary.limited)
        sweep_pass_end(p, false);
    else if (p->lost)
        wait_for_connection(p);
    else
        wait_for_redis(p);
}

void sweep_pass_yield(struct sweep_pass *p)
{
    timer_arm(p->turn, 0);
}

static void on_turn(void *arg)
{
    sweep_step_judge(arg);
}

static void on_fault(const struct redis_fault *fault, bool look, void *arg)
{
    struct sweep_pass *p = arg;
    sweep_pass_react(p, sweep_react_scan(fault->error), fault->error, fault->text);
    sweep_flow_failed(p, look);
}

static void begin_scan(struct sweep_pass *p)
{
    static const struct redis_scan_events events = {
        sweep_step_name, sweep_step_keys, sweep_step_looked, on_fault};
    struct strbuf match = STRBUF_INIT;
    p->walked = false;
    sweep_plan_match(&p->plan, &match);
    if (match.failed)
        abort();
    redis_scan_free(p->scan);
    redis_remover_free(p->remover);
    p->scan = redis_scan_new(p->link, strbuf_text(&match), match.len, p->has_expire, &events, p);
    p->remover = redis_remover_new(p->link, p->has_expire, sweep_step_removed, p);
    strbuf_fini(&match);
}

void sweep_pass_known(struct sweep_pass *p)
{
    if (sweep_pass_is_stopped(p)) {
        sweep_pass_stop(p);
        return;
    }
    if (sweep_lease_asks(p))
        return;
    if (p->scan && !p->same_run && !sweep_hold_counted(p)) {
        sweep_tally_restart(&p->summary);
        sweep_hold_restart(p);
    }
    if (!p->scan || !p->same_run)
        begin_scan(p);
    sweep_flow_run(p);
}

/* Of "AUTH: WRONGPASS ...", as the link tells it, or of the bare reply. */
static enum redis_error class_of(const char *why)
{
    const char *said = strstr(why, ": ");
    enum redis_error error = redis_error_class(why, strlen(why));
    return error == REDIS_E_OTHER && said ? redis_error_class(said + 2, strlen(said + 2)) : error;
}

/* What keeps us from another connection now says more than what ended the one before. */
static void give_up(struct sweep_pass *p)
{
    const char *why = redis_link_why(p->link);
    enum redis_error error = class_of(why);
    sweep_tally_error(
        &p->summary, error == REDIS_E_OTHER ? p->loss.error : error, why[0] ? why : p->loss.text);
    sweep_pass_end(p, false);
}

static void look_for_connection(struct sweep_pass *p)
{
    enum redis_link_state state = redis_link_state(p->link);
    if (state == REDIS_LINK_UP) {
        p->lost_until = 0;
        sweep_server_ask(p);
    } else if (state == REDIS_LINK_REFUSED || loop_now() >= p->lost_until) {
        give_up(p);
    } else {
        sweep_pass_rest(p, reconnect_look);
    }
}

/* A pass begins, or goes on after a rest. */
static void on_timer(void *arg)
{
    struct sweep_pass *p = arg;
    p->resting = false;
    if (p->cancelled || (p->scan && p->lost_until == 0))
        sweep_flow_run(p);
    else if (p->lost_until > 0)
        look_for_connection(p);
    else
        sweep_server_ask(p);
}

/* ---- the object ---- */

int sweep_pass_new(const struct sweep_pass_conf *conf, const struct sweep_request *request,
    struct sweep_pass **out, struct err *e)
{
    struct sweep_pass *p = calloc(1, sizeof *p);
    if (!p)
        abort();
    int r = sweep_plan_narrow(&p->plan, conf->plan, request->keyspace, request->older_than, e);
    if (r < 0) {
        free(p);
        return r;
    }
    p->loop = conf->loop;
    p->link = conf->link;
    p->ledger = conf->ledger;
    p->limits = conf->limits;
    p->connects = redis_link_connects(conf->link);
    p->on_finding = conf->on_finding;
    p->arg = conf->arg;
    p->on_done = conf->on_done;
    p->owner = conf->owner;
    p->summary.dry_run = request->dry_run;
    p->summary.census_only = request->census_only;
    p->wanted = request->wanted;
    p->limit = request->limit > 0 ? request->limit : UINT64_MAX;
    p->may_remove = true;
    p->mend = sweep_mend_new(p);
    p->began_at = loop_now();
    sweep_hold_begin(p, request);
    sweep_tally_begin(&p->summary, &p->plan);
    sweep_backup_begin(p, conf->loop, conf->backup, request);
    p->timer = timer_new(conf->loop, on_timer, p);
    p->turn = timer_new(conf->loop, on_turn, p);
    p->pace = sweep_pace_new(conf->loop, conf->link, request->census_only ? NULL : conf->beside,
        conf->limits.max_latency);
    sweep_pass_rest(p, 0);
    *out = p;
    return 0;
}

/* What the pass itself measures says how Redis answers while it is worked. */
static usec_t latency(const struct sweep_pass *p)
{
    struct sweep_spent spent;
    sweep_pace_spent(p->pace, &spent);
    return spent.pings > 0 ? spent.ping_p50 : redis_link_ping_latency(p->link);
}

struct sweep_progress sweep_pass_progress(const struct sweep_pass *p)
{
    return (struct sweep_progress){
        .fraction = p->scan ? redis_scan_fraction(p->scan) : 0,
        .total_known = p->total_known,
        .total = p->total,
        .keys = p->summary.keys,
        .findings = sweep_tally_findings(&p->summary),
        .removed = p->summary.removed,
        .took = usec_sub(loop_now(), p->began_at),
        .latency = latency(p),
        .waits = p->resting && (p->waits > 0 || p->lost_until > 0),
    };
}

void sweep_pass_cancel(struct sweep_pass *p)
{
    /* What is under way ends first: it is known then what was removed. */
    p->cancelled = true;
    if (p->resting)
        sweep_pass_rest(p, 0);
}
