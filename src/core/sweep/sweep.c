/*
 * What one key of a keyspace is.
 *
 * Wherever the facts leave room, the reading that keeps the key is taken: the latest of all its
 * times counts, one unreadable time spoils the rest, and what is live is not removable.
 */
#include "core/sweep/sweep.h"

#include "base/strbuf.h"
#include "base/strlist.h"
#include "base/text.h"
#include "base/timestamp.h"
#include "core/config/config.h"
#include "core/sweep/sweep_value.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* Clocks may differ by that much: a time further ahead is not believed. */
static const usec_t skew = 5 * USEC_PER_MIN;

/* A TTL may exceed ExpectTTL by that much: a writer that rounds up is no finding. */
static const usec_t ttl_slack = USEC_PER_MIN;

/* No repaired key expires sooner, so that it can still be reported, used or kept by hand. */
static const usec_t repair_least = USEC_PER_MIN;

static const char always_protected[] = SWEEP_CONVERSATION;

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

/* A size for people, rounded. */
static void add_size(char buf[16], uint64_t bytes)
{
    if (bytes < 1024)
        snprintf(buf, 16, "%u bytes", (unsigned)bytes);
    else if (bytes < 1024 * 1024)
        snprintf(buf, 16, "%.0fK", (double)bytes / 1024);
    else
        snprintf(buf, 16, "%.1fM", (double)bytes / (1024 * 1024));
}

/* It could not be backed up, nor compared before it goes: a person has to look at it. */
static void judge_too_big(const struct config_keyspace *k, const struct sweep_facts *f,
    usec_t limit, struct sweep_judgement *j)
{
    char idle[SPAN_TEXT_MAX];
    char size[16];
    char most[16];
    add_size(size, f->memory);
    add_size(most, k->max_value);
    if (!f->idle_known)
        found(j, SWEEP_TOO_BIG, "it takes %s, and no value beyond MaxValue=%s is read", size, most);
    else
        found(j, !f->has_ttl && older(f->idle, limit) ? SWEEP_TOO_BIG_IDLE : SWEEP_TOO_BIG,
            "it takes %s, and no value beyond MaxValue=%s is read; idle for %s", size, most,
            span_format(f->idle, idle));
}

/* Ages of a well-formed value; false when they cannot be believed. */
static bool take_age(const struct sweep_facts *f, const struct sweep_value *v, usec_t written_ago,
    struct sweep_judgement *j)
{
    char when[TIMESTAMP_TEXT_MAX];
    if (v->latest > f->now_wall && v->latest - f->now_wall > skew) {
        found(j, SWEEP_FUTURE, "%s is in the future: %s", v->field,
            timestamp_format(v->latest, when));
        return false;
    }
    j->age = usec_sub(f->now_wall, v->latest);
    if (written_ago < j->age)
        j->age = written_ago;
    j->age_known = true;
    return true;
}

static bool is_live(const struct config_keyspace *k, usec_t active_window,
    const struct sweep_facts *f, const struct sweep_value *v, const struct sweep_judgement *j)
{
    switch (k->kind) {
    case CONFIG_KEYSPACE_SESSION:
        return (f->census ? usec_sub(f->now_wall, v->latest) : j->age) <= active_window;
    case CONFIG_KEYSPACE_TASK:
        return v->pending && !older(j->age, old_after(k, active_window));
    case CONFIG_KEYSPACE_OTHER:
        break;
    }
    return false;
}

/*
 * Its own expiresAt passed, and it was not used for as long as the agent keeps what is not used.
 * What says of itself that it is valid still is not old, however long nobody used it.
 */
static bool is_over(const struct config_keyspace *k, usec_t active_window,
    const struct sweep_facts *f, const struct sweep_value *v, const struct sweep_judgement *j)
{
    usec_t unused = has_expectation(k) && k->expect_ttl < k->max_age ? k->expect_ttl : k->max_age;
    if (unused < active_window)
        unused = active_window;
    return v->expires_known && usec_sub(f->now_wall, v->expires) > skew && !j->live &&
           older(j->age, unused);
}

static void judge_without_ttl(const struct config_keyspace *k, usec_t active_window,
    const struct sweep_facts *f, const struct sweep_value *v, struct sweep_judgement *j)
{
    char age[SPAN_TEXT_MAX];
    char when[TIMESTAMP_TEXT_MAX];
    span_format(j->age, age);
    if (v->expires_known && v->expires > f->now_wall)
        found(j, SWEEP_IMMORTAL, "no TTL, last alive %s ago (%s), valid until %s (expiresAt)", age,
            v->field, timestamp_format(v->expires, when));
    else if (!j->live && older(j->age, old_after(k, active_window)))
        found(j, SWEEP_STALE, "no TTL, last alive %s ago (%s)", age, v->field);
    else if (is_over(k, active_window, f, v, j))
        found(j, SWEEP_EXPIRED, "no TTL, over since %s (expiresAt), last alive %s ago (%s)",
            timestamp_format(v->expires, when), age, v->field);
    else if (has_expectation(k))
        found(j, SWEEP_IMMORTAL, "no TTL, last alive %s ago (%s)", age, v->field);
}

