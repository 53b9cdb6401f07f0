/* core/fleet/expect: assertions on a probe's answer, whatever the answer holds. */
#include "core/fleet/expect.h"

#include "base/text.h"
#include "core/config/config_words.h"

#include "cmocka_all.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* `others` names the paths of DependencyJson, and behind a `|` those of ProviderJson. */
static int expect_of(
    struct expect *x, const char *status, const char *json, const char *others, struct err *e)
{
    struct strlist terms = {0};
    struct strlist dependency = {0};
    struct strlist provider = {0};
    struct expect_spec spec = {status, &terms, &dependency, &provider};
    char first[80] = "";
    const char *bar = strchrnul(others, '|');
    memcpy(first, others, (size_t)(bar - others));
    assert_int_equal(config_words_split(json, &terms, e), 0);
    assert_int_equal(config_words_split(first, &dependency, e), 0);
    assert_int_equal(config_words_split(*bar ? bar + 1 : bar, &provider, e), 0);
    int r = expect_init(x, &spec, e);
    strlist_fini(&terms);
    strlist_fini(&dependency);
    strlist_fini(&provider);
    return r;
}

static enum probe_outcome judge(const char *json, const char *others, const char *body, size_t len,
    char reason[EXPECT_REASON_MAX])
{
    struct expect x = {0};
    struct err e = {0};
    assert_int_equal(expect_of(&x, "200", json, others, &e), 0);
    /* Bytes of their own, so that a sanitizer sees a read past them. */
    char *copy = malloc(len ? len : 1);
    assert_non_null(copy);
    memcpy(copy, body, len);
    enum probe_outcome outcome = expect_judge(&x, 200, copy, len, false, reason);
    free(copy);
    expect_fini(&x);
    return outcome;
}

#define HEALTH "{\"status\":\"ok\",\"service\":\"elevenlabs-agent\",\"redis\":\"connected\"}"

static void compares_members(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        const char *body;
        enum probe_outcome outcome;
        const char *reason;
    } rows[] = {
        {"status=ok redis=connected", HEALTH, PROBE_PASS, ""},
        {"", "not json", PROBE_PASS, ""},
        {"status=up", HEALTH, PROBE_FAIL, "status is \"ok\", want \"up\""},
        {"a=b", HEALTH, PROBE_FAIL, "a is missing, want \"b\""},
        {"status", HEALTH, PROBE_PASS, ""},
        {"nil", "{\"nil\":null}", PROBE_FAIL, "nil is null"},
        {"nil=null", "{\"nil\":null}", PROBE_PASS, ""},
        {"x", "{}", PROBE_FAIL, "x is missing"},
        {"x!=1", "{\"x\":2}", PROBE_PASS, ""},
        {"x!=2", "{\"x\":2}", PROBE_FAIL, "x is \"2\", want anything but \"2\""},
        {"x!=1", "{}", PROBE_FAIL, "x is missing, want anything but \"1\""},
        {"x=true", "{\"x\":true}", PROBE_PASS, ""},
        {"x=true", "{\"x\":\"true\"}", PROBE_PASS, ""},
        {"x=true", "{\"x\":1}", PROBE_FAIL, "x is \"1\", want \"true\""},
        {"x=3", "{\"x\":3.0}", PROBE_PASS, ""},
        {"x=3.0", "{\"x\":3}", PROBE_PASS, ""},
        {"x=3", "{\"x\":\"3.0\"}", PROBE_FAIL, "x is \"3.0\", want \"3\""},
        {"x<3", "{\"x\":2.9}", PROBE_PASS, ""},
        {"x<3", "{\"x\":3}", PROBE_FAIL, "x is \"3\", want < \"3\""},
        {"x<=3", "{\"x\":3}", PROBE_PASS, ""},
        {"x<=3", "{\"x\":3.1}", PROBE_FAIL, "x is \"3.1\", want <= \"3\""},
        {"x>-1", "{\"x\":0}", PROBE_PASS, ""},
        {"x>0", "{\"x\":0}", PROBE_FAIL, "x is \"0\", want > \"0\""},
        {"x>=0", "{\"x\":0}", PROBE_PASS, ""},
        {"x>=1", "{\"x\":0}", PROBE_FAIL, "x is \"0\", want >= \"1\""},
        {"x<3", "{\"x\":\"2\"}", PROBE_FAIL, "x is \"2\", want < \"3\""},
        {"x=1", "{\"x\":{}}", PROBE_FAIL, "x is no single value, want \"1\""},
        {"x!=1", "{\"x\":[]}", PROBE_FAIL, "x is no single value, want anything but \"1\""},
        {"x", "{\"x\":{}}", PROBE_PASS, ""},
        {"x=", "{\"x\":\"\"}", PROBE_PASS, ""},
        {"a.b.c=1", "{\"a\":{\"b\":{\"c\":1}}}", PROBE_PASS, ""},
        {"a.b.c=1", "{\"a\":{\"b\":1}}", PROBE_FAIL, "a.b.c is missing, want \"1\""},
        {"l.1=b", "{\"l\":[\"a\",\"b\"]}", PROBE_PASS, ""},
        {"l.2=b", "{\"l\":[\"a\",\"b\"]}", PROBE_FAIL, "l.2 is missing, want \"b\""},
        {"l.x=b", "{\"l\":[\"a\",\"b\"]}", PROBE_FAIL, "l.x is missing, want \"b\""},
        {"l.-1=b", "{\"l\":[\"a\",\"b\"]}", PROBE_FAIL, "l.-1 is missing, want \"b\""},
        {"0=b", "[\"b\"]", PROBE_PASS, ""},
        {"o.0=b", "{\"o\":{\"0\":\"b\"}}", PROBE_PASS, ""},
        {"Status=ok", HEALTH, PROBE_FAIL, "Status is missing, want \"ok\""},
        {"x=a=b", "{\"x\":\"a=b\"}", PROBE_PASS, ""},
        {"x=2", "{\"x\":1,\"x\":2}", PROBE_PASS, ""},
        {"x=1", "{\"x\":1,\"x\":2}", PROBE_FAIL, "x is \"2\", want \"1\""},
        {"x=\xC3\xA4", "{\"x\":\"\\u00e4\"}", PROBE_PASS, ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char reason[EXPECT_REASON_MAX];
        enum probe_outcome outcome =
            judge(rows[i].json, "", rows[i].body, strlen(rows[i].body), reason);
        if (outcome != rows[i].outcome || strcmp(reason, rows[i].reason) != 0)
            fail_msg("%s on %s: %d \"%s\"", rows[i].json, rows[i].body, (int)outcome, reason);
    }
}

