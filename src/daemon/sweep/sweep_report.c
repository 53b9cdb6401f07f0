/* A sweep in words, in JSON and as an event. */
#include "daemon/sweep/sweep_report.h"

#include "base/strbuf.h"
#include "base/text.h"
#include "core/event.h"
#include "core/sweep/sweep_policy.h"

#include <cjson/cJSON.h>
#include <stdio.h>

enum { KEY_SHOWN_MAX = 512 };

static uint64_t found(const struct sweep_summary *summary, enum sweep_finding finding)
{
    uint64_t n = 0;
    for (unsigned i = 0; i < summary->n_keyspaces; i++)
        n += summary->keyspaces[i].found[finding];
    return n;
}

void sweep_report_counts(const struct sweep_summary *summary, struct strbuf *out)
{
    const char *separator = "";
    for (unsigned f = 0; f < SWEEP_FINDING_COUNT; f++) {
        uint64_t n = found(summary, (enum sweep_finding)f);
        if (n == 0 || f == SWEEP_FINE || f == SWEEP_NEEDS_VALUE || f == SWEEP_GONE)
            continue;
        strbuf_addf(out, "%s%llu %s", separator, (unsigned long long)n,
            sweep_finding_name((enum sweep_finding)f));
        separator = ", ";
    }
    if (!separator[0])
        strbuf_adds(out, "nothing found");
}

static uint64_t removable(const struct sweep_summary *summary)
{
    uint64_t n = 0;
    for (unsigned i = 0; i < summary->n_keyspaces; i++)
        n += summary->keyspaces[i].removable;
    return n;
}

struct sweep_sentence sweep_report_sentence(const struct sweep_summary *summary)
{
    struct sweep_sentence sentence;
    char took[SPAN_TEXT_MAX];
    struct strbuf counts = STRBUF_INIT;
    sweep_report_counts(summary, &counts);
    span_show(summary->took, took);
    if (summary->dry_run)
        snprintf(sentence.text, sizeof sentence.text,
            "dry run: looked at %llu keys in %s, would remove %llu (%s)",
            (unsigned long long)summary->keys, took, (unsigned long long)removable(summary),
            strbuf_text(&counts));
    else
        snprintf(sentence.text, sizeof sentence.text,
            "sweep: looked at %llu keys in %s, removed %llu, repaired %llu, %llu changed meanwhile "
            "and stay (%s)%s%s",
            (unsigned long long)summary->keys, took, (unsigned long long)summary->removed,
            (unsigned long long)summary->repaired, (unsigned long long)summary->survived,
            strbuf_text(&counts), summary->backup[0] ? "; saved in " : "", summary->backup);
    strbuf_fini(&counts);
    return sentence;
}

struct sweep_sentence sweep_report_trouble(const struct sweep_summary *summary)
{
    struct sweep_sentence sentence;
    const char *advice = sweep_policy_advice(summary->error);
    snprintf(sentence.text, sizeof sentence.text, "%s%s%s", summary->error_text,
        advice[0] ? "; what to do: " : "", advice);
    return sentence;
}

/* Who is there, of what the pass knows without reading what is well. */
static struct cJSON *census_json(const struct sweep_keyspace_summary *k)
{
#define X(symbol, name, span) name,
    static const char *const names[] = {SWEEP_AGES(X)};
#undef X
    struct cJSON *o = cJSON_CreateObject();
    cJSON_AddNumberToObject(o, "live", (double)k->live);
    cJSON_AddNumberToObject(o, "unread", (double)k->unread);
    cJSON_AddNumberToObject(o, "oldest_usec", (double)k->oldest);
    struct cJSON *ages = cJSON_AddObjectToObject(o, "ages");
    for (unsigned i = 0; i < SWEEP_AGE_COUNT; i++)
        cJSON_AddNumberToObject(ages, names[i], (double)k->ages[i]);
    return o;
}

static struct cJSON *keyspace_json(const struct sweep_keyspace_summary *k)
{
    struct cJSON *o = cJSON_CreateObject();
    struct cJSON *counts = cJSON_AddObjectToObject(o, "found");
    cJSON_AddStringToObject(o, "name", k->name);
    cJSON_AddNumberToObject(o, "keys", (double)k->keys);
    cJSON_AddNumberToObject(o, "removed", (double)k->removed);
    cJSON_AddNumberToObject(o, "repaired", (double)k->repaired);
    cJSON_AddNumberToObject(o, "survived", (double)k->survived);
    cJSON_AddNumberToObject(o, "not_tried", (double)k->not_tried);
    cJSON_AddNumberToObject(o, "removable", (double)k->removable);
    for (unsigned f = 0; f < SWEEP_FINDING_COUNT; f++) {
        if (k->found[f] > 0)
            cJSON_AddNumberToObject(
                counts, sweep_finding_name((enum sweep_finding)f), (double)k->found[f]);
    }
    cJSON_AddItemToObject(o, "census", census_json(k));
    return o;
}

