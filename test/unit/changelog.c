/* The change log: lines, their chain, and what is found when somebody was in the file. */
#include "core/changes/changelog.h"

#include "cmocka_all.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#define WALL ((usec_t)1767322245678901)

static const struct change CHANGES[] = {
    {"reload", "root", "[Agent] Workers: 1 -> 2", "more callers", "{\"keys\":1}", WALL},
    {"note", "ali\"ce\n", "text \xff with\x01 bytes", "", NULL, WALL + 1},
    {"restart", "bob", "every worker", "why not", NULL, WALL + 2},
};
enum { N = sizeof CHANGES / sizeof *CHANGES };

static struct strbuf write_log(struct changelog_head *head)
{
    struct strbuf log = STRBUF_INIT;
    changelog_head_init(head);
    for (unsigned i = 0; i < N; i++)
        assert_true(changelog_line(&CHANGES[i], head, &log));
    return log;
}

static struct changelog_finding check(const char *text)
{
    struct changelog_finding f;
    changelog_check(text, strlen(text), &f);
    return f;
}

/* The `n`th line, from 0. */
static char *line_at(char *text, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        text = strchr(text, '\n') + 1;
    return text;
}

static void test_lines_are_json(void **state)
{
    (void)state;
    struct changelog_head head;
    struct strbuf log = write_log(&head);
    const char *end = NULL;
    struct cJSON *first = cJSON_ParseWithOpts(strbuf_text(&log), &end, false);
    assert_int_equal(*end, '\n');
    assert_int_equal(cJSON_GetObjectItem(first, "seq")->valueint, 1);
    assert_string_equal(
        cJSON_GetObjectItem(first, "time")->valuestring, "2026-01-02T02:50:45.678Z");
    assert_string_equal(cJSON_GetObjectItem(first, "author")->valuestring, "root");
    assert_string_equal(cJSON_GetObjectItem(first, "reason")->valuestring, "more callers");
    assert_int_equal(
        cJSON_GetObjectItem(cJSON_GetObjectItem(first, "details"), "keys")->valueint, 1);
    struct cJSON *second = cJSON_ParseWithOpts(end + 1, &end, false);
    assert_string_equal(cJSON_GetObjectItem(second, "author")->valuestring, "ali\"ce\n");
    assert_null(cJSON_GetObjectItem(second, "details"));
    assert_string_equal(cJSON_GetObjectItem(second, "prev")->valuestring,
        cJSON_GetObjectItem(first, "sum")->valuestring);
    cJSON_Delete(first);
    cJSON_Delete(second);
    strbuf_fini(&log);
}

static void test_an_untouched_log_is_good(void **state)
{
    (void)state;
    struct changelog_head head;
    struct strbuf log = write_log(&head);
    struct changelog_finding f = check(strbuf_text(&log));
    assert_int_equal(f.faults, 0);
    assert_int_equal(f.lines, N);
    assert_int_equal(f.whole, log.len);
    assert_false(f.unended);
    assert_int_equal(f.head.seq, head.seq);
    assert_string_equal(f.head.sum, head.sum);
    strbuf_fini(&log);
    f = check("");
    assert_int_equal(f.faults + f.lines + f.whole, 0);
    assert_false(f.unended);
}

static void test_any_changed_byte_is_found(void **state)
{
    (void)state;
    struct changelog_head head;
    struct strbuf log = write_log(&head);
    for (size_t i = 0; i < log.len; i++) {
        char before = log.data[i];
        log.data[i] = before == 'x' ? 'y' : 'x';
        struct changelog_finding f;
        changelog_check(log.data, log.len, &f);
        bool torn = i == log.len - 1 && f.whole < log.len && !f.unended;
        if (f.faults == 0 && !torn)
            fail_msg("byte %zu of %zu was changed unseen", i, log.len);
        log.data[i] = before;
    }
    strbuf_fini(&log);
}

static void test_what_was_done_to_a_line_is_told(void **state)
{
    (void)state;
    struct changelog_head head;
    struct strbuf log = write_log(&head);
    char *copy = strdup(strbuf_text(&log));

    memcpy(strstr(line_at(copy, 1), "note"), "NOTE", 4);
    struct changelog_finding f = check(copy);
    assert_int_equal(f.fault, CHANGELOG_CHANGED);
    assert_int_equal(f.fault_line, 2);
    assert_string_equal(changelog_fault_words(f.fault), "was changed after it was written");

    strcpy(copy, strbuf_text(&log));
    memmove(line_at(copy, 1), line_at(copy, 2), strlen(line_at(copy, 2)) + 1);
    f = check(copy);
    assert_int_equal(f.fault, CHANGELOG_GAP);
    assert_int_equal(f.faults, 1);
    assert_int_equal(f.fault_line, 2);
    assert_int_equal(f.head.seq, 3); /* numbers go on after the highest */

    strcpy(copy, strbuf_text(&log));
    copy[0] = '[';
    f = check(copy);
    assert_int_equal(f.fault, CHANGELOG_UNREADABLE);
    assert_int_equal(f.fault_line, 1);
    free(copy);
    strbuf_fini(&log);
}

