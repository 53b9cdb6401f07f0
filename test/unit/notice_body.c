/* core/incidents/notice_body: what each kind of receiver is sent, within its limits. */
#include "core/incidents/notice_body.h"

#include "cmocka_all.h"

#include "core/incidents/notice_json.h"
#include "core/incidents/notice_text.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#define OPENED 1764000000123000
#define NOW 1764000060000000

static const struct notice_sender sender = {.host = "host-1", .routing_key = "KEY"};

static struct notice notice_of(enum notice_kind kind, enum severity severity)
{
    return (struct notice){.kind = kind,
        .incident = "20251124-160000-crash-loop",
        .condition = CONDITION_CRASH_LOOP,
        .severity = severity,
        .agent = "elevenlabs-agent",
        .subject = "worker 1",
        .summary = "a <b> & \"c\"",
        .details = "first\nsecond",
        .runbook_url = "https://h/r.md#crash-loop",
        .opened_wall = OPENED,
        .wall = NOW};
}

/* Fails the test if it is no JSON. */
static cJSON *parsed(struct strbuf *body)
{
    cJSON *json = cJSON_Parse(strbuf_text(body));
    if (!json)
        fail_msg("no JSON: %s", strbuf_text(body));
    strbuf_fini(body);
    return json;
}

static const char *at(const cJSON *json, const char *a, const char *b)
{
    const cJSON *o = cJSON_GetObjectItemCaseSensitive(json, a);
    const char *text = cJSON_GetStringValue(b ? cJSON_GetObjectItemCaseSensitive(o, b) : o);
    return text ? text : "(none)";
}

static void alertmanager_gets_an_array(void **state)
{
    (void)state;
    const struct notice a = notice_of(NOTICE_OPENED, SEVERITY_P1);
    struct notice b = notice_of(NOTICE_RESOLVED, SEVERITY_P3);
    const struct notice *const both[] = {&a, &b};
    struct strbuf body = STRBUF_INIT;
    b.subject = "";
    notice_body_alertmanager(both, 2, &sender, NOW + 240 * USEC_PER_SEC, &body);
    cJSON *json = parsed(&body);
    const cJSON *first = cJSON_GetArrayItem(json, 0);
    const cJSON *second = cJSON_GetArrayItem(json, 1);
    assert_int_equal(cJSON_GetArraySize(json), 2);
    assert_string_equal(at(first, "labels", "alertname"), "crash-loop");
    assert_string_equal(at(first, "labels", "severity"), "page");
    assert_string_equal(at(first, "labels", "priority"), "P1");
    assert_string_equal(at(first, "labels", "subject"), "worker 1");
    assert_string_equal(at(first, "annotations", "summary"), "a <b> & \"c\"");
    assert_string_equal(at(first, "annotations", "runbook_url"), "https://h/r.md#crash-loop");
    assert_string_equal(at(first, "startsAt", NULL), "2025-11-24T16:00:00.123Z");
    assert_string_equal(at(first, "endsAt", NULL), "2025-11-24T16:05:00.000Z");
    assert_string_equal(at(second, "labels", "severity"), "ticket");
    assert_string_equal(at(second, "labels", "subject"), "(none)");
    assert_string_equal(at(second, "endsAt", NULL), "2025-11-24T16:01:00.000Z");
    cJSON_Delete(json);
}

/* Alertmanager refuses an alert that ends before it begins. */
static void an_alert_never_ends_before_it_begins(void **state)
{
    (void)state;
    struct notice n = notice_of(NOTICE_RESOLVED, SEVERITY_P2);
    const struct notice *const one[] = {&n};
    struct strbuf body = STRBUF_INIT;
    n.wall = OPENED - USEC_PER_MIN; /* the clock was set back */
    notice_body_alertmanager(one, 1, &sender, NOW, &body);
    cJSON *json = parsed(&body);
    assert_string_equal(
        at(cJSON_GetArrayItem(json, 0), "endsAt", NULL), "2025-11-24T16:00:00.124Z");
    cJSON_Delete(json);
}