static void tells_the_dependency_from_the_worker(void **state)
{
    (void)state;
    char reason[EXPECT_REASON_MAX];
    const char down[] = "{\"status\":\"ok\",\"redis\":\"disconnected\"}";
    const char both[] = "{\"status\":\"bad\",\"redis\":\"disconnected\"}";
    assert_int_equal(
        judge("redis=connected status=ok", "redis", down, strlen(down), reason), PROBE_DEPENDENCY);
    assert_string_equal(reason, "redis is \"disconnected\", want \"connected\"");
    /* What speaks of the worker outweighs, whichever stands first. */
    assert_int_equal(
        judge("redis=connected status=ok", "redis", both, strlen(both), reason), PROBE_FAIL);
    assert_string_equal(reason, "status is \"bad\", want \"ok\"");
    assert_int_equal(
        judge("status=ok redis=connected", "redis", both, strlen(both), reason), PROBE_FAIL);
    assert_int_equal(
        judge("status=ok redis=connected", "redis", HEALTH, strlen(HEALTH), reason), PROBE_PASS);
    /* An answer that is no JSON is never the dependency's fault. */
    assert_int_equal(judge("redis=connected", "redis", "oops", 4, reason), PROBE_FAIL);
}

static void tells_a_provider_from_dependency_and_worker(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        enum probe_outcome outcome;
        const char *reason;
    } rows[] = {
        {"{\"status\":\"ok\",\"redis\":\"up\",\"llm\":\"up\",\"tts\":1}", PROBE_PASS, ""},
        {"{\"status\":\"ok\",\"redis\":\"up\",\"llm\":\"down\",\"tts\":0}", PROBE_PROVIDER,
            "llm is \"down\", want \"up\""},
        {"{\"status\":\"ok\",\"redis\":\"up\",\"tts\":1}", PROBE_PROVIDER,
            "llm is missing, want \"up\""},
        {"{\"status\":\"ok\",\"redis\":\"gone\",\"llm\":\"up\",\"tts\":1}", PROBE_DEPENDENCY,
            "redis is \"gone\", want \"up\""},
        /* The graver one decides and is told, whichever stands first. */
        {"{\"status\":\"ok\",\"redis\":\"gone\",\"llm\":\"down\",\"tts\":0}", PROBE_DEPENDENCY,
            "redis is \"gone\", want \"up\""},
        {"{\"status\":\"bad\",\"redis\":\"gone\",\"llm\":\"down\",\"tts\":0}", PROBE_FAIL,
            "status is \"bad\", want \"ok\""},
        {"{\"status\":\"bad\",\"redis\":\"up\",\"llm\":\"down\",\"tts\":1}", PROBE_FAIL,
            "status is \"bad\", want \"ok\""},
    };
    static const char *const orders[] = {"llm=up tts=1 redis=up status=ok",
        "llm=up redis=up tts=1 status=ok", "status=ok redis=up llm=up tts=1"};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (size_t k = 0; k < sizeof orders / sizeof *orders; k++) {
            char reason[EXPECT_REASON_MAX];
            enum probe_outcome outcome =
                judge(orders[k], "redis|llm tts", rows[i].body, strlen(rows[i].body), reason);
            if (outcome != rows[i].outcome || strcmp(reason, rows[i].reason) != 0)
                fail_msg("%s: %s \"%s\"", rows[i].body, probe_outcome_name(outcome), reason);
        }
    }
    char reason[EXPECT_REASON_MAX];
    assert_int_equal(judge("llm=up", "|llm", "oops", 4, reason), PROBE_FAIL);
}

