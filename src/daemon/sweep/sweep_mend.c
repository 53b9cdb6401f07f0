/* What stays, and gets the TTL that it should have; and tasks that may be nobody's. */
#include "daemon/sweep/sweep_mend.h"

#include "daemon/sweep/sweep_flow.h"
#include "daemon/sweep/sweep_pass.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct patient {
    const struct redis_key *key;
    struct sweep_judgement judgement;
    bool asked;       /* whether its owners are there */
    bool owner_found; /* or nobody can tell */
    enum sweep_outcome outcome;
};

struct sweep_mend {
    struct sweep_pass *pass;
    struct redis_batch *owners;
    struct redis_remover *repairer;
    bool may_not_ask;    /* EXISTS is not permitted: nobody is called an orphan */
    bool may_not_repair; /* PEXPIRE is not */
    struct patient *patients;
    struct redis_removee *repairs;
    size_t *repaired; /* the number of the patient of each */
    size_t n, n_repairs, capacity;
};

struct sweep_mend *sweep_mend_new(struct sweep_pass *p)
{
    struct sweep_mend *m = calloc(1, sizeof *m);
    if (!m)
        abort();
    m->pass = p;
    return m;
}

void sweep_mend_free(struct sweep_mend *m)
{
    if (!m)
        return;
    redis_batch_leave(m->owners);
    redis_remover_free(m->repairer);
    free(m->patients);
    free(m->repairs);
    free(m->repaired);
    free(m);
}

static void make_room(struct sweep_mend *m)
{
    if (m->n < m->capacity)
        return;
    m->capacity = m->capacity ? 2 * m->capacity : 16;
    m->patients = reallocarray(m->patients, m->capacity, sizeof *m->patients);
    m->repairs = reallocarray(m->repairs, m->capacity, sizeof *m->repairs);
    m->repaired = reallocarray(m->repaired, m->capacity, sizeof *m->repaired);
    if (!m->patients || !m->repairs || !m->repaired)
        abort();
}

bool sweep_mend_take(
    struct sweep_mend *m, const struct redis_key *key, const struct sweep_judgement *j)
{
    if (m->pass->summary.census_only || (j->repair_ttl == 0 && !j->conversation[0]))
        return false;
    make_room(m);
    m->patients[m->n++] = (struct patient){.key = key, .judgement = *j};
    return true;
}

/* ---- the end ---- */

static void tell_all(struct sweep_mend *m)
{
    struct sweep_pass *p = m->pass;
    size_t n = m->n;
    m->n = 0;
    for (size_t i = 0; i < n; i++) {
        struct patient *patient = &m->patients[i];
        if (patient->asked && !patient->owner_found)
            sweep_judge_orphan(&patient->judgement);
        sweep_tally_key(
            &p->summary, &p->plan, patient->key->tag, patient->key, &patient->judgement);
        sweep_step_tell(p, patient->key, &patient->judgement, patient->outcome);
    }
    sweep_flow_looked(p);
}

/* ---- repairing ---- */

static enum sweep_outcome outcome_of(enum redis_removal result)
{
    switch (result) {
    case REDIS_REMOVAL_REPAIRED:
        return SWEEP_OUTCOME_REPAIRED;
    case REDIS_REMOVAL_DONE:
    case REDIS_REMOVAL_GONE:
    case REDIS_REMOVAL_CHANGED:
    case REDIS_REMOVAL_REFRESHED:
        return SWEEP_OUTCOME_SURVIVED;
    case REDIS_REMOVAL_UNKNOWN:
        return SWEEP_OUTCOME_NOT_TRIED;
    }
    return SWEEP_OUTCOME_NOT_TRIED;
}

/* Without the right to repair all the rest of the pass can be done. */
static void react(struct sweep_mend *m, const struct redis_fault *fault)
{
    struct sweep_pass *p = m->pass;
    enum sweep_reaction reaction = sweep_react_key(fault->error, fault->text);
    char text[sizeof fault->text];
    if (fault->error == REDIS_E_NONE)
        return;
    if (fault->error != REDIS_E_NOPERM || reaction == SWEEP_REACT_SKIP_KEYSPACE) {
        sweep_pass_react(p, reaction, fault->error, fault->text);
        return;
    }
    m->may_not_repair = true;
    snprintf(text, sizeof text, "Repair= needs the right to PEXPIRE: %.200s", fault->text);
    sweep_pass_react(p, SWEEP_REACT_SKIP_KEY, fault->error, text);
}

static void on_repaired(
    struct redis_removee *items, size_t n, const struct redis_fault *fault, void *arg)
{
    struct sweep_mend *m = arg;
    assert(n == m->n_repairs);
    for (size_t i = 0; i < n; i++) {
        struct patient *patient = &m->patients[m->repaired[i]];
        if (items[i].error == REDIS_E_NOPERM && strstr(fault->text, "key"))
            m->pass->skip_keyspace[patient->key->tag] = true;
        patient->outcome = outcome_of(items[i].result);
    }
    react(m, fault);
    tell_all(m);
}

