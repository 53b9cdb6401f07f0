/* core/sweep: what one key is, and that nothing young or alive is ever removable. */
#include "core/sweep.h"

#include "base/timestamp.h"
#include "cmocka_all.h"
#include "core/config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MIN USEC_PER_MIN
#define HOUR USEC_PER_HOUR
#define DAY USEC_PER_DAY

static const usec_t now_wall = UINT64_C(1748779200) * USEC_PER_SEC; /* 2025-06-01T12:00:00Z */
static const usec_t active_window = 15 * MIN;

#define TEXT(s) ((char[]){s})

static char *session_fields[] = {TEXT("lastAccessedAt"), TEXT("createdAt"), NULL};
static char *task_fields[] = {TEXT("completedAt"), TEXT("createdAt"), NULL};

static const struct config_keyspace session_space = {.name = TEXT("sessions"),
    .pattern = TEXT("elevenlabs:session:*"),
    .kind = CONFIG_KEYSPACE_SESSION,
    .expect_ttl = HOUR,
    .max_age = 24 * HOUR,
    .age_fields = {session_fields, 2}};
static const struct config_keyspace task_space = {.name = TEXT("tasks"),
    .pattern = TEXT("cursor_task:*"),
    .kind = CONFIG_KEYSPACE_TASK,
    .expect_ttl = 24 * HOUR,
    .max_age = 12 * HOUR,
    .age_fields = {task_fields, 2}};
static const struct config_keyspace other_space = {.name = TEXT("others"),
    .pattern = TEXT("other:*"),
    .kind = CONFIG_KEYSPACE_OTHER,
    .expect_ttl = USEC_INFINITY,
    .max_age = 24 * HOUR,
    .age_fields = {session_fields, 2}};

enum { NO_TTL = 0 };

static struct sweep_facts facts_of(usec_t ttl, const char *value)
{
    return (struct sweep_facts){.name = "k",
        .name_len = 1,
        .is_string = true,
        .ttl_known = true,
        .has_ttl = ttl != NO_TTL,
        .ttl = ttl,
        .idle_known = true,
        .idle = 30 * HOUR,
        .value = value,
        .value_len = value ? strlen(value) : 0,
        .now_wall = now_wall};
}

struct row {
    const struct config_keyspace *space;
    usec_t ttl;
    const char *value;
    enum sweep_finding finding;
    bool removable;
    bool live;
    bool pending;
    const char *reason;
};

static void check(const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct row *row = &rows[i];
        struct sweep_facts f = facts_of(row->ttl, row->value);
        struct sweep_judgement j = sweep_judge(row->space, active_window, &f);
        if (j.finding != row->finding || j.removable != row->removable || j.live != row->live ||
            j.pending != row->pending || (row->reason && !strstr(j.reason, row->reason)))
            fail_msg("row %zu: %s, \"%s\", removable %d live %d pending %d", i,
                sweep_finding_name(j.finding), j.reason, j.removable, j.live, j.pending);
    }
}

#define CHECK(rows) check(rows, sizeof rows / sizeof *rows)

#define AT(field, time) "{\"" field "\":\"2025-" time "Z\"}"
#define TASK(pending, time) "{\"pending\":" pending ",\"createdAt\":\"2025-" time "Z\"}"

static void a_ttl_tells_most(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {&session_space, HOUR, NULL, SWEEP_FINE, false, true, false, ""},
        {&session_space, HOUR - 15 * MIN, NULL, SWEEP_FINE, false, true, false, ""},
        {&session_space, HOUR - 15 * MIN - 1, NULL, SWEEP_FINE, false, false, false, ""},
        {&session_space, 1, NULL, SWEEP_FINE, false, false, false, ""},
        {&session_space, HOUR + MIN, NULL, SWEEP_FINE, false, true, false, ""},
        {&session_space, HOUR + MIN + 1, NULL, SWEEP_NEEDS_VALUE, false, false, false, ""},
        {&session_space, NO_TTL, NULL, SWEEP_NEEDS_VALUE, false, false, false, ""},
        {&task_space, 24 * HOUR, NULL, SWEEP_FINE, false, false, false, ""},
        {&task_space, 12 * HOUR, NULL, SWEEP_FINE, false, false, false, ""},
        {&task_space, 12 * HOUR - 1, NULL, SWEEP_NEEDS_VALUE, false, false, false, ""},
        {&other_space, 1, NULL, SWEEP_FINE, false, false, false, ""},
        {&other_space, 9999 * DAY, NULL, SWEEP_FINE, false, false, false, ""},
        {&other_space, NO_TTL, NULL, SWEEP_NEEDS_VALUE, false, false, false, ""},
    };
    CHECK(rows);
    struct sweep_facts f = facts_of(20 * HOUR, NULL);
    assert_false(sweep_judge(&task_space, active_window, &f).pending_known);
    f = facts_of(20 * MIN, NULL);
    struct sweep_judgement j = sweep_judge(&session_space, active_window, &f);
    assert_true(j.age_known && j.age == 40 * MIN && j.pending_known);
}

