/* What is counted of passes over Redis. */
#include "daemon/metrics/meters.h"

#include "daemon/sweep/sweep_report.h"

#include <stdio.h>
#include <string.h>

static bool is_configured(const struct config *config, const char *name)
{
    for (unsigned i = 0; i < config->n_keyspaces; i++) {
        if (strcmp(config->keyspaces[i].name, name) == 0)
            return true;
    }
    return false;
}

static struct meters_keyspace *keyspace_of(struct meters *m, const char *name)
{
    for (unsigned i = 0; i < LIMIT_KEYSPACES; i++) {
        if (strcmp(m->keyspaces[i].name, name) == 0)
            return &m->keyspaces[i];
    }
    return NULL;
}

void meters_configure_keyspaces(struct meters *m, const struct config *config)
{
    for (unsigned i = 0; i < LIMIT_KEYSPACES; i++) {
        if (!is_configured(config, m->keyspaces[i].name))
            m->keyspaces[i] = (struct meters_keyspace){0};
    }
    m->n_keyspaces = config->n_keyspaces;
    for (unsigned i = 0; i < config->n_keyspaces; i++) {
        const char *name = config->keyspaces[i].name;
        struct meters_keyspace *free = keyspace_of(m, "");
        if (!keyspace_of(m, name) && free)
            snprintf(free->name, sizeof free->name, "%s", name);
    }
}

static enum meters_sweep outcome_of(const struct sweep_summary *s)
{
    if (s->elsewhere && s->error == REDIS_E_NONE)
        return METERS_SWEEP_ELSEWHERE;
    if (sweep_report_went_well(s))
        return METERS_SWEEP_DONE;
    if (s->error != REDIS_E_NONE || s->backup_failed)
        return METERS_SWEEP_FAILED;
    return s->held ? METERS_SWEEP_HELD : METERS_SWEEP_ABORTED;
}

static void count_sweep(struct meters *m, const struct sweep_summary *s)
{
    m->sweeps[outcome_of(s)]++;
    histogram_add(&m->sweep_duration, s->took);
    for (unsigned i = 0; i < s->n_keyspaces; i++) {
        const struct sweep_keyspace_summary *from = &s->keyspaces[i];
        struct meters_keyspace *to = keyspace_of(m, from->name);
        for (unsigned f = 0; to && f < SWEEP_FINDING_COUNT; f++) {
            to->found[f] += from->found[f];
            to->removed[f] += from->removed_of[f];
        }
    }
}

static void add_ages(struct histogram *h, const struct sweep_keyspace_summary *k)
{
    for (unsigned i = 0; i < SWEEP_AGE_COUNT; i++)
        histogram_put(h, i, k->ages[i]);
    h->sum = usec_add(h->sum, k->age_sum);
}

static void count_keys(struct meters *m, const struct sweep_summary *s)
{
    for (unsigned i = 0; i < s->n_keyspaces; i++) {
        struct meters_keyspace *of = keyspace_of(m, s->keyspaces[i].name);
        if (!of)
            continue;
        of->known = true;
        of->keys = s->keyspaces[i].keys;
    }
}

static void take_ages(struct meters *m, const struct sweep_summary *s)
{
    histogram_clear(&m->session_age);
    histogram_clear(&m->task_age);
    for (unsigned i = 0; i < s->n_keyspaces; i++) {
        const struct sweep_keyspace_summary *k = &s->keyspaces[i];
        if (k->kind == CONFIG_KEYSPACE_SESSION)
            add_ages(&m->session_age, k);
        if (k->kind == CONFIG_KEYSPACE_TASK)
            add_ages(&m->task_age, k);
    }
}

static void take_walk(struct meters *m, const struct sweep_summary *s)
{
    m->walked = s->complete ? METERS_WALKED : METERS_WALK_CUT_SHORT;
    snprintf(m->walk_trouble, sizeof m->walk_trouble, "%.150s", s->complete ? "" : s->error_text);
}

void meters_swept(struct meters *m, const struct sweep_summary *s, usec_t now)
{
    if (!s->census_only && !s->dry_run)
        count_sweep(m, s);
    if (s->n_keyspaces >= m->n_keyspaces)
        take_walk(m, s);
    if (!s->complete)
        return;
    count_keys(m, s);
    if (s->n_keyspaces < m->n_keyspaces)
        return; /* one keyspace was asked for: there may be more callers */
    take_ages(m, s);
    if (s->sessions_known) {
        m->sessions.known = true;
        m->sessions.n = s->live_sessions;
        m->sessions.at = now;
    }
    if (s->tasks_known) {
        m->tasks.known = true;
        m->tasks.n = s->pending_tasks;
        m->tasks.at = now;
    }
}
