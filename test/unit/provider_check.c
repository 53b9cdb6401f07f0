/* What is asked of providers, and what their answers mean. */
#include "core/credentials/provider_check.h"

#include "cmocka_all.h"

#include <stdio.h>
#include <string.h>

#define SAYS(symbol) PROVIDER_SAYS_##symbol
#define STEP(symbol) PROVIDER_STEP_##symbol

static const struct provider_ask asks[] = {
    [PROVIDER_ELEVENLABS] = {.provider = PROVIDER_ELEVENLABS, .quota = true},
    [PROVIDER_DEEPGRAM] = {.provider = PROVIDER_DEEPGRAM, .quota = true},
    [PROVIDER_OPENAI] = {.provider = PROVIDER_OPENAI},
    [PROVIDER_ANTHROPIC] = {.provider = PROVIDER_ANTHROPIC},
    [PROVIDER_GOOGLE] = {.provider = PROVIDER_GOOGLE},
    [PROVIDER_TWILIO] = {.provider = PROVIDER_TWILIO, .account = "AC1", .quota = true},
    [PROVIDER_HTTP] = {.provider = PROVIDER_HTTP, .url = "http://h/x", .header = "X-Key:"},
};
static const struct provider_ask account = {
    .provider = PROVIDER_GOOGLE, .form = PROVIDER_FORM_ACCOUNT, .url = "https://t/token"};
static const struct provider_ask pair = {
    .provider = PROVIDER_TWILIO, .form = PROVIDER_FORM_PAIR, .account = "AC1", .quota = true};

