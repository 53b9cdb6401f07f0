/* core/sweep/sweep_value: what values say, by what is made of it. */
#include "core/sweep/sweep_value.h"

#include "sweep_spaces.h"

#include <stdio.h>

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

static void what_says_itself_that_it_is_over(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {&session_space, NO_TTL, OVER("06-01T10:59:59", "06-01T11:54:59"), SWEEP_EXPIRED, true,
            false, false, "over since 2025-06-01T11:54:59.000Z (expiresAt), last alive 1h ago"},
        /* within the skew, or used within ExpectTTL */
        {&session_space, NO_TTL, OVER("06-01T10:59:59", "06-01T11:55:00"), SWEEP_IMMORTAL, false,
            false, false, NULL},
        {&session_space, NO_TTL, OVER("06-01T11:00:00", "06-01T11:15:00"), SWEEP_IMMORTAL, false,
            false, false, NULL},
        {&session_space, NO_TTL, OVER("06-01T11:50:00", "06-01T11:51:00"), SWEEP_IMMORTAL, false,
            true, false, NULL},
        /* what is valid still is kept, however old */
        {&session_space, NO_TTL, OVER("01-01T00:00:00", "06-01T12:00:01"), SWEEP_IMMORTAL, false,
            false, false, "valid until 2025-06-01T12:00:01"},
        {&session_space, NO_TTL, OVER("01-01T00:00:00", "06-01T12:00:00"), SWEEP_STALE, true, false,
            false, NULL},
        {&session_space, NO_TTL,
            "{\"expiresAt\":1748779300,\"createdAt\":1700000000,\"metadata\":{\"expiresAt\":1}}",
            SWEEP_MALFORMED_IDLE, true, false, false, "cannot be read"},
        {&session_space, NO_TTL,
            "{\"expiresAt\":1748779300,\"createdAt\":1700000000,"
            "\"metadata\":{\"expiresAt\":1700000001}}",
            SWEEP_IMMORTAL, false, false, false, "valid until"},
        {&session_space, NO_TTL, "{\"expiresAt\":null,\"createdAt\":1700000000}", SWEEP_STALE, true,
            false, false, NULL},
        {&session_space, NO_TTL, "{\"metadata\":{\"createdAt\":1}}", SWEEP_MALFORMED_IDLE, true,
            false, false, "AgeFields"},
        /* with a TTL: the one that it should have says more */
        {&session_space, HOUR, OVER("06-01T10:00:00", "06-01T11:00:00"), SWEEP_FINE, false, true,
            false, NULL},
        {&session_space, 9 * DAY, OVER("06-01T10:00:00", "06-01T11:00:00"), SWEEP_EXPIRED, true,
            false, false, "TTL of 9d, over since"},
        {&task_space, NO_TTL,
            "{\"pending\":true,\"createdAt\":\"2025-06-01T02:00:00Z\",\"expiresAt\":1748770000}",
            SWEEP_IMMORTAL, false, true, true, NULL},
        {&task_space, NO_TTL,
            "{\"pending\":true,\"createdAt\":\"2025-01-01T02:00:00Z\",\"expiresAt\":1748779300}",
            SWEEP_IMMORTAL, false, false, true, "valid until"},
        {&other_space, NO_TTL, OVER("05-31T11:00:00", "05-31T12:00:00"), SWEEP_STALE, true, false,
            false, NULL},
        {&other_space, NO_TTL, OVER("06-01T01:00:00", "06-01T02:00:00"), SWEEP_FINE, false, false,
            false, NULL},
    };
    CHECK(rows);
}

#define OWNED(rest) "{\"createdAt\":\"2025-06-01T11:00:00Z\"" rest "}"

