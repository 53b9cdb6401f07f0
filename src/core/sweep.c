/*
 * What one key of a keyspace is.
 *
 * Wherever the facts leave room, the reading that keeps the key is taken: the latest of all its
 * times counts, one unreadable time spoils the rest, and what is live is not removable.
 */
#include "core/sweep.h"

#include "base/strbuf.h"
#include "base/strlist.h"
#include "base/text.h"
#include "base/timestamp.h"
#include "core/config.h"

#include <assert.h>
#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

/* Clocks may differ by that much: a time further ahead is not believed. */
static const usec_t skew = 5 * USEC_PER_MIN;

/* A TTL may exceed ExpectTTL by that much: a writer that rounds up is no finding. */
static const usec_t ttl_slack = USEC_PER_MIN;

static const char always_protected[] = "elevenlabs:conversation:";

const char *sweep_finding_name(enum sweep_finding finding)
{
#define X(symbol, name) [SWEEP_##symbol] = name,
    static const char *const names[] = {SWEEP_FINDINGS(X)};
#undef X
    return names[finding];
}

bool sweep_is_protected(const struct strlist *protect, const char *name, size_t len)
{
    size_t fixed = sizeof always_protected - 1;
    if (len >= fixed && memcmp(name, always_protected, fixed) == 0)
        return true;
    for (size_t i = 0; i < protect->n; i++) {
        if (text_glob(protect->items[i], strlen(protect->items[i]), name, len))
            return true;
    }
    return false;
}

/* ---- reading the value ---- */

struct content {
    const char *fault; /* NULL: it is what the agent writes */
    usec_t latest;     /* of all age fields */
    const char *field; /* the one that told it; of the configuration */
    bool pending;
};

static const char *age_field(const struct config_keyspace *keyspace, const char *member)
{
    for (size_t i = 0; i < keyspace->age_fields.n; i++) {
        if (strcmp(keyspace->age_fields.items[i], member) == 0)
            return keyspace->age_fields.items[i];
    }
    return NULL;
}

static void read_time(const cJSON *item, const char *field, struct content *c)
{
    usec_t wall = 0;
    int r = -1;
    if (cJSON_IsNull(item))
        return;
    if (cJSON_IsString(item))
        r = timestamp_parse(item->valuestring, strlen(item->valuestring), &wall);
    else if (cJSON_IsNumber(item))
        r = timestamp_from_number(item->valuedouble, &wall);
    if (r < 0)
        c->fault = "a time in it cannot be read";
    else if (!c->field || wall > c->latest) {
        c->latest = wall;
        c->field = field;
    }
}

/* Every member counts, also one that comes twice: cJSON would show the first, JavaScript the last.
 */
static void read_members(
    const struct config_keyspace *keyspace, const cJSON *root, struct content *c)
{
    for (const cJSON *item = root->child; item; item = item->next) {
        const char *field = age_field(keyspace, item->string);
        if (field)
            read_time(item, field, c);
        if (keyspace->kind != CONFIG_KEYSPACE_TASK || strcmp(item->string, "pending") != 0)
            continue;
        if (cJSON_IsBool(item))
            c->pending = c->pending || cJSON_IsTrue(item);
        else
            c->fault = "its \"pending\" is neither true nor false";
    }
}

static struct content read_content(
    const struct config_keyspace *keyspace, const char *value, size_t len)
{
    struct content c = {0};
    const char *end = NULL;
    cJSON *root = cJSON_ParseWithLengthOpts(value, len, &end, false);
    while (root && end < value + len && memchr(" \t\r\n", *end, 4))
        end++;
    if (!root || end < value + len)
        c.fault = "it is not JSON";
    else if (!cJSON_IsObject(root))
        c.fault = "it is not a JSON object";
    else
        read_members(keyspace, root, &c);
    if (!c.fault && !c.field)
        c.fault = "it has none of the AgeFields";
    cJSON_Delete(root);
    return c;
}

/* ---- judging ---- */

static bool has_expectation(const struct config_keyspace *k)
{
    return k->expect_ttl > 0 && k->expect_ttl < USEC_INFINITY;
}

/* Nothing within ActiveWindow is old, whatever MaxAge or an operator's --older-than says. */
static usec_t old_after(const struct config_keyspace *k, usec_t active_window)
{
    return k->max_age > active_window ? k->max_age : active_window;
}

static bool older(usec_t age, usec_t limit)
{
    return limit != USEC_INFINITY && age > limit;
}

__attribute__((format(printf, 3, 4))) static void found(
    struct sweep_judgement *j, enum sweep_finding finding, const char *fmt, ...)
{
    va_list ap;
    j->finding = finding;
    va_start(ap, fmt);
    vsnprintf(j->reason, sizeof j->reason, fmt, ap);
    va_end(ap);
}

static void judge_malformed(
    const struct sweep_facts *f, usec_t limit, const char *fault, struct sweep_judgement *j)
{
    char idle[SPAN_TEXT_MAX];
    if (!f->idle_known)
        found(j, SWEEP_MALFORMED, "%s; how long it was idle is not known", fault);
    else if (f->has_ttl)
        found(j, SWEEP_MALFORMED, "%s; it will expire", fault);
    else if (!older(f->idle, limit))
        found(j, SWEEP_MALFORMED, "%s; idle for %s only", fault, span_format(f->idle, idle));
    else
        found(j, SWEEP_MALFORMED_IDLE, "%s; idle for %s", fault, span_format(f->idle, idle));
}