static void sessions_without_ttl(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {&session_space, NO_TTL, AT("lastAccessedAt", "05-31T11:59:59"), SWEEP_STALE, true, false,
            false, "no TTL, last alive 1d ago (lastAccessedAt)"},
        {&session_space, NO_TTL, AT("lastAccessedAt", "05-31T12:00:00"), SWEEP_IMMORTAL, false,
            false, false, "no TTL"},
        {&session_space, NO_TTL, AT("lastAccessedAt", "06-01T11:45:00"), SWEEP_IMMORTAL, false,
            true, false, NULL},
        {&session_space, NO_TTL, AT("createdAt", "01-01T00:00:00"), SWEEP_STALE, true, false, false,
            "(createdAt)"},
        /* the latest of all times counts, in whatever order and as often as they come */
        {&session_space, NO_TTL,
            "{\"createdAt\":\"2025-06-01T11:59:00Z\",\"lastAccessedAt\":\"2025-01-01T00:00:00Z\"}",
            SWEEP_IMMORTAL, false, true, false, "(createdAt)"},
        {&session_space, NO_TTL,
            "{\"createdAt\":\"2025-01-01T00:00:00Z\",\"createdAt\":\"2025-06-01T11:59:00Z\"}",
            SWEEP_IMMORTAL, false, true, false, NULL},
        {&session_space, NO_TTL, "{\"createdAt\":1700000000}", SWEEP_STALE, true, false, false,
            NULL},
        {&session_space, NO_TTL, "{\"createdAt\":1748779100000}", SWEEP_IMMORTAL, false, true,
            false, NULL},
        {&session_space, NO_TTL, "{\"createdAt\":\"2025-05-31T13:59:59.999+02:00\"}", SWEEP_STALE,
            true, false, false, NULL},
        {&session_space, NO_TTL, "{\"createdAt\":\"2025-05-31T14:00:00.000+02:00\"}",
            SWEEP_IMMORTAL, false, false, false, NULL},
        {&session_space, NO_TTL, "{\"lastAccessedAt\":null,\"createdAt\":1700000000}", SWEEP_STALE,
            true, false, false, NULL},
        {&session_space, 9 * DAY, AT("createdAt", "01-01T00:00:00"), SWEEP_OVERLONG, false, false,
            false, "TTL of 9d"},
        {&session_space, 9 * DAY, AT("createdAt", "06-01T11:59:00"), SWEEP_OVERLONG, false, true,
            false, NULL},
        {&other_space, NO_TTL, AT("createdAt", "01-01T00:00:00"), SWEEP_STALE, true, false, false,
            NULL},
    };
    CHECK(rows);
}

static void tasks(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {&task_space, NO_TTL, TASK("true", "05-31T23:59:59"), SWEEP_STUCK_TASK, true, false, true,
            "pending for 12h"},
        {&task_space, NO_TTL, TASK("true", "06-01T00:00:00"), SWEEP_IMMORTAL, false, true, true,
            "no TTL"},
        {&task_space, NO_TTL, TASK("false", "05-31T23:59:59"), SWEEP_STALE, true, false, false,
            NULL},
        {&task_space, NO_TTL, TASK("false", "06-01T11:00:00"), SWEEP_IMMORTAL, false, false, false,
            NULL},
        {&task_space, NO_TTL, AT("createdAt", "01-01T00:00:00"), SWEEP_STALE, true, false, false,
            NULL},
        /* with the TTL that it should have */
        {&task_space, HOUR, TASK("true", "05-31T13:00:00"), SWEEP_STUCK_TASK, true, false, true,
            "pending for 23h"},
        {&task_space, HOUR, TASK("false", "05-31T13:00:00"), SWEEP_FINE, false, false, false, ""},
        {&task_space, 23 * HOUR, TASK("true", "06-01T11:00:00"), SWEEP_FINE, false, true, true, ""},
        /* a TTL set an hour ago: somebody works with it, however old it says it is */
        {&task_space, 23 * HOUR, TASK("true", "01-01T00:00:00"), SWEEP_FINE, false, true, true, ""},
        {&task_space, 90 * DAY, TASK("true", "01-01T00:00:00"), SWEEP_STUCK_TASK, true, false, true,
            NULL},
        {&task_space, 90 * DAY, TASK("false", "01-01T00:00:00"), SWEEP_OVERLONG, false, false,
            false, NULL},
        /* pending twice: true wins */
        {&task_space, NO_TTL,
            "{\"pending\":true,\"pending\":false,\"createdAt\":\"2025-06-01T11:00:00Z\"}",
            SWEEP_IMMORTAL, false, true, true, NULL},
        {&session_space, NO_TTL, TASK("true", "01-01T00:00:00"), SWEEP_STALE, true, false, false,
            NULL},
    };
    CHECK(rows);
}

