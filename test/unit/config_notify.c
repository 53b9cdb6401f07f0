/* [Notify NAME]: who is told of incidents, and what contradicts itself there. */
#include "config_text.h"

#include "core/incidents/notice.h"

#include <stdio.h>

#define REST "[Agent]\nExecStart=/bin/agent\n[Health]\nUrl=http://127.0.0.1:3004/health\n"
#define ALL_KINDS                                                                                  \
    (1U << NOTICE_OPENED | 1U << NOTICE_UPDATED | 1U << NOTICE_ACKNOWLEDGED |                      \
        1U << NOTICE_RESOLVED | 1U << NOTICE_BEGUN | 1U << NOTICE_ENDED)

static void has_defaults(void **state)
{
    (void)state;
    struct config *c = config_must(REST "[Notify w]\nUrl=http://127.0.0.1:1/hook\n"
                                        "[Notify p]\nType=pagerduty\nKeyCredential=/k\n");
    const struct config_notify *w = &c->notifiers[0];
    assert_int_equal(c->n_notifiers, 2);
    assert_string_equal(w->name, "w");
    assert_int_equal(w->type, CONFIG_NOTIFY_WEBHOOK);
    assert_int_equal(w->severities, 1U << SEVERITY_P1 | 1U << SEVERITY_P2 | 1U << SEVERITY_P3);
    assert_int_equal(w->kinds, ALL_KINDS);
    assert_int_equal(w->timeout, 10 * USEC_PER_SEC);
    assert_int_equal(w->rate_limit.n, 10);
    assert_int_equal(w->rate_limit.per, USEC_PER_MIN);
    assert_string_equal(c->notifiers[1].url, "https://events.pagerduty.com/v2/enqueue");
    assert_string_equal(c->admin.runbook_url, "file:///usr/share/doc/voxkeeper/runbook.md");
    config_free(c);
}

static void reads_rules(void **state)
{
    (void)state;
    struct config *c = config_must(REST "[Notify x]\nType=exec\nCommand=/bin/tell \"a b\"\n"
                                        "Severity=P1\nSeverity=P3\nKinds=resolved\n"
                                        "RateLimit=3/10s\n"
                                        "[Notify y]\nUrl=http://h/\nRateLimit=infinity\n");
    const struct config_notify *x = &c->notifiers[0];
    assert_int_equal(x->severities, 1U << SEVERITY_P1 | 1U << SEVERITY_P3);
    assert_int_equal(x->kinds, 1U << NOTICE_RESOLVED);
    assert_int_equal(x->rate_limit.n, 3);
    assert_int_equal(x->rate_limit.per, 10 * USEC_PER_SEC);
    assert_int_equal(c->notifiers[1].rate_limit.n, 0);
    config_free(c);
}

static void writes_what_it_reads(void **state)
{
    (void)state;
    struct config *c = config_must(
        REST "[Notify a]\nType=alertmanager\nUrl=https://h:9093\nCaFile=/ca.pem\nRepeat=5s\n"
             "[Notify s]\nType=slack\nUrlCredential=/slack\nSeverity=P1 P2\nRateLimit=infinity\n"
             "[Notify x]\nType=exec\nCommand=/bin/tell \"a b\"\nKinds=opened\nRateLimit=3/10s\n");
    struct strbuf text = STRBUF_INIT;
    struct strbuf again = STRBUF_INIT;
    config_write(c, CONFIG_SECRETS_REVEAL, &text);
    struct config *back = config_must(strbuf_text(&text));
    config_write(back, CONFIG_SECRETS_REVEAL, &again);
    assert_string_equal(strbuf_text(&text), strbuf_text(&again));
    assert_non_null(strstr(strbuf_text(&text), "RateLimit=3/10s\n"));
    assert_non_null(strstr(strbuf_text(&text), "Severity=P1\nSeverity=P2\n"));
    assert_non_null(strstr(strbuf_text(&text), "RateLimit=infinity\n"));
    strbuf_fini(&text);
    strbuf_fini(&again);
    config_free(c);
    config_free(back);
}

