/* core/metrics/exposition: both formats to the letter, their escapes, the order of the families. */
#include "core/metrics/exposition.h"

#include "cmocka_all.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static struct strbuf text;

static int fresh(void **state)
{
    (void)state;
    strbuf_reset(&text);
    return 0;
}

static int done(void **state)
{
    (void)state;
    strbuf_fini(&text);
    return 0;
}

static void has(const char *part)
{
    if (!strstr(strbuf_text(&text), part))
        fail_msg("\"%s\" is not in\n%s", part, strbuf_text(&text));
}

static void write_some(enum exposition_format format)
{
    struct exposition x;
    struct histogram h = {.scale = HISTOGRAM_AGES};
    histogram_add(&h, USEC_PER_SEC);
    histogram_add(&h, 2 * USEC_PER_HOUR + 500);
    exposition_begin(&x, format, &text);
    exposition_family(&x, METRIC_BUILD_INFO);
    exposition_count(&x, METRIC_LABELS("1.2", "abc"), 1);
    exposition_one_count(&x, METRIC_RESUMES, 3);
    exposition_family(&x, METRIC_WITHOUT_SERVING_WORKER);
    exposition_seconds(&x, METRIC_LABELS("down"), 1500);
    exposition_seconds(&x, METRIC_LABELS("drained"), 2 * USEC_PER_SEC);
    exposition_family(&x, METRIC_ROLLOUT_PHASE_DURATION);
    exposition_histogram(&x, METRIC_LABELS("canary"), &h);
    exposition_family(&x, METRIC_CALLERS);
    exposition_unknown(&x, METRIC_LABELS("tasks"));
    exposition_one_histogram(&x, METRIC_SESSION_AGE, &h);
    exposition_end(&x);
}

static void the_text_format(void **state)
{
    (void)state;
    write_some(EXPOSITION_TEXT);
    has("# HELP voxkeeper_build_info Version of voxkeeperd, and the commit that it was built "
        "from.\n# TYPE voxkeeper_build_info gauge\n"
        "voxkeeper_build_info{version=\"1.2\",revision=\"abc\"} 1\n"
        "# HELP voxkeeper_ready ");
    has("# TYPE voxkeeper_resumes_total counter\nvoxkeeper_resumes_total 3\n");
    has("# TYPE voxkeeper_without_serving_worker_seconds_total counter\n"
        "voxkeeper_without_serving_worker_seconds_total{why=\"down\"} 0.0015\n"
        "voxkeeper_without_serving_worker_seconds_total{why=\"drained\"} 2.0\n");
    has("\nvoxkeeper_callers{kind=\"tasks\"} NaN\n");
    assert_null(strstr(strbuf_text(&text), "EOF"));
}

static void openmetrics(void **state)
{
    (void)state;
    write_some(EXPOSITION_OPENMETRICS);
    has("# TYPE voxkeeper_build info\n"
        "voxkeeper_build_info{version=\"1.2\",revision=\"abc\"} 1\n");
    has("# HELP voxkeeper_resumes Instances");
    has("# TYPE voxkeeper_resumes counter\nvoxkeeper_resumes_total 3\n");
    assert_string_equal(strbuf_text(&text) + text.len - 6, "# EOF\n");
}

static void distributions_are_cumulative(void **state)
{
    (void)state;
    write_some(EXPOSITION_TEXT);
    has("# TYPE voxkeeper_rollout_phase_duration_seconds histogram\n"
        "voxkeeper_rollout_phase_duration_seconds_bucket{phase=\"canary\",le=\"900.0\"} 1\n"
        "voxkeeper_rollout_phase_duration_seconds_bucket{phase=\"canary\",le=\"3600.0\"} 1\n"
        "voxkeeper_rollout_phase_duration_seconds_bucket{phase=\"canary\",le=\"86400.0\"} 2\n"
        "voxkeeper_rollout_phase_duration_seconds_bucket{phase=\"canary\",le=\"604800.0\"} 2\n"
        "voxkeeper_rollout_phase_duration_seconds_bucket{phase=\"canary\",le=\"+Inf\"} 2\n"
        "voxkeeper_rollout_phase_duration_seconds_sum{phase=\"canary\"} 7201.0005\n"
        "voxkeeper_rollout_phase_duration_seconds_count{phase=\"canary\"} 2\n");
    has("\nvoxkeeper_session_age_seconds_bucket{le=\"900.0\"} 1\n");
    has("\nvoxkeeper_session_age_seconds_sum 7201.0005\nvoxkeeper_session_age_seconds_count 2\n");
}

static void labels_are_escaped(void **state)
{
    (void)state;
    struct exposition x;
    exposition_begin(&x, EXPOSITION_TEXT, &text);
    exposition_family(&x, METRIC_WORKER_INFO);
    exposition_count(&x, METRIC_LABELS("1", "", "a\"b\\c\nd\te"), 1);
    exposition_count(&x, METRIC_LABELS("2", "", "gr\xc3\xbc\xc3\x9f \xff\xc3"), 1);
    has("voxkeeper_worker_info{worker=\"1\",generation=\"\",release=\"a\\\"b\\\\c\\nd\te\"} 1\n");
    has("release=\"gr\xc3\xbc\xc3\x9f \xef\xbf\xbd\xef\xbf\xbd\"} 1\n");
}

