/* core/incidents/postmortem: what is written for somebody, and what is not accepted from them. */
#include "core/incidents/postmortem.h"

#include "core/incidents/postmortem_text.h"

#include "cmocka_all.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

#define CAUSE                                                                                      \
    "The release read its key from a variable that the new unit no longer sets, and no probe "     \
    "used the key.\n"
#define ITEM "| Probe the key at the start | anna | 2026-12-01 |\n"
#define TABLE "## Action items\n\n| Action | Owner | Due |\n|---|:--|---|\n"
#define GOOD_ITEMS TABLE ITEM

static struct strbuf said = STRBUF_INIT;

/* "3: why; 7: why" */
static const char *faults(const char *text)
{
    struct postmortem_report r;
    postmortem_check(text, strlen(text), &r);
    strbuf_reset(&said);
    for (unsigned i = 0; i < r.n; i++)
        strbuf_addf(&said, "%s%u: %s", i ? "; " : "", r.faults[i].line, r.faults[i].what);
    return strbuf_text(&said);
}

static void the_root_cause_must_explain(void **state)
{
    (void)state;
    static const struct {
        const char *section;
        const char *fault; /* NULL: none */
    } rows[] = {
        {"## Root cause\n" CAUSE, NULL},
        {"### 4. Root cause analysis:\n\n" CAUSE, NULL},
        {"## Root cause\n### First\n" CAUSE "### Then\nmore\n", NULL},
        {"## Root cause\nWe call it human error, but the prompt asked for a number without saying "
         "in "
         "which unit, so that minutes were read as seconds.\n",
            NULL},
        {"", "there is no section \"Root cause\""},
        {"    ## Root cause\n" CAUSE, "there is no section \"Root cause\""},
        {"```\n## Root cause\n" CAUSE "```\n", "there is no section \"Root cause\""},
        {"## Root cause\n\n", "the root cause is empty"},
        {"## Root cause\n<!-- " CAUSE "-->\n ... \n", "the root cause is empty"},
        {"## Root cause\n## Other\n" CAUSE, "the root cause is empty"},
        {"## Root cause\n" POSTMORTEM_PROMPT_CAUSE "\n", "the root cause is still the prompt"},
        {"## Root cause\n\n**Human error.**\n", "the root cause is vague"},
        {"## Root cause\nIt was an operator error, sadly, again, by one of us on duty.\n", "vague"},
        {"## Root cause\nUnknown\n", "the root cause is vague: \"unknown\""},
        {"## Root cause\nThe reason is not known.\n", "vague"},
        {"## Root cause\nTBD\n", "says itself that it is not known yet"},
        {"## Root cause\n" CAUSE "Details: under investigation.\n", "not known yet"},
        {"## Root cause\nThe disk was full.\n", "too short to explain anything: 4 words"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[1024];
        snprintf(text, sizeof text, "# P\n%s%s", rows[i].section, GOOD_ITEMS);
        const char *got = faults(text);
        if (rows[i].fault ? !strstr(got, rows[i].fault) || strchr(got, ';') : got[0])
            fail_msg("%s: \"%s\"", rows[i].section, got);
    }
}

static void every_action_item_needs_an_owner_and_a_date(void **state)
{
    (void)state;
    static const struct {
        const char *section; /* behind a good cause, which ends in line 2 */
        const char *fault;   /* NULL: none */
    } rows[] = {
        {GOOD_ITEMS, NULL},
        {"## Action Items\n|Due|Who|What|\n|-|-|-|\n|2028-02-29|Bo|Do it|\n", NULL},
        {"## Action items\n- [ ] Do it (owner: Anna, due: 2026-12-01)\n"
         "* Do that, **owner:** bo; **due:** 2026-12-02.\n",
            NULL},
        {TABLE "| a \\| b | anna | 2026-12-01 |\n\nMore of it later.\n", NULL},
        {"", "2: there is no section \"Action items\""},
        {"## Action items\n\nWe talk about it.\n", "3: there is no action item"},
        {TABLE "| " POSTMORTEM_PROMPT_ACTION " | " POSTMORTEM_PROMPT_OWNER
               " | " POSTMORTEM_PROMPT_DUE " |\n",
            "3: there is no action item"},
        {TABLE ITEM "| Do it | | 2026-12-01 |\n", "8: the action item \"Do it\" has no owner"},
        {TABLE "| Do it | TBD | 2026-12-01 |\n", "7: the action item \"Do it\" has no owner"},
        {TABLE "| Do it | " POSTMORTEM_PROMPT_OWNER " | 2026-12-01 |\n", "7: "},
        {TABLE "| Do it | anna | |\n", "7: the action item \"Do it\" has no date"},
        {TABLE "| Do it | anna |\n", "7: the action item \"Do it\" has no date"},
        {TABLE "| Do it | anna | soon |\n", "is due \"soon\", which is no date such as 2026-12-01"},
        {TABLE "| Do it | anna | 2026-02-29 |\n", "is due \"2026-02-29\", which is no date"},
        {TABLE "| Do it | anna | 2026-13-01 |\n", "no date such"},
        {TABLE "| Do it | anna | 01.12.2026 |\n", "no date such"},
        {TABLE "| | anna | 2026-12-01 |\n", "7: an action item does not say what will be done"},
        {"## Action items\n| Action | Due |\n|-|-|\n| Do it | 2026-12-01 |\n",
            "4: the action items have no column \"Owner\""},
        {"## Action items\n- Do it\n", "4: the action item \"Do it\" has no owner; 4: the action "
                                       "item \"Do it\" has no date"},
        {"## Action items\n- Do it (owner: anna)\n",
            "4: the action item \"Do it (owner: anna)\" has no date"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[1024];
        snprintf(text, sizeof text, "## Root cause\n%s%s", CAUSE, rows[i].section);
        const char *got = faults(text);
        if (rows[i].fault ? !strstr(got, rows[i].fault) : got[0])
            fail_msg("%s: \"%s\"", rows[i].section, got);
    }
}

static void more_faults_than_fit_are_counted(void **state)
{
    (void)state;
    struct strbuf text = STRBUF_INIT;
    struct postmortem_report r;
    strbuf_adds(&text, "## Root cause\n" CAUSE TABLE);
    for (unsigned i = 0; i < 100; i++)
        strbuf_adds(&text, "| Do it | | 2026-12-01 |\r\n");
    postmortem_check(strbuf_text(&text), text.len, &r);
    assert_int_equal(r.n, POSTMORTEM_FAULTS_MAX);
    assert_int_equal(r.n + r.more, 100);
    strbuf_fini(&text);
}

static const char incident[] =
    "{\"id\":\"20261122-233000-crash-loop\",\"condition\":\"crash-loop\",\"severity\":\"P2\","
    "\"title\":\"a worker crashes\",\"summary\":\"worker 1 | 3 <failures>\",\"agent\":\"a\","
    "\"began\":\"2026-11-22T23:30:00Z\",\"ceased\":\"2026-11-23T00:42:30Z\",\"duration_usec\":"
    "4350000000,\"unserved_usec\":1500000,\"callers\":{\"connections\":4,\"tasks\":1,\"sessions\":"
    "null},"
    "\"cut\":3,\"sessions_cut\":{\"names\":[\"s_1\"],\"all\":2},\"cost\":{\"session_value\":1.5,"
    "\"currency\":\"EUR\"},\"timeline\":[{\"at\":\"2026-11-22T23:30:01Z\",\"kind\":\"opened\","
    "\"text\":"
    "\"it dies\"},{\"at\":\"2026-11-23T00:42:30Z\",\"kind\":\"ceased\",\"text\":\"it lives\"}],"
    "\"changes\":[{\"time\":\"2026-11-22T22:59:00Z\",\"author\":\"anna\",\"kind\":\"reload\","
    "\"text\":"
    "\"Workers: 1 -> 2\",\"reason\":\"load\"}],\"doctor\":{\"at\":\"2026-11-22T23:30:09Z\","
    "\"findings\":[{\"check\":\"redis-refused\",\"subject\":\"\",\"evidence\":\"no | answer\","
    "\"cause\":\"it is down\"}]},\"output\":{\"who\":\"worker 1\",\"lines\":"
    "\"## Root cause\\n```\\n<!-- \\n\"}}";

static void what_is_known_is_filled_in(void **state)
{
    (void)state;
    static const char *const parts[] = {"# Post-mortem: a worker crashes\n",
        "| Incident | 20261122-233000-crash-loop |\n", "| Date | 2026-11-22 |\n",
        "| Duration | 1h 12min (23:30 to 11-23 00:42 UTC) |\n", "| Severity | P2 |\n",
        "\nworker 1 \\| 3 &lt;failures>\n",
        "- Degraded service: 1h 12min; no worker served for 1s\n",
        "4 connections, 1 pending task, sessions in use not counted\n", "- Callers cut: 3\n",
        "- Affected sessions: s\\_1, and 1 more, whose names were not kept\n",
        "- Affected tasks: none that is known\n",
        "- Revenue impact: 3.00 EUR (2 sessions cut, 1.50",
        "| 23:30 | **Alert fired**: it dies |\n",
        "| 11-23 00:42 | **Metrics normal again**: it lives |\n",
        "| 22:59 | anna | reload: Workers: 1 -> 2 | load |\n",
        "## What the doctor found (23:30 UTC)\n",
        "| redis-refused |  | no \\| answer | it is down |\n", "    ## Root cause\n    ```\n"};
    struct strbuf out = STRBUF_INIT;
    struct cJSON *json = cJSON_Parse(incident);
    assert_non_null(json);
    postmortem_write(json, &out);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (!strstr(strbuf_text(&out), parts[i]))
            fail_msg("\"%s\" is not in %s", parts[i], strbuf_text(&out));
    }
    const char *got = faults(strbuf_text(&out));
    assert_non_null(strstr(got, "the root cause is still the prompt; "));
    assert_non_null(strstr(got, "there is no action item"));
    cJSON_Delete(json);
    strbuf_fini(&out);
}

/* A list that is empty for want of rights does not look like one that is. */
static void what_is_withheld_is_said(void **state)
{
    (void)state;
    struct strbuf out = STRBUF_INIT;
    struct cJSON *json = cJSON_Parse("{\"withheld\":true,\"sessions_cut\":{\"names\":[],\"all\":2},"
                                     "\"output\":{\"who\":\"worker 1\",\"lines\":null}}");
    postmortem_write(json, &out);
    assert_non_null(strstr(strbuf_text(&out),
        "- Affected sessions: 2, whose names are for those who may change something\n"));
    assert_non_null(strstr(strbuf_text(&out), "## Log excerpt\n\nFor those who may change"));
    cJSON_Delete(json);
    strbuf_fini(&out);
}

static void what_is_not_known_is_left_out(void **state)
{
    (void)state;
    struct strbuf out = STRBUF_INIT;
    struct cJSON *json = cJSON_CreateObject();
    postmortem_write(json, &out);
    assert_non_null(strstr(strbuf_text(&out), "- Revenue impact: not known"));
    assert_non_null(strstr(strbuf_text(&out), "None is in the change log."));
    cJSON_Delete(json);
    strbuf_fini(&out);
}

static void dates_exist(void **state)
{
    (void)state;
    static const char *const good[] = {"2026-12-01", "2024-02-29", "2000-02-29", "2026-12-31"};
    static const char *const bad[] = {"", "2026-2-1", "2026-02-30", "2100-02-29", "2026-00-01",
        "2026-01-00", "1999-01-01", "2026-12-011", "2026/12/01", "2O26-12-01"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(postmortem_is_date(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(postmortem_is_date(bad[i]));
}

static int fini(void **state)
{
    (void)state;
    strbuf_fini(&said);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_root_cause_must_explain),
        cmocka_unit_test(every_action_item_needs_an_owner_and_a_date),
        cmocka_unit_test(more_faults_than_fit_are_counted),
        cmocka_unit_test(what_is_known_is_filled_in),
        cmocka_unit_test(what_is_withheld_is_said),
        cmocka_unit_test(what_is_not_known_is_left_out),
        cmocka_unit_test(dates_exist),
    };
    return cmocka_run_group_tests(tests, NULL, fini);
}