/* Nothing more is to be asked in this pass, or on this connection. */
static bool is_over(const struct sweep_pass *p)
{
    return p->end || p->cancelled || p->lost;
}

/* As before a removal: the key is in its keyspace, and nothing protects it. */
static bool may_repair(const struct sweep_mend *m, const struct patient *patient)
{
    const struct sweep_pass *p = m->pass;
    const struct redis_key *key = patient->key;
    return patient->judgement.repair_ttl > 0 && !m->may_not_repair && p->may_remove &&
           !p->summary.dry_run && key->payload &&
           sweep_plan_find(&p->plan, key->name, key->name_len) == (int)key->tag;
}

static void repair(struct sweep_mend *m)
{
    struct sweep_pass *p = m->pass;
    m->n_repairs = 0;
    for (size_t i = 0; i < m->n && !is_over(p); i++) {
        struct patient *patient = &m->patients[i];
        const struct redis_key *key = patient->key;
        if (!may_repair(m, patient))
            continue;
        m->repaired[m->n_repairs] = i;
        m->repairs[m->n_repairs++] = (struct redis_removee){.name = key->name,
            .name_len = key->name_len,
            .payload = key->payload,
            .payload_len = key->payload_len,
            .expire_ms = key->expire_ms,
            .repair_ms = (int64_t)(patient->judgement.repair_ttl / USEC_PER_MSEC)};
    }
    if (m->n_repairs == 0) {
        tell_all(m);
        return;
    }
    if (!m->repairer)
        m->repairer = redis_remover_new(p->link, p->has_expire, on_repaired, m);
    redis_remover_pace(m->repairer, !sweep_pace_is_full(p->pace));
    redis_remover_run(m->repairer, m->repairs, m->n_repairs);
}

/* ---- owners ---- */

static void on_owner(size_t index, const struct redis_value *reply, void *arg)
{
    struct sweep_mend *m = arg;
    struct patient *patient = &m->patients[index];
    if (reply->type == REDIS_ERROR && redis_error_class(reply->str, reply->len) == REDIS_E_NOPERM)
        m->may_not_ask = true;
    if (reply->type != REDIS_INTEGER || reply->integer != 0)
        patient->owner_found = true;
}

static void on_owners_done(bool lost, void *arg)
{
    struct sweep_mend *m = arg;
    m->owners = NULL;
    for (size_t i = 0; lost && i < m->n; i++)
        m->patients[i].owner_found = true;
    if (lost) {
        const char *why = redis_batch_lost_text(m->pass->link);
        sweep_pass_react(m->pass, sweep_react_key(REDIS_E_LOST, why), REDIS_E_LOST, why);
    }
    repair(m);
}

static void ask(
    struct sweep_mend *m, size_t index, const char *prefix, size_t prefix_len, const char *id)
{
    struct strbuf name = STRBUF_INIT;
    strbuf_add(&name, prefix, prefix_len);
    strbuf_adds(&name, id);
    if (name.failed)
        abort();
    redis_batch_add(m->owners, index, 2, (const char *const[]){"EXISTS", strbuf_text(&name)},
        (const size_t[]){6, name.len});
    strbuf_fini(&name);
}

/* The conversation itself, or a session of either name. EXISTS leaves idle times alone. */
static void ask_owners(struct sweep_mend *m, size_t index)
{
    const struct sweep_plan *plan = &m->pass->plan;
    struct patient *patient = &m->patients[index];
    const struct sweep_judgement *j = &patient->judgement;
    patient->asked = true;
    ask(m, index, SWEEP_CONVERSATION, sizeof SWEEP_CONVERSATION - 1, j->conversation);
    for (unsigned i = 0; i < plan->n_sessions; i++) {
        const struct keyglob_prefix *prefix = &plan->sessions[i];
        ask(m, index, prefix->bytes, prefix->len, j->conversation);
        if (j->session[0])
            ask(m, index, prefix->bytes, prefix->len, j->session);
    }
}

void sweep_mend_run(struct sweep_mend *m)
{
    struct sweep_pass *p = m->pass;
    size_t most = m->n * (1 + 2 * (size_t)p->plan.n_sessions);
    if (m->n == 0 || m->may_not_ask || is_over(p)) {
        repair(m);
        return;
    }
    m->owners = redis_batch_new(p->link, most, on_owner, on_owners_done, m);
    for (size_t i = 0; i < m->n; i++) {
        if (m->patients[i].judgement.conversation[0])
            ask_owners(m, i);
    }
    redis_batch_end(m->owners);
}