static void asks_where_and_as_they_want(void **state)
{
    (void)state;
    const struct provider_ask *const e = asks;
    const struct {
        const struct provider_ask *ask;
        enum provider_step step;
        const char *url, *header, *extra;
    } rows[] = {
        {&e[PROVIDER_ELEVENLABS], STEP(KEY), "https://api.elevenlabs.io/v1/user/subscription",
            "xi-api-key: K", ""},
        {&e[PROVIDER_ELEVENLABS], STEP(SCOPED),
            "https://api.elevenlabs.io/v1/convai/agents?page_size=1", "xi-api-key: K", ""},
        {&e[PROVIDER_DEEPGRAM], STEP(KEY), "https://api.deepgram.com/v1/projects",
            "Authorization: Token K", ""},
        {&e[PROVIDER_DEEPGRAM], STEP(QUOTA), "https://api.deepgram.com/v1/projects/ab-1/balances",
            "Authorization: Token K", ""},
        {&e[PROVIDER_OPENAI], STEP(KEY), "https://api.openai.com/v1/models",
            "Authorization: Bearer K", ""},
        {&e[PROVIDER_ANTHROPIC], STEP(KEY), "https://api.anthropic.com/v1/models", "x-api-key: K",
            "anthropic-version: 2023-06-01"},
        {&e[PROVIDER_GOOGLE], STEP(KEY),
            "https://generativelanguage.googleapis.com/v1beta/models?pageSize=1",
            "x-goog-api-key: K", ""},
        {&account, STEP(KEY), "https://t/token", "Content-Type: application/x-www-form-urlencoded",
            ""},
        {&e[PROVIDER_TWILIO], STEP(KEY), "https://api.twilio.com/2010-04-01/Accounts/AC1.json",
            "Authorization: Basic QUMxOks=", ""},
        {&e[PROVIDER_TWILIO], STEP(QUOTA),
            "https://api.twilio.com/2010-04-01/Accounts/AC1/Balance.json",
            "Authorization: Basic QUMxOks=", ""},
        {&pair, STEP(KEY), "https://api.twilio.com/2010-04-01/Accounts/AC1/Calls.json?PageSize=1",
            "Authorization: Basic Sw==", ""},
        {&pair, STEP(QUOTA), "https://api.twilio.com/2010-04-01/Accounts/AC1/Balance.json",
            "Authorization: Basic Sw==", ""},
        {&e[PROVIDER_HTTP], STEP(KEY), "http://h/x", "X-Key: K", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct provider_reading so_far = {.project = "ab-1"};
        struct strbuf url = STRBUF_INIT;
        char header[PROVIDER_HEADER_MAX];
        provider_write_url(rows[i].ask, rows[i].step, &so_far, &url);
        assert_string_equal(strbuf_text(&url), rows[i].url);
        assert_true(provider_write_header(rows[i].ask, "K", header));
        assert_string_equal(header, rows[i].header);
        const char *extra = provider_extra_header(rows[i].ask->provider);
        assert_string_equal(extra ? extra : "", rows[i].extra);
        strbuf_fini(&url);
    }
}

static void the_form_shows_in_the_value(void **state)
{
    (void)state;
    assert_int_equal(provider_form(PROVIDER_TWILIO, "SK1:s"), PROVIDER_FORM_PAIR);
    assert_int_equal(provider_form(PROVIDER_TWILIO, "0123abcd"), PROVIDER_FORM_PLAIN);
    assert_int_equal(provider_form(PROVIDER_OPENAI, "SK1:s"), PROVIDER_FORM_PLAIN);
    assert_int_equal(provider_form(PROVIDER_GOOGLE, "{\"type\":1}"), PROVIDER_FORM_ACCOUNT);
    assert_int_equal(provider_form(PROVIDER_GOOGLE, "AIza"), PROVIDER_FORM_PLAIN);
    assert_int_equal(provider_form(PROVIDER_HTTP, "{\"type\":1}"), PROVIDER_FORM_PLAIN);
    assert_null(provider_flaw(PROVIDER_TWILIO, "SK1:s"));
    assert_null(provider_flaw(PROVIDER_TWILIO, "0123abcd"));
    assert_null(provider_flaw(PROVIDER_OPENAI, "SK1"));
    assert_non_null(provider_flaw(PROVIDER_TWILIO, "SK1"));
}

static void an_address_may_be_another_one(void **state)
{
    (void)state;
    struct provider_ask ask = asks[PROVIDER_DEEPGRAM];
    const struct provider_reading so_far = {.project = "ab-1"};
    struct strbuf url = STRBUF_INIT;
    ask.base_url = "http://127.0.0.1:8/api//";
    provider_write_url(&ask, PROVIDER_STEP_QUOTA, &so_far, &url);
    assert_string_equal(strbuf_text(&url), "http://127.0.0.1:8/api/v1/projects/ab-1/balances");
    strbuf_reset(&url);
    ask = account;
    ask.base_url = "http://127.0.0.1:8/";
    provider_write_url(&ask, PROVIDER_STEP_KEY, &so_far, &url);
    assert_string_equal(strbuf_text(&url), "http://127.0.0.1:8/token");
    strbuf_fini(&url);
}

static void answers_mean_what_they_say(void **state)
{
    (void)state;
    static const struct {
        enum provider provider;
        int status;
        const char *body;
        enum provider_verdict verdict;
        enum provider_step next;
    } rows[] = {
        {PROVIDER_ELEVENLABS, 200, "{\"character_count\":10,\"character_limit\":100}", SAYS(OK),
            PROVIDER_STEP_DONE},
        {PROVIDER_ELEVENLABS, 401, "{\"detail\":{\"status\":\"invalid_api_key\"}}", SAYS(INVALID),
            PROVIDER_STEP_DONE},
        {PROVIDER_ELEVENLABS, 401, "{\"detail\":{\"status\":\"quota_exceeded\"}}", SAYS(NO_CREDIT),
            PROVIDER_STEP_DONE},
        {PROVIDER_ELEVENLABS, 401, "{\"detail\":{\"status\":\"missing_permissions\"}}",
            SAYS(NO_PERMISSION), PROVIDER_STEP_SCOPED},
        {PROVIDER_ELEVENLABS, 429, "{\"detail\":{\"status\":\"system_busy\"}}", SAYS(RATE_LIMITED),
            PROVIDER_STEP_DONE},
        {PROVIDER_DEEPGRAM, 200, "{\"projects\":[{\"project_id\":\"ab-1\"}]}", SAYS(OK),
            PROVIDER_STEP_QUOTA},
        {PROVIDER_DEEPGRAM, 200, "{\"projects\":[{\"project_id\":\"../x\"}]}", SAYS(OK),
            PROVIDER_STEP_DONE},
        {PROVIDER_DEEPGRAM, 401, "{\"err_code\":\"INVALID_AUTH\",\"err_msg\":\"Invalid\"}",
            SAYS(INVALID), PROVIDER_STEP_DONE},
        {PROVIDER_DEEPGRAM, 401, "{\"err_msg\":\"insufficient permissions\"}", SAYS(NO_PERMISSION),
            PROVIDER_STEP_DONE},
        {PROVIDER_DEEPGRAM, 402, "{}", SAYS(NO_CREDIT), PROVIDER_STEP_DONE},
        {PROVIDER_OPENAI, 200, "{\"data\":[]}", SAYS(OK), PROVIDER_STEP_DONE},
        {PROVIDER_OPENAI, 401, "{}", SAYS(INVALID), PROVIDER_STEP_DONE},
        {PROVIDER_OPENAI, 403, "{}", SAYS(NO_PERMISSION), PROVIDER_STEP_DONE},
        {PROVIDER_OPENAI, 429, "{\"error\":{\"code\":\"rate_limit_exceeded\"}}", SAYS(RATE_LIMITED),
            PROVIDER_STEP_DONE},
        {PROVIDER_OPENAI, 429, "{\"error\":{\"code\":\"insufficient_quota\"}}", SAYS(NO_CREDIT),
            PROVIDER_STEP_DONE},
        {PROVIDER_ANTHROPIC, 401, "{\"error\":{\"type\":\"authentication_error\"}}", SAYS(INVALID),
            PROVIDER_STEP_DONE},
        {PROVIDER_ANTHROPIC, 403, "{}", SAYS(NO_PERMISSION), PROVIDER_STEP_DONE},
        {PROVIDER_ANTHROPIC, 529, "{}", SAYS(UNREACHABLE), PROVIDER_STEP_DONE},
        {PROVIDER_GOOGLE, 400, "{\"error\":{\"details\":[{},{\"reason\":\"API_KEY_INVALID\"}]}}",
            SAYS(INVALID), PROVIDER_STEP_DONE},
        {PROVIDER_GOOGLE, 400, "{\"error\":{\"status\":\"INVALID_ARGUMENT\"}}", SAYS(UNREACHABLE),
            PROVIDER_STEP_DONE},
        {PROVIDER_GOOGLE, 401, "{}", SAYS(INVALID), PROVIDER_STEP_DONE},
        {PROVIDER_TWILIO, 200, "{\"sid\":\"AC1\",\"status\":\"active\"}", SAYS(OK),
            PROVIDER_STEP_QUOTA},
        {PROVIDER_TWILIO, 200, "{\"sid\":\"AC1\",\"status\":\"suspended\"}", SAYS(NO_CREDIT),
            PROVIDER_STEP_DONE},
        {PROVIDER_TWILIO, 200, "{\"sid\":\"AC1\",\"status\":\"closed\"}", SAYS(INVALID),
            PROVIDER_STEP_DONE},
        {PROVIDER_TWILIO, 401, "{\"code\":20003}", SAYS(INVALID), PROVIDER_STEP_DONE},
        {PROVIDER_TWILIO, 403, "{\"code\":20403}", SAYS(NO_CREDIT), PROVIDER_STEP_DONE},
        {PROVIDER_TWILIO, 403, "{\"code\":70051}", SAYS(NO_PERMISSION), PROVIDER_STEP_DONE},
        {PROVIDER_TWILIO, 401, "{\"code\":70051}", SAYS(NO_PERMISSION), PROVIDER_STEP_DONE},
        {PROVIDER_GOOGLE, 200, "{\"models\":[{}]}", SAYS(OK), PROVIDER_STEP_DONE},
        {PROVIDER_ANTHROPIC, 200, "{\"data\":[{}]}", SAYS(OK), PROVIDER_STEP_DONE},
        /* Whoever is between us and them may answer as well. */
        {PROVIDER_ELEVENLABS, 200, "<html>", SAYS(UNREACHABLE), PROVIDER_STEP_DONE},
        {PROVIDER_ELEVENLABS, 401, "<html>", SAYS(UNREACHABLE), PROVIDER_STEP_DONE},
        {PROVIDER_DEEPGRAM, 200, "{}", SAYS(UNREACHABLE), PROVIDER_STEP_DONE},
        {PROVIDER_OPENAI, 200, "{\"data\"", SAYS(UNREACHABLE), PROVIDER_STEP_DONE},
        {PROVIDER_OPENAI, 429, "", SAYS(RATE_LIMITED), PROVIDER_STEP_DONE},
        {PROVIDER_ANTHROPIC, 403, "", SAYS(UNREACHABLE), PROVIDER_STEP_DONE},
        {PROVIDER_GOOGLE, 200, "[]", SAYS(UNREACHABLE), PROVIDER_STEP_DONE},
        {PROVIDER_TWILIO, 200, "{\"status\":\"active\"}", SAYS(UNREACHABLE), PROVIDER_STEP_DONE},
        {PROVIDER_HTTP, 204, "", SAYS(OK), PROVIDER_STEP_DONE},
        {PROVIDER_HTTP, 403, "<html>", SAYS(INVALID), PROVIDER_STEP_DONE},
        {PROVIDER_HTTP, 404, "[", SAYS(UNREACHABLE), PROVIDER_STEP_DONE},
        {PROVIDER_HTTP, 302, "", SAYS(UNREACHABLE), PROVIDER_STEP_DONE},
        {PROVIDER_HTTP, 503, "", SAYS(UNREACHABLE), PROVIDER_STEP_DONE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct provider_reading r = {0};
        enum provider_step next = provider_read(&asks[rows[i].provider], PROVIDER_STEP_KEY,
            rows[i].status, rows[i].body, strlen(rows[i].body), &r);
        if (r.verdict != rows[i].verdict || next != rows[i].next)
            fail_msg("row %zu: %s, then %d", i, provider_verdict_name(r.verdict), (int)next);
    }
}

static struct provider_reading read_as(
    const struct provider_ask *ask, enum provider_step step, int status, const char *body)
{
    struct provider_reading r = {.verdict = SAYS(OK)};
    assert_int_equal(provider_read(ask, step, status, body, strlen(body), &r), PROVIDER_STEP_DONE);
    return r;
}

static struct provider_reading read_on(
    enum provider provider, enum provider_step step, int status, const char *body)
{
    return read_as(&asks[provider], step, status, body);
}

static void forms_have_answers_of_their_own(void **state)
{
    (void)state;
    static const struct {
        const struct provider_ask *ask;
        int status;
        const char *body;
        enum provider_verdict verdict;
        enum provider_step next;
    } rows[] = {
        {&account, 200, "{\"access_token\":\"t\",\"expires_in\":3599}", SAYS(OK), STEP(DONE)},
        {&account, 200, "{\"models\":[]}", SAYS(UNREACHABLE), STEP(DONE)},
        {&account, 400,
            "{\"error\":\"invalid_grant\",\"error_description\":\"Invalid JWT Signature.\"}",
            SAYS(INVALID), STEP(DONE)},
        {&account, 400,
            "{\"error\":\"invalid_grant\",\"error_description\":\"Invalid JWT: Token must be a "
            "short-lived token (60 minutes) and in a reasonable timeframe.\"}",
            SAYS(UNREACHABLE), STEP(DONE)},
        {&account, 400, "{\"error\":\"invalid_scope\"}", SAYS(UNREACHABLE), STEP(DONE)},
        {&account, 401, "{\"error\":\"invalid_client\"}", SAYS(INVALID), STEP(DONE)},
        {&account, 503, "{}", SAYS(UNREACHABLE), STEP(DONE)},
        {&pair, 200, "{\"calls\":[]}", SAYS(OK), STEP(QUOTA)},
        {&pair, 200, "{\"sid\":\"AC1\"}", SAYS(UNREACHABLE), STEP(DONE)},
        {&pair, 401, "{\"code\":20003}", SAYS(INVALID), STEP(DONE)},
        {&pair, 403, "{\"code\":20403}", SAYS(NO_CREDIT), STEP(DONE)},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct provider_reading r = {0};
        enum provider_step next = provider_read(
            rows[i].ask, STEP(KEY), rows[i].status, rows[i].body, strlen(rows[i].body), &r);
        if (r.verdict != rows[i].verdict || next != rows[i].next)
            fail_msg("row %zu: %s, then %d", i, provider_verdict_name(r.verdict), (int)next);
    }
    assert_string_equal(
        read_as(&account, STEP(KEY), 400,
            "{\"error\":\"invalid_grant\",\"error_description\":\"Invalid JWT Signature.\"}")
            .words,
        "HTTP 400: Invalid JWT Signature.");
    assert_string_equal(read_on(PROVIDER_OPENAI, STEP(KEY), 200, "<html>").words,
        "HTTP 200, and not as openai answers");
}

static void a_section_says_where_quota_and_end_are(void **state)
{
    (void)state;
    struct provider_ask ask = asks[PROVIDER_HTTP];
    ask.quota_json = "usage.left";
    ask.expiry_json = "key.until";
    struct provider_reading r = read_as(&ask, STEP(KEY), 200,
        "{\"usage\":{\"left\":\"12.5\"},\"key\":{\"until\":\"2026-12-31T00:00:00Z\"}}");
    assert_true(r.counted && r.quota > 12.4 && r.quota < 12.6);
    assert_int_equal(r.expires, UINT64_C(1798675200) * USEC_PER_SEC);
    r = read_as(&ask, STEP(KEY), 200, "{\"usage\":{\"left\":7},\"key\":{\"until\":1798675200}}");
    assert_true(r.counted && r.quota > 6.9 && r.quota < 7.1);
    assert_int_equal(r.expires, UINT64_C(1798675200) * USEC_PER_SEC);
    r = read_as(&ask, STEP(KEY), 200, "{\"usage\":{\"left\":{}},\"key\":{\"until\":\"soon\"}}");
    assert_true(!r.counted && r.expires == 0 && r.verdict == SAYS(OK));
    r = read_as(&ask, STEP(KEY), 200, "<html>");
    assert_true(!r.counted && r.expires == 0 && r.verdict == SAYS(OK));
    r = read_as(&ask, STEP(KEY), 401, "{\"usage\":{\"left\":7}}");
    assert_true(!r.counted && r.verdict == SAYS(INVALID));
}

static void what_is_left_is_counted(void **state)
{
    (void)state;
    struct provider_reading r = read_on(PROVIDER_ELEVENLABS, PROVIDER_STEP_KEY, 200,
        "{\"character_count\":10,\"character_limit\":100}");
    assert_true(r.counted && r.quota > 89.9 && r.quota < 90.1);
    r = read_on(PROVIDER_ELEVENLABS, PROVIDER_STEP_KEY, 200,
        "{\"character_count\":110,\"character_limit\":100}");
    assert_true(r.counted && r.quota < 0.1);
    r = read_on(PROVIDER_DEEPGRAM, PROVIDER_STEP_QUOTA, 200,
        "{\"balances\":[{\"amount\":1.5},{\"amount\":2}]}");
    assert_true(r.counted && r.quota > 3.4 && r.quota < 3.6);
    r = read_on(PROVIDER_TWILIO, PROVIDER_STEP_QUOTA, 200, "{\"balance\":\"12.5\"}");
    assert_true(r.counted && r.quota > 12.4 && r.quota < 12.6);
    /* A key that may not tell is as good as it was. */
    r = read_on(PROVIDER_DEEPGRAM, PROVIDER_STEP_QUOTA, 403, "{}");
    assert_true(!r.counted && r.verdict == SAYS(OK));
    r = read_on(PROVIDER_TWILIO, PROVIDER_STEP_QUOTA, 200, "{\"balance\":\"x\"}");
    assert_true(!r.counted && r.verdict == SAYS(OK));
}

static void a_scoped_key_is_asked_once_more(void **state)
{
    (void)state;
    assert_int_equal(
        read_on(PROVIDER_ELEVENLABS, PROVIDER_STEP_SCOPED, 200, "{\"agents\":[]}").verdict,
        SAYS(OK));
    assert_int_equal(read_on(PROVIDER_ELEVENLABS, PROVIDER_STEP_SCOPED, 401,
                         "{\"detail\":{\"status\":\"missing_permissions\"}}")
                         .verdict,
        SAYS(NO_PERMISSION));
}

static void words_are_its_own_on_one_line(void **state)
{
    (void)state;
    struct provider_reading r = read_on(
        PROVIDER_OPENAI, PROVIDER_STEP_KEY, 401, "{\"error\":{\"message\":\"Incorrect\\nkey\"}}");
    assert_string_equal(r.words, "HTTP 401: Incorrect\\nkey");
    r = read_on(PROVIDER_HTTP, PROVIDER_STEP_KEY, 502, "<html>");
    assert_string_equal(r.words, "HTTP 502");
}

static void parts_of_a_value_are_recognised(void **state)
{
    (void)state;
    assert_true(provider_quotes("key sk-abcdef is wrong", "sk-abcdef"));
    assert_true(provider_quotes("key sk-abc***wxyz", "sk-abcdefghuvwxyz"));
    assert_true(provider_quotes("...uvwxyz", "sk-abcdefghuvwxyz"));
    assert_false(provider_quotes("sk-ab***xyz", "sk-abcdefghuvwxyz"));
    assert_true(provider_quotes("it is abc", "abc"));
    assert_false(provider_quotes("anything", ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(asks_where_and_as_they_want),
        cmocka_unit_test(an_address_may_be_another_one),
        cmocka_unit_test(answers_mean_what_they_say),
        cmocka_unit_test(what_is_left_is_counted),
        cmocka_unit_test(the_form_shows_in_the_value),
        cmocka_unit_test(forms_have_answers_of_their_own),
        cmocka_unit_test(a_section_says_where_quota_and_end_are),
        cmocka_unit_test(a_scoped_key_is_asked_once_more),
        cmocka_unit_test(words_are_its_own_on_one_line),
        cmocka_unit_test(parts_of_a_value_are_recognised),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
