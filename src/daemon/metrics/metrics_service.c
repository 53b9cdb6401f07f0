/* Metrics of restarts, rollouts, callers and drains. */
#include "daemon/metrics/metrics_parts.h"

#include "daemon/metrics/samples.h"
#include "daemon/workers/drainer.h"
#include "daemon/workers/supervisor.h"

/* A series for each row of a list of outcomes that events count. */
struct counted_event {
    const char *outcome;
    enum event_id event;
};

static void write_outcomes(const struct meters *m, struct exposition *x, enum metric_family family,
    const struct counted_event *rows, unsigned n)
{
    exposition_family(x, family);
    for (unsigned i = 0; i < n; i++)
        exposition_count(x, METRIC_LABELS(rows[i].outcome), m->events[rows[i].event]);
}

static void write_rollout(const struct daemon *d, struct exposition *x)
{
    const struct rollout_record *r = &d->rollout;
    struct metric_number to = metric_number(r->to);
    struct metric_number from = metric_number(r->from);
    enum rollout_state state = supervisor_fleet(d->supervisor)->rollout.state;
    exposition_family(x, METRIC_ROLLOUT_INFO);
    if (r->to == 0)
        return;
    exposition_count(x,
        METRIC_LABELS(
            rollout_state_name(state), to.text, r->release_to, from.text, r->release_from),
        1);
}

static void write_phases(const struct meters *m, struct exposition *x)
{
    exposition_family(x, METRIC_ROLLOUT_PHASE_DURATION);
    for (int state = ROLLOUT_CANARY; state < ROLLOUT_STATE_COUNT; state++)
        exposition_histogram(x, METRIC_LABELS(rollout_state_name((enum rollout_state)state)),
            &m->phase_duration[state]);
}

static void write_callers_of(struct exposition *x, const char *kind, bool known, uint64_t n)
{
    if (known)
        exposition_count(x, METRIC_LABELS(kind), n);
    else
        exposition_unknown(x, METRIC_LABELS(kind));
}

static void write_callers(const struct daemon *d, struct exposition *x)
{
    const struct meters *m = d->meters;
    uint64_t connections = 0;
    /* Not counted here: the kernel walks a table that on a large machine takes milliseconds. */
    bool known = samples_callers(d->samples, &connections);
    exposition_family(x, METRIC_CALLERS);
    write_callers_of(x, "connections", known, connections);
    write_callers_of(x, "sessions", m->sessions.known, m->sessions.n);
    write_callers_of(x, "tasks", m->tasks.known, m->tasks.n);
    exposition_one_count(x, METRIC_CALLERS_CUT, m->callers_cut);
}

void metrics_write_service(const struct daemon *d, struct exposition *x)
{
    static const struct counted_event restarts[] = {
#define X(symbol, name, event) {name, EVENT_##event},
        METERS_RESTARTS(X)
#undef X
    };
    static const struct counted_event reloads[] = {
#define X(symbol, name, event) {name, EVENT_##event},
        METERS_RELOADS(X)
#undef X
    };
    static const struct counted_event rollouts[] = {
#define X(symbol, name, event) {name, EVENT_##event},
        METERS_ROLLOUTS(X)
#undef X
    };
    static const char *const drains[] = {
#define X(symbol, name) name,
        METERS_DRAINS(X)
#undef X
    };
    const struct meters *m = d->meters;
    write_outcomes(m, x, METRIC_RESTARTS, restarts, sizeof restarts / sizeof *restarts);
    write_outcomes(m, x, METRIC_RELOADS, reloads, sizeof reloads / sizeof *reloads);
    write_outcomes(m, x, METRIC_ROLLOUTS, rollouts, sizeof rollouts / sizeof *rollouts);
    write_rollout(d, x);
    write_phases(m, x);
    exposition_one_histogram(x, METRIC_HANDOVER_DURATION, &m->handover_duration);
    write_callers(d, x);
    exposition_one_count(x, METRIC_DRAINING, drainer_state(d->drainer)->state != DRAIN_OPEN);
    metrics_counts(x, METRIC_DRAINS, drains, m->drains, METERS_DRAIN_COUNT);
}