static void pagerduty_gets_an_event(void **state)
{
    (void)state;
    static const struct {
        enum notice_kind kind;
        enum severity severity;
        const char *action, *word;
    } rows[] = {
        {NOTICE_OPENED, SEVERITY_P1, "trigger", "critical"},
        {NOTICE_UPDATED, SEVERITY_P2, "trigger", "error"},
        {NOTICE_OPENED, SEVERITY_P3, "trigger", "warning"},
        {NOTICE_TEST, SEVERITY_P3, "trigger", "info"},
        {NOTICE_ACKNOWLEDGED, SEVERITY_P1, "acknowledge", "(none)"},
        {NOTICE_RESOLVED, SEVERITY_P1, "resolve", "(none)"},
        {NOTICE_BEGUN, SEVERITY_P3, "(none)", "(none)"},
        {NOTICE_ENDED, SEVERITY_P3, "(none)", "(none)"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct notice n = notice_of(rows[i].kind, rows[i].severity);
        struct strbuf body = STRBUF_INIT;
        notice_body_pagerduty(&n, &sender, &body);
        cJSON *json = parsed(&body);
        assert_string_equal(at(json, "routing_key", NULL), "KEY");
        assert_string_equal(at(json, "event_action", NULL), rows[i].action);
        assert_string_equal(
            at(json, "dedup_key", NULL), notice_of_incident(n.kind) || n.kind == NOTICE_TEST
                                             ? "voxkeeper/host-1/20251124-160000-crash-loop"
                                             : "(none)");
        assert_string_equal(at(json, "payload", "severity"), rows[i].word);
        cJSON_Delete(json);
    }
}

static struct notice deployment_of(enum notice_kind kind)
{
    struct notice n = notice_of(kind, SEVERITY_P3);
    n.incident = "20251124-160000-deployment-7";
    n.subject = "2.1";
    n.summary = "deployment of 2.1";
    return n;
}

/* Nobody is paged for it, and it is not to be taken for an incident. */
static void pagerduty_gets_a_change_event_of_a_deployment(void **state)
{
    (void)state;
    const struct notice n = deployment_of(NOTICE_ENDED);
    struct strbuf body = STRBUF_INIT;
    notice_body_pagerduty(&n, &sender, &body);
    cJSON *json = parsed(&body);
    assert_string_equal(at(json, "routing_key", NULL), "KEY");
    assert_string_equal(at(json, "payload", "summary"), "deployment of 2.1");
    assert_string_equal(at(json, "payload", "timestamp"), "2025-11-24T16:01:00.000Z");
    const cJSON *details =
        cJSON_GetObjectItem(cJSON_GetObjectItem(json, "payload"), "custom_details");
    assert_string_equal(at(details, "version", NULL), "2.1");
    assert_string_equal(at(details, "kind", NULL), "ended");
    assert_string_equal(at(details, "details", NULL), "first\nsecond");
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(json, "links")), 1);
    cJSON_Delete(json);
}

