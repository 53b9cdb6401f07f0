/* The words for what happens to workers. */
#include "daemon/tell.h"

#include "core/event.h"
#include "daemon/workers/said.h"

#include <stdlib.h>

enum { TELL_EVIDENCE_MAX = 32 * 1024 };

/* What is told, about whom, and who listens beside the journal. */
struct scene {
    const struct supervisor *supervisor;
    const struct slot *slot; /* NULL: there was no memory for one */
    const struct fleet_action *told;
    struct operation *waiting; /* NULL: nobody */
};

static void add_worker_fields(struct event *ev, const struct slot *slot, unsigned index)
{
    event_field(ev, "VOXKEEPER_WORKER", "%u", index + 1);
    if (!slot)
        return;
    event_field(ev, "VOXKEEPER_GENERATION", "%llu", (unsigned long long)slot_generation(slot));
    event_field(ev, "VOXKEEPER_LIFE", "%llu", (unsigned long long)slot_life(slot));
    if (slot_pid(slot) > 0) {
        event_field(ev, "WORKER_PID", "%d", (int)slot_pid(slot));
        event_field(ev, "OBJECT_PID", "%d", (int)slot_pid(slot));
    }
    if (slot_release(slot)[0])
        event_field(ev, "VOXKEEPER_RELEASE", "%s", slot_release(slot));
}

static void add_probe_fields(struct event *ev, const struct slot *slot)
{
    event_field(ev, "VOXKEEPER_REASON", "%s", slot_probe_reason(slot));
    if (slot_probe_body(slot)[0])
        event_field(ev, "VOXKEEPER_PROBE_BODY", "%s", slot_probe_body(slot));
}

static void add_last_lines(struct event *ev, const struct slot *slot)
{
    struct strbuf lines = STRBUF_INIT;
    slot_last_lines(slot, &lines);
    if (lines.len > 0)
        event_field_bytes(ev, "VOXKEEPER_LAST_OUTPUT", strbuf_text(&lines),
            lines.len < TELL_EVIDENCE_MAX ? lines.len : TELL_EVIDENCE_MAX);
    strbuf_fini(&lines);
}

static void begin(struct event *ev, enum event_id id, const struct slot *slot, unsigned index)
{
    event_init(ev, id);
    add_worker_fields(ev, slot, index);
}

/* Writes the event, and its words for whoever waits for this. */
static void finish(struct event *ev, struct operation *waiting)
{
    event_emit(ev);
    operation_progress(waiting, "%s", strbuf_text(&ev->message));
    event_fini(ev);
}

static void tell_verified(const struct scene *sc)
{
    const struct slot *slot = sc->slot;
    const struct fleet_action *told = sc->told;
    char took[SPAN_TEXT_MAX];
    struct event ev;
    begin(&ev, EVENT_WORKER_VERIFIED, slot, told->slot);
    event_message(&ev, "worker %u verified after %s", told->slot + 1, span_show(told->took, took));
    event_duration(&ev, told->took);
    finish(&ev, sc->waiting);
}

static enum event_id verdict_event(enum prober_verdict verdict)
{
    switch (verdict) {
    case PROBER_VERDICT_SUSPECT:
        return EVENT_WORKER_SUSPECT;
    case PROBER_VERDICT_DEGRADED:
        return EVENT_WORKER_DEGRADED;
    case PROBER_VERDICT_UNHEALTHY:
        return EVENT_WORKER_UNHEALTHY;
    case PROBER_VERDICT_HUNG:
        return EVENT_WORKER_HUNG;
    case PROBER_VERDICT_ZOMBIE:
        return EVENT_WORKER_ZOMBIE;
    case PROBER_VERDICT_RECOVERED:
    case PROBER_VERDICT_VERIFIED:
    case PROBER_VERDICT_NONE:
        break;
    }
    return EVENT_WORKER_RECOVERED;
}

