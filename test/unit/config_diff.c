/* core/config/config_diff: what a reload changes, and what that asks for. */
#include "config_text.h"

#include "core/config/config_object.h"

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
#define LIVE CONFIG_CHANGE_LIVE
#define WORKERS CONFIG_CHANGE_WORKERS
#define DAEMON CONFIG_CHANGE_DAEMON

/* Every key, a value that EVERY_SECTION does not give it, and what this change asks for. */
static const struct {
    const char *section, *name, *value;
    enum config_change change;
} keys[] = {
    {"Agent", "Name", "x", LIVE},
    {"Agent", "ExecStart", "/bin/x y", WORKERS},
    {"Agent", "WorkingDirectory", "/x", WORKERS},
    {"Agent", "Environment", "A=1", WORKERS},
    {"Agent", "EnvironmentFile", "/x", WORKERS},
    {"Agent", "User", "x", WORKERS},
    {"Agent", "Group", "x", WORKERS},
    {"Agent", "LimitNOFILE", "77", WORKERS},
    {"Agent", "MemoryHigh", "3M", LIVE},
    {"Agent", "KillSignal", "SIGUSR2", LIVE},
    {"Agent", "TimeoutStartSec", "7s", LIVE},
    {"Agent", "TimeoutStopSec", "7s", LIVE},
    {"Agent", "TimeoutAbortSec", "7s", LIVE},
    {"Agent", "WatchdogSec", "7s", WORKERS},
    {"Agent", "Listen", "127.0.0.1:99", WORKERS},
    {"Agent", "Handover", "listen-fds", DAEMON},
    {"Agent", "ListenPrivate", "yes", DAEMON},
    {"Agent", "Workers", "3", LIVE},
    {"Agent", "Standby", "3", LIVE},
    {"Agent", "Release", "/x", LIVE},
    {"Health", "Url", "http://h/x", LIVE},
    {"Health", "ExpectStatus", "204", LIVE},
    {"Health", "ExpectJson", "a=b", LIVE},
    {"Health", "DependencyJson", "a.b", LIVE},
    {"Health", "ProviderJson", "a.b", LIVE},
    {"Health", "Interval", "7s", LIVE},
    {"Health", "Timeout", "7s", LIVE},
    {"Health", "Rise", "3", LIVE},
    {"Health", "Fall", "1", LIVE},
    {"Health", "StartInterval", "7s", LIVE},
    {"Health", "FastInterval", "7s", LIVE},
    {"Probe", "Type", "tcp", LIVE},
    {"Probe", "Kind", "liveness", LIVE},
    {"Probe", "Url", "http://h/x", LIVE},
    {"Probe", "Address", "127.0.0.1:99", LIVE},
    {"Probe", "Command", "/bin/x y", LIVE},
    {"Probe", "ExpectStatus", "204", LIVE},
    {"Probe", "ExpectJson", "a=b", LIVE},
    {"Probe", "DependencyJson", "a.b", LIVE},
    {"Probe", "ProviderJson", "a.b", LIVE},
    {"Probe", "Timeout", "7s", LIVE},
    {"Restart", "Delay", "7s", LIVE},
    {"Restart", "Multiplier", "1.25", LIVE},
    {"Restart", "MaxDelay", "7s", LIVE},
    {"Restart", "Jitter", "42%", LIVE},
    {"Restart", "StableAfter", "7s", LIVE},
    {"Restart", "LoopAfter", "3", LIVE},
    {"Rollout", "Bake", "7s", LIVE},
    {"Rollout", "Canary", "3", LIVE},
    {"Rollout", "MaxSurge", "2", LIVE},
    {"Rollout", "KeepWarm", "7s", LIVE},
    {"Rollout", "OnFailure", "hold", LIVE},
    {"Rollout", "MaxErrorRate", "1.25", LIVE},
    {"Rollout", "MinErrors", "3", LIVE},
    {"Rollout", "RequirePreflight", "yes", LIVE},
    {"Rollback", "ExecRollback", "/bin/x y", LIVE},
    {"Rollback", "Timeout", "7s", LIVE},
    {"Preflight", "Skip", "team: nobody sleeps", LIVE},
    {"Preflight", "TestCommand", "/bin/x y", LIVE},
    {"Preflight", "TestTimeout", "7s", LIVE},
    {"Preflight", "Timeout", "7s", LIVE},
    {"Preflight", "NotifyTimeout", "7s", LIVE},
    {"Preflight", "MinWorkers", "3", LIVE},
    {"Preflight", "MaxWorkers", "3", LIVE},
    {"Preflight", "ScaleDownAt", "42%", LIVE},
    {"Preflight", "ScaleUpAt", "42%", LIVE},
    {"Preflight", "SessionsPerWorker", "3", LIVE},
    {"Preflight", "DescriptorsPerSession", "3", LIVE},
    {"Preflight", "WorkerMemory", "3M", LIVE},
    {"Preflight", "ExpectedPeak", "Sat 10..12 40", LIVE},
    {"Preflight", "DashboardUrl", "http://h/x", LIVE},
    {"Preflight", "PrometheusUrl", "http://h/x", LIVE},
    {"Preflight", "Rules", "one", LIVE},
    {"Preflight", "AlertmanagerUrl", "http://h/x", LIVE},
    {"Preflight", "AlertTimeout", "7s", LIVE},
    {"Preflight", "RollbackDryRun", "a b", LIVE},
    {"Preflight", "PreviousRelease", "/srv/old", LIVE},
    {"Preflight", "Responsible", "Ann", LIVE},
    {"Preflight", "Duration", "7s", LIVE},
    {"Drain", "Linger", "7s", LIVE},
    {"Drain", "Timeout", "7s", LIVE},
    {"Drain", "WaitFor", "tasks", LIVE},
    {"Drain", "ActiveWindow", "7s", LIVE},
    {"Drain", "CountInterval", "7s", LIVE},
    {"Redis", "Url", "redis://h", LIVE},
    {"Redis", "Username", "x", LIVE},
    {"Redis", "PasswordCredential", "/x", LIVE},
    {"Redis", "ConnectTimeout", "7s", LIVE},
    {"Redis", "CommandTimeout", "7s", LIVE},
    {"Keyspace", "Pattern", "x:*", LIVE},
    {"Keyspace", "Kind", "task", LIVE},
    {"Keyspace", "ExpectTTL", "7s", LIVE},
    {"Keyspace", "MaxAge", "7s", LIVE},
    {"Keyspace", "AgeFields", "a b", LIVE},
    {"Keyspace", "MaxValue", "8K", LIVE},
    {"Keyspace", "Repair", "yes", LIVE},
    {"Keyspace", "Action", "delete", LIVE},
    {"Sweep", "Interval", "2d", LIVE},
    {"Sweep", "Protect", "x:*", LIVE},
    {"Sweep", "Backup", "no", LIVE},
    {"Sweep", "BackupRetention", "3d", LIVE},
    {"Sweep", "BackupMaxSize", "5G", LIVE},
    {"Sweep", "MaxDelete", "5", LIVE},
    {"Sweep", "MaxLatency", "7ms", LIVE},
    {"Sweep", "Lease", "no", LIVE},
    {"Notify", "Type", "slack", LIVE},
    {"Notify", "Url", "http://h/x", LIVE},
    {"Notify", "UrlCredential", "/x", LIVE},
    {"Notify", "KeyCredential", "/x", LIVE},
    {"Notify", "CaFile", "/x", LIVE},
    {"Notify", "Command", "/bin/x y", LIVE},
    {"Notify", "Severity", "P1", LIVE},
    {"Notify", "Kinds", "opened", LIVE},
    {"Notify", "Timeout", "7s", LIVE},
    {"Notify", "RateLimit", "3/2min", LIVE},
    {"Notify", "Repeat", "1h", LIVE},
    {"LogWatch", "Pattern", "a b", LIVE},
    {"LogWatch", "Threshold", "3/2min", LIVE},
    {"LogWatch", "Action", "doctor", LIVE},
    {"LogWatch", "Severity", "P3", LIVE},
    {"LogWatch", "Cooldown", "7s", LIVE},
    {"Credential", "File", "/x", LIVE},
    {"Credential", "Environment", "X", WORKERS},
    {"Credential", "Provider", "openai", LIVE},
    {"Credential", "BaseUrl", "http://h/x", LIVE},
    {"Credential", "Url", "http://h/x", LIVE},
    {"Credential", "Header", "X-Other:", LIVE},
    {"Credential", "QuotaJson", "a.b", LIVE},
    {"Credential", "ExpiryJson", "a.b", LIVE},
    {"Credential", "Account", "x", LIVE},
    {"Credential", "CaFile", "/x", LIVE},
    {"Credential", "MinQuota", "1.25", LIVE},
    {"Credential", "CheckInterval", "7s", LIVE},
    {"Credential", "RotateAfter", "7s", LIVE},
    {"Heal", "Zombie", "no", LIVE},
    {"Heal", "Hung", "no", LIVE},
    {"Heal", "Memory", "no", LIVE},
    {"Heal", "Stuck", "no", LIVE},
    {"Heal", "StuckKeys", "77", LIVE},
    {"Heal", "Budget", "3/2min", LIVE},
    {"Heal", "Proof", "7s", LIVE},
    {"Incidents", "Retention", "3d", LIVE},
    {"Incidents", "Keep", "77", LIVE},
    {"Incidents", "Patience", "1.25", LIVE},
    {"Incidents", "MinDiskFree", "5G", LIVE},
    {"Instructions", "AgentId", "x", LIVE},
    {"Instructions", "KeyCredential", "/x", LIVE},
    {"Instructions", "BaseUrl", "http://h/x", LIVE},
    {"Instructions", "CaFile", "/x", LIVE},
    {"Instructions", "Interval", "7min", LIVE},
    {"Cost", "SessionValue", "1.25", LIVE},
    {"Cost", "Currency", "SEK", LIVE},
    {"Doctor", "Provider", "http://h/x", LIVE},
    {"Doctor", "PublicUrl", "http://h/x", LIVE},
    {"Doctor", "CaFile", "/x", LIVE},
    {"Doctor", "Ignore", "agent-not-running", LIVE},
    {"Doctor", "Timeout", "7s", LIVE},
    {"Doctor", "OnIncident", "no", LIVE},
    {"Doctor", "SampleInterval", "7s", LIVE},
    {"Admin", "Listen", "127.0.0.1:99", LIVE},
    {"Admin", "ControlSocket", "/x", DAEMON},
    {"Admin", "ControlGroup", "x", DAEMON},
    {"Admin", "TokenCredential", "/x", LIVE},
    {"Admin", "AllowedHosts", "a b", LIVE},
    {"Admin", "StateDirectory", "/x", DAEMON},
    {"Admin", "RunbookUrl", "http://h/x", LIVE},
    {"Daemon", "LogLevel", "debug", LIVE},
};

