/* core/config/config_parse, config_lines, config_build: from text to assignments, and what is
 * refused. */
#include "config_text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define AGENT "[Agent]\nExecStart=/bin/agent\n"
#define HEALTH "[Health]\nUrl=http://127.0.0.1:3004/health\n"
#define REST AGENT HEALTH

static void refuses_wrong_lines(void **state)
{
    (void)state;
    static const struct {
        const char *text; /* in front of REST */
        const char *said;
    } rows[] = {
        {"Name=x\n", "/etc/v.conf:1: key \"Name\" stands before any section\n"},
        {"[Agnet]\nName=x\nBogus\n",
            "/etc/v.conf:1: unknown section [Agnet], did you mean [Agent]?\n"
            "/etc/v.conf:3: read line \"Bogus\": want Key=value\n"},
        {"[agent]\n", "/etc/v.conf:1: unknown section [agent], did you mean [Agent]?\n"},
        {"[Keyspaces x]\n",
            "/etc/v.conf:1: unknown section [Keyspaces x], did you mean [Keyspace NAME]?\n"},
        {"[Quality]\n", "/etc/v.conf:1: unknown section [Quality]\n"},
        {"[]\n", "/etc/v.conf:1: unknown section []\n"},
        {"[Agent\n", "/etc/v.conf:1: read section header \"[Agent\": want [SECTION] and nothing "
                     "behind it\n"},
        {"[Agent] x\n", "/etc/v.conf:1: read section header \"[Agent] x\": want [SECTION] and "
                        "nothing behind it\n"},
        {"[Agent x]\n", "/etc/v.conf:1: section [Agent] takes no name, but has \"x\"\n"},
        {"[Probe]\n", "/etc/v.conf:1: section [Probe] needs a name: [Probe NAME]\n"},
        {"[Probe a b]\n", "/etc/v.conf:1: read name of [Probe]: \"a b\" is no name: letters, "
                          "digits, '_', '.' and '-', a letter or digit first\n"},
        {"[Probe health]\n",
            "/etc/v.conf:1: refuse [Probe health]: the name is taken by [Health]\n"},
        {"[Agent]\nLisen=3004\n",
            "/etc/v.conf:2: unknown key \"Lisen\" in [Agent], did you mean \"Listen\"?\n"},
        {"[Agent]\nlisten=3004\n",
            "/etc/v.conf:2: unknown key \"listen\" in [Agent], did you mean \"Listen\"?\n"},
        {"[Agent]\nInterval=1s\n",
            "/etc/v.conf:2: unknown key \"Interval\" in [Agent]; it belongs to [Health] or "
            "[Sweep] or [Instructions]\n"},
        {"[Health]\nMaxDealy=1s\n", "/etc/v.conf:2: unknown key \"MaxDealy\" in [Health], did you "
                                    "mean \"MaxDelay\" of [Restart]?\n"},
        {"[Agent]\nXyzzy=1\n", "/etc/v.conf:2: unknown key \"Xyzzy\" in [Agent]\n"},
        {"[Agent]\nName\n", "/etc/v.conf:2: read line \"Name\": want Key=value\n"},
        {"[Agent]\nName: x\n", "/etc/v.conf:2: read line \"Name: x\": want Key=value\n"},
        {"[Agent]\n=x\n", "/etc/v.conf:2: unknown key \"\" in [Agent]\n"},
        {"[Agent]\nName=\x1B[31m\n", "/etc/v.conf:2: line holds a control character\n"},
        {"[Agent]\nName=\xFF\n", "/etc/v.conf:2: line is not valid UTF-8\n"},
        {"[Agent]\nWorkers=1 ; not a comment\n",
            "/etc/v.conf:2: read Workers in [Agent]: \"1 ; not a comment\" is not a whole number "
            "from 1 to 64\n"},
        /* All of them at once, in reading order; the line of a continued one is its first. */
        {"[Agent]\nWorkers=0\nEnvironment=A=1 \\\n B\n[Daemon]\nLogLevel=warn\n",
            "/etc/v.conf:2: read Workers in [Agent]: \"0\" is not a whole number from 1 to 64\n"
            "/etc/v.conf:3: read Environment in [Agent]: a word is not NAME=value; one with spaces "
            "stands in quotes\n"
            "/etc/v.conf:6: read LogLevel in [Daemon]: \"warn\" is unknown, it is one of err "
            "warning notice info debug\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[1024];
        snprintf(text, sizeof text, "%s" REST, rows[i].text);
        config_refused(text, rows[i].said);
    }
    config_refused(REST "[Daemon]\nLogLevel=\\",
        "/etc/v.conf:6: line ends in a backslash, but the file ends too\n");
}

static void joins_lines_as_systemd_does(void **state)
{
    (void)state;
    struct config *c = config_must("\xEF\xBB\xBF# a comment\r\n"
                                   "; another, \xFF and all\n"
                                   "  [Agent]  \r\n"
                                   "ExecStart = /bin/agent \\\n"
                                   "   # skipped \\\n"
                                   "   --one \\\r\n"
                                   ";also skipped\n"
                                   "   --two=#not;a:comment\n"
                                   "\tName=a\\\n"
                                   "\n"
                                   "WorkingDirectory=/a b\\\\\n"
                                   "[Health]\n"
                                   "Url=http://h/");
    assert_int_equal(c->agent.exec_start.n, 3);
    assert_string_equal(c->agent.exec_start.items[1], "--one");
    assert_string_equal(c->agent.exec_start.items[2], "--two=#not;a:comment");
    assert_string_equal(c->agent.name, "a");
    assert_string_equal(c->agent.working_directory, "/a b\\\\");
    config_free(c);
}

/* Where inih would cut by itself, at 200 bytes, or we would, nothing may be lost in silence. */
static void keeps_lines_of_16_kib(void **state)
{
    (void)state;
    char *text = malloc(3 * LIMIT_CONFIG_LINE);
    assert_non_null(text);
    for (int over = 0; over <= 1; over++) {
        size_t n = (size_t)sprintf(text, REST "[Agent]\nWorkingDirectory=/");
        size_t fill = LIMIT_CONFIG_LINE - strlen("WorkingDirectory=/") + (size_t)over;
        memset(text + n, 'x', fill);
        strcpy(text + n + fill, "\nName=next\n");
        if (over) {
            config_refused(text, "/etc/v.conf:6: line is longer than 16 KiB\n");
            continue;
        }
        config_refused(text, "/etc/v.conf:6: read WorkingDirectory in [Agent]: "
                             "\"/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…\" is longer than a path "
                             "can be\n");
        memcpy(strstr(text, "WorkingDirectory=/"), "Environment=ABCDE=", 18);
        struct config *c = config_must(text);
        assert_int_equal(strlen(c->agent.environment.items[0]), LIMIT_CONFIG_LINE - 12);
        assert_string_equal(c->agent.name, "next");
        config_free(c);
    }
    size_t n = (size_t)sprintf(text, REST "[Agent]\nEnvironment=A=");
    memset(text + n, 'x', 9000);
    n += 9000;
    n += (size_t)sprintf(text + n, "\\\n");
    memset(text + n, 'x', 9000);
    strcpy(text + n + 9000, "\nName=next");
    config_refused(text, "/etc/v.conf:6: line is longer than 16 KiB with its continuations\n");
    free(text);
}

static void refuses_nul_and_too_much(void **state)
{
    (void)state;
    static const char nul[] = REST "[Agent]\nName=a\0b\n";
    struct config_source source = {"/etc/v.conf", nul, sizeof nul - 1};
    struct config_diagnostics d;
    struct config *c = NULL;
    assert_int_equal(config_parse(&source, 1, &c, &d), -EINVAL);
    assert_int_equal(d.n, 1);
    assert_int_equal(d.items[0].line, 6);
    assert_string_equal(d.items[0].message, "line holds a NUL byte");
    config_diagnostics_fini(&d);
    source.len = LIMIT_CONFIG_FILE + 1; /* told before a byte is looked at */
    assert_int_equal(config_parse(&source, 1, &c, &d), -EINVAL);
    assert_string_equal(d.items[0].message, "file is larger than 1048576 bytes");
    assert_null(c);
    config_diagnostics_fini(&d);
}

static void keeps_its_head_among_mistakes(void **state)
{
    (void)state;
    struct strbuf text = STRBUF_INIT;
    struct config_diagnostics d;
    for (int i = 0; i < 1000; i++)
        strbuf_adds(&text, "x\n");
    assert_null(config_of(strbuf_text(&text), &d));
    assert_int_equal(d.n, LIMIT_CONFIG_MISTAKES);
    assert_string_equal(d.items[98].message, "read line \"x\": want Key=value");
    assert_string_equal(
        d.items[99].message, "too many mistakes: those behind this line are not shown");
    assert_int_equal(d.items[99].line, 100);
    config_diagnostics_fini(&d);
    strbuf_fini(&text);
}

static void later_files_continue(void **state)
{
    (void)state;
    const char *const texts[] = {
        "[Agent]\nExecStart=/bin/one --a\nEnvironment=A=1 B=2\nWorkers=3\n[Probe "
        "p]\nUrl=http://h/\n"
        "Timeout=1s\n",
        "Name=x\n",
        "[Agent]\nExecStart=/bin/two\nEnvironment=C=3\nWorkers=\n[Probe p]\nTimeout=2s\n",
        "[Agent]\nEnvironment=\nEnvironment=D=4\n[Health]\nRise=200\n",
    };
    const struct config_source sources[] = {
        {"/a", texts[0], strlen(texts[0])},
        {"/b", texts[2], strlen(texts[2])},
        {"/c", texts[3], strlen(texts[3]) - strlen("[Health]\nRise=200\n")},
    };
    struct config_diagnostics d;
    struct config *c = NULL;
    assert_int_equal(config_parse(sources, 2, &c, &d), 0);
    config_diagnostics_fini(&d);
    assert_int_equal(c->agent.exec_start.n, 1);
    assert_string_equal(c->agent.exec_start.items[0], "/bin/two");
    assert_int_equal(c->agent.environment.n, 3);
    assert_string_equal(c->agent.environment.items[2], "C=3");
    assert_int_equal(c->agent.workers, 1);
    assert_int_equal(c->n_probes, 1);
    assert_string_equal(c->probes[0].name, "p");
    assert_true(c->probes[0].timeout == 2 * USEC_PER_SEC);
    config_free(c);
    assert_int_equal(config_parse(sources, 3, &c, &d), 0);
    config_diagnostics_fini(&d);
    assert_int_equal(c->agent.environment.n, 1);
    assert_string_equal(c->agent.environment.items[0], "D=4");
    config_free(c);
    /* A file begins outside of every section, and each mistake names its file. */
    const struct config_source bad[] = {
        sources[0],
        {"/b", texts[1], strlen(texts[1])},
        {"/c", texts[3], strlen(texts[3])},
    };
    struct strbuf said = STRBUF_INIT;
    assert_int_equal(config_parse(bad, 3, &c, &d), -EINVAL);
    config_diagnostics_write(&d, &said);
    assert_string_equal(strbuf_text(&said),
        "/b:1: key \"Name\" stands before any section\n"
        "/c:5: read Rise in [Health]: \"200\" is not a whole number from 1 to 100\n");
    config_diagnostics_fini(&d);
    strbuf_fini(&said);
}

static void lists_begin_with_what_is_written(void **state)
{
    (void)state;
    struct config *c = config_must(REST "[Redis]\nUrl=redis://h\n[Drain]\nWaitFor=tasks\n"
                                        "[Admin]\nListen=9001\nListen=127.0.0.1:9002\n"
                                        "[Sweep]\nProtect=a:*\n");
    assert_false(c->drain.wait_connections);
    assert_true(c->drain.wait_tasks);
    assert_int_equal(c->admin.n_listen, 2);
    assert_int_equal(c->admin.listen[0].port, 9001);
    assert_int_equal(c->sweep.protect.n, 2);
    assert_string_equal(c->sweep.protect.items[1], "elevenlabs:conversation:*");
    config_free(c);
    c = config_must(REST "[Drain]\nWaitFor=\n[Admin]\nListen=\n[Sweep]\nProtect=\n");
    assert_false(c->drain.wait_connections);
    assert_int_equal(c->admin.n_listen, 0);
    /* The agent's memory cannot be given up for deletion. */
    assert_int_equal(c->sweep.protect.n, 1);
    config_free(c);
}

static void keyspaces_begin_with_the_built_in_ones(void **state)
{
    (void)state;
    struct config *c = config_must(REST "[Keyspace sessions]\nMaxAge=48h\n[Keyspace queue]\n"
                                        "Pattern=queue:*\n");
    assert_int_equal(c->n_keyspaces, 2);
    assert_string_equal(c->keyspaces[0].pattern, "elevenlabs:session:*");
    assert_true(c->keyspaces[0].max_age == 2 * USEC_PER_DAY);
    assert_int_equal(c->keyspaces[0].age_fields.n, 2);
    assert_int_equal(c->keyspaces[1].kind, CONFIG_KEYSPACE_OTHER);
    assert_true(c->keyspaces[1].report_only);
    config_free(c);
}

static void sections_are_counted(void **state)
{
    (void)state;
    for (int over = 0; over <= 1; over++) {
        struct strbuf text = STRBUF_INIT;
        strbuf_adds(&text, REST);
        for (int i = 0; i < LIMIT_PROBES + over; i++)
            strbuf_addf(&text, "[Probe p%d]\nUrl=http://h/\n", i);
        for (int i = 0; i < LIMIT_KEYSPACES + over; i++)
            strbuf_addf(&text, "[Keyspace k%d]\nPattern=k%d:*\n", i, i);
        if (over) {
            config_refused(strbuf_text(&text),
                "/etc/v.conf:37: refuse [Probe p16]: more than 16 such sections\n"
                "/etc/v.conf:71: refuse [Keyspace k16]: more than 16 such sections\n");
        } else {
            struct config *c = config_must(strbuf_text(&text));
            assert_int_equal(c->n_probes, LIMIT_PROBES + 1);
            assert_int_equal(c->n_keyspaces, LIMIT_KEYSPACES);
            config_free(c);
        }
        strbuf_fini(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_wrong_lines),
        cmocka_unit_test(joins_lines_as_systemd_does),
        cmocka_unit_test(keeps_lines_of_16_kib),
        cmocka_unit_test(refuses_nul_and_too_much),
        cmocka_unit_test(keeps_its_head_among_mistakes),
        cmocka_unit_test(later_files_continue),
        cmocka_unit_test(lists_begin_with_what_is_written),
        cmocka_unit_test(keyspaces_begin_with_the_built_in_ones),
        cmocka_unit_test(sections_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