static void refuses_what_is_not_one_json_value(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        size_t len;
        const char *reason;
    } rows[] = {
        {"", 0, "answer is not JSON: it is empty"},
        {"<html>", 6, "answer is not JSON: its syntax is wrong"},
        {"{\"x\":1", 6, "answer is not JSON: its syntax is wrong"},
        {"{\"x\":1}}", 8, "answer is not JSON: its syntax is wrong"},
        {"{\"x\":1} trailing", 16, "answer is not JSON: its syntax is wrong"},
        {"{\"x\":1}\0", 8, "answer is not JSON: it holds a NUL byte"},
        {"{\"x\":\"1\0\"}", 10, "answer is not JSON: it holds a NUL byte"},
        {"{\"x\":\"1\\u0000\"}", 15, "answer is not JSON: it holds a NUL character"},
        {"{\"x\":\"\\", 7, "answer is not JSON: its syntax is wrong"},
        {"\"", 1, "answer is not JSON: its syntax is wrong"},
        {"\xFF\xFE", 2, "answer is not JSON: its syntax is wrong"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char reason[EXPECT_REASON_MAX];
        assert_int_equal(judge("x=1", "", rows[i].body, rows[i].len, reason), PROBE_FAIL);
        assert_string_equal(reason, rows[i].reason);
    }
    char reason[EXPECT_REASON_MAX];
    const char spaced[] = " \r\n{\"x\":1}\n";
    assert_int_equal(judge("x=1", "", spaced, strlen(spaced), reason), PROBE_PASS);
    const char escaped[] = "{\"x\":\"\\\\u0000\"}";
    assert_int_equal(judge("x", "", escaped, strlen(escaped), reason), PROBE_PASS);
}

static void survives_depth_and_size(void **state)
{
    (void)state;
    enum { BODY = 64 * 1024 };
    char reason[EXPECT_REASON_MAX];
    static char body[BODY];
    memset(body, '[', BODY);
    assert_int_equal(judge("x=1", "", body, BODY, reason), PROBE_FAIL);
    assert_string_equal(reason, "answer is not JSON: it is nested too deeply");
    /* As deep as is allowed. */
    memset(body + 64, ']', 64);
    assert_int_equal(judge("0", "", body, 128, reason), PROBE_PASS);
    /* Brackets in a text are no depth. */
    memset(body, '[', BODY);
    memcpy(body, "{\"x\":\"", 6);
    memcpy(body + BODY - 2, "\"}", 2);
    assert_int_equal(judge("x!=1", "", body, BODY, reason), PROBE_PASS);
    /* Numbers beyond any double, and a long value in the reason. */
    memset(body, '9', BODY);
    memcpy(body, "{\"x\":", 5);
    body[BODY - 1] = '}';
    assert_int_equal(judge("x<1", "", body, BODY, reason), PROBE_FAIL);
    assert_int_equal(judge("x<1", "", "{\"x\":1e999}", 11, reason), PROBE_FAIL);
    memset(body, 'a', BODY);
    memcpy(body, "{\"x\":\"", 6);
    memcpy(body + BODY - 2, "\"}", 2);
    assert_int_equal(judge("x=1", "", body, BODY, reason), PROBE_FAIL);
    assert_true(strlen(reason) < EXPECT_REASON_MAX && strstr(reason, "…"));
}

/* The reason goes to a terminal and a journal. */
static void reasons_are_harmless(void **state)
{
    (void)state;
    char reason[EXPECT_REASON_MAX];
    const char body[] = "{\"x\":\"\\u001b[31m\\n\\ud83d\\ude00\"}";
    assert_int_equal(judge("x=1", "", body, strlen(body), reason), PROBE_FAIL);
    assert_string_equal(reason, "x is \"\\x1b[31m\\n\xF0\x9F\x98\x80\", want \"1\"");
}