static void test_a_torn_end_is_told_from_a_lacking_line_end(void **state)
{
    (void)state;
    struct changelog_head head;
    struct strbuf log = write_log(&head);
    size_t last = (size_t)(line_at(log.data, N - 1) - log.data);
    for (size_t len = last; len < log.len; len++) {
        struct changelog_finding f;
        changelog_check(log.data, len, &f);
        bool whole_but_for_its_end = len == log.len - 1;
        assert_int_equal(f.whole, last);
        assert_int_equal(f.unended, whole_but_for_its_end);
        assert_int_equal(f.faults, 0);
        assert_int_equal(f.lines, whole_but_for_its_end ? N : N - 1);
        assert_int_equal(f.head.seq, whole_but_for_its_end ? N : N - 1);
    }
    strbuf_fini(&log);
}

static void test_the_chain_goes_on_after_a_fault(void **state)
{
    (void)state;
    struct changelog_head head;
    struct strbuf log = write_log(&head);
    memcpy(strstr(log.data, "reload"), "RELOAD", 6);
    struct changelog_finding f = check(strbuf_text(&log));
    assert_int_equal(f.faults, 1);
    assert_true(changelog_line(&CHANGES[0], &f.head, &log));
    f = check(strbuf_text(&log));
    assert_int_equal(f.faults, 1);
    assert_int_equal(f.head.seq, N + 1);
    strbuf_fini(&log);
}

static void test_the_latest_of_a_kind_is_found(void **state)
{
    (void)state;
    struct changelog_head head;
    size_t len = 0;
    struct strbuf log = write_log(&head);
    assert_true(changelog_line(&CHANGES[0], &head, &log));
    assert_true(changelog_line(&CHANGES[1], &head, &log));
    assert_ptr_equal(changelog_latest(log.data, log.len, "reload", &len), line_at(log.data, 3));
    assert_int_equal(line_at(log.data, 3)[len], '\n');
    assert_ptr_equal(changelog_latest(log.data, log.len, "restart", &len), line_at(log.data, 2));
    assert_null(changelog_latest(log.data, log.len, "reloa", &len));
    assert_null(changelog_latest(log.data, log.len, "sweep", &len));
    assert_null(changelog_latest("", 0, "sweep", &len));
    strbuf_fini(&log);
}

static void note_fault(const char *line, size_t len, enum changelog_fault fault, void *arg)
{
    struct strbuf *out = arg;
    (void)line;
    strbuf_addf(out, "%zu:%d ", len, fault);
}

/* Who looks at the end of a long log does not know what its first line follows. */
static void test_a_walk_tells_of_each_line(void **state)
{
    (void)state;
    struct changelog_head head;
    struct changelog_head end;
    struct strbuf log = write_log(&head);
    struct strbuf all = STRBUF_INIT;
    struct strbuf tail = STRBUF_INIT;
    changelog_walk(strbuf_text(&log), log.len, true, note_fault, &all, &end);
    assert_string_equal(end.sum, head.sum);
    assert_null(strstr(strbuf_text(&all), ":3"));
    const char *second = line_at((char *)strbuf_text(&log), 1);
    changelog_walk(second, strlen(second), false, note_fault, &tail, &end);
    assert_string_equal(strbuf_text(&tail), strchr(strbuf_text(&all), ' ') + 1);
    strbuf_reset(&tail);
    changelog_walk(second, strlen(second), true, note_fault, &tail, &end);
    assert_non_null(strstr(strbuf_text(&tail), ":3 "));
    assert_int_equal(end.seq, head.seq);
    strbuf_fini(&log);
    strbuf_fini(&all);
    strbuf_fini(&tail);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_walk_tells_of_each_line),
        cmocka_unit_test(test_lines_are_json),
        cmocka_unit_test(test_an_untouched_log_is_good),
        cmocka_unit_test(test_any_changed_byte_is_found),
        cmocka_unit_test(test_what_was_done_to_a_line_is_told),
        cmocka_unit_test(test_a_torn_end_is_told_from_a_lacking_line_end),
        cmocka_unit_test(test_the_latest_of_a_kind_is_found),
        cmocka_unit_test(test_the_chain_goes_on_after_a_fault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
