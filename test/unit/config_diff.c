/* core/config/config_diff: what a reload changes, and what that asks for. */
#include "config_text.h"

#include "core/config/config_table.h"

#include <stdio.h>

#define REST "[Agent]\nExecStart=/bin/agent\n[Health]\nUrl=http://127.0.0.1:3004/health\n"

static void tells_what_changed(void **state)
{
    (void)state;
    static const struct {
        const char *before, *after; /* behind REST */
        enum config_change change;
        const char *said;
    } rows[] = {
        {"", "", CONFIG_CHANGE_NONE, ""},
        {"[Daemon]\nLogLevel=info\n", "", CONFIG_CHANGE_NONE, ""},
        {"", "[Agent]\nWorkers=2\n", CONFIG_CHANGE_LIVE, "[Agent] Workers: 1 -> 2\n"},
        {"", "[Agent]\nUser=v\n", CONFIG_CHANGE_WORKERS, "[Agent] User: (none) -> v\n"},
        {"", "[Agent]\nWatchdogSec=10s\n", CONFIG_CHANGE_WORKERS,
            "[Agent] WatchdogSec: 0 -> 10s\n"},
        {"", "[Agent]\nExecStart=/bin/agent \"a b\"\n", CONFIG_CHANGE_WORKERS,
            "[Agent] ExecStart: /bin/agent -> /bin/agent \"a b\"\n"},
        {"", "[Admin]\nControlSocket=/s\n[Agent]\nUser=v\n[Daemon]\nLogLevel=err\n",
            CONFIG_CHANGE_DAEMON,
            "[Agent] User: (none) -> v\n"
            "[Admin] ControlSocket: /run/voxkeeper/control.sock -> /s\n"
            "[Daemon] LogLevel: info -> err\n"},
        {"", "[Probe p]\nUrl=http://h/\n", CONFIG_CHANGE_LIVE, "[Probe p]: added\n"},
        {"[Probe p]\nUrl=http://h/\n", "[Probe q]\nUrl=http://h/\n", CONFIG_CHANGE_LIVE,
            "[Probe q]: added\n[Probe p]: removed\n"},
        /* The order of sections is no change. */
        {"[Probe p]\nUrl=http://h/\n[Probe q]\nUrl=http://h/\n",
            "[Probe q]\nUrl=http://h/\n[Probe p]\nUrl=http://h/\n", CONFIG_CHANGE_NONE, ""},
        {"[Keyspace x]\nPattern=x:*\n[Keyspace y]\nPattern=y:*\n",
            "[Keyspace y]\nPattern=z:*\n[Keyspace x]\nPattern=x:*\n", CONFIG_CHANGE_LIVE,
            "[Keyspace y] Pattern: y:* -> z:*\n"},
        {"", "[Keyspace sessions]\nRepair=on\nMaxValue=1M\n[Keyspace tasks]\n", CONFIG_CHANGE_LIVE,
            "[Keyspace sessions] MaxValue: 256K -> 1M\n[Keyspace sessions] Repair: no -> yes\n"},
        {"", "[Sweep]\nMaxDelete=5\nMaxLatency=2ms\nLease=no\n", CONFIG_CHANGE_LIVE,
            "[Sweep] MaxDelete: 10000 20% -> 5\n[Sweep] MaxLatency: 1ms -> 2ms\n"
            "[Sweep] Lease: yes -> no\n"},
        {"[Redis]\nUrl=redis://:one@h\n", "[Redis]\nUrl=redis://:two@h\n", CONFIG_CHANGE_LIVE,
            "[Redis] Url: redis://:***@h -> redis://:***@h (the secret changed)\n"},
        {"[Agent]\nEnvironment=API_KEY=a\n", "[Agent]\nEnvironment=API_KEY=b\n",
            CONFIG_CHANGE_WORKERS,
            "[Agent] Environment: API_KEY=*** -> API_KEY=*** (the secret changed)\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[512];
        struct strbuf said = STRBUF_INIT;
        snprintf(text, sizeof text, REST "%s", rows[i].before);
        struct config *before = config_must(text);
        snprintf(text, sizeof text, REST "%s", rows[i].after);
        struct config *after = config_must(text);
        assert_int_equal(config_diff(before, after, &said), rows[i].change);
        assert_string_equal(strbuf_text(&said), rows[i].said);
        strbuf_fini(&said);
        config_free(before);
        config_free(after);
    }
}

static void health_may_come_and_go(void **state)
{
    (void)state;
    struct config *without =
        config_must("[Agent]\nExecStart=/bin/agent\n[Probe p]\nType=exec\nCommand=true\n");
    struct config *with = config_must(REST "[Probe p]\nType=exec\nCommand=true\n");
    struct strbuf said = STRBUF_INIT;
    assert_int_equal(config_diff(without, with, &said), CONFIG_CHANGE_LIVE);
    assert_string_equal(strbuf_text(&said), "[Health] Url: (none) -> http://127.0.0.1:3004/health\n"
                                            "[Health] ExpectStatus: (none) -> 200\n"
                                            "[Health] Timeout: (none) -> 3s\n");
    strbuf_reset(&said);
    assert_int_equal(config_diff(with, without, &said), CONFIG_CHANGE_LIVE);
    assert_int_equal(with->n_probes, 2);
    assert_int_equal(without->n_probes, 1);
    strbuf_fini(&said);
    config_free(with);
    config_free(without);
}

/* What a worker is started with, it must be restarted to see; what the daemon opened, it keeps. */
static void every_key_has_its_rule(void **state)
{
    (void)state;
    static const char *const workers[] = {"ExecStart", "WorkingDirectory", "Environment",
        "EnvironmentFile", "User", "Group", "LimitNOFILE", "WatchdogSec"};
    static const char *const daemon[] = {
        "Handover", "ListenPrivate", "ControlSocket", "ControlGroup", "StateDirectory"};
    for (size_t i = 0; i < config_n_keys; i++) {
        const struct config_key *key = &config_keys[i];
        enum config_change want = CONFIG_CHANGE_LIVE;
        for (size_t k = 0; k < sizeof workers / sizeof *workers; k++) {
            if (strcmp(key->name, workers[k]) == 0)
                want = CONFIG_CHANGE_WORKERS;
        }
        for (size_t k = 0; k < sizeof daemon / sizeof *daemon; k++) {
            if (strcmp(key->name, daemon[k]) == 0)
                want = CONFIG_CHANGE_DAEMON;
        }
        if (strcmp(key->section, "Agent") == 0 && strcmp(key->name, "Listen") == 0)
            want = CONFIG_CHANGE_WORKERS;
        if (key->change != want)
            fail_msg("[%s] %s asks for %d", key->section, key->name, (int)key->change);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_what_changed),
        cmocka_unit_test(health_may_come_and_go),
        cmocka_unit_test(every_key_has_its_rule),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
