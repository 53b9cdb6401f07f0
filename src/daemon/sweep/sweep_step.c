/* One step of a pass: judges the keys that the scan brought, and condemns. */
#include "daemon/sweep/sweep_pass.h"

#include "core/sweep/rdb.h"
#include "core/sweep/sweep.h"
#include "daemon/sweep/sweep_backup.h"
#include "daemon/sweep/sweep_flow.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SKIPPED_MAX = 100 };

/* The loop turns in between: others wait for it, and so do the answers that show our own weight. */
static const usec_t slice = USEC_PER_MSEC / 2;

bool sweep_step_name(const char *name, size_t len, unsigned *tag, void *arg)
{
    struct sweep_pass *p = arg;
    int found = sweep_plan_find(&p->plan, name, len);
    if (found < 0 || p->skip_keyspace[found])
        return false;
    *tag = (unsigned)found;
    return true;
}

static struct sweep_facts facts_of(
    const struct sweep_pass *p, const struct redis_key *key, usec_t now)
{
    return (struct sweep_facts){.name = key->name,
        .name_len = key->name_len,
        .is_string = !key->other_type,
        .ttl_known = true,
        .has_ttl = key->ttl_ms >= 0,
        .ttl = key->ttl_ms >= 0 ? (usec_t)key->ttl_ms * USEC_PER_MSEC : 0,
        .idle_known = key->idle_known,
        .idle = key->idle,
        .too_big = key->too_big,
        .memory = key->memory,
        .now_wall = now,
        .least_age = p->plan.least_age,
        .census = p->summary.census_only};
}

static struct sweep_key about(const struct sweep_pass *p, const struct redis_key *key,
    const struct sweep_judgement *j, enum sweep_outcome outcome)
{
    return (struct sweep_key){.name = key->name,
        .name_len = key->name_len,
        .keyspace = &p->plan.keyspaces[key->tag],
        .judgement = j,
        .outcome = outcome,
        .has_ttl = key->ttl_ms >= 0,
        .ttl = key->ttl_ms >= 0 ? (usec_t)key->ttl_ms * USEC_PER_MSEC : 0};
}

/* `value` may be NULL. */
static void tell(struct sweep_pass *p, const struct redis_key *key, const struct sweep_judgement *j,
    enum sweep_outcome outcome, const char *value, size_t value_len)
{
    sweep_tally_outcome(&p->summary, key->tag, j->finding, outcome);
    if (!p->on_finding || p->summary.census_only || j->finding == SWEEP_GONE)
        return;
    struct sweep_key told = about(p, key, j, outcome);
    told.value = value;
    told.value_len = value ? value_len : 0;
    if (j->finding != SWEEP_FINE || (p->wanted && p->wanted(&told, p->arg)))
        p->on_finding(&told, p->arg);
}

void sweep_step_tell(struct sweep_pass *p, const struct redis_key *key,
    const struct sweep_judgement *j, enum sweep_outcome outcome)
{
    struct strbuf value = STRBUF_INIT;
    bool read = key->payload &&
                rdb_string_decode(key->payload, key->payload_len, key->max_value, &value) == 0;
    tell(p, key, j, outcome, read ? strbuf_text(&value) : NULL, value.len);
    strbuf_fini(&value);
}

/* As many removable keys were found as were asked for. */
static bool spend_limit(struct sweep_pass *p, const struct sweep_judgement *j)
{
    if (!j->removable || p->limit == UINT64_MAX)
        return true;
    if (p->limit == 0)
        return false;
    p->summary.limited = --p->limit == 0;
    return true;
}

void sweep_step_tell_held(struct sweep_pass *p, const struct sweep_held *held)
{
    const struct redis_key key = {
        .name = held->name, .name_len = held->name_len, .tag = held->keyspace};
    tell(p, &key, &held->judgement, SWEEP_OUTCOME_HELD, NULL, 0);
}

/* A key that stays: in the second look at what was held that is news, in a second walk it is not.
 */
static void tell_kept(struct sweep_pass *p, const struct redis_key *key,
    const struct sweep_judgement *j, const char *value, size_t value_len)
{
    if (p->hold.phase == SWEEP_PHASE_HELD)
        tell(p, key, j, SWEEP_OUTCOME_SURVIVED, value, value_len);
    else if (!sweep_hold_counted(p))
        tell(p, key, j, SWEEP_OUTCOME_FOUND, value, value_len);
}

static void count(
    struct sweep_pass *p, const struct redis_key *key, const struct sweep_judgement *j)
{
    if (!sweep_hold_counted(p))
        sweep_tally_key(&p->summary, &p->plan, key->tag, key, j);
}

/* Redis does not say which pattern is missing. */
static void react_no_key(struct sweep_pass *p, const struct redis_key *key)
{
    char text[256];
    snprintf(text, sizeof text, "%s (its ACL needs ~%s)", key->error_text,
        p->plan.keyspaces[key->tag].pattern);
    sweep_pass_react(p, SWEEP_REACT_SKIP_KEYSPACE, key->error, text);
}