/* Ages of a well-formed value; false when they cannot be believed. */
static bool take_age(const struct sweep_facts *f, const struct content *c, usec_t written_ago,
    struct sweep_judgement *j)
{
    char when[TIMESTAMP_TEXT_MAX];
    if (c->latest > f->now_wall && c->latest - f->now_wall > skew) {
        found(j, SWEEP_FUTURE, "%s is in the future: %s", c->field,
            timestamp_format(c->latest, when));
        return false;
    }
    j->age = usec_sub(f->now_wall, c->latest);
    if (written_ago < j->age)
        j->age = written_ago;
    j->age_known = true;
    return true;
}

static void judge_task(const struct content *c, usec_t limit, struct sweep_judgement *j)
{
    char age[SPAN_TEXT_MAX];
    j->live = c->pending && !older(j->age, limit);
    if (c->pending && !j->live)
        found(j, SWEEP_STUCK_TASK, "pending for %s: its callback never came",
            span_format(j->age, age));
}

/* A key that will not expire in time, or a task that waits for too long. */
static void judge_value(const struct config_keyspace *k, usec_t active_window,
    const struct sweep_facts *f, usec_t written_ago, struct sweep_judgement *j)
{
    char age[SPAN_TEXT_MAX];
    char ttl[SPAN_TEXT_MAX];
    usec_t limit = old_after(k, active_window);
    struct content c = read_content(k, f->value, f->value_len);
    if (c.fault) {
        judge_malformed(f, limit, c.fault, j);
        return;
    }
    j->pending = c.pending;
    if (!take_age(f, &c, written_ago, j))
        return;
    span_format(j->age, age);
    if (k->kind == CONFIG_KEYSPACE_SESSION)
        j->live = (f->census ? usec_sub(f->now_wall, c.latest) : j->age) <= active_window;
    if (!f->has_ttl && !j->live && older(j->age, limit))
        found(j, SWEEP_STALE, "no TTL, last alive %s ago (%s)", age, c.field);
    else if (!f->has_ttl)
        found(j, SWEEP_IMMORTAL, "no TTL, last alive %s ago (%s)", age, c.field);
    else if (has_expectation(k) && written_ago == USEC_INFINITY)
        found(j, SWEEP_OVERLONG, "TTL of %s, last alive %s ago (%s)", span_format(f->ttl, ttl), age,
            c.field);
    if (k->kind == CONFIG_KEYSPACE_TASK)
        judge_task(&c, limit, j);
}

/* What the TTL alone tells: true when that is all there is to know. */
static bool judge_ttl(const struct config_keyspace *k, usec_t active_window,
    const struct sweep_facts *f, usec_t written_ago, struct sweep_judgement *j)
{
    bool expected = has_expectation(k);
    if (!f->has_ttl || (expected && written_ago == USEC_INFINITY))
        return false;
    if (k->kind == CONFIG_KEYSPACE_OTHER)
        return true;
    if (!expected)
        return false;
    j->age = written_ago;
    j->age_known = true;
    if (k->kind == CONFIG_KEYSPACE_SESSION) {
        j->live = j->age <= active_window;
        return !f->census;
    }
    /* A task whose TTL was set within MaxAge: somebody works with it, whatever its value says. */
    return !f->value && !older(written_ago, old_after(k, active_window));
}

struct sweep_judgement sweep_judge(
    const struct config_keyspace *k, usec_t active_window, const struct sweep_facts *f)
{
    struct sweep_judgement j = {.finding = SWEEP_FINE, .pending_known = true};
    assert(f->ttl_known);
    /* How long ago the TTL was set, as it counts down from ExpectTTL. USEC_INFINITY: not that one.
     */
    usec_t written_ago = USEC_INFINITY;
    if (f->has_ttl && has_expectation(k) && f->ttl <= usec_add(k->expect_ttl, ttl_slack))
        written_ago = usec_sub(k->expect_ttl, f->ttl);
    if (sweep_is_protected(&(const struct strlist){0}, f->name, f->name_len)) {
        found(&j, SWEEP_PROTECTED, "protected");
    } else if (!f->is_string) {
        found(&j, SWEEP_WRONG_TYPE, "not a string");
    } else if (judge_ttl(k, active_window, f, written_ago, &j)) {
        j.pending_known = k->kind != CONFIG_KEYSPACE_TASK;
    } else if (f->too_big) {
        found(&j, SWEEP_TOO_BIG, "larger than %d bytes", LIMIT_REDIS_VALUE);
    } else if (!f->value) {
        j.pending_known = k->kind != CONFIG_KEYSPACE_TASK;
        found(&j, SWEEP_NEEDS_VALUE, "the value tells");
    } else {
        j.age_known = false;
        judge_value(k, active_window, f, written_ago, &j);
    }
    bool condemned = j.finding == SWEEP_STALE || j.finding == SWEEP_STUCK_TASK ||
                     j.finding == SWEEP_MALFORMED_IDLE;
    j.removable = condemned && !j.live && !k->report_only;
    return j;
}
