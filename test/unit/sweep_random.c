/* core/sweep: nothing young or alive is ever removable, whatever the value and its circumstances.
 */
#include "sweep_spaces.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

static uint64_t random_state = 0x9E3779B97F4A7C15;

static uint64_t random_bits(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static uint64_t below(uint64_t n)
{
    return random_bits() % n;
}

/* A span of any magnitude, and often one of the limits or next to it. */
static usec_t random_span(void)
{
    static const usec_t edges[] = {
        0, 15 * MIN, HOUR, HOUR + MIN, 12 * HOUR, 24 * HOUR, 24 * HOUR + MIN, 5 * MIN};
    if (below(2))
        return edges[below(8)] + below(3) * USEC_PER_SEC;
    return random_bits() >> (10 + below(50));
}

static size_t write_time(char *out, size_t size, usec_t wall)
{
    char text[TIMESTAMP_TEXT_MAX];
    timestamp_format(wall, text);
    switch (below(6)) {
    case 0:
        return (size_t)snprintf(out, size, "%" PRIu64, wall / 1000);
    case 1:
        return (size_t)snprintf(out, size, "%" PRIu64, wall / USEC_PER_SEC);
    case 2:
        return (size_t)snprintf(out, size, "\"%.19s.%03uZ\"", text, (unsigned)(wall / 1000 % 1000));
    case 3:
        return (size_t)snprintf(out, size, "\"%.19s\"", text);
    default:
        return (size_t)snprintf(out, size, "\"%s\"", text);
    }
}

struct truth {
    char value[768];
    usec_t
        youngest; /* the smallest age that any time in it tells; 0: of the future; INFINITY: none */
    bool expires_known;
    usec_t expires; /* the latest of its own */
    bool pending;
    bool damaged;
};

__attribute__((format(printf, 2, 3))) static void add(struct truth *t, const char *fmt, ...)
{
    size_t n = strlen(t->value);
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(t->value + n, sizeof t->value - n, fmt, ap);
    va_end(ap);
}

/* A time of the past, or, one time in `future_one_in`, of the future; returns it. */
static usec_t add_time(struct truth *t, const char *member, unsigned future_one_in)
{
    char text[64];
    usec_t span = random_span() % (20 * 365 * DAY);
    usec_t wall = below(future_one_in) ? now_wall - span : now_wall + span;
    text[write_time(text, sizeof text, wall)] = '\0';
    add(t, "\"%s\":%s,", member, text);
    return wall;
}

static void add_expiry(struct truth *t)
{
    usec_t wall = add_time(t, "expiresAt", 2);
    if (!t->expires_known || wall > t->expires)
        t->expires = wall;
    t->expires_known = true;
}

/* A value of the right shape, at first; then, often, a little wrong. */
static void random_value(struct truth *t, const struct config_keyspace *space)
{
    *t = (struct truth){.value = "{", .youngest = USEC_INFINITY};
    for (uint64_t fields = below(4); fields > 0; fields--) {
        usec_t age = usec_sub(now_wall, add_time(t, space->age_fields.items[below(2)], 16));
        t->youngest = age < t->youngest ? age : t->youngest;
    }
    if (below(4) == 0)
        add_expiry(t);
    if (below(4) == 0) {
        add(t, "\"metadata\":{");
        add_expiry(t);
        add(t, "\"z\":1},");
    }
    if (below(2)) {
        t->pending = below(2);
        add(t, "\"pending\":%s,", t->pending ? "true" : "false");
    }
    if (below(4) == 0)
        add(t, "\"conversationId\":\"c\",\"sessionPayload\":\"s\",");
    add(t, "\"x\":[{\"y\":\"\\u00e4\"}]}");
    t->damaged = below(8) == 0;
    if (t->damaged)
        t->value[below(strlen(t->value))] = (char)(1 + below(255));
}

static struct sweep_facts random_facts(const struct truth *t)
{
    struct sweep_facts f = facts_of(below(2) ? NO_TTL : 1 + random_span(), t->value);
    f.idle = random_span();
    f.idle_known = below(4) != 0;
    f.too_big = below(32) == 0;
    f.is_string = below(32) != 0;
    f.least_age = below(4) == 0 ? random_span() : 0;
    if (below(64) == 0)
        f.value = NULL;
    return f;
}

/* One second: times are also written as whole seconds. */
static bool is_after(usec_t a, usec_t b)
{
    return a > usec_add(b, USEC_PER_SEC);
}

/* Why that must not be removed; NULL: it may. */
static const char *objection(const struct config_keyspace *space, const struct truth *t,
    const struct sweep_facts *f, const struct sweep_judgement *j)
{
    usec_t limit = space->max_age;
    bool by_idle = j->finding == SWEEP_MALFORMED_IDLE;
    usec_t age = by_idle ? f->idle : j->age;
    bool overlong = f->has_ttl && space->expect_ttl < USEC_INFINITY &&
                    f->ttl > space->expect_ttl + USEC_PER_MIN;
    if (j->finding == SWEEP_EXPIRED && space->expect_ttl < limit)
        limit = space->expect_ttl;
    if (limit < active_window)
        limit = active_window;
    if (j->live || j->repair_ttl > 0 || space->report_only)
        return "alive, repaired or only reported";
    if (f->too_big || !f->is_string || !f->value)
        return "not read";
    if (by_idle ? !f->idle_known : !j->age_known)
        return "of unknown age";
    if (age <= limit || age < f->least_age)
        return "young";
    if (f->has_ttl && j->finding != SWEEP_STUCK_TASK && !(j->finding == SWEEP_EXPIRED && overlong))
        return "expires by itself";
    if (j->finding == SWEEP_STUCK_TASK && space->kind != CONFIG_KEYSPACE_TASK)
        return "no task";
    /* What the value says, read by nobody but the one who wrote it. */
    if (by_idle || t->damaged)
        return NULL;
    if (!is_after(t->youngest, usec_sub(limit, 2 * USEC_PER_SEC)))
        return "young by its own words";
    if (t->expires_known && is_after(t->expires, now_wall))
        return "valid by its own words";
    if (j->finding == SWEEP_EXPIRED && (!t->expires_known || is_after(t->expires, now_wall)))
        return "not over by its own words";
    return NULL;
}

static const char *bad_repair(const struct config_keyspace *space, const struct sweep_facts *f,
    const struct sweep_judgement *j)
{
    usec_t least = active_window < space->expect_ttl ? active_window : space->expect_ttl;
    if (!space->repair || !j->age_known || space->expect_ttl == USEC_INFINITY)
        return "not wanted";
    if (j->repair_ttl < least || j->repair_ttl < USEC_PER_SEC || j->repair_ttl > space->expect_ttl)
        return "too short or too long";
    if (f->has_ttl && j->repair_ttl > f->ttl)
        return "longer than before";
    return NULL;
}

static void nothing_young_or_alive_is_removable(void **state)
{
    (void)state;
    static const struct config_keyspace *const spaces[] = {
        &session_space, &task_space, &other_space};
    unsigned removable[SWEEP_FINDING_COUNT] = {0};
    unsigned findings[SWEEP_FINDING_COUNT] = {0};
    unsigned repaired = 0;
    for (int round = 0; round < 1000000; round++) {
        struct truth t;
        struct config_keyspace space = *spaces[below(3)];
        if (below(4) == 0)
            space.max_age = random_span();
        space.repair = below(2);
        space.report_only = below(8) == 0;
        random_value(&t, &space);
        struct sweep_facts f = random_facts(&t);
        struct sweep_judgement j = sweep_judge(&space, active_window, &f);
        if (j.conversation[0] && below(2)) {
            if (j.removable)
                fail_msg("round %d: asks for the owner of what goes, %s", round, t.value);
            sweep_judge_orphan(&j);
        }
        findings[j.finding]++;
        removable[j.finding] += j.removable;
        repaired += j.repair_ttl > 0;
        const char *why = j.removable ? objection(&space, &t, &f, &j) : NULL;
        if (!why && j.repair_ttl > 0)
            why = bad_repair(&space, &f, &j);
        if (why)
            fail_msg("round %d: %s, yet %s (%s) ttl %" PRIu64 " repair %" PRIu64 " value %s", round,
                why, sweep_finding_name(j.finding), j.reason, f.ttl, j.repair_ttl, t.value);
        assert_true(j.reason[0] && memchr(j.reason, '\0', sizeof j.reason));
    }
    /* Or the test proves nothing. */
    assert_true(repaired > 1000);
    assert_true(removable[SWEEP_STALE] > 1000 && removable[SWEEP_STUCK_TASK] > 1000 &&
                removable[SWEEP_EXPIRED] > 1000 && removable[SWEEP_MALFORMED_IDLE] > 1000);
    for (int i = 0; i < SWEEP_FINDING_COUNT; i++) {
        if (i != SWEEP_GONE && i != SWEEP_PROTECTED && findings[i] == 0)
            fail_msg("%s never came", sweep_finding_name((enum sweep_finding)i));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_young_or_alive_is_removable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
