/* Metrics of the workers, as many as there are, and of their ends and verdicts. */
#include "daemon/metrics/metrics_parts.h"

#include "daemon/workers/supervisor.h"
#include "io/child/procinfo.h"

/* One that has a process, as far as is known, and what /proc tells of it. */
struct seen_worker {
    struct metric_number number;
    const struct fleet_slot *state;
    const struct slot *slot;
    bool known; /* the next is */
    struct procinfo process;
};

struct seen_workers {
    struct seen_worker items[LIMIT_WORKERS];
    unsigned n;
};

static void look(const struct daemon *d, struct seen_workers *out)
{
    const struct fleet *fleet = supervisor_fleet(d->supervisor);
    out->n = 0;
    for (unsigned i = 0; i < fleet->n_slots; i++) {
        const struct slot *slot = supervisor_slot(d->supervisor, i);
        if (fleet->slots[i].worker.state == WORKER_GONE || !slot)
            continue;
        struct seen_worker *w = &out->items[out->n++];
        *w = (struct seen_worker){
            .number = metric_number(i + 1), .state = &fleet->slots[i], .slot = slot};
        w->known = w->state->worker.alive && slot_pid(slot) > 0 &&
                   procinfo_read(slot_pid(slot), &w->process) == 0;
    }
}

static void write_states(
    const struct config *config, const struct fleet *fleet, struct exposition *x)
{
    static const enum worker_state states[] = {
#define X(symbol, name) WORKER_##symbol,
        WORKER_STATES(X)
#undef X
    };
    exposition_one_count(x, METRIC_WORKERS_WANTED, fleet_wanted(fleet));
    exposition_one_count(x, METRIC_WORKERS_CONFIGURED, config->agent.workers);
    exposition_family(x, METRIC_WORKERS);
    for (size_t s = 0; s < sizeof states / sizeof *states; s++) {
        unsigned n = 0;
        for (unsigned i = 0; i < fleet->n_slots; i++)
            n += fleet->slots[i].worker.state == states[s];
        if (states[s] != WORKER_GONE)
            exposition_count(x, METRIC_LABELS(worker_state_name(states[s])), n);
    }
    exposition_one_count(x, METRIC_SERVING_WORKERS, fleet_answering(fleet));
}

static void write_gaps(const struct meters *m, struct exposition *x)
{
    static const char *const names[] = {
#define X(symbol, name) name,
        METERS_GAPS(X)
#undef X
    };
    exposition_family(x, METRIC_WITHOUT_SERVING_WORKER);
    for (unsigned i = 0; i < METERS_GAP_COUNT; i++)
        exposition_seconds(x, METRIC_LABELS(names[i]), m->without[i]);
}

static void write_each(
    const struct daemon *d, const struct seen_workers *workers, struct exposition *x)
{
    /* The same at every scrape, whatever becomes of the clocks. */
    usec_t boot = usec_sub(d->started_wall, d->started_at);
    exposition_family(x, METRIC_WORKER_INFO);
    for (unsigned i = 0; i < workers->n; i++) {
        const struct seen_worker *w = &workers->items[i];
        struct metric_number generation = metric_number(w->state->generation);
        exposition_count(
            x, METRIC_LABELS(w->number.text, generation.text, slot_release(w->slot)), 1);
    }
    exposition_family(x, METRIC_WORKER_START_TIME);
    for (unsigned i = 0; i < workers->n; i++) {
        const struct seen_worker *w = &workers->items[i];
        exposition_seconds(
            x, METRIC_LABELS(w->number.text), usec_add(boot, w->state->worker.started_at));
    }
}

static void write_resources(const struct seen_workers *workers, struct exposition *x)
{
    exposition_family(x, METRIC_WORKER_RESIDENT_MEMORY);
    for (unsigned i = 0; i < workers->n; i++) {
        const struct seen_worker *w = &workers->items[i];
        if (w->known)
            exposition_count(x, METRIC_LABELS(w->number.text), w->process.resident_bytes);
    }
    exposition_family(x, METRIC_WORKER_CPU);
    for (unsigned i = 0; i < workers->n; i++) {
        const struct seen_worker *w = &workers->items[i];
        if (w->known)
            exposition_seconds(x, METRIC_LABELS(w->number.text), w->process.cpu_usec);
    }
    exposition_family(x, METRIC_WORKER_OPEN_FDS);
    for (unsigned i = 0; i < workers->n; i++) {
        const struct seen_worker *w = &workers->items[i];
        if (w->known)
            exposition_count(x, METRIC_LABELS(w->number.text), w->process.descriptors);
    }
}

static void write_ends(const struct meters *m, struct exposition *x)
{
    static const char *const causes[] = {
#define X(symbol, name) name,
        WORKER_CAUSES(X)
#undef X
    };
    exposition_one_count(x, METRIC_WORKER_STARTS, m->starts);
    exposition_one_histogram(x, METRIC_WORKER_START_DURATION, &m->start_duration);
    metrics_counts(x, METRIC_WORKER_EXITS, causes, m->exits, WORKER_CAUSE_COUNT);
    metrics_counts(x, METRIC_WORKER_RESTARTS, causes, m->restarts, WORKER_CAUSE_COUNT);
}

static void write_verdicts(const struct meters *m, struct exposition *x)
{
    static const char *const outcomes[] = {
#define X(symbol, name) name,
        PROBE_OUTCOMES(X)
#undef X
    };
    static const char *const verdicts[] = {
#define X(symbol, name) name,
        PROBER_VERDICTS(X)
#undef X
    };
    exposition_one_histogram(x, METRIC_PROBE_DURATION, &m->probe_duration);
    metrics_counts(x, METRIC_PROBES, outcomes, m->probes, METERS_OUTCOME_COUNT);
    /* NONE is none. */
    metrics_counts(
        x, METRIC_WORKER_VERDICTS, verdicts + 1, m->verdicts + 1, METERS_VERDICT_COUNT - 1);
}

static unsigned crash_loops(const struct fleet *fleet)
{
    unsigned n = 0;
    for (unsigned i = 0; i < LIMIT_WORKERS; i++)
        n += fleet->slots[i].restart.looping;
    return n;
}

void metrics_write_workers(const struct daemon *d, struct exposition *x)
{
    struct seen_workers workers;
    const struct fleet *fleet = supervisor_fleet(d->supervisor);
    look(d, &workers);
    write_states(d->config, fleet, x);
    write_gaps(d->meters, x);
    write_each(d, &workers, x);
    write_resources(&workers, x);
    write_ends(d->meters, x);
    exposition_one_count(x, METRIC_CRASH_LOOPS, crash_loops(fleet));
    write_verdicts(d->meters, x);
}