static struct cJSON *spent_json(const struct sweep_summary *summary)
{
    const struct sweep_spent *s = &summary->spent;
    struct cJSON *o = cJSON_CreateObject();
    cJSON_AddNumberToObject(o, "commands", (double)s->commands);
    cJSON_AddNumberToObject(o, "bytes_sent", (double)s->bytes_sent);
    cJSON_AddNumberToObject(o, "bytes_received", (double)s->bytes_received);
    cJSON_AddNumberToObject(o, "worked_usec", (double)s->worked);
    cJSON_AddNumberToObject(o, "rested_usec", (double)s->rested);
    cJSON_AddNumberToObject(o, "count", s->count);
    cJSON_AddNumberToObject(o, "pings", (double)s->pings);
    cJSON_AddNumberToObject(o, "ping_floor_usec", (double)s->ping_floor);
    cJSON_AddNumberToObject(o, "ping_p50_usec", (double)s->ping_p50);
    cJSON_AddNumberToObject(o, "ping_p99_usec", (double)s->ping_p99);
    cJSON_AddNumberToObject(o, "ping_max_usec", (double)s->ping_max);
    cJSON_AddBoolToObject(o, "strained", s->strained);
    cJSON_AddNumberToObject(o, "reconnects", summary->reconnects);
    return o;
}

struct cJSON *sweep_report_summary(const struct sweep_summary *summary)
{
    struct cJSON *o = cJSON_CreateObject();
    cJSON_AddBoolToObject(o, "dry_run", summary->dry_run);
    cJSON_AddBoolToObject(o, "complete", summary->complete);
    cJSON_AddBoolToObject(o, "limited", summary->limited);
    cJSON_AddNumberToObject(o, "keys_seen", (double)summary->keys);
    cJSON_AddNumberToObject(o, "removed", (double)summary->removed);
    cJSON_AddNumberToObject(o, "repaired", (double)summary->repaired);
    cJSON_AddNumberToObject(o, "survived", (double)summary->survived);
    cJSON_AddNumberToObject(o, "not_tried", (double)summary->not_tried);
    cJSON_AddNumberToObject(o, "took_usec", (double)summary->took);
    struct cJSON *counts = cJSON_AddObjectToObject(o, "found");
    for (unsigned f = 0; f < SWEEP_FINDING_COUNT; f++) {
        uint64_t n = found(summary, (enum sweep_finding)f);
        if (n > 0)
            cJSON_AddNumberToObject(counts, sweep_finding_name((enum sweep_finding)f), (double)n);
    }
    struct cJSON *keyspaces = cJSON_AddArrayToObject(o, "keyspaces");
    for (unsigned i = 0; i < summary->n_keyspaces; i++)
        cJSON_AddItemToArray(keyspaces, keyspace_json(&summary->keyspaces[i]));
    if (summary->backup[0])
        cJSON_AddStringToObject(o, "backup", summary->backup);
    else
        cJSON_AddNullToObject(o, "backup");
    cJSON_AddNumberToObject(o, "backed_up", (double)summary->backed_up);
    cJSON_AddItemToObject(o, "spent", spent_json(summary));
    if (summary->held)
        cJSON_AddStringToObject(o, "held", summary->held_why);
    else
        cJSON_AddNullToObject(o, "held");
    if (summary->error_text[0])
        cJSON_AddStringToObject(o, "error", sweep_report_trouble(summary).text);
    else
        cJSON_AddNullToObject(o, "error");
    return o;
}

struct cJSON *sweep_report_finding(const struct sweep_key *key)
{
    struct cJSON *o = cJSON_CreateObject();
    struct strbuf name = STRBUF_INIT;
    const struct sweep_judgement *j = key->judgement;
    text_escape(&name, key->name, key->name_len, KEY_SHOWN_MAX);
    cJSON_AddStringToObject(o, "keyspace", key->keyspace->name);
    cJSON_AddStringToObject(o, "key", strbuf_text(&name));
    cJSON_AddStringToObject(o, "finding", sweep_finding_name(j->finding));
    cJSON_AddStringToObject(o, "reason", j->reason);
    if (j->age_known)
        cJSON_AddNumberToObject(o, "age_usec", (double)j->age);
    else
        cJSON_AddNullToObject(o, "age_usec");
    cJSON_AddBoolToObject(o, "removable", j->removable);
    cJSON_AddBoolToObject(o, "removed", key->outcome == SWEEP_OUTCOME_REMOVED);
    cJSON_AddBoolToObject(o, "repaired", key->outcome == SWEEP_OUTCOME_REPAIRED);
    cJSON_AddBoolToObject(o, "survived", key->outcome == SWEEP_OUTCOME_SURVIVED);
    strbuf_fini(&name);
    return o;
}

bool sweep_report_went_well(const struct sweep_summary *summary)
{
    return (summary->complete || summary->limited) && summary->error == REDIS_E_NONE &&
           !summary->backup_failed && (!summary->held || summary->dry_run);
}