/* A section of each type that has keys of its own. */
#define EVERY_SECTION                                                                              \
    REST "[Probe h]\nUrl=http://h/\n[Probe t]\nType=tcp\nAddress=1\n"                              \
         "[Probe e]\nType=exec\nCommand=true\n[Keyspace k]\nPattern=k:*\n"                         \
         "[Notify w]\nType=webhook\nUrl=http://w/\n[Notify p]\nType=pagerduty\nKeyCredential=/p\n" \
         "[Notify a]\nType=alertmanager\nUrl=http://a/\n[Notify e]\nType=exec\nCommand=true\n"     \
         "[LogWatch l]\nPattern=l\n"                                                               \
         "[Credential t]\nFile=/t\nEnvironment=T\nProvider=twilio\nAccount=AC1\n"                  \
         "[Credential h]\nFile=/h\nProvider=http\nUrl=http://h/\nHeader=X-Key:\n"

/* The first section that has the key. */
static const void *find_object(
    const struct config *c, const struct config_key *key, struct config_instance *it)
{
    for (size_t n = 0; config_instance_at(c, n, it); n++) {
        const void *object =
            strcmp(it->section->name, key->section) == 0 ? config_object(c, key, it->index) : NULL;
        if (object)
            return object;
    }
    fail_msg("[%s] %s is in no section", key->section, key->name);
    return NULL;
}