/* It is cut between characters, wherever that is, and never beyond its end. */
static void long_reasons_are_cut(void **state)
{
    (void)state;
    for (size_t pad = 0; pad < 8; pad++) {
        struct {
            char reason[EXPECT_REASON_MAX];
            char guard[8];
        } out = {.guard = "guard"};
        char term[256] = "xxxxxxxx";
        size_t n = pad;
        while (n < 59)
            term[n++] = '\x01';
        n += (size_t)sprintf(term + n, "=");
        while (n < 200)
            n += (size_t)sprintf(term + n, "\xF0\x9F\x98\x80");
        struct strlist terms = {0};
        struct strlist none = {0};
        struct expect_spec spec = {"200", &terms, &none, &none};
        struct expect x = {0};
        struct err e = {0};
        assert_int_equal(strlist_add(&terms, term), 0);
        assert_int_equal(expect_init(&x, &spec, &e), 0);
        assert_int_equal(expect_judge(&x, 200, "{}", 2, false, out.reason), PROBE_FAIL);
        assert_in_range(strlen(out.reason), EXPECT_REASON_MAX - 4, EXPECT_REASON_MAX - 1);
        assert_true(text_is_utf8(out.reason, strlen(out.reason)));
        assert_string_equal(out.guard, "guard");
        expect_fini(&x);
        strlist_fini(&terms);
    }
}

static void judges_the_status_first(void **state)
{
    (void)state;
    static const struct {
        const char *expect;
        int status;
        enum probe_outcome outcome;
        const char *reason;
    } rows[] = {
        {"200", 200, PROBE_PASS, ""},
        {"200", 204, PROBE_FAIL, "status is 204, want 200"},
        {"200-299", 204, PROBE_PASS, ""},
        {"200-299", 199, PROBE_FAIL, "status is 199, want 200-299"},
        {"200-299", 300, PROBE_FAIL, "status is 300, want 200-299"},
        {"200-200", 503, PROBE_FAIL, "status is 503, want 200"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct expect x = {0};
        struct err e = {0};
        char reason[EXPECT_REASON_MAX];
        assert_int_equal(expect_of(&x, rows[i].expect, "", "", &e), 0);
        assert_int_equal(expect_judge(&x, rows[i].status, "", 0, false, reason), rows[i].outcome);
        assert_string_equal(reason, rows[i].reason);
        expect_fini(&x);
    }
}

static void a_cut_answer_fails_only_json(void **state)
{
    (void)state;
    struct expect x = {0};
    struct err e = {0};
    char reason[EXPECT_REASON_MAX];
    assert_int_equal(expect_of(&x, "200", "", "", &e), 0);
    assert_int_equal(expect_judge(&x, 200, "abc", 3, true, reason), PROBE_PASS);
    expect_fini(&x);
    assert_int_equal(expect_of(&x, "200", "x", "", &e), 0);
    assert_int_equal(expect_judge(&x, 200, "{\"x\":1}", 7, true, reason), PROBE_FAIL);
    assert_string_equal(reason, "answer is longer than 7 bytes");
    expect_fini(&x);
}

static void refuses_bad_expectations(void **state)
{
    (void)state;
    static const struct {
        const char *status, *json, *dependency, *said;
    } rows[] = {
        {"", "", "", "\"\" is no HTTP status such as 200, nor a range such as 200-299"},
        {"ok", "", "", "\"ok\" is no HTTP status such as 200, nor a range such as 200-299"},
        {"99", "", "", "\"99\" is no HTTP status such as 200, nor a range such as 200-299"},
        {"600", "", "", "\"600\" is no HTTP status such as 200, nor a range such as 200-299"},
        {"299-200", "", "",
            "\"299-200\" is no HTTP status such as 200, nor a range such as 200-299"},
        {"200-", "", "", "\"200-\" is no HTTP status such as 200, nor a range such as 200-299"},
        {"200", "=ok", "", "\"=ok\" has no path before the operator"},
        {"200", "x!1", "", "\"x!1\" has '!' without '='"},
        {"200", "x<a", "", "\"x<a\" compares with what is no number"},
        {"200", "x>=", "", "\"x>=\" compares with what is no number"},
        {"200", "x=1", "y", "\"y\" is not a path of ExpectJson"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct expect x = {0};
        struct err e = {0};
        assert_int_equal(
            expect_of(&x, rows[i].status, rows[i].json, rows[i].dependency, &e), -EINVAL);
        assert_string_equal(e.msg, rows[i].said);
        assert_null(x.terms);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compares_members),
        cmocka_unit_test(tells_the_dependency_from_the_worker),
        cmocka_unit_test(tells_a_provider_from_dependency_and_worker),
        cmocka_unit_test(refuses_what_is_not_one_json_value),
        cmocka_unit_test(survives_depth_and_size),
        cmocka_unit_test(reasons_are_harmless),
        cmocka_unit_test(long_reasons_are_cut),
        cmocka_unit_test(judges_the_status_first),
        cmocka_unit_test(a_cut_answer_fails_only_json),
        cmocka_unit_test(refuses_bad_expectations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
