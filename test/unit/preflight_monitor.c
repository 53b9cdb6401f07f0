/* core/preflight_monitor: what Prometheus, Alertmanager and a Grafana answer, and what is made of
 * answers that are none of theirs. */
#include "core/preflight/preflight_monitor.h"

#include "cmocka_all.h"

#include <errno.h>
#include <string.h>

static const char *const NONE[] = {"", "null", "[]", "{}", "1", "\"x\"", "{\"data\":1}",
    "{\"data\":{\"result\":{\"a\":{}},\"activeAlertmanagers\":{\"a\":{}}}}",
    "{\"data\":{\"result\":[],\"activeTargets\":[],\"groups\":[]}}",
    "{\"status\":\"error\",\"error\":\"no\"}", "{\"data\":", "<html>"};
enum { N_NONE = sizeof NONE / sizeof *NONE };

static void finds_who_shows_us(void **state)
{
    (void)state;
    static const char json[] =
        "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[{\"metric\":{"
        "\"__name__\":\"voxkeeper_preflight_run\",\"instance\":\"h:9464\",\"job\":\"voxkeeper\"},"
        "\"value\":[1,\"7\"]},{\"metric\":{\"instance\":\"other\"}}]}}";
    struct strbuf instance = STRBUF_INIT;
    struct strbuf job = STRBUF_INIT;
    assert_true(monitor_read_series(json, strlen(json), &instance, &job));
    assert_string_equal(strbuf_text(&instance), "h:9464");
    assert_string_equal(strbuf_text(&job), "voxkeeper");
    strbuf_reset(&instance);
    for (size_t i = 0; i < N_NONE; i++)
        assert_false(monitor_read_series(NONE[i], strlen(NONE[i]), &instance, &job));
    assert_int_equal(instance.len, 0);
    strbuf_fini(&instance);
    strbuf_fini(&job);
}

