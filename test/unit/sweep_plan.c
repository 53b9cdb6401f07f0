/* core/sweep/sweep_plan: which keyspace a key belongs to, and what one pass goes by. */
#include "core/sweep/sweep_plan.h"

#include "cmocka_all.h"

#include <errno.h>
#include <string.h>

#define TEXT(s) ((char[]){s})

static const struct config_keyspace spaces[] = {
    {.name = TEXT("sessions"), .pattern = TEXT("elevenlabs:session:*"), .max_age = 100},
    {.name = TEXT("tasks"),
        .pattern = TEXT("cursor_task:*"),
        .kind = CONFIG_KEYSPACE_TASK,
        .max_age = 200},
    {.name = TEXT("deep"),
        .pattern = TEXT("cursor_task:deep:*"),
        .kind = CONFIG_KEYSPACE_OTHER,
        .max_age = 300},
};

static void make(struct sweep_plan *plan)
{
    char *patterns[] = {TEXT("cursor_task:keep*"), NULL};
    struct strlist protect = {patterns, 1};
    struct err e;
    assert_int_equal(sweep_plan_init(plan, spaces, 3, &protect, 7, &e), 0);
}

static void finds_the_keyspace(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int found;
    } rows[] = {
        {"elevenlabs:session:1", 0},
        {"cursor_task:1", 1},
        {"cursor_task:deep:1", 2},
        {"cursor_task:deep", 1},
        {"cursor_task:keeper", SWEEP_PLAN_PROTECTED},
        {"cursor:task:1", SWEEP_PLAN_FOREIGN},
        {"elevenlabs:conversation:1", SWEEP_PLAN_FOREIGN},
        {"Cursor_task:1", SWEEP_PLAN_FOREIGN},
        {"", SWEEP_PLAN_FOREIGN},
    };
    struct sweep_plan plan;
    make(&plan);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(sweep_plan_find(&plan, rows[i].name, strlen(rows[i].name)), rows[i].found);
    sweep_plan_fini(&plan);
}

static void conversations_are_protected_in_every_keyspace(void **state)
{
    (void)state;
    struct config_keyspace all = {.name = TEXT("all"), .pattern = TEXT("elevenlabs:*")};
    struct strlist none = {0};
    struct sweep_plan plan;
    struct err e;
    assert_int_equal(sweep_plan_init(&plan, &all, 1, &none, 0, &e), 0);
    assert_int_equal(sweep_plan_find(&plan, "elevenlabs:conversation:1", 25), SWEEP_PLAN_PROTECTED);
    assert_int_equal(sweep_plan_find(&plan, "elevenlabs:session:1", 20), 0);
    sweep_plan_fini(&plan);
}

static void narrows_for_one_pass(void **state)
{
    (void)state;
    struct sweep_plan plan;
    struct sweep_plan narrow;
    struct err e;
    make(&plan);
    assert_int_equal(sweep_plan_narrow(&narrow, &plan, NULL, 0, &e), 0);
    assert_int_equal(narrow.n, 3);
    assert_int_equal(narrow.keyspaces[1].max_age, 200);
    assert_int_equal(narrow.active_window, 7);
    assert_int_equal(narrow.least_age, 0);
    sweep_plan_fini(&narrow);
    assert_int_equal(sweep_plan_narrow(&narrow, &plan, "tasks", 5, &e), 0);
    assert_int_equal(narrow.n, 1);
    assert_int_equal(narrow.keyspaces[0].max_age, 5);
    assert_int_equal(narrow.least_age, 5);
    /* A task's session is looked for though none is swept. */
    assert_int_equal(narrow.n_sessions, 1);
    assert_true(keyglob_matches(&narrow.sessions[0], "elevenlabs:session:1", 20));
    assert_int_equal(sweep_plan_find(&narrow, "elevenlabs:session:1", 20), SWEEP_PLAN_FOREIGN);
    assert_int_equal(sweep_plan_find(&narrow, "cursor_task:keeper", 18), SWEEP_PLAN_PROTECTED);
    sweep_plan_fini(&narrow);
    assert_int_equal(sweep_plan_narrow(&narrow, &plan, "task", 0, &e), -ENOENT);
    sweep_plan_fini(&plan);
    assert_int_equal(sweep_plan_narrow(&narrow, &plan, NULL, 0, &e), -ENOENT);
}

static void refuses_what_is_no_prefix(void **state)
{
    (void)state;
    struct config_keyspace bad[2] = {spaces[0], spaces[1]};
    struct strlist none = {0};
    struct sweep_plan plan;
    struct err e;
    bad[1].pattern = TEXT("*");
    assert_int_equal(sweep_plan_init(&plan, bad, 2, &none, 0, &e), -EINVAL);
    assert_non_null(strstr(e.msg, "\"*\""));
    assert_int_equal(sweep_plan_init(&plan, bad, LIMIT_KEYSPACES + 1, &none, 0, &e), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_keyspace),
        cmocka_unit_test(conversations_are_protected_in_every_keyspace),
        cmocka_unit_test(narrows_for_one_pass),
        cmocka_unit_test(refuses_what_is_no_prefix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
