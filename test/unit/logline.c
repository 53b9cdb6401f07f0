/* core/logs/logline: what a line of a worker's output says. */
#include "core/logs/logline.h"

#include "cmocka_all.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static void read_bytes(struct logline *l, const char *bytes, size_t len)
{
    /* A copy of its own, so that the sanitizer sees a read beyond the line. */
    char *copy = malloc(len > 0 ? len : 1);
    memcpy(copy, bytes, len);
    logline_begin(l, copy, len);
    logline_parse(l, LOG_LEVEL_NOTICE); /* a fallback that no word stands for */
    free(copy);
}

static const char *field(const struct logline *l, const char *name, size_t *out_len)
{
    for (unsigned i = 0; i < l->n_fields; i++) {
        if (strcmp(l->fields[i].name, name) == 0) {
            *out_len = l->fields[i].len;
            return strbuf_text(&l->values) + l->fields[i].at;
        }
    }
    return NULL;
}

static void assert_field(const struct logline *l, const char *name, const char *value)
{
    size_t len = 0;
    const char *got = field(l, name, &len);
    if (!got)
        fail_msg("no field %s", name);
    assert_int_equal(len, strlen(value));
    assert_memory_equal(got, value, len);
}

static void finds_the_level(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        enum log_level level;
        const char *message; /* NULL: the line itself */
    } cases[] = {
        {"\x1b[32minfo\x1b[39m: Ready", LOG_LEVEL_INFO, "info: Ready"},
        {"\x1b[31merror\x1b[39m: Broken", LOG_LEVEL_ERR, "error: Broken"},
        {"\x1b[33mwarn\x1b[39m: Odd", LOG_LEVEL_WARNING, "warn: Odd"},
        {"\x1b[34mdebug\x1b[39m: Detail", LOG_LEVEL_DEBUG, "debug: Detail"},
        {"http: GET /", LOG_LEVEL_INFO, NULL},
        {"ERROR cannot connect", LOG_LEVEL_ERR, NULL},
        {"Error: listen EADDRINUSE", LOG_LEVEL_ERR, NULL},
        {"[warn] disk", LOG_LEVEL_WARNING, NULL},
        {"FATAL", LOG_LEVEL_ERR, NULL},
        {"2026-01-02T03:04:05.678Z WARN slow", LOG_LEVEL_WARNING, NULL},
        {"[2026-01-02 03:04:05] [DEBUG] x", LOG_LEVEL_DEBUG, NULL},
        {"time=1 level=error msg=x", LOG_LEVEL_ERR, NULL},
        {"level=\"warn\" msg=x", LOG_LEVEL_WARNING, NULL},
        {"<3>broken", LOG_LEVEL_ERR, "broken"},
        {"<0>on fire", LOG_LEVEL_ERR, "on fire"},
        {"<7>info: detail", LOG_LEVEL_DEBUG, "info: detail"},
        {"<6>", LOG_LEVEL_INFO, NULL},
        {"<8>x", LOG_LEVEL_NOTICE, NULL},
        {"<3", LOG_LEVEL_NOTICE, NULL},
        {"error connecting", LOG_LEVEL_NOTICE, NULL},
        {"information about users", LOG_LEVEL_NOTICE, NULL},
        {"errors: 0", LOG_LEVEL_NOTICE, NULL},
        {"sublevel=error", LOG_LEVEL_NOTICE, NULL},
        {"level=", LOG_LEVEL_NOTICE, NULL},
        {"[", LOG_LEVEL_NOTICE, NULL},
        {"12:00:00 ", LOG_LEVEL_NOTICE, "12:00:00"},
    };
    struct logline l;
    logline_init(&l);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        read_bytes(&l, cases[i].line, strlen(cases[i].line));
        if (l.level != cases[i].level)
            fail_msg("\"%s\" is %s", cases[i].line, log_level_name(l.level));
        const char *message = cases[i].message ? cases[i].message : cases[i].line;
        assert_string_equal(strbuf_text(&l.message), message);
    }
    logline_fini(&l);
}

static void reads_the_level_of_json(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        enum log_level level;
    } cases[] = {
        {"{\"level\":\"warn\",\"msg\":\"x\"}", LOG_LEVEL_WARNING},
        {"{\"severity\":\"ERROR\",\"message\":\"x\"}", LOG_LEVEL_ERR},
        {"{\"level\":10}", LOG_LEVEL_DEBUG},
        {"{\"level\":20}", LOG_LEVEL_DEBUG},
        {"{\"level\":30}", LOG_LEVEL_INFO},
        {"{\"level\":40}", LOG_LEVEL_WARNING},
        {"{\"level\":50}", LOG_LEVEL_ERR},
        {"{\"level\":60}", LOG_LEVEL_ERR},
        {"{\"level\":300}", LOG_LEVEL_NOTICE},
        {"{\"level\":-1}", LOG_LEVEL_NOTICE},
        {"{\"level\":null,\"severity\":\"debug\"}", LOG_LEVEL_DEBUG},
        {"{\"level\":\"loud\"}", LOG_LEVEL_NOTICE},
        {"<4>{\"level\":\"error\"}", LOG_LEVEL_WARNING},
        {"warn: said {\"level\":\"error\"}", LOG_LEVEL_WARNING},
        {"said {\"level\":\"error\"}", LOG_LEVEL_ERR},
    };
    struct logline l;
    logline_init(&l);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        read_bytes(&l, cases[i].line, strlen(cases[i].line));
        if (l.level != cases[i].level)
            fail_msg("\"%s\" is %s", cases[i].line, log_level_name(l.level));
    }
    logline_fini(&l);
}

