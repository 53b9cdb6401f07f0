/* core/config/config_write: what is written reads back to the same, and shows no secret. */
#include "config_text.h"

#include <stdio.h>
#include <stdlib.h>

#define REST "[Agent]\nExecStart=/bin/agent\n[Health]\nUrl=http://127.0.0.1:3004/health\n"

/* A small generator of our own: the same numbers everywhere. */
static unsigned next(unsigned *seed)
{
    *seed = *seed * 1664525U + 1013904223U;
    return *seed >> 16;
}

/* Assignments of which any selection may stand together. */
static const char *const lines[] = {
    "[Agent]\nName=other\n",
    "[Agent]\nExecStart='/opt/a b/run' --x \"it's\" 'say \"x\"' \\x01 \\\\ \"\" #no ;comment\n",
    "[Agent]\nExecStart=node \\\n  dist/index.js\n",
    "[Agent]\nWorkingDirectory=/srv/a b\\\\\n",
    "[Agent]\nEnvironment=A=1 \"B=x y\" C=\\xff\\n\n",
    "[Agent]\nEnvironment=D='q' \"E='\" API_KEY=secret\n",
    "[Agent]\nEnvironmentFile=\"/etc/a b\" -/etc/c\n",
    "[Agent]\nUser=voice\nGroup=7\n",
    "[Agent]\nLimitNOFILE=4096\nKillSignal=SIGINT\n",
    "[Agent]\nTimeoutStartSec=3min 1s 5ms\nTimeoutStopSec=0.1234s\n",
    "[Agent]\nListen=3004\nListen=127.0.0.1:3005\n",
    "[Agent]\nListen=\n",
    "[Agent]\nRelease=/srv/current release/VERSION\n",
    "[Health]\nExpectStatus=200-299\nExpectJson=status=ok 'text=a b' n<=3\n",
    "[Health]\nInterval=100ms\n",
    "[Health]\nInterval=1min\nStartInterval=333ms\nFastInterval=7s\nRise=3\nFall=9\n",
    "[Redis]\nUrl=redis://user:p%40ss@h:1/2\n",
    "[Redis]\nUrl=unix:///run/redis.sock?db=3\nUsername=u\nPasswordCredential=/run/p\n",
    "[Probe one]\nUrl=http://h/x\nExpectJson=a.b=1\nKind=startup\n",
    "[Probe two]\nType=tcp\nAddress=[::1]:80\nTimeout=1s\n",
    "[Probe three]\nType=exec\nCommand=check 'a b' \"\"\nKind=liveness\n",
    "[Restart]\nDelay=1s\nMultiplier=1.1\nMaxDelay=1s\nJitter=0%\n",
    "[Restart]\nMaxDelay=10ms\n",
    "[Drain]\nLinger=0\nTimeout=infinity\nWaitFor=connections\nActiveWindow=3s\n",
    "[Drain]\nTimeout=500ms\nWaitFor=\n",
    "[Keyspace sessions]\nMaxAge=48h\nAgeFields=\n",
    "[Keyspace tasks]\nAction=report\nMaxAge=infinity\n",
    "[Keyspace q]\nPattern=queue x:*\nAgeFields=\"a b\" c\nExpectTTL=1us1h\n",
    "[Sweep]\nInterval=infinity\nProtect=a:* \"b c\"\n",
    "[Sweep]\nMaxDelete=7 3%\nMaxLatency=2ms\nLease=no\n",
    "[Admin]\nListen=\nControlGroup=ops\n",
    "[Admin]\nListen=[::1]:9999 9998\nControlSocket=/tmp/s\nStateDirectory=/var/x y\n",
    "[Daemon]\nLogLevel=debug\n",
};

static char *written(const struct config *c, enum config_secrets secrets)
{
    struct strbuf out = STRBUF_INIT;
    config_write(c, secrets, &out);
    char *text = strbuf_take(&out);
    assert_non_null(text);
    return text;
}

static void reads_back_to_the_same(void **state)
{
    (void)state;
    unsigned seed = 2;
    unsigned accepted = 0;
    for (int round = 0; round < 1000; round++) {
        struct strbuf text = STRBUF_INIT;
        struct strbuf diff = STRBUF_INIT;
        struct config_diagnostics d;
        strbuf_adds(&text, REST);
        for (int i = 0; i < 5; i++)
            strbuf_adds(&text, lines[next(&seed) % (sizeof lines / sizeof *lines)]);
        struct config *c = config_of(strbuf_text(&text), &d);
        config_diagnostics_fini(&d);
        if (c) {
            accepted++;
            char *first = written(c, CONFIG_SECRETS_REVEAL);
            struct config *again = config_must(first);
            char *second = written(again, CONFIG_SECRETS_REVEAL);
            assert_string_equal(first, second);
            if (config_diff(c, again, &diff) != CONFIG_CHANGE_NONE || diff.len > 0)
                fail_msg("%s became different: %s", strbuf_text(&text), strbuf_text(&diff));
            config_free(again);
            free(first);
            free(second);
        }
        config_free(c);
        strbuf_fini(&text);
        strbuf_fini(&diff);
    }
    assert_in_range(accepted, 500, 1000);
}