static const char *verdict_words(enum prober_verdict verdict, enum probe_outcome outcome, bool kept)
{
    switch (verdict) {
    case PROBER_VERDICT_SUSPECT:
        return "is suspect";
    case PROBER_VERDICT_DEGRADED:
        return outcome == PROBE_PROVIDER
                   ? "works without a provider; it is kept"
                   : "works without its dependency, which is down; it is kept";
    case PROBER_VERDICT_UNHEALTHY:
        return "is unhealthy and will be replaced";
    case PROBER_VERDICT_HUNG:
        return kept ? "hangs, and is left alone" : "hangs and will be replaced";
    case PROBER_VERDICT_ZOMBIE:
        return kept ? "lost its dependency, which is up, and is left alone"
                    : "lost its dependency, which is up, and will be replaced";
    case PROBER_VERDICT_RECOVERED:
    case PROBER_VERDICT_VERIFIED:
    case PROBER_VERDICT_NONE:
        break;
    }
    return "is healthy again";
}

static void tell_verdict(const struct scene *sc)
{
    const struct slot *slot = sc->slot;
    const struct fleet_action *told = sc->told;
    struct event ev;
    const char *reason = slot_probe_reason(slot);
    begin(&ev, verdict_event(told->verdict), slot, told->slot);
    event_message(&ev, "worker %u %s%s%s", told->slot + 1,
        verdict_words(told->verdict, slot_probe_outcome(slot), told->kept), reason[0] ? ": " : "",
        reason);
    add_probe_fields(&ev, slot);
    if (told->verdict == PROBER_VERDICT_HUNG) {
        event_field(&ev, "VOXKEEPER_EVIDENCE", "%s", slot_evidence(slot));
        add_last_lines(&ev, slot);
    }
    finish(&ev, sc->waiting);
}

static void tell_not_verified(const struct scene *sc)
{
    const struct slot *slot = sc->slot;
    const struct fleet_action *told = sc->told;
    char took[SPAN_TEXT_MAX];
    struct event ev;
    const char *reason = slot_probe_reason(slot);
    begin(&ev, EVENT_WORKER_NOT_VERIFIED, slot, told->slot);
    event_message(&ev, "worker %u was not verified within %s: %s", told->slot + 1,
        span_show(told->took, took), reason[0] ? reason : "no probe was answered");
    event_duration(&ev, told->took);
    add_probe_fields(&ev, slot);
    add_last_lines(&ev, slot);
    finish(&ev, sc->waiting);
}

static void tell_watchdog(const struct scene *sc)
{
    char silence[SPAN_TEXT_MAX];
    struct strbuf reason = STRBUF_INIT;
    struct event ev;
    if (sc->told->took > 0)
        strbuf_addf(
            &reason, "it has sent no WATCHDOG=1 for %s", span_show(sc->told->took, silence));
    else
        strbuf_adds(&reason, "it says so itself, with WATCHDOG=trigger");
    begin(&ev, EVENT_WORKER_HUNG, sc->slot, sc->told->slot);
    event_message(&ev, "worker %u hangs %s: %s", sc->told->slot + 1,
        sc->told->kept ? "and is left alone" : "and will be replaced", strbuf_text(&reason));
    event_field(&ev, "VOXKEEPER_REASON", "%s", strbuf_text(&reason));
    event_field(&ev, "VOXKEEPER_EVIDENCE", "%s", slot_evidence(sc->slot));
    add_last_lines(&ev, sc->slot);
    strbuf_fini(&reason);
    finish(&ev, sc->waiting);
}

static void tell_leaving(const struct scene *sc)
{
    const char *status = said_status(slot_said(sc->slot));
    struct event ev;
    begin(&ev, EVENT_WORKER_LEAVING, sc->slot, sc->told->slot);
    event_message(&ev, "worker %u ends by itself and takes no new callers%s%s", sc->told->slot + 1,
        status[0] ? ": " : "", status);
    event_field(&ev, "VOXKEEPER_REASON", "%s", status);
    finish(&ev, sc->waiting);
}

