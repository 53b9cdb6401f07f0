/* What came of going through a backup. */
#include "daemon/sweep/restore_tally.h"

#include "base/text.h"
#include "base/timestamp.h"

#include <cjson/cJSON.h>
#include <stdio.h>

enum { KEY_SHOWN_MAX = 512, TEXT_SHOWN_MAX = 160 };

static const char *result_name(enum restore_result result)
{
    static const char *const names[] = {
#define X(symbol, name) name,
        RESTORE_RESULTS(X)
#undef X
    };
    return names[result];
}

void restore_tally_init(struct restore_tally *t)
{
    *t = (struct restore_tally){.listed = cJSON_CreateArray()};
}

void restore_tally_fini(struct restore_tally *t)
{
    cJSON_Delete(t->listed);
    *t = (struct restore_tally){0};
}

static void add_text(struct cJSON *o, const char *name, struct backup_bytes text, size_t max)
{
    struct strbuf shown = STRBUF_INIT;
    text_escape(&shown, text.at, text.len, max);
    cJSON_AddStringToObject(o, name, strbuf_text(&shown));
    strbuf_fini(&shown);
}

static struct cJSON *key_json(const struct backup_key *key, enum backup_outcome outcome,
    enum restore_result result, const char *error)
{
    struct cJSON *o = cJSON_CreateObject();
    char at[TIMESTAMP_TEXT_MAX];
    add_text(o, "key", key->name, KEY_SHOWN_MAX);
    add_text(o, "type", key->type, TEXT_SHOWN_MAX);
    cJSON_AddNumberToObject(o, "bytes", (double)key->payload.len);
    if (key->expire_ms >= 0)
        cJSON_AddStringToObject(
            o, "expires", timestamp_format((usec_t)key->expire_ms * USEC_PER_MSEC, at));
    else
        cJSON_AddNullToObject(o, "expires");
    add_text(o, "keyspace", key->keyspace, TEXT_SHOWN_MAX);
    add_text(o, "finding", key->finding, TEXT_SHOWN_MAX);
    add_text(o, "reason", key->reason, TEXT_SHOWN_MAX);
    cJSON_AddStringToObject(o, "outcome", backup_outcome_name(outcome));
    cJSON_AddStringToObject(o, "result", result_name(result));
    if (error[0])
        cJSON_AddStringToObject(o, "error", error);
    return o;
}

void restore_tally_add(struct restore_tally *t, const struct backup_key *key,
    enum backup_outcome outcome, enum restore_result result, const char *error)
{
    t->results[result]++;
    if (t->keys++ < RESTORE_LISTED_MAX)
        cJSON_AddItemToArray(t->listed, key_json(key, outcome, result, error));
}

uint64_t restore_tally_restored(const struct restore_tally *t)
{
    return t->results[RESTORE_RESTORED] + t->results[RESTORE_CONVERTED] +
           t->results[RESTORE_WOULD_RESTORE];
}

bool restore_tally_went_well(const struct restore_tally *t)
{
    return t->results[RESTORE_REFUSED] == 0 && t->results[RESTORE_FAILED] == 0;
}

static void add_count(const struct restore_tally *t, enum restore_result result, const char *words,
    struct strbuf *out)
{
    if (t->results[result] > 0)
        strbuf_addf(out, "%s %llu %s", out->len > 0 ? "," : ":",
            (unsigned long long)t->results[result], words);
}

void restore_tally_sentence(
    const struct restore_tally *t, const struct restore_wish *wish, struct strbuf *out)
{
    struct strbuf rest = STRBUF_INIT;
    if (wish->show) {
        strbuf_addf(out, "%llu keys", (unsigned long long)t->keys);
        return;
    }
    strbuf_addf(out, "%s %llu of %llu keys", wish->dry_run ? "would restore" : "restored",
        (unsigned long long)restore_tally_restored(t), (unsigned long long)t->keys);
    add_count(t, RESTORE_CONVERTED, "of them as strings of an older format", &rest);
    add_count(t, RESTORE_EXISTS, "exist and stay as they are", &rest);
    add_count(t, RESTORE_EXPIRED, "would have expired by now", &rest);
    add_count(t, RESTORE_NOT_REMOVED, "had not been removed", &rest);
    add_count(t, RESTORE_PROTECTED, "are protected", &rest);
    add_count(t, RESTORE_REFUSED,
        "were refused: this Redis does not know their format, which needs the version that wrote "
        "them or a newer one",
        &rest);
    add_count(t, RESTORE_FAILED, "failed", &rest);
    strbuf_adds(out, strbuf_text(&rest));
    strbuf_fini(&rest);
}

struct cJSON *restore_tally_json(
    struct restore_tally *t, const struct backup_index *index, uint64_t size, uint64_t whole)
{
    struct cJSON *o = cJSON_CreateObject();
    char at[TIMESTAMP_TEXT_MAX];
    if (index->begun)
        cJSON_AddStringToObject(o, "at", timestamp_format(index->at, at));
    cJSON_AddStringToObject(o, "server", index->server);
    cJSON_AddStringToObject(o, "redis_version", index->version);
    cJSON_AddNumberToObject(o, "bytes", (double)size);
    cJSON_AddBoolToObject(o, "torn", whole < size);
    if (whole < size)
        cJSON_AddNumberToObject(o, "torn_at", (double)whole);
    cJSON_AddNumberToObject(o, "keys", (double)index->keys);
    struct cJSON *outcomes = cJSON_AddObjectToObject(o, "outcomes");
    for (unsigned i = 0; i < BACKUP_OUTCOME_COUNT; i++) {
        if (index->outcomes[i] > 0)
            cJSON_AddNumberToObject(
                outcomes, backup_outcome_name((enum backup_outcome)i), (double)index->outcomes[i]);
    }
    struct cJSON *results = cJSON_AddObjectToObject(o, "results");
    for (unsigned i = 0; i < RESTORE_RESULT_COUNT; i++) {
        if (t->results[i] > 0)
            cJSON_AddNumberToObject(
                results, result_name((enum restore_result)i), (double)t->results[i]);
    }
    cJSON_AddNumberToObject(o, "listed_of", (double)t->keys);
    cJSON_AddItemToObject(o, "listed", t->listed);
    t->listed = NULL;
    return o;
}
