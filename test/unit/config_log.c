/* [LogWatch NAME]: what is looked for in the lines of workers, and what is built in. */
#include "config_text.h"

#include "core/config/config_table.h"
#include "core/incidents/condition.h"

#include <stdio.h>

#define REST "[Agent]\nExecStart=/bin/agent\n[Health]\nUrl=http://127.0.0.1:3004/health\n"

static const struct config_log_watch *watch(const struct config *c, const char *name)
{
    for (unsigned i = 0; i < c->n_log_watches; i++) {
        if (strcmp(c->log_watches[i].name, name) == 0)
            return &c->log_watches[i];
    }
    fail_msg("there is no log watch %s", name);
    return NULL;
}

static void builds_in_what_is_known_of_the_agent(void **state)
{
    (void)state;
    struct config *c = config_must(REST "[LogWatch mine]\nPattern=boom\n");
    enum condition condition;
    assert_int_equal(c->n_log_watches, 6);
    assert_string_equal(c->log_watches[0].name, "mine");
    assert_int_equal(c->log_watches[0].threshold.n, 5);
    assert_int_equal(c->log_watches[0].threshold.per, USEC_PER_MIN);
    assert_int_equal(c->log_watches[0].action, CONFIG_LOG_EVENT);
    const struct config_log_watch *w = watch(c, "callback-failures");
    assert_int_equal(w->patterns.n, 5);
    assert_true(config_log_watch_condition(w, &condition));
    assert_int_equal(condition, CONDITION_CALLBACK_FAILURES);
    assert_true(config_log_watch_condition(watch(c, "webhook-failures"), &condition));
    assert_int_equal(condition, CONDITION_WEBHOOK_FAILURES);
    assert_false(config_log_watch_condition(watch(c, "api-key"), &condition));
    assert_int_equal(condition, CONDITION_LOG_WATCH_P3);
    assert_int_equal(watch(c, "redis-connection")->action, CONFIG_LOG_EVENT);
    config_free(c);
}

static void a_section_of_the_same_name_begins_with_the_built_in_values(void **state)
{
    (void)state;
    struct config *c = config_must(REST "[LogWatch webhook-failures]\nThreshold=9/30s\n"
                                        "[LogWatch callback-failures]\nPattern=a \"b\" \\d ;c\n"
                                        "Pattern=d\n[LogWatch api-key]\nPattern=\n");
    assert_int_equal(c->n_log_watches, 5);
    assert_int_equal(watch(c, "webhook-failures")->threshold.n, 9);
    assert_int_equal(watch(c, "webhook-failures")->patterns.n, 1);
    assert_int_equal(watch(c, "callback-failures")->patterns.n, 2);
    assert_string_equal(watch(c, "callback-failures")->patterns.items[0], "a \"b\" \\d ;c");
    assert_int_equal(watch(c, "api-key")->patterns.n, 0);
    config_free(c);
}

static void writes_what_it_reads(void **state)
{
    (void)state;
    struct config *c = config_must(REST "[LogWatch x]\nPattern=a \"b\" '\\d+' #c\nPattern=\\s$\n"
                                        "Threshold=1/1h\nAction=incident\nSeverity=P3\n"
                                        "[LogWatch api-key]\nPattern=\n");
    struct strbuf text = STRBUF_INIT;
    struct strbuf again = STRBUF_INIT;
    struct strbuf json = STRBUF_INIT;
    config_write(c, CONFIG_SECRETS_REVEAL, &text);
    struct config *back = config_must(strbuf_text(&text));
    config_write(back, CONFIG_SECRETS_REVEAL, &again);
    assert_string_equal(strbuf_text(&text), strbuf_text(&again));
    assert_non_null(strstr(strbuf_text(&text),
        "[LogWatch x]\nPattern=a \"b\" '\\d+' #c\nPattern=\\s$\nThreshold=1/1h\n"));
    assert_non_null(strstr(strbuf_text(&text), "[LogWatch api-key]\nPattern=\n"));
    config_write_json(c, &json);
    assert_non_null(
        strstr(strbuf_text(&json), "\"Pattern\":[\"a \\\"b\\\" '\\\\d+' #c\",\"\\\\s$\"]"));
    strbuf_fini(&text);
    strbuf_fini(&again);
    strbuf_fini(&json);
    config_free(c);
    config_free(back);
}

static void refuses(void **state)
{
    (void)state;
    config_refused(REST "[LogWatch x]\nPattern=a(b\n",
        "/etc/v.conf:6: read Pattern in [LogWatch]: \"a(b\" is no pattern: missing closing "
        "parenthesis at offset 3\n");
    config_refused(
        REST "[LogWatch x]\nThreshold=3/1s\n", "/etc/v.conf:6: no Pattern= of log watch x\n");
    config_refused(REST "[LogWatch x]\nPattern=a\nThreshold=infinity\n",
        "/etc/v.conf:7: refuse Threshold= of log watch x: want 1 to 1000 lines in a time\n");
    config_refused(REST "[LogWatch x]\nPattern=a\nThreshold=1001/1s\n",
        "/etc/v.conf:7: refuse Threshold= of log watch x: want 1 to 1000 lines in a time\n");
    config_refused(REST "[LogWatch webhook-failures]\nSeverity=P1\n",
        "/etc/v.conf:6: refuse Severity=P1 of log watch webhook-failures: the incident of that "
        "name is P2\n");
    config_refused(REST "[Heal]\nBudget=101/1h\n",
        "/etc/v.conf:6: refuse Budget= in [Heal]: want 1 to 100 in a time\n");
    config_refused(REST "[Heal]\nBudget=infinity\n",
        "/etc/v.conf:6: refuse Budget= in [Heal]: want 1 to 100 in a time\n");
    config_refused(REST "[LogWatch x]\nPattern=a\nAction=cure\n",
        "/etc/v.conf:7: read Action in [LogWatch]: \"cure\" is unknown, it is one of event "
        "incident doctor restart\n");
}

static void there_may_not_be_too_many(void **state)
{
    (void)state;
    struct strbuf text = STRBUF_INIT;
    strbuf_adds(&text, REST);
    for (unsigned i = 0; i < LIMIT_LOG_WATCHES - 5; i++)
        strbuf_addf(&text, "[LogWatch w%u]\nPattern=a\n", i);
    struct config *c = config_must(strbuf_text(&text));
    assert_int_equal(c->n_log_watches, LIMIT_LOG_WATCHES);
    config_free(c);
    strbuf_adds(&text, "[LogWatch one]\nPattern=a\n");
    config_refused(strbuf_text(&text),
        "refuse more than 24 sections [LogWatch NAME], api-key built in among them\n");
    strbuf_reset(&text);
    strbuf_adds(&text, REST "[LogWatch x]\n");
    for (unsigned i = 0; i < LIMIT_LOG_PATTERNS + 1; i++)
        strbuf_adds(&text, "Pattern=a\n");
    config_refused(strbuf_text(&text), "/etc/v.conf:38: refuse Pattern= of log watch x: more than "
                                       "32\n");
    strbuf_fini(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(builds_in_what_is_known_of_the_agent),
        cmocka_unit_test(a_section_of_the_same_name_begins_with_the_built_in_values),
        cmocka_unit_test(writes_what_it_reads),
        cmocka_unit_test(refuses),
        cmocka_unit_test(there_may_not_be_too_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