/* Each once, in the order of the table, whether or not there are samples. */
static void every_family_has_its_head(void **state)
{
    (void)state;
    write_some(EXPOSITION_TEXT);
    const char *at = strbuf_text(&text);
    for (int f = 0; f < METRIC_FAMILY_COUNT; f++) {
        const struct metric_family_row *row = exposition_row((enum metric_family)f);
        size_t len = strlen(row->name);
        at = strstr(at, "# TYPE ");
        assert_non_null(at);
        at += strlen("# TYPE ");
        if (strncmp(at, row->name, len) != 0 || at[len] != ' ')
            fail_msg("%s was expected at\n%.80s", row->name, at);
    }
    assert_null(strstr(at, "# TYPE "));
}

static bool ends_with(const char *name, const char *end)
{
    size_t len = strlen(name);
    return len > strlen(end) && strcmp(name + len - strlen(end), end) == 0;
}

/* What promtool and OpenMetrics ask for, and what the writer takes for granted. */
static void the_table_keeps_to_the_conventions(void **state)
{
    (void)state;
    for (int f = 0; f < METRIC_FAMILY_COUNT; f++) {
        const struct metric_family_row *row = exposition_row((enum metric_family)f);
        assert_int_equal(ends_with(row->name, "_total"), row->type == METRIC_COUNTER);
        assert_int_equal(ends_with(row->name, "_info"), row->type == METRIC_INFO);
        if (row->type == METRIC_HISTOGRAM)
            assert_true(ends_with(row->name, "_seconds"));
        assert_true(
            strncmp(row->name, "voxkeeper_", 10) == 0 || strncmp(row->name, "process_", 8) == 0);
        for (const char *c = row->name; *c; c++)
            assert_true(islower(*c) || *c == '_');
        unsigned n_labels = row->labels[0] != '\0';
        for (const char *c = row->labels; *c; c++) {
            assert_true(islower(*c) || *c == '_' || *c == ',');
            n_labels += *c == ',';
        }
        assert_in_range(n_labels, 0, METRIC_LABELS_MAX);
        assert_null(strpbrk(row->help, "\\\"\n"));
        assert_true(isupper(row->help[0]) || isdigit(row->help[0]));
        assert_true(ends_with(row->help, "."));
    }
}

/* OpenMetrics takes the endings away; then no two may be called the same. */
static void no_two_have_one_name(void **state)
{
    (void)state;
    write_some(EXPOSITION_OPENMETRICS);
    for (const char *at = strbuf_text(&text); (at = strstr(at, "# TYPE ")) != NULL;) {
        char line[128];
        at += strlen("# TYPE ");
        snprintf(line, sizeof line, "# TYPE %.*s ", (int)strcspn(at, " "), at);
        const char *again = strstr(at, line);
        if (again)
            fail_msg("%s is there twice", line);
    }
}

static void who_asks_gets_what_he_reads(void **state)
{
    (void)state;
    static const struct {
        const char *accept;
        enum exposition_format format;
    } cases[] = {
        {NULL, EXPOSITION_TEXT},
        {"", EXPOSITION_TEXT},
        {"*/*", EXPOSITION_TEXT},
        {"text/html, text/plain;q=0.9", EXPOSITION_TEXT},
        {"application/openmetrics-text", EXPOSITION_OPENMETRICS},
        {"Application/OpenMetrics-Text; Version=1.0.0", EXPOSITION_OPENMETRICS},
        {"application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;"
         "q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
            EXPOSITION_OPENMETRICS},
        {"text/plain;version=0.0.4, application/openmetrics-text;q=0.5", EXPOSITION_TEXT},
        {"text/plain;q=0.4,application/openmetrics-text ; q=0.5", EXPOSITION_OPENMETRICS},
        {"text/plain, application/openmetrics-text", EXPOSITION_OPENMETRICS},
        {"application/openmetrics-text;q=0", EXPOSITION_TEXT},
        {"application/openmetrics-text;q=", EXPOSITION_OPENMETRICS},
        {"application/openmetrics-text;q=9", EXPOSITION_OPENMETRICS},
        {"application/openmetrics-textual", EXPOSITION_TEXT},
        {",,;,;q=1,", EXPOSITION_TEXT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (exposition_format_of(cases[i].accept) != cases[i].format)
            fail_msg("%s", cases[i].accept ? cases[i].accept : "no header");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_text_format, fresh),
        cmocka_unit_test_setup(openmetrics, fresh),
        cmocka_unit_test_setup(distributions_are_cumulative, fresh),
        cmocka_unit_test_setup(labels_are_escaped, fresh),
        cmocka_unit_test_setup(every_family_has_its_head, fresh),
        cmocka_unit_test_setup(the_table_keeps_to_the_conventions, fresh),
        cmocka_unit_test_setup(no_two_have_one_name, fresh),
        cmocka_unit_test(who_asks_gets_what_he_reads),
    };
    return cmocka_run_group_tests(tests, NULL, done);
}