static void judge_overlong(const struct config_keyspace *k, usec_t active_window,
    const struct sweep_facts *f, const struct sweep_value *v, struct sweep_judgement *j)
{
    char age[SPAN_TEXT_MAX];
    char ttl[SPAN_TEXT_MAX];
    char when[TIMESTAMP_TEXT_MAX];
    span_format(j->age, age);
    span_format(f->ttl, ttl);
    if (is_over(k, active_window, f, v, j))
        found(j, SWEEP_EXPIRED, "TTL of %s, over since %s (expiresAt), last alive %s ago (%s)", ttl,
            timestamp_format(v->expires, when), age, v->field);
    else
        found(j, SWEEP_OVERLONG, "TTL of %s, last alive %s ago (%s)", ttl, age, v->field);
}

/*
 * What is left of ExpectTTL since it was last alive, or until its own expiry. Of one for which
 * nothing is left ExpectTTL anew, or less when it would be stale before. A TTL that is too long is
 * cut to ExpectTTL from now on, no shorter.
 */
static usec_t repair_ttl(const struct config_keyspace *k, usec_t active_window,
    const struct sweep_facts *f, const struct sweep_value *v, const struct sweep_judgement *j)
{
    usec_t left = usec_sub(k->expect_ttl, j->age);
    if (!k->repair || !has_expectation(k))
        return 0;
    if (j->finding == SWEEP_OVERLONG)
        return k->expect_ttl;
    if (left == 0)
        left = usec_sub(k->max_age, j->age);
    if (v->expires_known && usec_sub(v->expires, f->now_wall) > left)
        left = v->expires - f->now_wall;
    if (left < active_window)
        left = active_window;
    if (left < repair_least)
        left = repair_least;
    return left < k->expect_ttl ? left : k->expect_ttl;
}

/* A key that will not expire in time, or a task that waits for too long. */
static void judge_value(const struct config_keyspace *k, usec_t active_window,
    const struct sweep_facts *f, usec_t written_ago, struct sweep_judgement *j)
{
    char age[SPAN_TEXT_MAX];
    usec_t limit = old_after(k, active_window);
    struct sweep_value v = sweep_value_read(k, f->value, f->value_len);
    if (v.fault) {
        judge_malformed(f, limit, v.fault, j);
        return;
    }
    j->pending = v.pending;
    if (!take_age(f, &v, written_ago, j))
        return;
    j->live = is_live(k, active_window, f, &v, j);
    bool valid = v.expires_known && v.expires > f->now_wall;
    if (k->kind == CONFIG_KEYSPACE_TASK && v.pending && !j->live && !valid) {
        found(j, SWEEP_STUCK_TASK, "pending for %s: its callback never came",
            span_format(j->age, age));
        return;
    }
    if (!f->has_ttl)
        judge_without_ttl(k, active_window, f, &v, j);
    else if (has_expectation(k) && written_ago == USEC_INFINITY)
        judge_overlong(k, active_window, f, &v, j);
    if (j->finding != SWEEP_IMMORTAL && j->finding != SWEEP_OVERLONG)
        return;
    memcpy(j->session, v.session, sizeof j->session);
    memcpy(j->conversation, v.conversation, sizeof j->conversation);
    j->repair_ttl = repair_ttl(k, active_window, f, &v, j);
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
    struct sweep_judgement j = {
        .finding = SWEEP_FINE, .pending_known = true, .reason = "as it should be"};
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
        judge_too_big(k, f, old_after(k, active_window), &j);
    } else if (!f->value) {
        j.pending_known = k->kind != CONFIG_KEYSPACE_TASK;
        found(&j, SWEEP_NEEDS_VALUE, "the value tells");
    } else {
        j.age_known = false;
        judge_value(k, active_window, f, written_ago, &j);
    }
    bool by_idle = j.finding == SWEEP_MALFORMED_IDLE;
    bool condemned = j.finding == SWEEP_STALE || j.finding == SWEEP_STUCK_TASK ||
                     j.finding == SWEEP_EXPIRED || by_idle;
    j.removable =
        condemned && !j.live && !k->report_only && (by_idle ? f->idle : j.age) >= f->least_age;
    return j;
}

void sweep_judge_orphan(struct sweep_judgement *j)
{
    char before[sizeof j->reason];
    assert(!j->removable);
    memcpy(before, j->reason, sizeof before);
    found(j, SWEEP_ORPHAN, "no session and no conversation of it is known; %.100s", before);
}
