/* core/config/config_type*, core/config/config_check_value: what each kind of value may be, and how
 * it is kept.
 */
#include "config_text.h"

#include <stdio.h>

#define REST "[Agent]\nExecStart=/bin/agent\n[Health]\nUrl=http://127.0.0.1:3004/health\n"

/* The value as it is written back, or what was said about it; in the caller's buffer. */
static const char *written(const char *section, const char *key, const char *value, char buf[512])
{
    struct config_diagnostics d;
    struct strbuf out = STRBUF_INIT;
    char text[1024];
    snprintf(text, sizeof text, REST "[%s]\n%s=%s\n", section, key, value);
    struct config *c = config_of(text, &d);
    if (c)
        config_write(c, CONFIG_SECRETS_REVEAL, &out);
    else
        strbuf_adds(&out, d.items[0].message);
    snprintf(text, sizeof text, "\n%s=", key);
    const char *at = c ? strstr(strstr(strbuf_text(&out), section), text) : strbuf_text(&out);
    snprintf(buf, 512, "%.*s", (int)(at ? strcspn(at + (c ? strlen(text) : 0), "\n") : 0),
        at ? at + (c ? strlen(text) : 0) : "");
    config_free(c);
    config_diagnostics_fini(&d);
    strbuf_fini(&out);
    return buf;
}