static void refuses_what_contradicts_itself(void **state)
{
    (void)state;
    static const struct {
        const char *text; /* in front of REST */
        const char *said;
    } rows[] = {
        {"[Notify w]\nSeverity=P1\n",
            "/etc/v.conf:2: no Url= of notifier w, which is of Type=webhook\n"},
        {"[Notify s]\nType=slack\n",
            "/etc/v.conf:2: no UrlCredential= of notifier s, which is of Type=slack\n"},
        {"[Notify s]\nType=slack\nUrl=https://h/\nUrlCredential=/s\n",
            "/etc/v.conf:3: refuse Url= of notifier s: the address of a Slack webhook is a secret, "
            "want UrlCredential=\n"
            "/etc/v.conf:4: refuse UrlCredential= of notifier s: there is a Url= as well\n"},
        {"[Notify w]\nUrl=http://h/\nUrlCredential=/s\n",
            "/etc/v.conf:3: refuse UrlCredential= of notifier w: there is a Url= as well\n"},
        {"[Notify w]\nUrl=http://h/\nCommand=/bin/x\n",
            "/etc/v.conf:3: refuse Command= of notifier w: it is not for Type=webhook\n"},
        {"[Notify w]\nUrl=http://h/\nRepeat=1min\n",
            "/etc/v.conf:3: refuse Repeat= of notifier w: it is not for Type=webhook\n"},
        {"[Notify x]\nType=exec\n",
            "/etc/v.conf:2: no Command= of notifier x, which is of Type=exec\n"},
        {"[Notify x]\nType=exec\nCommand=/bin/x\nUrl=http://h/\n",
            "/etc/v.conf:4: refuse Url= of notifier x: it is not for Type=exec\n"},
        {"[Notify p]\nType=pagerduty\n",
            "/etc/v.conf:2: no KeyCredential= of notifier p: PagerDuty wants a routing key\n"},
        {"[Notify p]\nType=pagerduty\nKeyCredential=/k\nKinds=opened\n",
            "/etc/v.conf:4: refuse Kinds= of notifier p: Type=pagerduty keeps what is open, and "
            "needs `opened` and `resolved`\n"},
        {"[Notify w]\nUrl=http://h/\nKinds=\nSeverity=\n",
            "/etc/v.conf:4: refuse Severity= of notifier w: without any it is never told\n"
            "/etc/v.conf:3: refuse Kinds= of notifier w: without any it is never told\n"},
        {"[Notify w]\nUrl=http://h/\nCaFile=/ca\n",
            "/etc/v.conf:3: refuse CaFile= of notifier w: Url= is not https\n"},
        {"[Notify w]\nUrl=/hook\n",
            "/etc/v.conf:2: read Url in [Notify]: \"/hook\" is no http URL\n"},
        {"[Notify w]\nUrl=http://h/\nSeverity=P4\n",
            "/etc/v.conf:3: read Severity in [Notify]: \"P4\" is unknown, it is any of P1 P2 P3\n"},
        {"[Notify w]\nUrl=http://h/\nKinds=resolve\n",
            "/etc/v.conf:3: read Kinds in [Notify]: \"resolve\" is unknown, did you mean "
            "\"resolved\"?\n"},
        {"[Notify w]\nUrl=http://h/\nRateLimit=10\n",
            "/etc/v.conf:3: read RateLimit in [Notify]: \"10\" is no rate such as 10/1min: up to "
            "10000 in a time from 1s to 24h, or `infinity`\n"},
        {"[Notify w]\nUrl=http://h/\nRateLimit=0/1min\n",
            "/etc/v.conf:3: read RateLimit in [Notify]: \"0/1min\" is no rate such as 10/1min: up "
            "to 10000 in a time from 1s to 24h, or `infinity`\n"},
        {"[Admin]\nRunbookUrl=http://h/r.md#x\n",
            "/etc/v.conf:2: read RunbookUrl in [Admin]: \"http://h/r.md#x\" holds a space or a "
            "'#'\n"},
        {"[Notify]\n", "/etc/v.conf:1: section [Notify] needs a name: [Notify NAME]\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[512];
        snprintf(text, sizeof text, "%s" REST, rows[i].text);
        config_refused(text, rows[i].said);
    }
}

static void there_is_a_limit(void **state)
{
    (void)state;
    struct strbuf text = STRBUF_INIT;
    strbuf_adds(&text, REST);
    for (unsigned i = 0; i <= LIMIT_NOTIFIERS; i++)
        strbuf_addf(&text, "[Notify n%u]\nUrl=http://h/\n", i);
    config_refused(
        strbuf_text(&text), "/etc/v.conf:21: refuse [Notify n8]: more than 8 such sections\n");
    strbuf_fini(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_defaults),
        cmocka_unit_test(reads_rules),
        cmocka_unit_test(writes_what_it_reads),
        cmocka_unit_test(refuses_what_contradicts_itself),
        cmocka_unit_test(there_is_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
