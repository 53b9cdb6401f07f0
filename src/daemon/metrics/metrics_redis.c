/* Metrics of Redis, of what is in it and of the sweeps. */
#include "daemon/metrics/metrics_parts.h"

#include "io/redis/redis_link.h"

static void write_link(const struct daemon *d, struct exposition *x)
{
    static const struct histogram none;
    exposition_family(x, METRIC_REDIS_UP);
    if (d->redis)
        exposition_count(x, NULL, redis_link_state(d->redis) == REDIS_LINK_UP);
    exposition_one_histogram(
        x, METRIC_REDIS_LATENCY, d->redis ? &redis_link_usage(d->redis)->pings : &none);
    exposition_one_count(x, METRIC_REDIS_RECONNECTS, d->meters->redis_reconnects);
}

/* Those that say that something is wrong with a key, or might be. */
static bool is_a_find(enum sweep_finding finding)
{
    return finding != SWEEP_FINE && finding != SWEEP_NEEDS_VALUE && finding != SWEEP_GONE;
}

static void write_keyspace(
    struct exposition *x, const char *keyspace, const uint64_t counts[SWEEP_FINDING_COUNT])
{
    for (int f = 0; f < SWEEP_FINDING_COUNT; f++) {
        enum sweep_finding finding = (enum sweep_finding)f;
        if (is_a_find(finding))
            exposition_count(x, METRIC_LABELS(keyspace, sweep_finding_name(finding)), counts[f]);
    }
}

static void write_finds(const struct meters *m, struct exposition *x)
{
    exposition_family(x, METRIC_SWEEP_FINDINGS);
    for (unsigned i = 0; i < LIMIT_KEYSPACES; i++) {
        if (m->keyspaces[i].name[0])
            write_keyspace(x, m->keyspaces[i].name, m->keyspaces[i].found);
    }
    exposition_family(x, METRIC_SWEEP_DELETED);
    for (unsigned i = 0; i < LIMIT_KEYSPACES; i++) {
        if (m->keyspaces[i].name[0])
            write_keyspace(x, m->keyspaces[i].name, m->keyspaces[i].removed);
    }
}

static void write_keys(const struct meters *m, struct exposition *x)
{
    exposition_family(x, METRIC_KEYS);
    for (unsigned i = 0; i < LIMIT_KEYSPACES; i++) {
        const struct meters_keyspace *k = &m->keyspaces[i];
        if (!k->name[0])
            continue;
        if (k->known)
            exposition_count(x, METRIC_LABELS(k->name), k->keys);
        else
            exposition_unknown(x, METRIC_LABELS(k->name));
    }
}

void metrics_write_redis(const struct daemon *d, struct exposition *x)
{
    static const char *const sweeps[] = {
#define X(symbol, name) name,
        METERS_SWEEPS(X)
#undef X
    };
    const struct meters *m = d->meters;
    write_link(d, x);
    metrics_counts(x, METRIC_SWEEPS, sweeps, m->sweeps, METERS_SWEEP_COUNT);
    exposition_one_histogram(x, METRIC_SWEEP_DURATION, &m->sweep_duration);
    write_finds(m, x);
    write_keys(m, x);
    exposition_one_histogram(x, METRIC_SESSION_AGE, &m->session_age);
    exposition_one_histogram(x, METRIC_TASK_AGE, &m->task_age);
}