static void values_that_cannot_be_understood(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {&session_space, NO_TTL, "", SWEEP_MALFORMED_IDLE, true, false, false, "not JSON"},
        {&session_space, NO_TTL, "hello", SWEEP_MALFORMED_IDLE, true, false, false, "not JSON"},
        {&session_space, NO_TTL, "{\"createdAt\":", SWEEP_MALFORMED_IDLE, true, false, false,
            "not JSON"},
        {&session_space, NO_TTL, "{} trailing", SWEEP_MALFORMED_IDLE, true, false, false,
            "not JSON"},
        {&session_space, NO_TTL, "[1]", SWEEP_MALFORMED_IDLE, true, false, false, "JSON object"},
        {&session_space, NO_TTL, "42", SWEEP_MALFORMED_IDLE, true, false, false, "JSON object"},
        {&session_space, NO_TTL, "{}", SWEEP_MALFORMED_IDLE, true, false, false, "AgeFields"},
        {&session_space, NO_TTL, "{\"CREATEDAT\":1700000000}", SWEEP_MALFORMED_IDLE, true, false,
            false, "AgeFields"},
        {&session_space, NO_TTL, "{\"createdAt\":\"yesterday\"}", SWEEP_MALFORMED_IDLE, true, false,
            false, "cannot be read"},
        {&session_space, NO_TTL, "{\"createdAt\":\"2025-05-31T11:00:00\"}", SWEEP_MALFORMED_IDLE,
            true, false, false, "cannot be read"},
        {&session_space, NO_TTL, "{\"createdAt\":\"0001-01-01T00:00:00Z\"}", SWEEP_MALFORMED_IDLE,
            true, false, false, "cannot be read"},
        {&session_space, NO_TTL, "{\"createdAt\":0}", SWEEP_MALFORMED_IDLE, true, false, false,
            "cannot be read"},
        {&session_space, NO_TTL, "{\"createdAt\":{}}", SWEEP_MALFORMED_IDLE, true, false, false,
            "cannot be read"},
        {&session_space, NO_TTL, "{\"createdAt\":1700000000,\"lastAccessedAt\":\"x\"}",
            SWEEP_MALFORMED_IDLE, true, false, false, "cannot be read"},
        {&task_space, NO_TTL, "{\"pending\":\"true\",\"createdAt\":1700000000}",
            SWEEP_MALFORMED_IDLE, true, false, false, "pending"},
        {&session_space, 90 * DAY, "hello", SWEEP_MALFORMED, false, false, false, "will expire"},
        {&task_space, HOUR, "hello", SWEEP_MALFORMED, false, false, false, "will expire"},
        {&session_space, NO_TTL, " {\"createdAt\":1700000000}\r\n\t ", SWEEP_STALE, true, false,
            false, NULL},
        {&session_space, NO_TTL, "{\"createdAt\":\"2025-06-01T12:05:01Z\"}", SWEEP_FUTURE, false,
            false, false, "createdAt is in the future: 2025-06-01T12:05:01"},
        {&session_space, NO_TTL, "{\"createdAt\":\"2025-06-01T12:05:00Z\"}", SWEEP_IMMORTAL, false,
            true, false, NULL},
        {&session_space, NO_TTL, "{\"createdAt\":1700000000,\"lastAccessedAt\":4000000000}",
            SWEEP_FUTURE, false, false, false, NULL},
        {&task_space, NO_TTL, "{\"pending\":true,\"createdAt\":4000000000}", SWEEP_FUTURE, false,
            false, true, NULL},
    };
    CHECK(rows);
}

