/* core/incidents/incident_record: what is kept, what goes, and that it survives being written and
 * read. */
#include "core/incidents/incident_record.h"

#include "cmocka_all.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WALL (UINT64_C(1795375800) * USEC_PER_SEC) /* 2026-11-22T19:30:00Z */

static struct incident_record *new_record(void)
{
    struct incident_record *r = incident_record_new(CONDITION_CRASH_LOOP, "worker \"1\"", WALL);
    incident_record_name(r->condition, WALL, 0, r->id);
    r->opened_wall = WALL + 7;
    r->machine.state = INCIDENT_OPEN;
    r->machine.times = 3;
    incident_record_set(&r->summary, "it dies\nagain", INCIDENT_TEXT_MAX);
    incident_record_add(r, INCIDENT_ENTRY_EVENT, WALL + 1, "one");
    incident_record_add(r, INCIDENT_ENTRY_OPENED, WALL + 7, "two");
    return r;
}

static char *written(const struct incident_record *r)
{
    struct cJSON *json = incident_record_json(r, INCIDENT_WHOLE, WALL + 100);
    char *text = cJSON_PrintUnformatted(json);
    cJSON_Delete(json);
    return text;
}

static void ids_say_when_and_what(void **state)
{
    (void)state;
    char id[INCIDENT_ID_MAX];
    incident_record_name(CONDITION_CRASH_LOOP, WALL, 0, id);
    assert_string_equal(id, "20261122-193000-crash-loop");
    assert_true(incident_record_is_name(id));
    incident_record_name(CONDITION_CRASH_LOOP, WALL, 1, id);
    assert_string_equal(id, "20261122-193000-crash-loop-2");
    static const char *const wrong[] = {"", "20261122-193000-", "20261122-193000-a/b",
        "20261122-193000-..", "x0261122-193000-crash-loop", "20261122-193000-Crash",
        "20261122-193000-crash-loop-crash-loop-crash-loop-crash-loop-crash"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(incident_record_is_name(wrong[i]));
    for (int c = 0; c < CONDITION_COUNT; c++) {
        incident_record_name((enum condition)c, WALL, 499, id);
        assert_true(incident_record_is_name(id));
    }
}

static void all_of_it_survives(void **state)
{
    (void)state;
    struct err e = {0};
    struct incident_record *r = new_record();
    r->machine.state = INCIDENT_RESOLVED;
    r->ceased_wall = WALL + 2000;
    r->resolved_wall = WALL + 3000;
    r->acknowledged_wall = WALL + 1000;
    incident_record_set(&r->author, "anna", INCIDENT_TEXT_MAX);
    incident_record_set(&r->reason, "I look", INCIDENT_TEXT_MAX);
    r->callers = (struct callers){.connections = {true, 4}, .sessions = {true, 2}};
    r->cut = 9;
    incident_names_add(&r->sessions, "elevenlabs:session:1");
    r->sessions.all = 7;
    r->unserved = 1234567;
    incident_record_set(&r->output_who, "worker 1", INCIDENT_SUBJECT_MAX);
    incident_record_set(&r->output, "last\nwords\n", INCIDENT_OUTPUT_MAX);
    r->timeline_dropped = 5;
    static struct doctor_report found;
    doctor_add(&found, DOCTOR_REDIS_REFUSED, "", "127.0.0.1:6379: connection refused");
    incident_findings_take(&r->findings, &found, "", WALL + 500);
    char *first = written(r);
    struct incident_record *back = incident_record_read(first, strlen(first), &e);
    assert_non_null(back);
    char *second = written(back);
    assert_string_equal(first, second);
    assert_string_equal(back->subject, "worker \"1\"");
    assert_string_equal(strbuf_text(&back->output), "last\nwords\n");
    assert_int_equal(back->machine.times, 3);
    assert_true(back->machine.acknowledged);
    free(first);
    free(second);
    incident_record_free(r);
    incident_record_free(back);
}

static void what_workers_wrote_is_not_for_everybody(void **state)
{
    (void)state;
    struct incident_record *r = new_record();
    incident_names_add(&r->sessions, "s_anna");
    incident_record_set(&r->output_who, "worker 1", INCIDENT_SUBJECT_MAX);
    incident_record_set(&r->output, "Anna says\n", INCIDENT_OUTPUT_MAX);
    struct cJSON *json = incident_record_json(r, INCIDENT_FOR_ALL, WALL);
    char *text = cJSON_PrintUnformatted(json);
    assert_non_null(strstr(text, "\"sessions_cut\":{\"names\":[],\"all\":1}"));
    assert_non_null(strstr(text, "\"output\":{\"who\":\"worker 1\",\"lines\":null}"));
    assert_non_null(strstr(text, "\"withheld\":true"));
    assert_null(strcasestr(text, "anna"));
    cJSON_free(text);
    cJSON_Delete(json);
    text = written(r);
    assert_non_null(strstr(text, "\"withheld\":false"));
    assert_non_null(strstr(text, "Anna says"));
    free(text);
    incident_record_free(r);
}

static void the_beginning_and_the_latest_stay(void **state)
{
    (void)state;
    struct incident_record *r = new_record();
    for (unsigned i = 2; i < 1000; i++) {
        char text[16];
        snprintf(text, sizeof text, "%u", i);
        incident_record_add(r, INCIDENT_ENTRY_EVENT, WALL + i, text);
    }
    assert_int_equal(r->n_timeline, INCIDENT_TIMELINE_MAX);
    assert_int_equal(r->timeline_dropped, 1000 - INCIDENT_TIMELINE_MAX);
    assert_string_equal(r->timeline[0].text, "one");
    assert_string_equal(r->timeline[INCIDENT_TIMELINE_HEAD - 1].text, "29");
    assert_string_equal(r->timeline[INCIDENT_TIMELINE_MAX - 1].text, "999");
    incident_record_free(r);
}

/* Whatever workers say, the document stays within what is read back. */
static void the_largest_is_read_back(void **state)
{
    (void)state;
    struct err e = {0};
    struct incident_record *r = new_record();
    char huge[8192];
    memset(huge, '\x01', sizeof huge - 1);
    huge[sizeof huge - 1] = '\0';
    for (unsigned i = 0; i < 2 * INCIDENT_TIMELINE_MAX; i++)
        incident_record_add(r, INCIDENT_ENTRY_EVENT, WALL, huge);
    for (unsigned i = 0; i < 2 * INCIDENT_NAMES_MAX; i++) {
        incident_names_add(&r->sessions, huge);
        incident_names_add(&r->tasks, huge);
    }
    incident_record_set(&r->output_who, huge, INCIDENT_SUBJECT_MAX);
    incident_record_set(&r->output, huge, INCIDENT_OUTPUT_MAX);
    incident_record_set(&r->summary, huge, INCIDENT_TEXT_MAX);
    static struct doctor_report found;
    memset(huge, '"', sizeof huge - 1);
    for (unsigned i = 0; i < DOCTOR_FINDINGS_MAX; i++) {
        doctor_add(&found, DOCTOR_AGENT_HANGS, huge, "%s", huge);
        doctor_fix(&found, "%s", huge);
    }
    incident_findings_take(&r->findings, &found, "", WALL);
    char *text = written(r);
    assert_true(strlen(text) < INCIDENT_DOCUMENT_MAX);
    struct incident_record *back = incident_record_read(text, strlen(text), &e);
    assert_non_null(back);
    assert_int_equal(back->n_timeline, INCIDENT_TIMELINE_MAX);
    assert_int_equal(back->sessions.all, 2 * INCIDENT_NAMES_MAX);
    assert_int_equal(back->findings.n, INCIDENT_FINDINGS_MAX);
    free(text);
    incident_record_free(r);
    incident_record_free(back);
}

static void texts_are_cut_between_characters(void **state)
{
    (void)state;
    struct strbuf b = STRBUF_INIT;
    incident_record_set(&b, "ab\xC3\xA9", 3);
    assert_string_equal(strbuf_text(&b), "ab");
    incident_record_set(&b, "a\x1B[31m\xFF", 100);
    assert_string_equal(strbuf_text(&b), "a\xEF\xBF\xBD[31m\xEF\xBF\xBD");
    strbuf_fini(&b);
}

static void what_is_no_incident_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *why;
    } rows[] = {
        {"", "it is no JSON object, or is torn"},
        {"[]", "it is no JSON object"},
        {"{\"id\":\"20261122-193000-crash-loop\"", "torn"},
        {"{\"id\":\"../x\"}", "\"../x\" is no id"},
        {"{\"id\":\"20261122-193000-crash-loop\",\"condition\":\"x\"}", "\"x\" is no condition"},
        {"{\"id\":\"20261122-193000-crash-loop\",\"condition\":\"crash-loop\"}", "its state is"},
        {"{\"id\":\"20261122-193000-crash-loop\",\"condition\":\"crash-loop\",\"state\":\"open\"}",
            "never opened"},
        {"{\"id\":\"20261122-193000-crash-loop\",\"condition\":\"crash-loop\",\"state\":"
         "\"resolved\","
         "\"opened\":\"2026-11-22T19:30:00Z\"}",
            "its end is not known"},
        {"{\"id\":\"20261122-193000-crash-loop\",\"condition\":\"crash-loop\",\"state\":"
         "\"holding\","
         "\"opened\":\"2026-11-22T19:30:00Z\"}",
            "its state is \"holding\""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct err e = {0};
        assert_null(incident_record_read(rows[i].text, strlen(rows[i].text), &e));
        if (!strstr(e.msg, rows[i].why))
            fail_msg("%s: %s", rows[i].text, e.msg);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_say_when_and_what),
        cmocka_unit_test(all_of_it_survives),
        cmocka_unit_test(what_workers_wrote_is_not_for_everybody),
        cmocka_unit_test(the_beginning_and_the_latest_stay),
        cmocka_unit_test(the_largest_is_read_back),
        cmocka_unit_test(texts_are_cut_between_characters),
        cmocka_unit_test(what_is_no_incident_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