static void a_change_event_has_an_address_of_its_own(void **state)
{
    (void)state;
    static const struct {
        enum notice_kind kind;
        const char *url, *want;
    } rows[] = {
        {NOTICE_OPENED, "https://p/v2/enqueue", "https://p/v2/enqueue"},
        {NOTICE_TEST, "https://p/v2/enqueue", "https://p/v2/enqueue"},
        {NOTICE_BEGUN, "https://p/v2/enqueue", "https://p/v2/change/enqueue"},
        {NOTICE_ENDED, "https://p/v2/enqueue", "https://p/v2/change/enqueue"},
        {NOTICE_ENDED, "https://proxy/pager", "https://proxy/pager"},
        {NOTICE_ENDED, "x", "x"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct notice n = deployment_of(rows[i].kind);
        struct strbuf out = STRBUF_INIT;
        notice_url_pagerduty(&n, rows[i].url, &out);
        assert_string_equal(strbuf_text(&out), rows[i].want);
        strbuf_fini(&out);
    }
}

static void alertmanager_and_slack_are_told_of_a_deployment(void **state)
{
    (void)state;
    const struct notice begun = deployment_of(NOTICE_BEGUN);
    const struct notice ended = deployment_of(NOTICE_ENDED);
    const struct notice *const one[] = {&begun};
    const struct notice *const other[] = {&ended};
    struct strbuf body = STRBUF_INIT;
    notice_body_alertmanager(one, 1, &sender, NOW + 240 * USEC_PER_SEC, &body);
    cJSON *first = parsed(&body);
    notice_body_alertmanager(other, 1, &sender, NOW + 240 * USEC_PER_SEC, &body);
    cJSON *second = parsed(&body);
    const cJSON *a = cJSON_GetArrayItem(first, 0);
    const cJSON *b = cJSON_GetArrayItem(second, 0);
    assert_string_equal(at(a, "labels", "alertname"), "deployment");
    assert_string_equal(at(a, "labels", "severity"), "ticket");
    assert_string_equal(at(a, "endsAt", NULL), "2025-11-24T16:05:00.000Z");
    assert_string_equal(at(b, "endsAt", NULL), "2025-11-24T16:01:00.000Z");
    /* The same alert, or it would not end. */
    assert_true(
        cJSON_Compare(cJSON_GetObjectItem(a, "labels"), cJSON_GetObjectItem(b, "labels"), true));
    cJSON_Delete(first);
    cJSON_Delete(second);
    notice_body_slack(&begun, &sender, &body);
    first = parsed(&body);
    assert_string_equal(at(first, "text", NULL), "begun: deployment of 2.1");
    assert_string_equal(
        at(cJSON_GetArrayItem(cJSON_GetObjectItem(first, "blocks"), 0), "text", "text"),
        ":rocket: begun: deployment of 2.1");
    cJSON_Delete(first);
}

static char *long_text(const char *unit, size_t times)
{
    struct strbuf b = STRBUF_INIT;
    for (size_t i = 0; i < times; i++)
        strbuf_adds(&b, unit);
    return strbuf_take(&b);
}

static void limits_are_kept(void **state)
{
    (void)state;
    struct notice n = notice_of(NOTICE_OPENED, SEVERITY_P2);
    char *summary = long_text("\xc3\xa9", 2000);
    char *details = long_text("&", 5000);
    struct strbuf body = STRBUF_INIT;
    n.summary = summary;
    n.details = details;
    notice_body_pagerduty(&n, &sender, &body);
    cJSON *json = parsed(&body);
    assert_int_equal(strlen(at(json, "payload", "summary")), 1024);
    cJSON_Delete(json);
    notice_body_slack(&n, &sender, &body);
    json = parsed(&body);
    const cJSON *blocks = cJSON_GetObjectItem(json, "blocks");
    const char *header = at(cJSON_GetArrayItem(blocks, 0), "text", "text");
    const char *section = at(cJSON_GetArrayItem(blocks, 1), "text", "text");
    assert_true(strlen(header) <= 150 && strlen(header) > 140);
    assert_true(strlen(section) <= 3000 && strlen(section) > 2900);
    assert_non_null(strstr(section, "&amp;\xe2\x80\xa6"));
    cJSON_Delete(json);
    free(summary);
    free(details);
}

static void slack_gets_what_cannot_be_mistaken_for_markup(void **state)
{
    (void)state;
    struct notice n = notice_of(NOTICE_OPENED, SEVERITY_P2);
    struct strbuf body = STRBUF_INIT;
    notice_body_slack(&n, &sender, &body);
    cJSON *json = parsed(&body);
    const cJSON *blocks = cJSON_GetObjectItem(json, "blocks");
    const cJSON *elements = cJSON_GetObjectItem(cJSON_GetArrayItem(blocks, 2), "elements");
    assert_string_equal(at(json, "text", NULL), "P2 opened: a &lt;b&gt; &amp; \"c\"");
    assert_string_equal(
        at(cJSON_GetArrayItem(blocks, 0), "text", "text"), ":red_circle: P2 opened: a <b> & \"c\"");
    assert_string_equal(
        at(cJSON_GetArrayItem(blocks, 1), "text", "text"), "*About:* worker 1\nfirst\nsecond");
    assert_non_null(strstr(
        at(cJSON_GetArrayItem(elements, 0), "text", NULL), "<https://h/r.md#crash-loop|Runbook>"));
    cJSON_Delete(json);
}

static void slack_is_told_nothing_twice_but_what_was_cut(void **state)
{
    (void)state;
    static const char words[] =
        "worker 1 is in a crash loop: 3 failures in a row, and so on and on, until there is no "
        "more "
        "room for it where Slack wants a header, which has a hundred and fifty characters at most";
    struct notice n = notice_of(NOTICE_OPENED, SEVERITY_P2);
    n.summary = words; /* has the subject */
    for (int i = 0; i < 2; i++) {
        struct strbuf body = STRBUF_INIT;
        notice_body_slack(&n, &sender, &body);
        cJSON *json = parsed(&body);
        const char *section =
            at(cJSON_GetArrayItem(cJSON_GetObjectItem(json, "blocks"), 1), "text", "text");
        assert_null(strstr(section, "About"));
        if (i == 0)
            assert_non_null(strstr(section, words));
        else
            assert_string_equal(section, "P2 opened: worker 1");
        cJSON_Delete(json);
        n.summary = "worker 1";
        n.details = ""; /* Slack wants something */
    }
}

static void text_is_cut_between_characters(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t max;
        const char *want;
    } rows[] = {
        {"abc", 3, "abc"},
        {"abcd", 3, "\xe2\x80\xa6"},
        {"abcdefgh", 6, "abc\xe2\x80\xa6"},
        {"a&b", 7, "a&amp;b"},
        {"a&bcd", 8, "a\xe2\x80\xa6"}, /* not "a&am…" */
        {"\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9", 6, "\xc3\xa9\xe2\x80\xa6"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct strbuf out = STRBUF_INIT;
        notice_text_slack(&out, rows[i].text, rows[i].max);
        assert_string_equal(strbuf_text(&out), rows[i].want);
        assert_true(out.len <= rows[i].max);
        strbuf_fini(&out);
    }
    assert_int_equal(notice_text_fit("\xc3\xa9\xc3\xa9", 4, 3), 2);
}

static void our_own_form_is_read_back(void **state)
{
    (void)state;
    const struct notice n = notice_of(NOTICE_ACKNOWLEDGED, SEVERITY_P3);
    struct strbuf text = STRBUF_INIT;
    struct notice_read back;
    struct err e = {0};
    notice_write_json(&n, "host-1", &text);
    assert_null(strchr(strbuf_text(&text), '\n'));
    assert_int_equal(notice_read_json(strbuf_text(&text), text.len, &back, &e), 0);
    assert_int_equal(back.notice.kind, n.kind);
    assert_int_equal(back.notice.condition, n.condition);
    assert_int_equal(back.notice.severity, n.severity);
    assert_string_equal(back.notice.summary, n.summary);
    assert_string_equal(back.notice.details, n.details);
    assert_true(back.notice.wall == n.wall && back.notice.opened_wall == n.opened_wall);
    notice_read_fini(&back);
    strbuf_fini(&text);
}

static void a_deployment_is_read_back(void **state)
{
    (void)state;
    static const enum notice_kind kinds[] = {NOTICE_BEGUN, NOTICE_ENDED, NOTICE_TEST};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const struct notice n = deployment_of(kinds[i]);
        struct strbuf text = STRBUF_INIT;
        struct notice_read back;
        struct err e = {0};
        notice_write_json(&n, "host-1", &text);
        assert_non_null(strstr(strbuf_text(&text),
            n.kind == NOTICE_TEST ? "\"condition\":\"test\"" : "\"condition\":\"deployment\""));
        assert_int_equal(notice_read_json(strbuf_text(&text), text.len, &back, &e), 0);
        assert_int_equal(back.notice.kind, n.kind);
        assert_string_equal(back.notice.incident, n.incident);
        notice_read_fini(&back);
        strbuf_fini(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alertmanager_gets_an_array),
        cmocka_unit_test(an_alert_never_ends_before_it_begins),
        cmocka_unit_test(pagerduty_gets_an_event),
        cmocka_unit_test(limits_are_kept),
        cmocka_unit_test(slack_gets_what_cannot_be_mistaken_for_markup),
        cmocka_unit_test(slack_is_told_nothing_twice_but_what_was_cut),
        cmocka_unit_test(text_is_cut_between_characters),
        cmocka_unit_test(our_own_form_is_read_back),
        cmocka_unit_test(pagerduty_gets_a_change_event_of_a_deployment),
        cmocka_unit_test(a_change_event_has_an_address_of_its_own),
        cmocka_unit_test(alertmanager_and_slack_are_told_of_a_deployment),
        cmocka_unit_test(a_deployment_is_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