static void tell_killed(const struct scene *sc)
{
    const struct slot *slot = sc->slot;
    const struct fleet_action *told = sc->told;
    char took[SPAN_TEXT_MAX];
    struct event ev;
    begin(&ev, EVENT_WORKER_KILLED, slot, told->slot);
    event_message(&ev, "worker %u ignored its stop signal for %s and was killed", told->slot + 1,
        span_show(told->took, took));
    event_duration(&ev, told->took);
    add_last_lines(&ev, slot);
    finish(&ev, sc->waiting);
}

/* Whether the worker ended by itself; else we ended it, for the cause that is told. */
static bool ended_by_itself(enum worker_cause cause)
{
    return cause == WORKER_CAUSE_CRASH || cause == WORKER_CAUSE_OOM || cause == WORKER_CAUSE_BOOT;
}

static void tell_leftovers(const struct scene *sc)
{
    const struct slot *slot = sc->slot;
    const struct fleet_action *told = sc->told;
    unsigned n = slot_leftovers(slot);
    struct event ev;
    if (n == 0)
        return;
    begin(&ev, EVENT_WORKER_LEFTOVERS, slot, told->slot);
    event_message(
        &ev, "worker %u left %u process%s behind, killed", told->slot + 1, n, n == 1 ? "" : "es");
    event_field(&ev, "VOXKEEPER_PROCESSES", "%u", n);
    finish(&ev, sc->waiting);
}

static void tell_ended(const struct scene *sc)
{
    const struct slot *slot = sc->slot;
    const struct fleet_action *told = sc->told;
    char uptime[SPAN_TEXT_MAX];
    char exit[EXIT_STATUS_TEXT_MAX];
    struct event ev;
    if (told->cause == WORKER_CAUSE_SPAWN) {
        begin(&ev, EVENT_WORKER_START_FAILED, slot, told->slot);
        event_message(&ev, "worker %u does not start: %s", told->slot + 1,
            slot ? slot_spawn_error(slot) : "out of memory");
        event_field(&ev, "VOXKEEPER_REASON", "%s", slot ? slot_spawn_error(slot) : "");
        finish(&ev, sc->waiting);
        return;
    }
    bool by_itself = ended_by_itself(told->cause);
    begin(&ev, by_itself ? EVENT_WORKER_CRASHED : EVENT_WORKER_EXITED, slot, told->slot);
    event_message(&ev, "worker %u ended after %s with %s (%s)", told->slot + 1,
        span_show(told->took, uptime), exit_status_text(told->exit, exit),
        worker_cause_name(told->cause));
    event_field(&ev, "VOXKEEPER_CAUSE", "%s", worker_cause_name(told->cause));
    event_field(&ev, "VOXKEEPER_EXIT", "%s", exit);
    event_duration(&ev, told->took);
    if (by_itself)
        add_last_lines(&ev, slot);
    finish(&ev, sc->waiting);
    tell_leftovers(sc);
}

static void tell_retry(const struct scene *sc)
{
    const struct slot *slot = sc->slot;
    const struct fleet_action *told = sc->told;
    char delay[SPAN_TEXT_MAX];
    struct event ev;
    begin(&ev, EVENT_WORKER_RETRY, slot, told->slot);
    event_message(&ev, "worker %u is started again in %s (%u failures in a row)", told->slot + 1,
        span_show(told->delay, delay), told->failures);
    event_field(&ev, "VOXKEEPER_FAILURES", "%u", told->failures);
    event_field(&ev, "VOXKEEPER_DELAY_USEC", "%llu", (unsigned long long)told->delay);
    finish(&ev, sc->waiting);
}

static void tell_loop_ended(const struct scene *sc)
{
    const struct fleet_action *told = sc->told;
    bool wanted = supervisor_fleet(sc->supervisor)->slots[told->slot].wanted;
    struct event ev;
    begin(&ev, EVENT_WORKER_CRASH_LOOP_ENDED, sc->slot, told->slot);
    event_message(&ev, "worker %u %s", told->slot + 1,
        wanted ? "is stable again" : "is to stop, which ends its crash loop");
    finish(&ev, sc->waiting);
}