static void every_key_has_its_rule(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const struct config_key *key = config_key_find(keys[i].section, keys[i].name);
        if (!key)
            fail_msg("no such key: [%s] %s", keys[i].section, keys[i].name);
        struct config *before = config_must(EVERY_SECTION);
        struct config *after = config_must(EVERY_SECTION);
        struct config_instance it;
        struct strbuf said = STRBUF_INIT;
        struct strbuf want = STRBUF_INIT;
        struct err e = {0};
        void *object = (void *)(uintptr_t)find_object(after, key, &it);
        key->type->clear(key, object);
        if (key->type->read(key, keys[i].value, object, &e) < 0)
            fail_msg("[%s] %s=%s: %s", key->section, key->name, keys[i].value, e.msg);
        config_instance_write(&it, &want);
        strbuf_addf(&want, " %s: ", key->name);
        enum config_change change = config_diff(before, after, &said);
        if (change != keys[i].change)
            fail_msg("[%s] %s asks for %d", key->section, key->name, (int)change);
        /* A probe of another type loses keys too: that is said as well. */
        if (!strstr(strbuf_text(&said), strbuf_text(&want)))
            fail_msg("nothing of \"%s\" in:\n%s", strbuf_text(&want), strbuf_text(&said));
        strbuf_fini(&said);
        strbuf_fini(&want);
        config_free(before);
        config_free(after);
    }
}

static void every_key_is_tested(void **state)
{
    (void)state;
    for (size_t i = 0; i < config_n_keys; i++) {
        unsigned n = 0;
        for (size_t k = 0; k < sizeof keys / sizeof *keys; k++)
            n += &config_keys[i] == config_key_find(keys[k].section, keys[k].name);
        if (n != 1)
            fail_msg(
                "[%s] %s stands here %u times", config_keys[i].section, config_keys[i].name, n);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_what_changed),
        cmocka_unit_test(health_may_come_and_go),
        cmocka_unit_test(every_key_has_its_rule),
        cmocka_unit_test(every_key_is_tested),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
