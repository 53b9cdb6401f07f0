/* core/incident_findings: the worst of what the doctor found, bounded, written and read back. */
#include "core/incidents/incident_findings.h"

#include "cmocka_all.h"
#include "core/incidents/incident_record.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#define WALL (UINT64_C(1795375800) * USEC_PER_SEC) /* 2026-11-22T19:30:00Z */

static char *written(const struct incident_findings *f)
{
    struct cJSON *o = incident_findings_json(f, true);
    char *text = cJSON_PrintUnformatted(o);
    cJSON_Delete(o);
    return text;
}

static struct incident_findings read_back(const char *text)
{
    struct incident_findings f = {0};
    struct cJSON *o = cJSON_Parse(text);
    incident_findings_read(&f, o);
    cJSON_Delete(o);
    return f;
}

static void says(const struct incident_findings *f, const char *words)
{
    struct strbuf out = STRBUF_INIT;
    incident_findings_words(f, &out);
    assert_string_equal(strbuf_text(&out), words);
    strbuf_fini(&out);
}

static void what_stands_is_taken_the_worst_first(void **state)
{
    (void)state;
    static struct doctor_report r;
    static const char *const known[] = {"host-disk"};
    struct incident_findings f = {0};
    r = (struct doctor_report){0};
    doctor_add(&r, DOCTOR_TIME_SYNC, "", "no");
    doctor_add(&r, DOCTOR_HOST_DISK, "/", "full");
    doctor_add(&r, DOCTOR_AGENT_GONE, "", "none of 1 workers runs");
    doctor_add(&r, DOCTOR_WEBHOOK_REFUSED, "", "POST");
    doctor_fix(&r, "voxkeeper status");
    doctor_explain(&r);
    doctor_ignore(&r, known, 1);
    doctor_gap(&r, DOCTOR_REDIS, "none");
    incident_findings_take(&f, &r, "", WALL);
    assert_int_equal(f.n, 2);
    assert_int_equal(f.items[0].check, DOCTOR_AGENT_GONE);
    assert_int_equal(f.gaps, 1);
    says(&f, "1 error, 1 warning: agent-not-running, host-time-sync");
    char *first = written(&f);
    struct incident_findings back = read_back(first);
    char *second = written(&back);
    assert_string_equal(first, second);
    free(first);
    free(second);
    incident_findings_fini(&f);
    incident_findings_fini(&back);
}

static void what_the_incident_is_about_comes_first(void **state)
{
    (void)state;
    static struct doctor_report r;
    struct incident_findings f = {0};
    r = (struct doctor_report){0};
    doctor_add(&r, DOCTOR_AGENT_NO_KEY, "worker 1", "false");
    doctor_add(&r, DOCTOR_REDIS_SLOW, "", "slow");
    doctor_add(&r, DOCTOR_REDIS_REFUSED, "", "refused");
    incident_findings_take(&f, &r, "redis-is-down", WALL);
    says(&f, "2 errors, 1 warning: redis-refused, redis-slow, agent-no-api-key");
    incident_findings_take(&f, &r, "crash-loop", WALL);
    says(&f, "2 errors, 1 warning: agent-no-api-key, redis-refused, redis-slow");
    incident_findings_fini(&f);
}

static void more_than_people_read_is_counted(void **state)
{
    (void)state;
    static struct doctor_report r;
    struct incident_findings f = {0};
    r = (struct doctor_report){0};
    for (unsigned i = 0; i < 20; i++)
        doctor_add(&r, i < 15 ? DOCTOR_HOST_JOURNAL : DOCTOR_AGENT_HANGS, "", "%u \x1B[31m", i);
    incident_findings_take(&f, &r, "", WALL);
    assert_int_equal(f.n, INCIDENT_FINDINGS_MAX);
    assert_int_equal(f.items[4].check, DOCTOR_AGENT_HANGS);
    assert_int_equal(f.items[5].check, DOCTOR_HOST_JOURNAL);
    assert_null(strchr(f.items[0].evidence, '\x1B'));
    says(&f, "5 errors, 15 warnings: agent-hangs, host-journal-suppressed and 12 more");
    incident_findings_fini(&f);
}

static void nothing_is_a_result_too(void **state)
{
    (void)state;
    static const struct doctor_report well;
    struct incident_findings f = {0};
    char *text = written(&f);
    assert_string_equal(text, "null");
    free(text);
    incident_findings_take(&f, &well, "", WALL);
    says(&f, "nothing else that is wrong");
    text = written(&f);
    assert_string_equal(text, "{\"at\":\"2026-11-22T19:30:00.000Z\",\"errors\":0,\"warnings\":0,"
                              "\"gaps\":0,\"findings\":[]}");
    free(text);
    incident_findings_fini(&f);
}

static void what_is_no_finding_is_passed_over(void **state)
{
    (void)state;
    static const char *const none[] = {"null", "[]", "7", "{}", "{\"at\":\"yesterday\"}"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        struct incident_findings f = read_back(none[i]);
        assert_int_equal(f.wall, 0);
        assert_null(f.items);
    }
    struct incident_findings f = read_back(
        "{\"at\":\"2026-11-22T19:30:00Z\",\"errors\":-1,\"warnings\":1e99,\"findings\":[7,{},"
        "{\"check\":\"of-tomorrow\"},{\"check\":\"host-disk\",\"evidence\":\"a\\u001b[0m\"}]}");
    assert_int_equal(f.n, 1);
    assert_int_equal(f.errors + f.warnings, 0);
    assert_string_equal(f.items[0].evidence, "a\xEF\xBF\xBD[0m");
    incident_findings_fini(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_stands_is_taken_the_worst_first),
        cmocka_unit_test(what_the_incident_is_about_comes_first),
        cmocka_unit_test(more_than_people_read_is_counted),
        cmocka_unit_test(nothing_is_a_result_too),
        cmocka_unit_test(what_is_no_finding_is_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