static void tasks_of_nobody(void **state)
{
    (void)state;
    struct config_keyspace space = task_space;
    struct sweep_facts f = facts_of(
        NO_TTL, OWNED(",\"conversationId\":\"c1\",\"sessionPayload\":\"p\",\"sessionId\":\"s1\""));
    space.repair = true;
    struct sweep_judgement j = sweep_judge(&space, active_window, &f);
    assert_int_equal(j.finding, SWEEP_IMMORTAL);
    assert_string_equal(j.conversation, "c1");
    assert_string_equal(j.session, "s1");
    sweep_judge_orphan(&j);
    assert_int_equal(j.finding, SWEEP_ORPHAN);
    assert_string_equal(j.reason, "no session and no conversation of it is known; no TTL, last "
                                  "alive 1h ago (createdAt)");
    assert_true(!j.removable && j.repair_ttl == 23 * HOUR);
    /* Nobody asks for what goes anyway, now or by its TTL. */
    f.has_ttl = true;
    f.ttl = 23 * HOUR;
    assert_string_equal(sweep_judge(&space, active_window, &f).conversation, "");
    f = facts_of(NO_TTL,
        "{\"pending\":true,\"createdAt\":\"2025-01-01T02:00:00Z\",\"conversationId\":\"c\"}");
    j = sweep_judge(&space, active_window, &f);
    assert_true(j.finding == SWEEP_STUCK_TASK && !j.conversation[0]);
    /* A session is nobody's task, and names that are too long are none. */
    f = facts_of(NO_TTL, OWNED(",\"conversationId\":\"c1\""));
    assert_string_equal(sweep_judge(&session_space, active_window, &f).conversation, "");
    char value[400];
    for (int len = LIMIT_OWNER; len <= LIMIT_OWNER + 1; len++) {
        snprintf(value, sizeof value, OWNED(",\"sessionPayload\":{},\"conversationId\":\"%0*d\""),
            len, 7);
        f = facts_of(NO_TTL, value);
        j = sweep_judge(&space, active_window, &f);
        assert_int_equal(strlen(j.conversation), len == LIMIT_OWNER ? LIMIT_OWNER : 0);
        assert_string_equal(j.session, "");
    }
}

static char *nested_fields[] = {TEXT("metadata.lastAccessedAt"), TEXT("a.b.c"), NULL};
static const struct config_keyspace nested = {.name = TEXT("sessions"),
    .pattern = TEXT("elevenlabs:session:*"),
    .kind = CONFIG_KEYSPACE_SESSION,
    .expect_ttl = HOUR,
    .max_age = 24 * HOUR,
    .max_value = 256 * 1024,
    .age_fields = {nested_fields, 2}};

/* `a.b` of AgeFields= is the member of that name, or b of the object a; the latest of them counts.
 */
static void times_within_other_members(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {&nested, NO_TTL, "{\"metadata\":{\"lastAccessedAt\":1700000000}}", SWEEP_STALE, true,
            false, false, "(metadata.lastAccessedAt)"},
        {&nested, NO_TTL, "{\"metadata.lastAccessedAt\":1700000000}", SWEEP_STALE, true, false,
            false, "(metadata.lastAccessedAt)"},
        {&nested, NO_TTL, "{\"a\":{\"b\":{\"c\":1700000000}}}", SWEEP_STALE, true, false, false,
            "(a.b.c)"},
        {&nested, NO_TTL, "{\"a.b\":{\"c\":1700000000}}", SWEEP_STALE, true, false, false,
            "(a.b.c)"},
        /* young in one of them, or in one of two of the same name */
        {&nested, NO_TTL,
            "{\"metadata\":{\"lastAccessedAt\":\"2025-06-01T11:59:00Z\"},\"a.b.c\":1700000000}",
            SWEEP_IMMORTAL, false, true, false, NULL},
        {&nested, NO_TTL,
            "{\"metadata\":{\"lastAccessedAt\":\"2025-06-01T11:59:00Z\"},"
            "\"metadata\":{\"lastAccessedAt\":1700000000}}",
            SWEEP_IMMORTAL, false, true, false, NULL},
        /* none of them */
        {&nested, NO_TTL, "{\"lastAccessedAt\":1700000000}", SWEEP_MALFORMED_IDLE, true, false,
            false, "AgeFields"},
        {&nested, NO_TTL, "{\"metadata\":[1700000000]}", SWEEP_MALFORMED_IDLE, true, false, false,
            "AgeFields"},
        {&nested, NO_TTL, "{\"a\":{\"b\":{\"c\":{}}}}", SWEEP_MALFORMED_IDLE, true, false, false,
            "cannot be read"},
        {&nested, NO_TTL, "{\"a\":{\"b\":1700000000}}", SWEEP_MALFORMED_IDLE, true, false, false,
            "AgeFields"},
    };
    CHECK(rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_that_cannot_be_understood),
        cmocka_unit_test(what_says_itself_that_it_is_over),
        cmocka_unit_test(tasks_of_nobody),
        cmocka_unit_test(times_within_other_members),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
