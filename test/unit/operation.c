/* daemon/verbs/operation: progress, verdicts, and what is remembered. */
#include "daemon/verbs/operation.h"

#include "base/strbuf.h"
#include "core/limits.h"
#include "io/loop/loop.h"

#include "cmocka_all.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

static struct operations *all;

static int set_up(void **state)
{
    (void)state;
    all = operations_new(0);
    return all ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    operations_free(all);
    return 0;
}

static struct operation *begin(void)
{
    struct operation *op = operation_begin(all, "restart", "alice", "why not");
    assert_non_null(op);
    return op;
}

static double number(const struct cJSON *o, const char *name)
{
    const struct cJSON *member = cJSON_GetObjectItem(o, name);
    assert_true(cJSON_IsNumber(member));
    return member->valuedouble;
}

static const char *text(const struct cJSON *o, const char *name)
{
    const struct cJSON *member = cJSON_GetObjectItem(o, name);
    assert_true(cJSON_IsString(member));
    return member->valuestring;
}

/* The progress lines after `after`: how many, and the numbers of the first and the last. */
static int window(const struct operation *op, uint64_t after, double *first, double *last)
{
    struct cJSON *o = operation_json(op, after);
    const struct cJSON *lines = cJSON_GetObjectItem(o, "progress");
    int n = cJSON_GetArraySize(lines);
    *first = n > 0 ? number(cJSON_GetArrayItem(lines, 0), "seq") : 0;
    *last = n > 0 ? number(cJSON_GetArrayItem(lines, n - 1), "seq") : 0;
    for (int i = 0; i < n; i++) {
        char expected[32];
        const struct cJSON *line = cJSON_GetArrayItem(lines, i);
        snprintf(expected, sizeof expected, "line %.0f", number(line, "seq"));
        assert_string_equal(text(line, "message"), expected);
    }
    cJSON_Delete(o);
    return n;
}

static void a_running_one_shows_itself(void **state)
{
    (void)state;
    struct operation *op = begin();
    struct cJSON *o = operation_json(op, 0);
    assert_true(operation_running(op));
    assert_true(number(o, "id") == (double)operation_id(op));
    assert_string_equal(text(o, "kind"), "restart");
    assert_string_equal(text(o, "state"), "running");
    assert_string_equal(text(o, "author"), "alice");
    assert_string_equal(text(o, "reason"), "why not");
    assert_string_equal(text(o, "message"), "");
    assert_null(cJSON_GetObjectItem(o, "exit_code"));
    assert_null(cJSON_GetObjectItem(o, "result"));
    cJSON_Delete(o);
    assert_string_equal(operation_reason(operation_begin(all, "drain", "bob", NULL)), "");
}

static void the_first_verdict_stands(void **state)
{
    (void)state;
    static const struct {
        enum operation_state state;
        const char *name;
        int exit_code;
    } rows[] = {
        {OPERATION_DONE, "done", VK_EXIT_DONE},
        {OPERATION_FAILED, "failed", VK_EXIT_FAILED},
        {OPERATION_ROLLED_BACK, "rolled_back", VK_EXIT_ROLLED_BACK},
        {OPERATION_TIMED_OUT, "timed_out", VK_EXIT_TIMED_OUT},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct operation *op = begin();
        operation_end(op, rows[i].state, "verdict %d", 1);
        operation_end(op, OPERATION_DONE, "verdict 2");
        operation_progress(op, "too late");
        struct cJSON *o = operation_json(op, 0);
        assert_false(operation_running(op));
        assert_string_equal(text(o, "state"), rows[i].name);
        assert_string_equal(text(o, "message"), "verdict 1");
        assert_true(number(o, "exit_code") == rows[i].exit_code);
        assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(o, "progress")), 0);
        cJSON_Delete(o);
    }
    operation_end(NULL, OPERATION_DONE, "nobody waits");
    operation_progress(NULL, "nobody listens");
}

static void progress_is_a_window(void **state)
{
    (void)state;
    struct operation *op = begin();
    double first;
    double last;
    assert_int_equal(window(op, 0, &first, &last), 0);
    for (int i = 1; i <= 3; i++)
        operation_progress(op, "line %d", i);
    assert_int_equal(window(op, 0, &first, &last), 3);
    assert_true(first == 1 && last == 3);
    assert_int_equal(window(op, 2, &first, &last), 1);
    assert_true(first == 3);
    assert_int_equal(window(op, 3, &first, &last), 0);
    assert_int_equal(window(op, UINT64_MAX - 1, &first, &last), 0);
    /* Past the ring's size the oldest go. */
    for (int i = 4; i <= LIMIT_PROGRESS_LINES + 10; i++)
        operation_progress(op, "line %d", i);
    assert_int_equal(window(op, 0, &first, &last), LIMIT_PROGRESS_LINES);
    assert_true(first == 11 && last == LIMIT_PROGRESS_LINES + 10);
    assert_int_equal(window(op, 5, &first, &last), LIMIT_PROGRESS_LINES);
    assert_int_equal(window(op, LIMIT_PROGRESS_LINES, &first, &last), 10);
}