/* True when the key's commands failed, or it is gone: then all is said about it. */
static bool is_over(struct sweep_pass *p, const struct redis_key *key)
{
    static const struct sweep_judgement gone = {.finding = SWEEP_GONE};
    if (key->error != REDIS_E_NONE) {
        enum sweep_reaction reaction = sweep_react_key(key->error, key->error_text);
        if (reaction == SWEEP_REACT_SKIP_KEYSPACE)
            p->skip_keyspace[key->tag] = true;
        if (reaction == SWEEP_REACT_SKIP_KEY && ++p->skipped > SKIPPED_MAX)
            reaction = SWEEP_REACT_END;
        /* What is asked again will be known then. */
        bool again = reaction == SWEEP_REACT_WAIT || reaction == SWEEP_REACT_RECONNECT;
        if (!again)
            sweep_tally_unknown(&p->summary, p->plan.keyspaces[key->tag].kind);
        if (!again && p->hold.phase == SWEEP_PHASE_HELD)
            sweep_tally_outcome(&p->summary, key->tag, SWEEP_NEEDS_VALUE, SWEEP_OUTCOME_NOT_TRIED);
        if (reaction == SWEEP_REACT_SKIP_KEYSPACE)
            react_no_key(p, key);
        else
            sweep_pass_react(p, reaction, key->error, key->error_text);
        return true;
    }
    if (key->gone) {
        count(p, key, &gone);
        tell_kept(p, key, &gone, NULL, 0);
    }
    return key->gone;
}

/* The TTL does not tell it, or somebody wants to know more. */
static bool needs_look(
    const struct sweep_pass *p, const struct redis_key *key, const struct sweep_judgement *j)
{
    if (j->finding == SWEEP_NEEDS_VALUE)
        return true;
    if (p->summary.census_only)
        return !j->pending_known;
    const struct sweep_key told = about(p, key, j, SWEEP_OUTCOME_FOUND);
    return p->wanted && p->wanted(&told, p->arg);
}

void sweep_step_keys(struct redis_key *keys, size_t n, usec_t now, void *arg)
{
    struct sweep_pass *p = arg;
    for (size_t i = 0; i < n; i++) {
        struct redis_key *key = &keys[i];
        if (is_over(p, key))
            continue;
        struct sweep_facts facts = facts_of(p, key, now);
        const struct config_keyspace *space = &p->plan.keyspaces[key->tag];
        struct sweep_judgement j = sweep_judge(space, p->plan.active_window, &facts);
        key->look = needs_look(p, key, &j);
        key->max_value = space->max_value;
        if (key->look)
            continue;
        count(p, key, &j);
        tell_kept(p, key, &j, NULL, 0);
    }
    sweep_flow_walked(p);
}

/*
 * Reads the payload into the facts; `value` holds what they point to. False: it is damaged, or of a
 * format that we do not know; then it is not to be removed.
 */
static bool decode(const struct redis_key *key, struct strbuf *value, struct sweep_facts *facts)
{
    strbuf_reset(value);
    if (!key->payload)
        return true;
    int r = rdb_string_decode(key->payload, key->payload_len, key->max_value, value);
    facts->is_string = r != -EPROTOTYPE;
    facts->too_big = r == -EFBIG || r == -ENOMEM;
    facts->value = strbuf_text(value);
    facts->value_len = value->len;
    return r != -EBADMSG;
}

/* Our own looks, of which this was one, are not what keeps a key from being idle. */
static void take_idle(struct sweep_pass *p, const struct redis_key *key, struct sweep_facts *facts)
{
    uint64_t id =
        idle_ledger_id(key->name, key->name_len, rdb_crc64(key->payload, key->payload_len));
    if (facts->idle_known) {
        facts->idle = idle_ledger_touch(p->ledger, id, facts->idle, facts->now_wall);
    } else if (key->uses_known) {
        facts->idle = idle_ledger_watch(p->ledger, id, key->uses <= 1, facts->now_wall);
        facts->idle_known = true;
    }
}

static bool by_idle_time(enum sweep_finding finding)
{
    return finding == SWEEP_MALFORMED || finding == SWEEP_MALFORMED_IDLE ||
           finding == SWEEP_TOO_BIG || finding == SWEEP_TOO_BIG_IDLE;
}

static struct sweep_judgement judge_value(
    struct sweep_pass *p, const struct redis_key *key, struct strbuf *value, usec_t now)
{
    struct sweep_facts facts = facts_of(p, key, now);
    const struct config_keyspace *space = &p->plan.keyspaces[key->tag];
    bool sound = decode(key, value, &facts);
    facts.idle_known = facts.idle_known && sound;
    struct sweep_judgement j = sweep_judge(space, p->plan.active_window, &facts);
    if (!by_idle_time(j.finding) || !key->payload || !sound)
        return j;
    take_idle(p, key, &facts);
    return sweep_judge(space, p->plan.active_window, &facts);
}