static void tell_loop_began(const struct scene *sc)
{
    const struct slot *slot = sc->slot;
    const struct fleet_action *told = sc->told;
    char exit[EXIT_STATUS_TEXT_MAX];
    struct event ev;
    bool no_start = slot && told->cause == WORKER_CAUSE_SPAWN;
    exit_status_text(told->exit, exit);
    begin(&ev, EVENT_WORKER_CRASH_LOOP, slot, told->slot);
    event_message(&ev, "worker %u is in a crash loop: %u failures in a row, the last by %s (%s)",
        told->slot + 1, told->failures, no_start ? slot_spawn_error(slot) : exit,
        worker_cause_name(told->cause));
    event_field(&ev, "VOXKEEPER_FAILURES", "%u", told->failures);
    event_field(&ev, "VOXKEEPER_CAUSE", "%s", worker_cause_name(told->cause));
    event_field(&ev, "VOXKEEPER_EXIT", "%s", exit);
    if (no_start)
        event_field(&ev, "VOXKEEPER_REASON", "%s", slot_spawn_error(slot));
    if (slot)
        add_last_lines(&ev, slot);
    finish(&ev, sc->waiting);
}

static void tell_started(const struct scene *sc)
{
    const struct slot *slot = sc->slot;
    const struct fleet_action *told = sc->told;
    struct event ev;
    begin(&ev, EVENT_WORKER_STARTED, slot, told->slot);
    event_message(&ev, "worker %u started, PID %d", told->slot + 1, (int)slot_pid(slot));
    event_duration(&ev, told->took);
    finish(&ev, sc->waiting);
}

void tell_worker(
    const struct supervisor *s, const struct fleet_action *told, struct operation *waiting)
{
    const struct scene scene = {
        .supervisor = s,
        .slot = supervisor_slot(s, told->slot),
        .told = told,
        .waiting = waiting,
    };
    switch (told->type) {
    case FLEET_DO_TELL_STARTED:
        tell_started(&scene);
        return;
    case FLEET_DO_TELL_VERIFIED:
        tell_verified(&scene);
        return;
    case FLEET_DO_TELL_VERDICT:
        tell_verdict(&scene);
        return;
    case FLEET_DO_TELL_NOT_VERIFIED:
        tell_not_verified(&scene);
        return;
    case FLEET_DO_TELL_WATCHDOG:
        tell_watchdog(&scene);
        return;
    case FLEET_DO_TELL_LEAVING:
        tell_leaving(&scene);
        return;
    case FLEET_DO_TELL_KILLED:
        tell_killed(&scene);
        return;
    case FLEET_DO_TELL_ENDED:
        tell_ended(&scene);
        return;
    case FLEET_DO_TELL_RETRY:
        tell_retry(&scene);
        return;
    case FLEET_DO_TELL_LOOP_BEGAN:
        tell_loop_began(&scene);
        return;
    case FLEET_DO_TELL_LOOP_ENDED:
        tell_loop_ended(&scene);
        return;
    case FLEET_DO_TELL_ROLLOUT:
    case FLEET_DO_TELL_RESTARTED:
    case FLEET_DO_TELL_RESTART_FAILED:
    case FLEET_DO_TELL_RESTART_REFUSED:
    case FLEET_DO_TELL_RESTART_ROLLED_BACK:
    case FLEET_DO_TELL_RESTART_SUPERSEDED:
    case FLEET_DO_TELL_ROLLOUT_REFUSED:
    case FLEET_DO_TELL_RESTART_STEP:
    case FLEET_DO_TELL_SCALED:
    case FLEET_DO_TELL_SCALE_FAILED:
    case FLEET_DO_TELL_SCALE_SUPERSEDED:
    case FLEET_DO_TELL_SCALE_REFUSED:
    case FLEET_DO_TELL_ALL_GONE:
    case FLEET_DO_EXEC:
    case FLEET_DO_PROBE:
    case FLEET_DO_PROBE_STOP:
    case FLEET_DO_ACTIVATE:
    case FLEET_DO_PAUSE:
    case FLEET_DO_EVIDENCE:
    case FLEET_DO_SIGNAL_STOP:
    case FLEET_DO_SIGNAL_ABRT:
    case FLEET_DO_KILL_TREE:
        return;
    }
}
