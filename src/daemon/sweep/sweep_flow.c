/*
 * What a pass does next. Nothing here is done from inside of what it started: that is noted, and
 * done when the start returns. So the pass ends, and goes, in one place only.
 */
#include "daemon/sweep/sweep_flow.h"

#include "daemon/sweep/sweep_pass.h"

/* As far as a walk may be ahead of the looks. */
enum { WAITING_MAX = 3 * REDIS_SCAN_WINDOW };

/* Keys are looked at when there is a window of them: a round trip, and a write to the disk, for
 * each step would take longer than Redis does. */
static bool is_look_due(const struct sweep_pass *p)
{
    size_t waiting = redis_scan_waiting(p->scan);
    return !p->looking && (waiting >= REDIS_SCAN_WINDOW ||
                              (waiting > 0 && p->walked && redis_scan_at_end(p->scan)));
}

/* A walk that is at its end goes on with what is held, or not at all. */
static bool is_step_due(struct sweep_pass *p)
{
    if (p->walking || p->walked_all)
        return false;
    if (!p->walked || !redis_scan_at_end(p->scan))
        return !p->looking ||
               (sweep_pace_is_full(p->pace) && redis_scan_waiting(p->scan) < WAITING_MAX);
    if (p->looking)
        return false;
    p->walked_all = !sweep_hold_goes_on(p);
    return !p->walked_all;
}

/* What failed before is what comes first. True when something was started. */
static bool start(struct sweep_pass *p)
{
    bool looks = is_look_due(p);
    if (!looks && !is_step_due(p))
        return false;
    bool alone = !p->walking && !p->looking;
    if (alone) {
        p->busy_from = loop_now();
        sweep_pace_works(p->pace);
    }
    p->beside = !alone;
    redis_scan_pace(
        p->scan, sweep_pace_count(p->pace), sweep_pace_depth(p->pace), sweep_pace_is_full(p->pace));
    if (looks) {
        p->looking = true;
        redis_scan_look(p->scan);
    } else {
        p->walking = true;
        p->walked = false;
        sweep_hold_step(p);
    }
    return true;
}

void sweep_flow_run(struct sweep_pass *p)
{
    if (p->starting)
        return;
    p->starting = true;
    while (!p->resting && !sweep_pass_is_stopped(p) && start(p))
        continue;
    p->starting = false;
    if (p->walking || p->looking || p->resting)
        return;
    if (sweep_pass_is_stopped(p))
        sweep_pass_stop(p);
    else if (p->walked_all)
        sweep_pass_end(p, true);
}

static void note_work(struct sweep_pass *p)
{
    usec_t now = loop_now();
    usec_t span = sweep_pace_rest(p->pace, usec_sub(now, p->busy_from));
    p->busy_from = now;
    p->waits = 0;
    if (span > 0)
        sweep_pass_rest(p, span);
}

void sweep_flow_walked(struct sweep_pass *p)
{
    p->walking = false;
    if (!sweep_pass_is_stopped(p)) {
        usec_t took = redis_scan_took(p->scan).scan;
        redis_scan_advance(p->scan);
        p->walked = true;
        if (took > 0 && !p->beside)
            sweep_pace_scanned(p->pace, took);
        note_work(p);
    }
    sweep_flow_run(p);
}

void sweep_flow_looked(struct sweep_pass *p)
{
    p->looking = false;
    if (!sweep_pass_is_stopped(p)) {
        usec_t took = redis_scan_took(p->scan).look;
        redis_scan_settle(p->scan);
        if (took > 0 && !p->beside)
            sweep_pace_piped(p->pace, took);
        note_work(p);
    }
    sweep_flow_run(p);
}

void sweep_flow_failed(struct sweep_pass *p, bool look)
{
    if (look)
        p->looking = false;
    else
        p->walking = false;
    sweep_flow_run(p);
}