static void a_target_is_up_or_says_why_not(void **state)
{
    (void)state;
    static const char json[] =
        "{\"data\":{\"activeTargets\":["
        "{\"labels\":{\"instance\":\"a\",\"job\":\"voxkeeper\"},\"scrapeUrl\":\"http://a/metrics\","
        "\"health\":\"up\",\"lastError\":\"\"},"
        "{\"labels\":{\"instance\":\"b\",\"job\":\"voxkeeper\"},\"scrapeUrl\":\"http://b/metrics\","
        "\"health\":\"down\",\"lastError\":\"refused\"},"
        "{\"labels\":{\"instance\":\"a\",\"job\":\"node\"},\"scrapeUrl\":\"http://a:9100/metrics\","
        "\"health\":\"down\",\"lastError\":\"\"}]}}";
    static const struct {
        const char *instance, *job, *words;
        bool up;
    } rows[] = {
        {"a", "voxkeeper", "http://a/metrics is up", true},
        {"b", "voxkeeper", "http://b/metrics is down: refused", false},
        {"a", "node", "http://a:9100/metrics is down", false},
        {"c", "voxkeeper", "", false},
        {NULL, "voxkeeper", "http://a/metrics is up; http://b/metrics is down: refused", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct strbuf words = STRBUF_INIT;
        bool up = monitor_read_target(json, strlen(json), rows[i].instance, rows[i].job, &words);
        assert_int_equal(up, rows[i].up);
        assert_string_equal(strbuf_text(&words), rows[i].words);
        strbuf_fini(&words);
    }
    for (size_t i = 0; i < N_NONE; i++) {
        struct strbuf words = STRBUF_INIT;
        assert_false(monitor_read_target(NONE[i], strlen(NONE[i]), NULL, "voxkeeper", &words));
        assert_int_equal(words.len, 0);
        strbuf_fini(&words);
    }
}

static void every_rule_has_to_be_there_and_work(void **state)
{
    (void)state;
    static const char json[] =
        "{\"data\":{\"groups\":[{\"name\":\"g\",\"rules\":[{\"name\":\"Down\",\"health\":\"ok\"},"
        "{\"name\":\"Loop\",\"health\":\"err\",\"lastError\":\"many-to-many\"}]},"
        "{\"name\":\"h\",\"rules\":[{\"name\":\"New\",\"health\":\"unknown\"}]}]}}";
    static const struct {
        const char *wanted[3];
        const char *words; /* "": good */
    } rows[] = {
        {{"Down", "New"}, ""}, /* not evaluated yet, which is no fault of it */
        {{"Down", "Loop"}, "Loop fails: many-to-many"},
        {{"Gone", "Down", "Lost"}, "Gone is not loaded; Lost is not loaded"},
        {{"down"}, "down is not loaded"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct strbuf words = STRBUF_INIT;
        struct strlist wanted = {0};
        for (size_t k = 0; k < 3 && rows[i].wanted[k]; k++)
            assert_int_equal(strlist_add(&wanted, rows[i].wanted[k]), 0);
        assert_int_equal(
            monitor_read_rules(json, strlen(json), &wanted, &words), rows[i].words[0] == '\0');
        assert_string_equal(strbuf_text(&words), rows[i].words);
        strlist_fini(&wanted);
        strbuf_fini(&words);
    }
    struct strlist one = {0};
    assert_int_equal(strlist_add(&one, "Down"), 0);
    for (size_t i = 0; i < N_NONE; i++) {
        struct strbuf words = STRBUF_INIT;
        assert_false(monitor_read_rules(NONE[i], strlen(NONE[i]), &one, &words));
        strbuf_fini(&words);
    }
    strlist_fini(&one);
}

static void counts_alertmanagers_and_knows_one(void **state)
{
    (void)state;
    static const char two[] =
        "{\"data\":{\"activeAlertmanagers\":[{\"url\":\"a\"},{\"url\":\"b\"}],"
        "\"droppedAlertmanagers\":[{\"url\":\"c\"}]}}";
    static const char status[] =
        "{\"cluster\":{\"status\":\"ready\"},\"versionInfo\":{\"version\":\"0.25.0\"}}";
    struct strbuf version = STRBUF_INIT;
    assert_int_equal(monitor_read_alertmanagers(two, strlen(two)), 2);
    monitor_read_status(status, strlen(status), &version);
    assert_string_equal(strbuf_text(&version), "0.25.0");
    strbuf_reset(&version);
    for (size_t i = 0; i < N_NONE; i++) {
        assert_int_equal(monitor_read_alertmanagers(NONE[i], strlen(NONE[i])), 0);
        monitor_read_status(NONE[i], strlen(NONE[i]), &version);
    }
    assert_int_equal(version.len, 0);
    strbuf_fini(&version);
}

static void says_who_is_told_of_an_alert(void **state)
{
    (void)state;
    static const char json[] = "[{\"labels\":{},\"receivers\":[{\"name\":\"echo\"},{\"name\":"
                               "\"pager\"}],\"status\":{\"state\":\"suppressed\"}},{}]";
    struct strbuf words = STRBUF_INIT;
    assert_true(monitor_read_alert(json, strlen(json), &words));
    assert_string_equal(strbuf_text(&words), "for receiver echo, pager, suppressed");
    strbuf_reset(&words);
    for (size_t i = 0; i < N_NONE; i++)
        assert_false(monitor_read_alert(NONE[i], strlen(NONE[i]), &words));
    assert_int_equal(words.len, 0);
    strbuf_fini(&words);
}

static void an_echo_bears_the_token(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        uint64_t token;
        int want;
    } rows[] = {
        {"{\"alerts\":[{\"status\":\"firing\",\"labels\":{\"token\":\"281474976710657\"}}]}",
            UINT64_C(281474976710657), 1},
        {"{\"alerts\":[{\"status\":\"firing\",\"labels\":{\"token\":\"1\"}},"
         "{\"status\":\"firing\",\"labels\":{\"token\":\"2\"}}]}",
            2, 1},
        {"{\"alerts\":[{\"status\":\"firing\",\"labels\":{\"token\":\"1\"}}]}", 2, 0},
        {"{\"alerts\":[{\"status\":\"resolved\",\"labels\":{\"token\":\"2\"}}]}", 2, 0},
        {"{\"alerts\":[{\"status\":\"firing\",\"labels\":{\"token\":2}}]}", 2, 0},
        /* Nobody waits for any. */
        {"{\"alerts\":[{\"status\":\"firing\",\"labels\":{\"token\":\"0\"}}]}", 0, 0},
        {"{\"alerts\":[1,null,{}]}", 2, 0},
        {"{\"alerts\":[]}", 2, 0},
        {"{\"alerts\":{}}", 2, -EINVAL},
        {"{\"alert\":[]}", 2, -EINVAL},
        {"[]", 2, -EINVAL},
        {"", 2, -EINVAL},
        {"{\"alerts\":[", 2, -EINVAL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(
            monitor_read_echo(rows[i].json, strlen(rows[i].json), rows[i].token), rows[i].want);
}

static void a_grafana_is_asked_by_its_api(void **state)
{
    (void)state;
    static const struct {
        const char *url, *want;
    } rows[] = {
        {"https://g/d/abc/voxkeeper?orgId=1", "https://g/api/dashboards/uid/abc"},
        {"https://g:3000/grafana/d/abc", "https://g:3000/grafana/api/dashboards/uid/abc"},
        {"https://g/d/", "https://g/d/"},
        {"https://g/dashboards", "https://g/dashboards"},
        {"https://g", "https://g"},
        {"https://d/x", "https://d/x"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct strbuf out = STRBUF_INIT;
        monitor_dashboard_url(rows[i].url, &out);
        assert_string_equal(strbuf_text(&out), rows[i].want);
        strbuf_fini(&out);
    }
}

/* It is shown in one line to people. */
static void what_they_say_cannot_break_a_line(void **state)
{
    (void)state;
    static const char json[] =
        "{\"data\":{\"activeTargets\":[{\"labels\":{\"job\":\"voxkeeper\"},\"scrapeUrl\":\"u\","
        "\"health\":\"down\",\"lastError\":\"one\\ntwo\\u001b[31m\"}]}}";
    struct strbuf words = STRBUF_INIT;
    assert_false(monitor_read_target(json, strlen(json), NULL, "voxkeeper", &words));
    assert_null(strpbrk(strbuf_text(&words), "\n\033"));
    strbuf_fini(&words);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_who_shows_us),
        cmocka_unit_test(a_target_is_up_or_says_why_not),
        cmocka_unit_test(every_rule_has_to_be_there_and_work),
        cmocka_unit_test(counts_alertmanagers_and_knows_one),
        cmocka_unit_test(says_who_is_told_of_an_alert),
        cmocka_unit_test(an_echo_bears_the_token),
        cmocka_unit_test(a_grafana_is_asked_by_its_api),
        cmocka_unit_test(what_they_say_cannot_break_a_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
