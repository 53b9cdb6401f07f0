/* core/sweep: what one key is. */
#include "core/sweep/sweep.h"

#include "sweep_spaces.h"

#include <inttypes.h>
#include <stdio.h>

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
    f.memory = 3 * 1024 * 1024;
    struct sweep_judgement j = sweep_judge(&session_space, active_window, &f);
    assert_int_equal(j.finding, SWEEP_TOO_BIG_IDLE);
    assert_string_equal(
        j.reason, "it takes 3.0M, and no value beyond MaxValue=256K is read; idle for 1d 6h");
    assert_false(j.removable);
    f.idle = 24 * HOUR;
    assert_int_equal(sweep_judge(&session_space, active_window, &f).finding, SWEEP_TOO_BIG);
    f.idle = 25 * HOUR;
    f.idle_known = false;
    assert_int_equal(sweep_judge(&session_space, active_window, &f).finding, SWEEP_TOO_BIG);
    f.idle_known = true;
    f.has_ttl = true;
    f.ttl = 9 * DAY;
    assert_int_equal(sweep_judge(&session_space, active_window, &f).finding, SWEEP_TOO_BIG);
    f.ttl = MIN;
    assert_int_equal(sweep_judge(&session_space, active_window, &f).finding, SWEEP_FINE);
}

static void repairing_gives_the_ttl_that_it_should_have(void **state)
{
    (void)state;
    static const struct {
        usec_t ttl;
        const char *value;
        usec_t repair_ttl;
    } rows[] = {
        {NO_TTL, AT("createdAt", "06-01T11:59:00"), 59 * MIN},
        {NO_TTL, AT("createdAt", "06-01T11:40:00"), 40 * MIN},
        /* never less than ActiveWindow */
        {NO_TTL, AT("createdAt", "06-01T11:10:00"), 15 * MIN},
        /* the agent would have dropped it: once more ExpectTTL, or less when it is stale before */
        {NO_TTL, AT("createdAt", "06-01T11:00:00"), HOUR},
        {NO_TTL, AT("createdAt", "05-31T12:40:00"), 40 * MIN},
        {NO_TTL, AT("createdAt", "05-31T12:00:00"), 15 * MIN},
        {NO_TTL, OVER("06-01T11:30:00", "06-01T12:45:00"), 45 * MIN},
        {NO_TTL, OVER("01-01T00:00:00", "06-02T00:00:00"), HOUR},
        {9 * DAY, AT("createdAt", "06-01T11:10:00"), HOUR},
        {9 * DAY, AT("createdAt", "01-01T00:00:00"), HOUR},
        /* what is to go, or cannot be believed, is left as it is */
        {NO_TTL, AT("createdAt", "05-31T11:59:59"), 0},
        {NO_TTL, AT("createdAt", "06-01T12:05:01"), 0},
        {NO_TTL, "hello", 0},
        {9 * DAY, "hello", 0},
        {30 * MIN, AT("createdAt", "06-01T11:10:00"), 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct config_keyspace space = session_space;
        struct sweep_facts f = facts_of(rows[i].ttl, rows[i].value);
        assert_true(sweep_judge(&space, active_window, &f).repair_ttl == 0);
        space.repair = true;
        struct sweep_judgement j = sweep_judge(&space, active_window, &f);
        if (j.repair_ttl != rows[i].repair_ttl)
            fail_msg("row %zu: %s, %" PRIu64, i, j.reason, j.repair_ttl);
        space.report_only = true;
        assert_true(sweep_judge(&space, active_window, &f).repair_ttl == rows[i].repair_ttl);
    }
    /* No TTL at all is never made of it, however small the limits are. */
    struct config_keyspace space = session_space;
    struct sweep_facts f = facts_of(NO_TTL, AT("createdAt", "06-01T11:00:00"));
    space.repair = true;
    space.max_age = HOUR;
    assert_true(sweep_judge(&space, 0, &f).repair_ttl == MIN);
    space.expect_ttl = USEC_PER_SEC;
    assert_true(sweep_judge(&space, 0, &f).repair_ttl == USEC_PER_SEC);
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
    /* And so is what an operator asked for, even where a key says itself that it is over. */
    f = facts_of(NO_TTL, OVER("06-01T10:00:00", "06-01T11:00:00"));
    f.least_age = 2 * HOUR;
    assert_true(sweep_judge(&session_space, active_window, &f).removable);
    f.least_age = 2 * HOUR + 1;
    assert_false(sweep_judge(&session_space, active_window, &f).removable);
    f = facts_of(NO_TTL, "hello");
    f.least_age = f.idle + 1;
    assert_false(sweep_judge(&session_space, active_window, &f).removable);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_ttl_tells_most),
        cmocka_unit_test(sessions_without_ttl),
        cmocka_unit_test(tasks),
        cmocka_unit_test(idle_time_decides_about_the_malformed),
        cmocka_unit_test(what_is_not_read),
        cmocka_unit_test(repairing_gives_the_ttl_that_it_should_have),
        cmocka_unit_test(a_census_reads_sessions),
        cmocka_unit_test(limits_of_a_request),
        cmocka_unit_test(conversations_are_protected),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