/* The round trip alone would not see that both ways lose a line. */
static void every_line_shows(void **state)
{
    (void)state;
    struct config *plain = config_must(REST);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct strbuf text = STRBUF_INIT;
        struct strbuf diff = STRBUF_INIT;
        strbuf_addf(&text, "%s%s", REST, lines[i]);
        struct config *c = config_must(strbuf_text(&text));
        bool same = config_diff(plain, c, &diff) == CONFIG_CHANGE_NONE;
        if (same != (strcmp(lines[i], "[Agent]\nListen=\n") == 0))
            fail_msg("%s changes %s", lines[i], same ? "nothing" : "something");
        config_free(c);
        strbuf_fini(&text);
        strbuf_fini(&diff);
    }
    config_free(plain);
}

#define SECRETS                                                                                    \
    REST "[Agent]\nEnvironment=ELEVENLABS_API_KEY=hunter1 WEBHOOK_SECRET=hunter2 PORT=3004\n"      \
         "Environment=REDIS_URL=redis://:hunter3@h:1/0 auth_token=hunter4 DB_PASS=hunter8\n"       \
         "ExecStart=/bin/agent --redis redis://u:hunter5@h/\n"                                     \
         "[Redis]\nUrl=redis://u:hunter6@h/3\n"                                                    \
         "[Probe p]\nUrl=http://u:hunter7@h/\n"

static void masks_secrets(void **state)
{
    (void)state;
    struct config *c = config_must(SECRETS);
    struct strbuf json = STRBUF_INIT;
    char *masked = written(c, CONFIG_SECRETS_MASK);
    char *open = written(c, CONFIG_SECRETS_REVEAL);
    config_write_json(c, &json);
    assert_null(strstr(masked, "hunter"));
    assert_null(strstr(strbuf_text(&json), "hunter"));
    assert_non_null(strstr(masked, "Environment=ELEVENLABS_API_KEY=***\n"));
    assert_non_null(strstr(masked, "Environment=PORT=3004\n"));
    assert_non_null(strstr(masked, "Environment=REDIS_URL=redis://:***@h:1/0\n"));
    assert_non_null(strstr(masked, "ExecStart=/bin/agent --redis redis://u:***@h/\n"));
    assert_non_null(strstr(masked, "Url=redis://u:***@h/3\n"));
    assert_non_null(strstr(masked, "Url=http://u:***@h/\n"));
    for (int i = 1; i <= 8; i++) {
        char secret[16];
        snprintf(secret, sizeof secret, "hunter%d", i);
        assert_non_null(strstr(open, secret));
    }
    free(masked);
    free(open);
    strbuf_fini(&json);
    config_free(c);
}

static void json_has_every_section(void **state)
{
    (void)state;
    struct config *c = config_must("[Agent]\nExecStart=/bin/agent \"a\\\"b\"\n"
                                   "[Probe p]\nType=exec\nCommand=true\n[Redis]\nUrl=redis://h\n");
    struct strbuf json = STRBUF_INIT;
    config_write_json(c, &json);
    const char *text = strbuf_text(&json);
    assert_true(strncmp(text,
                    "{\"Agent\":{\"Name\":\"elevenlabs-agent\",\"ExecStart\":[\"/bin/agent\","
                    "\"a\\\"b\"],\"WorkingDirectory\":null,",
                    94) == 0);
    assert_non_null(strstr(text, "\"Health\":{\"Url\":null,"));
    assert_non_null(strstr(text, "\"Probe p\":{\"Type\":\"exec\","));
    assert_non_null(strstr(text, "\"Keyspace sessions\":{\"Pattern\":\"elevenlabs:session:*\","));
    assert_non_null(strstr(text, "\"WaitFor\":[\"connections\",\"tasks\",\"sessions\"]"));
    assert_non_null(strstr(text, "\"Daemon\":{\"LogLevel\":\"info\"}}"));
    strbuf_fini(&json);
    config_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_back_to_the_same),
        cmocka_unit_test(every_line_shows),
        cmocka_unit_test(masks_secrets),
        cmocka_unit_test(json_has_every_section),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
