/* core/preflight/preflight_junit: XML that every reader takes, whatever a command wrote. */
#include "core/preflight/preflight_junit.h"

#include "cmocka_all.h"

#include <string.h>

static void escapes_what_xml_cannot_hold(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *want;
    } rows[] = {
        {"plain", "plain"},
        {"a<b> & \"c\" 'd'", "a&lt;b&gt; &amp; &quot;c&quot; 'd'"},
        {"]]>", "]]&gt;"},
        {"a\nb\tc\rd", "a&#10;b&#9;c&#13;d"},
        {"\x1b[31mred\x01", "\xEF\xBF\xBD[31mred\xEF\xBF\xBD"},
        {"caf\xC3\xA9", "caf\xC3\xA9"},
        {"\xFF\xC3", "\xEF\xBF\xBD\xEF\xBF\xBD"},
        {"\xEF\xBF\xBE|\xEF\xBF\xBF|\xEF\xBF\xBD", "\xEF\xBF\xBD|\xEF\xBF\xBD|\xEF\xBF\xBD"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct strbuf out = STRBUF_INIT;
        preflight_write_xml(&out, rows[i].text, strlen(rows[i].text));
        assert_string_equal(strbuf_text(&out), rows[i].want);
        strbuf_fini(&out);
    }
}

static void must_have(const struct strbuf *out, const char *part)
{
    if (!strstr(strbuf_text(out), part))
        fail_msg("no %s in\n%s", part, strbuf_text(out));
}

static void every_check_is_a_case(void **state)
{
    (void)state;
    struct preflight p = {0};
    struct strbuf out = STRBUF_INIT;
    unsigned cases = 0;
    unsigned pager = preflight_add(&p, PREFLIGHT_TEST_NOTICE, "pager");
    assert_int_equal(preflight_skip("rollback: \"none\" yet", &p, NULL), 0);
    preflight_note(&p, pager, true, "it rang");
    preflight_end(&p, pager, 30);
    preflight_note(&p, PREFLIGHT_TEST_COMMAND, false, "exit code 1");
    preflight_note(&p, PREFLIGHT_TEST_COMMAND, false, "1 < 2");
    preflight_end(&p, PREFLIGHT_TEST_COMMAND, 1500000);
    preflight_note(&p, PREFLIGHT_BOUNDS, true, "1 <= 2");
    preflight_end(&p, PREFLIGHT_BOUNDS, 20);
    preflight_write_junit(&p, UINT64_C(1772368240) * USEC_PER_SEC, &out);
    for (const char *at = strbuf_text(&out); (at = strstr(at, "<testcase ")); at++)
        cases++;
    assert_int_equal(cases, PREFLIGHT_CHECK_COUNT);
    must_have(&out, "<testsuite name=\"Tests\" timestamp=\"2026-03-01T12:30:40.000Z\" tests=\"1\" "
                    "failures=\"1\" errors=\"0\" skipped=\"0\" time=\"1.500000\">");
    must_have(&out,
        "name=\"test-command\" time=\"1.500000\">\n      <failure message=\"exit code 1\">"
        "exit code 1&#10;1 &lt; 2</failure>");
    must_have(&out, "name=\"bounds\" time=\"0.000020\">\n      <system-out>1 &lt;= 2</system-out>");
    must_have(&out, "<skipped message=\"&quot;none&quot; yet\"/>");
    /* In the place of the check's own. */
    must_have(&out, "<testcase classname=\"voxkeeper.preflight.monitoring\" name=\"test-notice "
                    "pager\" time=\"0.000030\">");
    assert_null(strstr(strbuf_text(&out), "name=\"test-notice\""));
    /* What never ended is no success. */
    must_have(&out, "name=\"memory\" time=\"0.000000\">\n      <failure message=\"\">");
    strbuf_fini(&out);
    preflight_fini(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(escapes_what_xml_cannot_hold),
        cmocka_unit_test(every_check_is_a_case),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
