/* How decisions read in a trace. */
#include "lib/world_say.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

void world_say(struct world *w, const char *fmt, ...)
{
    char line[256];
    int n = snprintf(line, sizeof line, "%" PRIu64 ".%03" PRIu64 "  ", w->now / USEC_PER_SEC,
        w->now % USEC_PER_SEC / USEC_PER_MSEC);
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(line + n, sizeof line - (size_t)n, fmt, ap);
    va_end(ap);
    if (w->log)
        w->log(w->log_arg, line);
}

void world_say_action(struct world *w, const struct fleet_action *a)
{
    char span[SPAN_TEXT_MAX];
    char status[EXIT_STATUS_TEXT_MAX];
    const char *name = fleet_action_name(a->type);
    span_format(a->type == FLEET_DO_TELL_RETRY ? a->delay : a->took, span);
    switch (a->type) {
    case FLEET_DO_PROBE:
        if (w->show_probes)
            world_say(w, "%u  PROBE %" PRIu64, a->slot, a->seq);
        break;
    case FLEET_DO_EXEC:
        if (w->fleet_conf.overlap)
            world_say(w, "%u  %s life %" PRIu64 ", generation %" PRIu64, a->slot, name, a->life,
                a->generation);
        else
            world_say(w, "%u  %s life %" PRIu64, a->slot, name, a->life);
        break;
    case FLEET_DO_TELL_STARTED:
    case FLEET_DO_TELL_VERIFIED:
    case FLEET_DO_TELL_NOT_VERIFIED:
    case FLEET_DO_TELL_WATCHDOG:
    case FLEET_DO_TELL_KILLED:
        world_say(w, "%u  %s after %s", a->slot, name, span);
        break;
    case FLEET_DO_TELL_VERDICT:
        world_say(w, "%u  %s %s", a->slot, name, prober_verdict_name(a->verdict));
        break;
    case FLEET_DO_TELL_ENDED:
        world_say(w, "%u  %s %s, %s, after %s", a->slot, name, worker_cause_name(a->cause),
            exit_status_text(a->exit, status), span);
        break;
    case FLEET_DO_TELL_RETRY:
        world_say(w, "%u  %s in %s, failure %u", a->slot, name, span, a->failures);
        break;
    case FLEET_DO_TELL_LOOP_BEGAN:
        world_say(w, "%u  %s, failure %u by %s, %s", a->slot, name, a->failures,
            worker_cause_name(a->cause), exit_status_text(a->exit, status));
        break;
    case FLEET_DO_TELL_RESTARTED:
    case FLEET_DO_TELL_SCALED:
        world_say(w, "%u  %s operation %" PRIu64 " after %s", a->slot, name, a->operation, span);
        break;
    case FLEET_DO_TELL_ROLLOUT:
        if (a->rollout == ROLLOUT_BACK || a->rollout == ROLLOUT_HOLD)
            world_say(w, "rollout %s, %u %s", rollout_state_name(a->rollout), a->slot,
                worker_cause_name(a->cause));
        else
            world_say(w, "rollout %s, generation %" PRIu64, rollout_state_name(a->rollout),
                a->generation);
        break;
    case FLEET_DO_TELL_RESTART_FAILED:
    case FLEET_DO_TELL_RESTART_ROLLED_BACK:
    case FLEET_DO_TELL_SCALE_FAILED:
        world_say(w, "%u  %s operation %" PRIu64 ", %s", a->slot, name, a->operation,
            worker_cause_name(a->cause));
        break;
    case FLEET_DO_TELL_ROLLOUT_REFUSED:
        world_say(w, "%s operation %" PRIu64 ", rollout %s", name, a->operation,
            rollout_state_name(a->rollout));
        break;
    case FLEET_DO_TELL_RESTART_REFUSED:
    case FLEET_DO_TELL_RESTART_STEP:
    case FLEET_DO_TELL_RESTART_SUPERSEDED:
    case FLEET_DO_TELL_SCALE_SUPERSEDED:
    case FLEET_DO_TELL_SCALE_REFUSED:
        world_say(w, "%u  %s operation %" PRIu64, a->slot, name, a->operation);
        break;
    case FLEET_DO_TELL_ALL_GONE:
        world_say(w, "%s", name);
        break;
    case FLEET_DO_PROBE_STOP:
    case FLEET_DO_ACTIVATE:
    case FLEET_DO_PAUSE:
    case FLEET_DO_EVIDENCE:
    case FLEET_DO_SIGNAL_STOP:
    case FLEET_DO_SIGNAL_ABRT:
    case FLEET_DO_KILL_TREE:
    case FLEET_DO_TELL_LEAVING:
    case FLEET_DO_TELL_LOOP_ENDED:
        world_say(w, "%u  %s", a->slot, name);
        break;
    }
}

void world_say_drain(struct world *w, enum drain_action action)
{
    const struct drain *d = &w->drain;
    char left[SPAN_TEXT_MAX];
    switch (action) {
    case DRAIN_DO_COUNT:
        break;
    case DRAIN_DO_PROGRESS:
        world_say(w, "drain %s: %" PRIu64 " callers, %s left%s", drain_state_name(d->state),
            d->waiting_for, span_format(usec_sub(d->deadline, w->now), left),
            d->callers.tasks.known && d->callers.sessions.known && d->callers.connections.known
                ? ""
                : ", some unknown");
        break;
    case DRAIN_DO_CUT:
        world_say(w, "drain CUT %" PRIu64, d->cut);
        break;
    case DRAIN_DO_BEGAN:
    case DRAIN_DO_STOP:
    case DRAIN_DO_DONE:
    case DRAIN_DO_EXIT:
    case DRAIN_DO_CANCELLED:
    case DRAIN_DO_START:
        world_say(w, "drain %s", drain_action_name(action));
        break;
    }
}