static void keeps_good_values(void **state)
{
    (void)state;
    static const struct {
        const char *section, *key, *value, *written;
    } rows[] = {
        {"Agent", "TimeoutStopSec", "90", "1min 30s"},
        {"Agent", "TimeoutStopSec", "1h 0.5s", "3600500000us"},
        {"Agent", "TimeoutStopSec", "1.5s", "1s 500ms"},
        {"Drain", "Timeout", "infinity", "infinity"},
        {"Drain", "Linger", "0", "0"},
        {"Restart", "Multiplier", "1.5", "1.5"},
        {"Restart", "Multiplier", "1.1", "1.1"},
        {"Restart", "Multiplier", "3.14159265358979", "3.14159265358979"},
        {"Restart", "Jitter", "25", "25%"},
        {"Restart", "Jitter", "0%", "0%"},
        {"Rollout", "MaxSurge", "3", "3"},
        {"Rollout", "MaxSurge", "50%", "50%"},
        {"Agent", "KillSignal", "SIGINT", "SIGINT"},
        {"Agent", "KillSignal", "USR2", "SIGUSR2"},
        {"Agent", "KillSignal", "15", "SIGTERM"},
        {"Agent", "KillSignal", "40", "40"},
        {"Agent", "LimitNOFILE", "65536", "65536"},
        {"Agent", "Workers", "64", "64"},
        {"Keyspace tasks", "MaxValue", "4096", "4K"},
        {"Keyspace tasks", "MaxValue", "5000", "5000"},
        {"Keyspace tasks", "MaxValue", "1M", "1M"},
        {"Sweep", "MaxDelete", "20% 5", "5 20%"},
        {"Sweep", "MaxDelete", "infinity", "infinity"},
        {"Sweep", "MaxLatency", "500us", "500us"},
        {"Sweep", "Lease", "no", "no"},
        {"Keyspace tasks", "Repair", "yes", "yes"},
        {"Keyspace tasks", "Repair", "off", "no"},
        {"Agent", "Listen", "3004", "[::]:3004"},
        {"Agent", "Environment", "'A=x y'", "\"A=x y\""},
        {"Agent", "Environment", "A=", "A="},
        {"Agent", "EnvironmentFile", "-/etc/a", "-/etc/a"},
        {"Agent", "Release", "/srv/VERSION", "/srv/VERSION"},
        {"Agent", "User", "voice-agent", "voice-agent"},
        {"Agent", "ExecStart", "node dist/index.js \"\"", "node dist/index.js \"\""},
        {"Health", "Url", "https://user:pw@[::1]:8443/x?y#z", "https://user:pw@[::1]:8443/x?y#z"},
        {"Health", "ExpectStatus", "200-299", "200-299"},
        {"Redis", "Url", "redis://:p%2Fw@h:6380/3", "redis://:p%2Fw@h:6380/3"},
        {"Redis", "Url", "unix:///run/r.sock?db=2", "unix:///run/r.sock?db=2"},
        {"Daemon", "LogLevel", "debug", "debug"},
        {"Sweep", "Interval", "infinity", "infinity"},
        {"Sweep", "Protect", "a[bc]*", "a[bc]*"},
        {"Sweep", "BackupMaxSize", "1048577", "1048577"},
        {"Sweep", "BackupMaxSize", "2048K", "2M"},
        {"Sweep", "BackupMaxSize", "1024G", "1024G"},
        /* An empty value goes back to the default. */
        {"Agent", "Name", "", "elevenlabs-agent"},
        {"Agent", "KillSignal", "", "SIGTERM"},
        {"Drain", "Timeout", "", "10min"},
        {"Agent", "WorkingDirectory", "", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char buf[512];
        written(rows[i].section, rows[i].key, rows[i].value, buf);
        if (strcmp(buf, rows[i].written) != 0)
            fail_msg("%s=%s became \"%s\"", rows[i].key, rows[i].value, buf);
    }
}

static void refuses_bad_values(void **state)
{
    (void)state;
    static const struct {
        const char *section, *key, *value, *said;
    } rows[] = {
        {"Agent", "TimeoutStopSec", "30x", "\"30x\" is no time span such as 30s, 5min or 250ms"},
        {"Agent", "TimeoutStopSec", "0",
            "\"0\" is out of range, 100ms to 1d (a bare number is seconds)"},
        {"Agent", "TimeoutStopSec", "infinity", "\"infinity\" is out of range, 100ms to 1d"},
        {"Health", "Interval", "10000",
            "\"10000\" is out of range, 100ms to 1h (a bare number is seconds)"},
        {"Health", "Rise", "0", "\"0\" is not a whole number from 1 to 100"},
        {"Health", "Fall", "0", "\"0\" is not a whole number from 1 to 100"},
        {"Health", "Fall", "-1", "\"-1\" is not a whole number from 1 to 100"},
        {"Health", "Fall", "2.5", "\"2.5\" is not a whole number from 1 to 100"},
        {"Agent", "Workers", "65", "\"65\" is not a whole number from 1 to 64"},
        {"Agent", "LimitNOFILE", "99999999999999999999",
            "\"99999999999999999999\" is not a whole number from 0 to 1073741824"},
        {"Restart", "Multiplier", "0.5", "\"0.5\" is not a number from 1 to 100"},
        {"Restart", "Multiplier", "nan", "\"nan\" is not a number from 1 to 100"},
        {"Restart", "Jitter", "101%", "\"101%\" is no percentage from 0% to 100%"},
        {"Rollout", "MaxSurge", "0", "\"0\" is not a whole number from 1 to 64"},
        {"Rollout", "MaxSurge", "65", "\"65\" is not a whole number from 1 to 64"},
        {"Rollout", "MaxSurge", "0%",
            "\"0%\" is neither a number nor a percentage from 1% to 100%"},
        {"Rollout", "MaxSurge", "101%",
            "\"101%\" is neither a number nor a percentage from 1% to 100%"},
        {"Rollout", "OnFailure", "wait", "\"wait\" is unknown, it is one of rollback hold"},
        {"Restart", "Jitter", "%", "\"%\" is no percentage from 0% to 100%"},
        {"Restart", "Jitter", "123456789%", "\"123456789%\" is no percentage from 0% to 100%"},
        {"Agent", "KillSignal", "SIGTREM", "\"SIGTREM\" is no signal such as SIGTERM"},
        {"Agent", "KillSignal", "99", "\"99\" is no signal such as SIGTERM"},
        {"Agent", "KillSignal", "SIGKILL", "\"SIGKILL\" cannot ask a process to end in order"},
        {"Agent", "Handover", "prelaod", "\"prelaod\" is unknown, did you mean \"preload\"?"},
        {"Agent", "Handover", "xyz", "\"xyz\" is unknown, it is one of none listen-fds preload"},
        /* What shares next to nothing with a word was not meant to be it. */
        {"Daemon", "LogLevel", "ex",
            "\"ex\" is unknown, it is one of err warning notice info debug"},
        {"Drain", "WaitFor", "session", "\"session\" is unknown, did you mean \"sessions\"?"},
        {"Drain", "WaitFor", "all", "\"all\" is unknown, it is any of connections tasks sessions"},
        {"Agent", "Name", "a b",
            "\"a b\" is no name: letters, digits, '_', '.' and '-', a letter or digit first"},
        {"Agent", "Name", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
            "\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…\" is longer than 64 bytes"},
        {"Agent", "WorkingDirectory", "srv", "\"srv\" is no absolute path"},
        {"Agent", "Environment", "DB_PASS=hunter 2",
            "a word is not NAME=value; one with spaces stands in quotes"},
        {"Agent", "Environment", "A=1 =2", "\"\" is no name of a variable"},
        {"Agent", "Environment", "1A=2", "\"1A\" is no name of a variable"},
        {"Agent", "Environment", "A-B=2", "\"A-B\" is no name of a variable"},
        {"Agent", "EnvironmentFile", "env", "\"env\" is no absolute path"},
        {"Agent", "User", "a:b", "\"a:b\" is no user or group"},
        {"Agent", "Release", "VERSION", "\"VERSION\" is no absolute path"},
        {"Agent", "Release", "|cat VERSION", "\"|cat VERSION\" is no absolute path"},
        {"Agent", "ExecStart", "\"\" x", "the name of the program is empty"},
        {"Agent", "ExecStart", "-/bin/x", "prefix '-' of a command is not known here"},
        {"Agent", "Listen", "3004 3004", "\"3004\" stands twice"},
        {"Agent", "Listen", "1 2 3 4 5 6 7 8 9", "more than 8 addresses"},
        {"Health", "Url", "ftp://h/", "\"ftp://h/\" is neither a /PATH nor an http URL"},
        {"Health", "Url", "http:///x", "host \"\" is empty or half in brackets"},
        {"Health", "Url", "http://[::1/x", "host \"[\" is empty or half in brackets"},
        {"Health", "Url", "http://h:0/x", "port \"0\" is not a number from 1 to 65535"},
        {"Health", "Url", "http://h/a b", "\"http://h/a b\" holds a space"},
        {"Health", "ExpectStatus", "2xx",
            "\"2xx\" is no HTTP status such as 200, nor a range such as 200-299"},
        {"Health", "ExpectJson", "a!b", "\"a!b\" has '!' without '='"},
        {"Health", "DependencyJson", "\"\"", "the name of a JSON member is empty"},
        {"Redis", "PasswordCredential", "redis", "\"redis\" is no absolute path"},
        /* Nothing that may be a password is quoted. */
        {"Redis", "Url", "redis://:pa/ss@h",
            "'/', '?' and '#' in a password are written %2F, %3F and %23"},
        {"Admin", "ControlSocket", "control.sock", "\"control.sock\" is no absolute path"},
        {"Sweep", "Protect", "\"\"", "an empty pattern takes no key"},
        {"Sweep", "BackupMaxSize", "1K", "\"1K\" is out of range, 1M to 1024G"},
        {"Sweep", "MaxDelete", "0",
            "\"0\" is no limit such as 10000, 20%, both of them, or infinity"},
        {"Sweep", "MaxLatency", "2s", "\"2s\" is out of range, 100us to 1s"},
        {"Sweep", "Interval", "1s", "\"1s\" is out of range, 10s to infinity"},
        {"Keyspace x", "Pattern", "x", "\"x\" is not a prefix and '*'"},
        {"Keyspace x", "MaxValue", "1023", "\"1023\" is out of range, 1K to 1M"},
        {"Keyspace x", "MaxValue", "2M", "\"2M\" is out of range, 1K to 1M"},
        {"Keyspace x", "MaxValue", "64KB", "\"64KB\" is no size such as 4096, 256K, 64M or 1G"},
        {"Keyspace x", "MaxValue", "K", "\"K\" is no size such as 4096, 256K, 64M or 1G"},
        {"Keyspace x", "MaxValue", "18014398509481985K",
            "\"18014398509481985K\" is no size such as 4096, 256K, 64M or 1G"},
        {"Keyspace x", "Repair", "maybe", "\"maybe\" is neither yes nor no"},
        {"Keyspace x", "Pattern", "x?*", "\"x?*\" is not a prefix and '*'"},
        {"Keyspace x", "Pattern", "x*y*", "\"x*y*\" is not a prefix and '*'"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char buf[512];
        char want[512];
        const char *space = strchr(rows[i].section, ' ');
        int section_len = space ? (int)(space - rows[i].section) : (int)strlen(rows[i].section);
        snprintf(want, sizeof want, "read %s in [%.*s]: %s", rows[i].key, section_len,
            rows[i].section, rows[i].said);
        written(rows[i].section, rows[i].key, rows[i].value, buf);
        if (strcmp(buf, want) != 0)
            fail_msg("%s=%s said \"%s\"", rows[i].key, rows[i].value, buf);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_good_values),
        cmocka_unit_test(refuses_bad_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
