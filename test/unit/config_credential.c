/* [Credential NAME]: where secrets are, and what contradicts itself there. */
#include "config_text.h"

#include <stdio.h>

#define REST                                                                                       \
    "[Agent]\nExecStart=/bin/agent\nEnvironment=KEY=1\n[Health]\nUrl=http://127.0.0.1:3004/"       \
    "health\n"

static void has_defaults(void **state)
{
    (void)state;
    struct config *c = config_must(REST "[Credential a]\nFile=/a\n[Credential b]\nFile=b\n"
                                        "Environment=B\nProvider=twilio\nAccount=AC1\n"
                                        "MinQuota=2.5\nRotateAfter=infinity\n");
    const struct config_credential *a = &c->credentials[0];
    const struct config_credential *b = &c->credentials[1];
    assert_int_equal(c->n_credentials, 2);
    assert_string_equal(a->name, "a");
    assert_string_equal(a->file, "/a");
    assert_null(a->environment);
    assert_int_equal(a->provider, PROVIDER_NONE);
    assert_int_equal(a->rotate_after, 90 * USEC_PER_DAY);
    assert_int_equal(a->check_interval, 10 * USEC_PER_MIN);
    assert_string_equal(b->account, "AC1");
    assert_true(b->min_quota > 2.4 && b->min_quota < 2.6);
    assert_int_equal(b->rotate_after, USEC_INFINITY);
    config_free(c);
}

static void writes_what_it_reads(void **state)
{
    (void)state;
    struct config *c =
        config_must(REST "[Credential a]\nFile=/a\nEnvironment=A\nProvider=deepgram\n"
                         "BaseUrl=https://eu/\nCaFile=/ca\nMinQuota=12.5\nCheckInterval=1min\n"
                         "[Credential h]\nFile=h\nProvider=http\nUrl=http://h/\nHeader=X-Key:\n");
    struct strbuf text = STRBUF_INIT;
    struct strbuf again = STRBUF_INIT;
    config_write(c, CONFIG_SECRETS_MASK, &text);
    struct config *back = config_must(strbuf_text(&text));
    config_write(back, CONFIG_SECRETS_MASK, &again);
    assert_string_equal(strbuf_text(&text), strbuf_text(&again));
    assert_non_null(strstr(strbuf_text(&text), "MinQuota=12.5\n"));
    assert_non_null(strstr(strbuf_text(&text), "Header=X-Key:\n"));
    assert_non_null(strstr(strbuf_text(&text), "Environment=A\n"));
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
        {"[Credential a]\nEnvironment=A\n", "/etc/v.conf:2: no File= of credential a\n"},
        {"[Credential a]\nFile=../x\n",
            "/etc/v.conf:2: read File in [Credential]: \"../x\" is neither an absolute path nor "
            "the name of a file in $CREDENTIALS_DIRECTORY\n"},
        {"[Credential a]\nFile=/a\nEnvironment=KEY\n",
            "/etc/v.conf:3: refuse Environment=KEY of credential a: Environment= of [Agent] sets "
            "it as well\n"},
        {"[Credential a]\nFile=/a\nEnvironment=K\n[Credential b]\nFile=/b\nEnvironment=K\n",
            "/etc/v.conf:6: refuse Environment=K of credential b: credential a has the same\n"},
        {"[Credential a]\nFile=/a\nEnvironment=2K\n",
            "/etc/v.conf:3: read Environment in [Credential]: \"2K\" is no name of a variable\n"},
        {"[Credential a]\nFile=/a\nProvider=http\n",
            "/etc/v.conf:3: no Url= of credential a, which is of Provider=http\n"},
        {"[Credential a]\nFile=/a\nProvider=twilio\n",
            "/etc/v.conf:3: no Account= of credential a, which is of Provider=twilio\n"},
        {"[Credential a]\nFile=/a\nProvider=openai\nMinQuota=5\n",
            "/etc/v.conf:4: refuse MinQuota= of credential a: it is not for Provider=openai\n"},
        {"[Credential a]\nFile=/a\nProvider=http\nUrl=http://h/\nHeader=Bearer\n",
            "/etc/v.conf:5: read Header in [Credential]: \"Bearer\" is no header such as "
            "`Authorization: Bearer`\n"},
        {"[Credential a]\nFile=/a\nProvider=openai\nBaseUrl=http://h\nCaFile=/ca\n",
            "/etc/v.conf:5: refuse CaFile= of credential a: \"http://h\" is not https\n"},
        {"[Credential a]\nFile=/a\nProvider=opnai\n",
            "/etc/v.conf:3: read Provider in [Credential]: \"opnai\" is unknown, did you mean "
            "\"openai\"?\n"},
        {"[Credential]\n", "/etc/v.conf:1: section [Credential] needs a name: [Credential NAME]\n"},
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
    for (unsigned i = 0; i <= LIMIT_CREDENTIALS; i++)
        strbuf_addf(&text, "[Credential c%u]\nFile=/c\n", i);
    config_refused(strbuf_text(&text),
        "/etc/v.conf:38: refuse [Credential c16]: more than 16 such sections\n");
    strbuf_fini(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_defaults),
        cmocka_unit_test(writes_what_it_reads),
        cmocka_unit_test(refuses_what_contradicts_itself),
        cmocka_unit_test(there_is_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