static void lifts_what_winston_prints(void **state)
{
    (void)state;
    struct logline l;
    logline_init(&l);
    const char *line =
        "\x1b[32minfo\x1b[39m: Session {id} kept {\"service\":\"elevenlabs-agent\","
        "\"sessionId\":\"s\\u00e9\\n\\ud83d\\ude00\",\"ttl\": 3600, \"big\":"
        "12345678901234567890123,\"nested\":{ \"a b\" : [ 1, \"x y\" ] },\"ok\":true}";
    read_bytes(&l, line, strlen(line));
    assert_string_equal(strbuf_text(&l.message), "info: Session {id} kept");
    assert_int_equal(l.n_fields, 6);
    assert_field(&l, "AGENT_SERVICE", "elevenlabs-agent");
    assert_field(&l, "AGENT_SESSIONID", "s\xc3\xa9\n\xf0\x9f\x98\x80");
    assert_field(&l, "AGENT_TTL", "3600");
    assert_field(&l, "AGENT_BIG", "12345678901234567890123");
    assert_field(&l, "AGENT_NESTED", "{\"a b\":[1,\"x y\"]}");
    assert_field(&l, "AGENT_OK", "true");
    assert_true(strstr(strbuf_text(&l.text), "\"ttl\": 3600") != NULL);
    logline_fini(&l);
}

static void reads_a_line_of_nothing_but_json(void **state)
{
    (void)state;
    struct logline l;
    logline_init(&l);
    const char *line = "{\"level\":50,\"msg\":\"\\u001b[31mno\\u001b[0m \\u0007way\",\"pid\":7}";
    read_bytes(&l, line, strlen(line));
    assert_string_equal(strbuf_text(&l.message), "no \\x07way");
    assert_field(&l, "AGENT_PID", "7");
    assert_field(&l, "AGENT_LEVEL", "50");
    assert_int_equal(l.n_fields, 2);

    line = "{\"event\":\"x\"}";
    read_bytes(&l, line, strlen(line));
    assert_string_equal(strbuf_text(&l.message), line);
    assert_field(&l, "AGENT_EVENT", "x");
    logline_fini(&l);
}

static void cannot_be_made_to_spoof(void **state)
{
    (void)state;
    struct logline l;
    logline_init(&l);
    const char *line =
        "x {\"MESSAGE_ID\":\"1\",\"_PID\":\"2\",\"VOXKEEPER_WORKER\":\"3\",\"a-b c\":4,"
        "\"9\":5}";
    read_bytes(&l, line, strlen(line));
    assert_field(&l, "AGENT_MESSAGE_ID", "1");
    assert_field(&l, "AGENT__PID", "2");
    assert_field(&l, "AGENT_VOXKEEPER_WORKER", "3");
    assert_field(&l, "AGENT_A_B_C", "4");
    assert_field(&l, "AGENT_9", "5");
    assert_int_equal(l.n_fields, 5);
    logline_fini(&l);
}

/* What could not become a field as it was stays readable in the message. */
static void keeps_json_that_was_not_lifted_wholly(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "x {\"a\":1,\"A\":2}",
        "x {\"a\":1,\"A\":2,\"b\":3}",
        "x {\"\":1}",
        "x {\"a12345678901234567890123456789012345678901234567890123456789\":1}",
        "x {\"\xc3\xa9\":1}",
        "x {}",
        "x {\"a\":1",
        "x {\"a\":1} y",
        "x {\"a\":1} y}",
        "x {\"a\":01}",
        "x{\"a\":1}",
        "{\"a\":tru}",
        "{\"msg\":\"x\",\"msg\":\"y\",\"MSG\":\"z\"}",
    };
    struct logline l;
    logline_init(&l);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        read_bytes(&l, lines[i], strlen(lines[i]));
        assert_string_equal(strbuf_text(&l.message), lines[i]);
    }
    read_bytes(&l, lines[0], strlen(lines[0]));
    assert_int_equal(l.n_fields, 1);
    assert_field(&l, "AGENT_A", "1");
    read_bytes(&l, lines[3], strlen(lines[3]));
    assert_int_equal(strlen(l.fields[0].name), LOGLINE_NAME_MAX);
    logline_fini(&l);
}

