/* Counting of one pass. */
#include "daemon/sweep/sweep_tally.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void sweep_tally_begin(struct sweep_summary *s, const struct sweep_plan *plan)
{
    s->n_keyspaces = plan->n;
    s->sessions_known = true;
    s->tasks_known = s->census_only;
    for (unsigned i = 0; i < plan->n; i++) {
        snprintf(s->keyspaces[i].name, sizeof s->keyspaces[i].name, "%s", plan->keyspaces[i].name);
        s->keyspaces[i].kind = plan->keyspaces[i].kind;
    }
}

static void add_caller(struct sweep_summary *s, enum config_keyspace_kind kind,
    const struct redis_key *key, size_t prefix_len)
{
    size_t len = key->name_len - prefix_len;
    char *id = s->n_callers < LIMIT_CUT_CALLERS ? malloc(len + 1) : NULL;
    if (!id)
        return; /* it is counted; names are a courtesy */
    memcpy(id, key->name + prefix_len, len + 1);
    s->callers[s->n_callers++] = (struct sweep_caller){kind, id, len};
}

static void count_age(struct sweep_keyspace_summary *k, const struct sweep_judgement *j)
{
#define X(symbol, name, span) span,
    static const usec_t up_to[] = {SWEEP_AGES(X)};
#undef X
    if (!j->age_known)
        return;
    unsigned i = 0;
    while (j->age > up_to[i])
        i++;
    k->ages[i]++;
    k->age_sum = usec_add(k->age_sum, j->age);
    if (j->age > k->oldest)
        k->oldest = j->age;
}

void sweep_tally_key(struct sweep_summary *s, const struct sweep_plan *plan, unsigned keyspace,
    const struct redis_key *key, const struct sweep_judgement *j)
{
    enum config_keyspace_kind kind = plan->keyspaces[keyspace].kind;
    s->keyspaces[keyspace].found[j->finding]++;
    /* Whatever there was is none: SCAN may return a name again after we removed it. */
    if (j->finding == SWEEP_GONE)
        return;
    s->keys++;
    s->keyspaces[keyspace].keys++;
    count_age(&s->keyspaces[keyspace], j);
    if (kind == CONFIG_KEYSPACE_TASK && !j->pending_known)
        s->keyspaces[keyspace].unread++;
    s->keyspaces[keyspace].removable += j->removable;
    if (!j->live)
        return;
    s->keyspaces[keyspace].live++;
    if (kind == CONFIG_KEYSPACE_SESSION)
        s->live_sessions++;
    else
        s->pending_tasks++;
    add_caller(s, kind, key, plan->prefixes[keyspace].len);
}

void sweep_tally_outcome(struct sweep_summary *s, unsigned keyspace, enum sweep_finding finding,
    enum sweep_outcome outcome)
{
    struct sweep_keyspace_summary *k = &s->keyspaces[keyspace];
    switch (outcome) {
    case SWEEP_OUTCOME_FOUND:
        break;
    case SWEEP_OUTCOME_REMOVED:
        k->removed++;
        k->removed_of[finding]++;
        s->removed++;
        break;
    case SWEEP_OUTCOME_REPAIRED:
        k->repaired++;
        s->repaired++;
        break;
    case SWEEP_OUTCOME_SURVIVED:
        k->survived++;
        s->survived++;
        break;
    case SWEEP_OUTCOME_HELD:
    case SWEEP_OUTCOME_NOT_TRIED:
        k->not_tried++;
        s->not_tried++;
        break;
    }
}

void sweep_tally_unknown(struct sweep_summary *s, enum config_keyspace_kind kind)
{
    if (kind == CONFIG_KEYSPACE_SESSION)
        s->sessions_known = false;
    if (kind == CONFIG_KEYSPACE_TASK)
        s->tasks_known = false;
}

void sweep_tally_error(struct sweep_summary *s, enum redis_error error, const char *text)
{
    if (s->error != REDIS_E_NONE)
        return;
    s->error = error;
    snprintf(s->error_text, sizeof s->error_text, "%s", text);
}

uint64_t sweep_tally_findings(const struct sweep_summary *s)
{
    uint64_t n = 0;
    for (unsigned i = 0; i < s->n_keyspaces; i++) {
        for (unsigned f = 0; f < SWEEP_FINDING_COUNT; f++) {
            if (f != SWEEP_FINE && f != SWEEP_NEEDS_VALUE && f != SWEEP_GONE)
                n += s->keyspaces[i].found[f];
        }
    }
    return n;
}

void sweep_tally_held(struct sweep_summary *s, const char *why)
{
    if (s->held)
        return;
    s->held = true;
    snprintf(s->held_why, sizeof s->held_why, "%s", why);
}

static void forget_callers(struct sweep_summary *s)
{
    for (unsigned i = 0; i < s->n_callers; i++)
        free(s->callers[i].id);
    s->n_callers = 0;
}

void sweep_tally_restart(struct sweep_summary *s)
{
    forget_callers(s);
    s->keys = 0;
    s->live_sessions = 0;
    s->pending_tasks = 0;
    for (unsigned i = 0; i < s->n_keyspaces; i++) {
        s->keyspaces[i].keys = 0;
        s->keyspaces[i].live = 0;
        s->keyspaces[i].unread = 0;
        s->keyspaces[i].oldest = 0;
        s->keyspaces[i].age_sum = 0;
        memset(s->keyspaces[i].ages, 0, sizeof s->keyspaces[i].ages);
        s->keyspaces[i].removable = 0;
        memset(s->keyspaces[i].found, 0, sizeof s->keyspaces[i].found);
    }
}

void sweep_tally_fini(struct sweep_summary *s)
{
    forget_callers(s);
}
