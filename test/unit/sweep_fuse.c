/* core/sweep/sweep_fuse: what one sweep may remove before a person has to agree. */
#include "core/sweep/sweep_fuse.h"

#include "cmocka_all.h"

#include <errno.h>
#include <string.h>

static void limits_are_read_and_written(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *written; /* NULL: refused */
    } rows[] = {
        {"10000 20%", "10000 20%"},
        {"20% 10000", "10000 20%"},
        {"10000", "10000"},
        {"20%", "20%"},
        {"infinity", "infinity"},
        {"infinity 20%", "20%"},
        {"5 100%", "5"},
        {"1", "1"},
        {"0", NULL},
        {"0%", NULL},
        {"101%", NULL},
        {"", NULL},
        {"%", NULL},
        {"-1", NULL},
        {"1 2", NULL},
        {"1% 2%", NULL},
        {"1 2% 3", NULL},
        {"1 %", NULL},
        {"99999999999999999999999999999999999999", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sweep_cap cap = {.count = 7};
        struct strbuf out = STRBUF_INIT;
        int r = sweep_cap_parse(rows[i].text, &cap);
        if (!rows[i].written) {
            if (r != -EINVAL || cap.count != 7)
                fail_msg("%s was read", rows[i].text);
            continue;
        }
        assert_int_equal(r, 0);
        sweep_cap_format(&cap, &out);
        assert_string_equal(strbuf_text(&out), rows[i].written);
        strbuf_fini(&out);
    }
}

static void it_blows_beyond_the_count_or_the_share_of_one_keyspace(void **state)
{
    (void)state;
    static const struct {
        struct sweep_cap cap;
        struct sweep_fuse_count sessions, tasks;
        const char *why; /* NULL: it holds */
    } rows[] = {
        {{1000, 20}, {"sessions", 10000, 500}, {"tasks", 10000, 500}, NULL},
        {{1000, 20}, {"sessions", 10000, 500}, {"tasks", 10000, 501},
            "1001 keys would go, MaxDelete=1000 at most"},
        {{1000, 20}, {"sessions", 1000000, 0}, {"tasks", 1000, 200}, NULL},
        {{1000, 20}, {"sessions", 1000000, 0}, {"tasks", 1000, 201},
            "201 of the 1000 keys of tasks would go, MaxDelete=20% at most"},
        {{1000, 20}, {"sessions", 99, 99}, {"tasks", 3, 3}, NULL}, /* few keys are no share */
        {{50, 20}, {"sessions", 99, 51}, {"tasks", 0, 0}, "51 keys would go, MaxDelete=50 at most"},
        {{1000, 20}, {"sessions", 100, 100}, {"tasks", 0, 0},
            "100 of the 100 keys of sessions would go, MaxDelete=20% at most"},
        {{UINT64_MAX, 100}, {"sessions", 1 << 30, 1 << 30}, {"tasks", 5, 5}, NULL},
        {{UINT64_MAX, 99}, {"sessions", UINT64_MAX, UINT64_MAX / 2}, {"tasks", 5, 5}, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sweep_fuse_count counts[] = {rows[i].sessions, rows[i].tasks};
        char why[160] = "";
        bool allows = sweep_fuse_allows(&rows[i].cap, counts, 2, &why);
        assert_int_equal(allows, !rows[i].why);
        assert_string_equal(why, rows[i].why ? rows[i].why : "");
    }
}

static void leave_is_taken_once_in_time_and_by_its_token(void **state)
{
    (void)state;
    struct err e;
    struct sweep_permit none = {0};
    struct sweep_permit got = {0};
    assert_int_equal(sweep_permit_take(&none, "", 5, &got, &e), -EPERM);
    assert_false(sweep_permit_holds(&none, 0));
    struct sweep_permit p = sweep_permit_grant(0xabc, 1000, 50000, "tasks", USEC_PER_DAY);
    assert_string_equal(p.token, "0000000000000abc");
    assert_int_equal(sweep_permit_take(&p, "0000000000000abd", 5, &got, &e), -EPERM);
    assert_non_null(strstr(e.msg, "0000000000000abd"));
    assert_int_equal(sweep_permit_take(&p, "", 5, &got, &e), -EPERM);
    assert_true(sweep_permit_holds(&p, 999 + SWEEP_PERMIT_VALID));
    assert_false(sweep_permit_holds(&p, 1000 + SWEEP_PERMIT_VALID));
    assert_int_equal(
        sweep_permit_take(&p, "0000000000000abc", 1000 + SWEEP_PERMIT_VALID, &got, &e), -EPERM);
    assert_int_equal(got.limit, 0);
    assert_int_equal(sweep_permit_take(&p, "0000000000000abc", 1001, &got, &e), 0);
    assert_string_equal(got.keyspace, "tasks");
    assert_int_equal(got.limit, 55100);
    assert_true(got.older_than == USEC_PER_DAY);
    assert_int_equal(sweep_permit_take(&p, "0000000000000abc", 1002, &got, &e), -EPERM);
    assert_non_null(strstr(e.msg, "already"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(limits_are_read_and_written),
        cmocka_unit_test(it_blows_beyond_the_count_or_the_share_of_one_keyspace),
        cmocka_unit_test(leave_is_taken_once_in_time_and_by_its_token),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