static void idle_time_decides_about_the_malformed(void **state)
{
    (void)state;
    struct sweep_facts f = facts_of(NO_TTL, "hello");
    f.idle = 24 * HOUR;
    struct sweep_judgement j = sweep_judge(&session_space, active_window, &f);
    assert_int_equal(j.finding, SWEEP_MALFORMED);
    assert_false(j.removable);
    f.idle_known = false;
    j = sweep_judge(&session_space, active_window, &f);
    assert_int_equal(j.finding, SWEEP_MALFORMED);
    assert_false(j.removable);
}

static void what_is_not_read(void **state)
{
    (void)state;
    struct sweep_facts f = facts_of(NO_TTL, NULL);
    f.is_string = false;
    assert_int_equal(sweep_judge(&session_space, active_window, &f).finding, SWEEP_WRONG_TYPE);
    f.is_string = true;
    f.too_big = true;
    assert_int_equal(sweep_judge(&session_space, active_window, &f).finding, SWEEP_TOO_BIG);
    f.has_ttl = true;
    f.ttl = MIN;
    assert_int_equal(sweep_judge(&session_space, active_window, &f).finding, SWEEP_FINE);
}

/* Who is waited for is told by the value: another agent's TTL, or a hand's, says nothing of use. */
static void a_census_reads_sessions(void **state)
{
    (void)state;
    static const struct {
        usec_t ttl;
        const char *value;
        bool live;
    } rows[] = {
        {HOUR, AT("lastAccessedAt", "06-01T11:50:00"), true},
        {10 * MIN, AT("lastAccessedAt", "06-01T11:50:00"), true},
        {HOUR, AT("lastAccessedAt", "06-01T11:40:00"), false},
        {NO_TTL, AT("lastAccessedAt", "06-01T11:50:00"), true},
        {HOUR, "not JSON", true}, /* nobody can tell, so the TTL does */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sweep_facts f = facts_of(rows[i].ttl, NULL);
        f.census = true;
        assert_int_equal(sweep_judge(&session_space, active_window, &f).finding, SWEEP_NEEDS_VALUE);
        f.value = rows[i].value;
        f.value_len = strlen(rows[i].value);
        struct sweep_judgement j = sweep_judge(&session_space, active_window, &f);
        if (j.live != rows[i].live)
            fail_msg("row %zu: live %d", i, j.live);
        assert_false(j.removable);
    }
}

static void limits_of_a_request(void **state)
{
    (void)state;
    struct config_keyspace space = session_space;
    struct sweep_facts f = facts_of(NO_TTL, AT("createdAt", "06-01T11:44:59"));
    space.max_age = MIN;
    assert_true(sweep_judge(&space, active_window, &f).removable);
    space.report_only = true;
    assert_false(sweep_judge(&space, active_window, &f).removable);
    /* ActiveWindow is a floor under every age, for tasks and the malformed as well. */
    space = task_space;
    space.max_age = MIN;
    f = facts_of(NO_TTL, TASK("true", "06-01T11:46:00"));
    struct sweep_judgement j = sweep_judge(&space, active_window, &f);
    assert_true(j.live && !j.removable);
    f = facts_of(NO_TTL, "hello");
    f.idle = 10 * MIN;
    assert_false(sweep_judge(&space, active_window, &f).removable);
    space.max_age = USEC_INFINITY;
    f = facts_of(NO_TTL, TASK("true", "01-01T00:00:00"));
    assert_false(sweep_judge(&space, active_window, &f).removable);
}