static void lifts_no_more_than_the_limit(void **state)
{
    (void)state;
    struct strbuf line = STRBUF_INIT;
    strbuf_adds(&line, "x {\"k0\":0");
    for (int i = 1; i <= LIMIT_OUTPUT_FIELDS; i++)
        strbuf_addf(&line, ",\"k%d\":%d", i, i);
    strbuf_adds(&line, "}");
    struct logline l;
    logline_init(&l);
    read_bytes(&l, line.data, line.len);
    assert_int_equal(l.n_fields, LIMIT_OUTPUT_FIELDS);
    assert_string_equal(strbuf_text(&l.message), line.data);
    logline_fini(&l);
    strbuf_fini(&line);
}

static void nests_no_deeper_than_the_limit(void **state)
{
    (void)state;
    struct logline l;
    logline_init(&l);
    for (unsigned depth = LIMIT_JSON_DEPTH - 1; depth <= LIMIT_JSON_DEPTH; depth++) {
        struct strbuf line = STRBUF_INIT;
        strbuf_adds(&line, "x {\"a\":");
        for (unsigned i = 0; i < depth; i++)
            strbuf_addc(&line, '[');
        for (unsigned i = 0; i < depth; i++)
            strbuf_addc(&line, ']');
        strbuf_adds(&line, "}");
        read_bytes(&l, line.data, line.len);
        assert_int_equal(l.n_fields, depth < LIMIT_JSON_DEPTH ? 1 : 0);
        strbuf_fini(&line);
    }
    logline_fini(&l);
}

static void makes_any_bytes_readable(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
        const char *text;
    } cases[] = {
        {"a\0b", 3, "a\\x00b"},
        {"crlf\r", 5, "crlf"},
        {"10%\r20%\r", 8, "10%\\r20%"},
        {"\xff\xc3\xa9\xc3", 4, "\\xff\xc3\xa9\\xc3"},
        {"tab\tstays\\", 10, "tab\tstays\\"},
        {"\xc2\x85\x7f", 3, "\\x7f"},
        {"\x1b]0;title\aA\x1b]8;;u\x1b\\B\x1bPq\x1b\\C", 26, "ABC"},
        {"\x1b(B\x1b=\0337A\xc2\x9b"
         "31mB",
            14, "AB"},
        {"\x1b]no end", 8, "no end"},
        {"\x1b[31", 4, ""},
        {"\x1b[3\x01m", 5, "\\x01m"},
        {"\x1b", 1, ""},
        {"\x1b[0m  \t\r", 8, ""},
        {"", 0, ""},
    };
    struct logline l;
    logline_init(&l);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        read_bytes(&l, cases[i].bytes, cases[i].len);
        assert_string_equal(strbuf_text(&l.text), cases[i].text);
        assert_string_equal(strbuf_text(&l.message), cases[i].text);
    }
    logline_fini(&l);
}

/* A worker must not be able to hold the loop with what it prints. */
static void is_linear(void **state)
{
    (void)state;
    static const char *const patterns[] = {
        "\x1b]", "\x1b[1;", "\xc2\x9d", " {", "{\"a\":", " {\"", "\x01"};
    const size_t len = 1 << 20;
    char *line = malloc(len);
    struct logline l;
    logline_init(&l);
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
        size_t n = strlen(patterns[i]);
        for (size_t k = 0; k < len; k++)
            line[k] = patterns[i][k % n];
        line[len - 1] = '}';
        logline_begin(&l, line, len);
        logline_parse(&l, LOG_LEVEL_INFO);
    }
    logline_fini(&l);
    free(line);
}

static void keeps_bytes_in_fields(void **state)
{
    (void)state;
    struct logline l;
    logline_init(&l);
    const char *line = "x {\"a\":\"\\u0000\xff\\ud800\\\"\\/\"}";
    read_bytes(&l, line, strlen(line));
    assert_int_equal(l.n_fields, 1);
    assert_int_equal(l.fields[0].len, 7);
    assert_memory_equal(strbuf_text(&l.values), "\0\xff\xef\xbf\xbd\"/", 7);
    assert_string_equal(strbuf_text(&l.message), "x");
    logline_fini(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_level),
        cmocka_unit_test(reads_the_level_of_json),
        cmocka_unit_test(lifts_what_winston_prints),
        cmocka_unit_test(reads_a_line_of_nothing_but_json),
        cmocka_unit_test(cannot_be_made_to_spoof),
        cmocka_unit_test(keeps_json_that_was_not_lifted_wholly),
        cmocka_unit_test(lifts_no_more_than_the_limit),
        cmocka_unit_test(nests_no_deeper_than_the_limit),
        cmocka_unit_test(makes_any_bytes_readable),
        cmocka_unit_test(is_linear),
        cmocka_unit_test(keeps_bytes_in_fields),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