/* The last look before a key goes on the list: it is in its keyspace, and nothing protects it. */
static bool may_condemn(const struct sweep_pass *p, const struct redis_key *key)
{
    return p->may_remove && !p->summary.dry_run && !p->summary.census_only && key->payload &&
           sweep_plan_find(&p->plan, key->name, key->name_len) == (int)key->tag;
}

static void condemn(
    struct sweep_pass *p, const struct redis_key *key, const struct sweep_judgement *j)
{
    p->condemned[p->n_condemned] = (struct sweep_condemned){key, *j};
    p->removees[p->n_condemned] = (struct redis_removee){.name = key->name,
        .name_len = key->name_len,
        .payload = key->payload,
        .payload_len = key->payload_len,
        .expire_ms = key->expire_ms};
    p->n_condemned++;
}

void sweep_step_forget(struct sweep_pass *p)
{
    free(p->condemned);
    free(p->removees);
    p->condemned = NULL;
    p->removees = NULL;
    p->n_condemned = 0;
}

static void judge_key(struct sweep_pass *p, const struct redis_key *key, struct strbuf *value)
{
    struct sweep_judgement j = judge_value(p, key, value, p->looked.now);
    bool removes = !p->summary.dry_run && !p->summary.census_only;
    const char *text = key->payload ? strbuf_text(value) : NULL;
    if (!spend_limit(p, &j))
        return;
    if (!sweep_hold_counted(p) && sweep_mend_take(p->mend, key, &j))
        return;
    count(p, key, &j);
    if (j.removable && may_condemn(p, key)) {
        if (!sweep_hold_takes(p, key, &j))
            condemn(p, key, &j);
    } else if (j.removable && removes) {
        tell(p, key, &j, SWEEP_OUTCOME_NOT_TRIED, text, value->len);
    } else {
        tell_kept(p, key, &j, text, value->len);
    }
}

void sweep_step_judge(struct sweep_pass *p)
{
    struct strbuf value = STRBUF_INIT;
    usec_t until = usec_add(loop_now(), slice);
    bool more = true;
    while (more && (p->looked.next == 0 || loop_now() < until)) {
        const struct redis_key *key = &p->looked.keys[p->looked.next++];
        if (key->look && !is_over(p, key))
            judge_key(p, key, &value);
        more = p->looked.next < p->looked.n;
    }
    strbuf_fini(&value);
    if (more)
        sweep_pass_yield(p);
    else if (p->n_condemned > 0 && !p->end && !sweep_pass_is_cut_off(p))
        sweep_backup_save(p);
    else
        sweep_mend_run(p->mend);
}

void sweep_step_looked(struct redis_key *keys, size_t n, usec_t now, void *arg)
{
    struct sweep_pass *p = arg;
    sweep_step_forget(p);
    p->condemned = calloc(n, sizeof *p->condemned);
    p->removees = calloc(n, sizeof *p->removees);
    if (!p->condemned || !p->removees)
        abort();
    p->looked = (struct sweep_looked){.keys = keys, .n = n, .now = now};
    sweep_step_judge(p);
}

void sweep_step_remove(struct sweep_pass *p)
{
    redis_remover_pace(p->remover, !sweep_pace_is_full(p->pace));
    redis_remover_run(p->remover, p->removees, p->n_condemned);
}

void sweep_step_spare(struct sweep_pass *p)
{
    /* Without a connection all of this window comes again, and is told then. */
    for (size_t i = 0; i < p->n_condemned && !sweep_pass_is_cut_off(p); i++)
        tell(p, p->condemned[i].key, &p->condemned[i].judgement, SWEEP_OUTCOME_NOT_TRIED, NULL, 0);
    sweep_mend_run(p->mend);
}

static enum sweep_outcome outcome_of(enum redis_removal removal)
{
    switch (removal) {
    case REDIS_REMOVAL_DONE:
        return SWEEP_OUTCOME_REMOVED;
    case REDIS_REMOVAL_GONE:
    case REDIS_REMOVAL_CHANGED:
    case REDIS_REMOVAL_REFRESHED:
    case REDIS_REMOVAL_REPAIRED:
        return SWEEP_OUTCOME_SURVIVED;
    case REDIS_REMOVAL_UNKNOWN:
        return SWEEP_OUTCOME_NOT_TRIED;
    }
    return SWEEP_OUTCOME_NOT_TRIED;
}

void sweep_step_removed(
    struct redis_removee *items, size_t n, const struct redis_fault *fault, void *arg)
{
    struct sweep_pass *p = arg;
    assert(n == p->n_condemned);
    for (size_t i = 0; i < n; i++) {
        const struct sweep_condemned *c = &p->condemned[i];
        if (items[i].error == REDIS_E_NOPERM && strstr(fault->text, "key"))
            p->skip_keyspace[c->key->tag] = true;
        tell(p, c->key, &c->judgement, outcome_of(items[i].result), NULL, 0);
    }
    sweep_backup_note(p, items, n);
    if (fault->error != REDIS_E_NONE)
        sweep_pass_react(p, sweep_react_key(fault->error, fault->text), fault->error, fault->text);
    sweep_mend_run(p->mend);
}