static void conversations_are_protected(void **state)
{
    (void)state;
    char *patterns[] = {TEXT("keep:[ab]*"), TEXT("exact"), NULL};
    struct strlist protect = {patterns, 2};
    static const struct {
        const char *name;
        bool is;
    } rows[] = {
        {"elevenlabs:conversation:1", true},
        {"elevenlabs:conversation:", true},
        {"elevenlabs:conversation", false},
        {"elevenlabs:session:1", false},
        {"keep:a1", true},
        {"keep:c1", false},
        {"exact", true},
        {"exactly", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(
            sweep_is_protected(&protect, rows[i].name, strlen(rows[i].name)), rows[i].is);
    struct config_keyspace space = other_space;
    struct sweep_facts f = facts_of(NO_TTL, AT("createdAt", "01-01T00:00:00"));
    f.name = "elevenlabs:conversation:1";
    f.name_len = strlen(f.name);
    struct sweep_judgement j = sweep_judge(&space, active_window, &f);
    assert_int_equal(j.finding, SWEEP_PROTECTED);
    assert_false(j.removable);
}

/* ---- random values ---- */

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
    char value[512];
    usec_t youngest; /* the smallest age that any time in it tells; INFINITY: none */
    bool pending;
    bool damaged;
};

/* A value of the right shape, at first; then, often, a little wrong. */
static void random_value(struct truth *t, const struct config_keyspace *space)
{
    size_t n = (size_t)snprintf(t->value, sizeof t->value, "{");
    t->youngest = USEC_INFINITY;
    t->pending = false;
    for (uint64_t fields = below(4); fields > 0; fields--) {
        usec_t age = random_span() % (20 * 365 * DAY);
        n += (size_t)snprintf(
            t->value + n, sizeof t->value - n, "\"%s\":", space->age_fields.items[below(2)]);
        n += write_time(t->value + n, sizeof t->value - n, now_wall - age);
        n += (size_t)snprintf(t->value + n, sizeof t->value - n, ",");
        t->youngest = age < t->youngest ? age : t->youngest;
    }
    if (below(2)) {
        t->pending = below(2);
        n += (size_t)snprintf(
            t->value + n, sizeof t->value - n, "\"pending\":%s,", t->pending ? "true" : "false");
    }
    snprintf(t->value + n, sizeof t->value - n, "\"x\":[{\"y\":\"\\u00e4\"}]}");
    t->damaged = below(8) == 0;
    if (t->damaged)
        t->value[below(strlen(t->value))] = (char)(1 + below(255));
}

static void nothing_young_or_alive_is_removable(void **state)
{
    (void)state;
    static const struct config_keyspace *const spaces[] = {
        &session_space, &task_space, &other_space};
    unsigned removable = 0;
    unsigned findings[SWEEP_FINDING_COUNT] = {0};
    for (int round = 0; round < 400000; round++) {
        struct truth t;
        struct config_keyspace space = *spaces[below(3)];
        if (below(4) == 0)
            space.max_age = random_span();
        random_value(&t, &space);
        struct sweep_facts f = facts_of(below(2) ? NO_TTL : 1 + random_span(), t.value);
        f.idle = random_span();
        f.idle_known = below(4) != 0;
        struct sweep_judgement j = sweep_judge(&space, active_window, &f);
        findings[j.finding]++;
        if (!j.removable)
            continue;
        removable++;
        usec_t limit = space.max_age > active_window ? space.max_age : active_window;
        bool by_idle = j.finding == SWEEP_MALFORMED_IDLE;
        bool old = by_idle ? f.idle_known && f.idle > limit : j.age_known && j.age > limit;
        bool expires = f.has_ttl && j.finding != SWEEP_STUCK_TASK;
        /* One second: times are also written as whole seconds. */
        bool young = !by_idle && !t.damaged && usec_add(t.youngest, USEC_PER_SEC) < limit;
        if (!old || expires || j.live || young)
            fail_msg("round %d: %s (%s) ttl %" PRIu64 " value %s", round,
                sweep_finding_name(j.finding), j.reason, f.ttl, t.value);
        if (j.finding == SWEEP_STUCK_TASK)
            assert_int_equal(space.kind, CONFIG_KEYSPACE_TASK);
    }
    /* Or the test proves nothing. */
    assert_true(removable > 10000);
    for (int i = 0; i < SWEEP_FINDING_COUNT; i++) {
        bool reachable = i != SWEEP_WRONG_TYPE && i != SWEEP_GONE && i != SWEEP_PROTECTED &&
                         i != SWEEP_TOO_BIG && i != SWEEP_NEEDS_VALUE && i != SWEEP_FUTURE;
        if (reachable && findings[i] == 0)
            fail_msg("%s never came", sweep_finding_name((enum sweep_finding)i));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_ttl_tells_most),
        cmocka_unit_test(sessions_without_ttl),
        cmocka_unit_test(tasks),
        cmocka_unit_test(values_that_cannot_be_understood),
        cmocka_unit_test(idle_time_decides_about_the_malformed),
        cmocka_unit_test(what_is_not_read),
        cmocka_unit_test(a_census_reads_sessions),
        cmocka_unit_test(limits_of_a_request),
        cmocka_unit_test(conversations_are_protected),
        cmocka_unit_test(nothing_young_or_alive_is_removable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