static void a_result_is_kept_until_replaced(void **state)
{
    (void)state;
    struct operation *op = begin();
    operation_set_result(op, cJSON_CreateString("old"));
    operation_set_result(op, cJSON_CreateString("new"));
    for (int i = 0; i < 2; i++) { /* asking does not take it away */
        struct cJSON *o = operation_json(op, 0);
        assert_string_equal(text(o, "result"), "new");
        cJSON_Delete(o);
    }
}

static void the_oldest_that_ended_is_forgotten(void **state)
{
    (void)state;
    uint64_t ids[LIMIT_OPERATIONS];
    for (int i = 0; i < LIMIT_OPERATIONS; i++)
        ids[i] = operation_id(begin());
    /* All run: none may be forgotten, so there is no place. */
    assert_null(operation_begin(all, "restart", "alice", ""));
    operation_end(operation_find(all, ids[3]), OPERATION_DONE, "x");
    operation_end(operation_find(all, ids[7]), OPERATION_DONE, "x");
    operation_progress(operation_find(all, ids[5]), "still there");
    struct operation *fresh = begin();
    assert_null(operation_find(all, ids[3]));
    assert_non_null(operation_find(all, ids[7]));
    assert_true(operation_id(fresh) > ids[LIMIT_OPERATIONS - 1]);
    /* Nothing of the one before is left in its place. */
    struct cJSON *o = operation_json(fresh, 0);
    assert_string_equal(text(o, "message"), "");
    cJSON_Delete(o);
    begin();
    assert_null(operation_find(all, ids[7]));
    assert_null(operation_begin(all, "restart", "alice", ""));
    assert_non_null(operation_find(all, ids[5]));
}

/* One that took its time, and ended when many others had come and gone. */
static void the_latest_to_end_is_kept(void **state)
{
    (void)state;
    struct operation *slow = begin();
    uint64_t id = operation_id(slow);
    for (int i = 0; i < 3 * LIMIT_OPERATIONS; i++)
        operation_end(begin(), OPERATION_FAILED, "busy");
    usec_t now = loop_now();
    while (loop_now() == now)
        continue;
    operation_end(slow, OPERATION_DONE, "at last");
    for (int i = 0; i < LIMIT_OPERATIONS - 1; i++) {
        operation_end(begin(), OPERATION_FAILED, "busy");
        assert_ptr_equal(operation_find(all, id), slow);
    }
    operation_end(begin(), OPERATION_FAILED, "busy");
    assert_null(operation_find(all, id));
}

static void ends_as(const struct operation *op, const char *state, const char *message)
{
    struct cJSON *o = operation_json(op, 0);
    assert_string_equal(text(o, "state"), state);
    assert_string_equal(text(o, "message"), message);
    cJSON_Delete(o);
}

static void a_verdict_can_be_kept_back(void **state)
{
    (void)state;
    struct operation *op = begin();
    operation_keep_back(op);
    operation_end(op, OPERATION_ROLLED_BACK, "rolled back");
    assert_true(operation_running(op));
    operation_end(op, OPERATION_DONE, "the first one stands");
    operation_progress(op, "still of interest");
    operation_release(op, "and more");
    ends_as(op, "rolled_back", "rolled back\nand more");
    operation_release(op, "once only");
    ends_as(op, "rolled_back", "rolled back\nand more");
    /* What it waited for came first: nothing to add to. */
    op = begin();
    operation_keep_back(op);
    operation_release(op, "too early");
    assert_true(operation_running(op));
    operation_end(op, OPERATION_DONE, "done");
    ends_as(op, "done", "done");
    /* Whose verdict is out is not asked for another. */
    operation_keep_back(op);
    operation_release(op, "too late");
    ends_as(op, "done", "done");
    operation_keep_back(NULL);
    operation_release(NULL, "nobody");
}

static void an_unknown_number_is_nobody(void **state)
{
    (void)state;
    struct operation *op = begin();
    assert_ptr_equal(operation_find(all, operation_id(op)), op);
    assert_null(operation_find(all, 0)); /* free places have this number */
    assert_null(operation_find(all, operation_id(op) + 1));
    operations_free(NULL);
}

static void how_far_it_is(void **state)
{
    (void)state;
    struct operation *op = begin();
    operation_set_so_far(NULL, cJSON_CreateObject());
    operation_set_so_far(op, cJSON_CreateNumber(1));
    operation_set_so_far(op, cJSON_CreateNumber(2));
    struct cJSON *o = operation_json(op, 0);
    assert_true(number(o, "so_far") == 2);
    cJSON_Delete(o);
    operation_end(op, OPERATION_DONE, "done");
    operation_set_so_far(op, cJSON_CreateNumber(3));
    o = operation_json(op, 0);
    assert_null(cJSON_GetObjectItem(o, "so_far"));
    cJSON_Delete(o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
        T(a_running_one_shows_itself),
        T(the_first_verdict_stands),
        T(progress_is_a_window),
        T(a_result_is_kept_until_replaced),
        T(how_far_it_is),
        T(the_oldest_that_ended_is_forgotten),
        T(the_latest_to_end_is_kept),
        T(a_verdict_can_be_kept_back),
        T(an_unknown_number_is_nobody),
#undef T
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