static enum event_id event_of(const struct sweep_summary *summary)
{
    if (summary->elsewhere && summary->error == REDIS_E_NONE)
        return EVENT_SWEEP_ELSEWHERE;
    if (sweep_report_went_well(summary))
        return EVENT_SWEEP_DONE;
    return summary->error == REDIS_E_NONE && !summary->backup_failed ? EVENT_SWEEP_ABORTED
                                                                     : EVENT_SWEEP_FAILED;
}

void sweep_report_event(const struct sweep_summary *summary, const struct sweep_asker *asker)
{
    if (summary->dry_run || summary->census_only)
        return;
    if (summary->held && summary->error == REDIS_E_NONE)
        return; /* its own event tells it */
    struct event ev;
    struct strbuf counts = STRBUF_INIT;
    sweep_report_counts(summary, &counts);
    event_init(&ev, event_of(summary));
    event_message(&ev, "%s%s%s", sweep_report_sentence(summary).text,
        summary->error_text[0] ? "; " : "", sweep_report_trouble(summary).text);
    event_field(&ev, "VOXKEEPER_KEYS", "%llu", (unsigned long long)summary->keys);
    event_field(&ev, "VOXKEEPER_REMOVED", "%llu", (unsigned long long)summary->removed);
    event_field(&ev, "VOXKEEPER_REPAIRED", "%llu", (unsigned long long)summary->repaired);
    event_field(&ev, "VOXKEEPER_SURVIVED", "%llu", (unsigned long long)summary->survived);
    event_field(&ev, "VOXKEEPER_FINDINGS", "%s", strbuf_text(&counts));
    if (summary->backup[0])
        event_field(&ev, "VOXKEEPER_BACKUP", "%s", summary->backup);
    event_field(&ev, "VOXKEEPER_AUTHOR", "%s", asker->author);
    if (asker->operation > 0)
        event_field(&ev, "VOXKEEPER_OPERATION", "%llu", (unsigned long long)asker->operation);
    if (summary->error_text[0])
        event_field(&ev, "VOXKEEPER_REASON", "%s", sweep_report_trouble(summary).text);
    else if (asker->reason[0])
        event_field(&ev, "VOXKEEPER_REASON", "%s", asker->reason);
    event_duration(&ev, summary->took);
    event_emit(&ev);
    event_fini(&ev);
    strbuf_fini(&counts);
}

/* ---- one that is under way ---- */

/* What is known only once a part of the way is done. */
struct pace {
    bool known;
    uint64_t rate; /* keys a second, other ones included */
    usec_t left;
};

static struct pace pace_of(const struct sweep_progress *p)
{
    if (p->fraction <= 0 || p->took == 0)
        return (struct pace){0};
    double seconds = (double)p->took / USEC_PER_SEC;
    double walked = p->total_known ? p->fraction * (double)p->total : (double)p->keys;
    return (struct pace){.known = true,
        .rate = (uint64_t)(walked / seconds),
        .left = (usec_t)((double)p->took * (1 - p->fraction) / p->fraction)};
}

struct cJSON *sweep_report_progress(const struct sweep_progress *p)
{
    struct pace pace = pace_of(p);
    struct cJSON *o = cJSON_CreateObject();
    cJSON_AddNumberToObject(o, "fraction", p->fraction);
    if (p->total_known)
        cJSON_AddNumberToObject(o, "total_keys", (double)p->total);
    else
        cJSON_AddNullToObject(o, "total_keys");
    cJSON_AddNumberToObject(o, "keys_seen", (double)p->keys);
    cJSON_AddNumberToObject(o, "findings", (double)p->findings);
    cJSON_AddNumberToObject(o, "removed", (double)p->removed);
    cJSON_AddNumberToObject(o, "took_usec", (double)p->took);
    if (pace.known) {
        cJSON_AddNumberToObject(o, "keys_per_second", (double)pace.rate);
        cJSON_AddNumberToObject(o, "left_usec", (double)pace.left);
    } else {
        cJSON_AddNullToObject(o, "keys_per_second");
        cJSON_AddNullToObject(o, "left_usec");
    }
    cJSON_AddNumberToObject(o, "latency_usec", (double)p->latency);
    return o;
}

struct sweep_sentence sweep_report_progress_sentence(const struct sweep_progress *p)
{
    char span[SPAN_TEXT_MAX];
    struct sweep_sentence s;
    struct pace pace = pace_of(p);
    struct strbuf out = STRBUF_INIT;
    strbuf_addf(&out, "%u%%: %llu keys seen, %llu findings", (unsigned)(p->fraction * 100),
        (unsigned long long)p->keys, (unsigned long long)p->findings);
    if (pace.known)
        strbuf_addf(&out, ", %llu keys/s, %s left", (unsigned long long)pace.rate,
            span_format(pace.left - pace.left % USEC_PER_SEC, span));
    if (p->latency > 0)
        strbuf_addf(&out, ", Redis answers in %s", span_show(p->latency, span));
    snprintf(s.text, sizeof s.text, "%s", strbuf_text(&out));
    strbuf_fini(&out);
    return s;
}
