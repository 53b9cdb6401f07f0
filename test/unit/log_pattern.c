/* core/logs/log_pattern: what is found in lines, and that no pattern costs more than so much. */
#include "cmocka_all.h"

#include "core/limits.h"
#include "core/logs/log_pattern.h"

#include <errno.h>
#include <string.h>
#include <time.h>

static enum log_pattern_result found(const char *pattern, const char *line, size_t len)
{
    struct err e = {0};
    struct log_pattern *p = log_pattern_new(pattern, &e);
    if (!p)
        fail_msg("%s", e.msg);
    enum log_pattern_result r = log_pattern_match(p, line, len);
    log_pattern_free(p);
    return r;
}

static void finds(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *line;
        enum log_pattern_result result;
    } rows[] = {
        {"webhook", "error: Invalid webhook secret {\"ip\":\"::1\"}", LOG_PATTERN_YES},
        {"Webhook", "error: Invalid webhook secret", LOG_PATTERN_NO},
        {"(?i)WEBHOOK", "error: Invalid webhook secret", LOG_PATTERN_YES},
        {"^error: .*secret$", "error: Invalid webhook secret", LOG_PATTERN_YES},
        {"b|^error", "error: x", LOG_PATTERN_YES},
        {"a|b", "xxb", LOG_PATTERN_YES},
        {"\\bsecret\\b", "secrets", LOG_PATTERN_NO},
        {"(?<=x)y", "xy", LOG_PATTERN_YES},
        {"(\\w)\\1", "hello", LOG_PATTERN_YES},
        {"^.ber$",
            "\xC3\xBC"
            "ber",
            LOG_PATTERN_YES},
        {"^$", "", LOG_PATTERN_YES},
        {"x", "", LOG_PATTERN_NO},
        {"# no comment", "# no comment", LOG_PATTERN_YES},
        {"(?x) a b # comment", "ab", LOG_PATTERN_YES},
        {"\\Qa.b", "a.b", LOG_PATTERN_YES},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (found(rows[i].pattern, rows[i].line, strlen(rows[i].line)) != rows[i].result)
            fail_msg("\"%s\" in \"%s\"", rows[i].pattern, rows[i].line);
    }
}

static void looks_at_the_beginning_only(void **state)
{
    (void)state;
    char line[LIMIT_LOG_WATCH_LINE + 8];
    memset(line, '.', sizeof line);
    memcpy(line + LIMIT_LOG_WATCH_LINE - 3, "END", 3);
    assert_int_equal(found("END", line, sizeof line), LOG_PATTERN_YES);
    memcpy(line + LIMIT_LOG_WATCH_LINE - 3, ".END", 4);
    assert_int_equal(found("END", line, sizeof line), LOG_PATTERN_NO);
    /* A character that is cut in the middle is none. */
    memcpy(line + LIMIT_LOG_WATCH_LINE - 3, "..\xC3\xBC", 4);
    assert_int_equal(found("\\.\\.$", line, sizeof line), LOG_PATTERN_NO);
    assert_int_equal(found("\\.\\.", line, sizeof line), LOG_PATTERN_YES);
}

static void says_where_a_pattern_is_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *said;
    } rows[] = {
        {"(abc", "\"(abc\" is no pattern: missing closing parenthesis at offset 4"},
        {"*", "\"*\" is no pattern: quantifier does not follow a repeatable item at offset 0"},
        {"a\\Cb", "\"a\\Cb\" is no pattern: using \\C is disabled by the application at offset 3"},
        /* What only stands at the beginning cannot stand behind our mark: limits are ours. */
        {"(*LIMIT_MATCH=1000000000)a", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct err e = {0};
        assert_null(log_pattern_new(rows[i].pattern, &e));
        assert_int_equal(e.code, -EINVAL);
        if (rows[i].said)
            assert_string_equal(e.msg, rows[i].said);
    }
}

static double cpu_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* Each would take from seconds to ages if it could. */
static void no_pattern_takes_long(void **state)
{
    (void)state;
    static const char *const patterns[] = {
        "(a+)+$",
        "(a|aa)+$",
        "(.*)*x",
        "(a|a?)+b",
        "^(\\w+\\s?)*$",
        "(?:(?:a*)*)*c",
        "(?=(a+))\\1+b",
        "((((((a*)*)*)*)*)*)*b",
        "(?:\\w|\\s)*[xy]$",
        "\\w+\\w+\\w+x",
        ".{1,500}.{1,500}x",
        "(?R)?a*b",
    };
    char line[LIMIT_LOG_WATCH_LINE];
    memset(line, 'a', sizeof line);
    line[sizeof line - 1] = '!';
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
        double began = cpu_ms();
        enum log_pattern_result r = found(patterns[i], line, sizeof line);
        double took = cpu_ms() - began;
        assert_int_not_equal(r, LOG_PATTERN_YES);
        /* 3 ms here; the slowest machine with a sanitizer is not a hundred times slower. */
        if (took > 300)
            fail_msg("\"%s\" took %.1f ms", patterns[i], took);
    }
    assert_int_equal(found("(a+)+$", line, sizeof line), LOG_PATTERN_COSTLY);
}

/* Patterns that are tried at each place, and need many steps at some, are looked at to the end. */
static void ordinary_patterns_are_looked_at_to_the_end(void **state)
{
    (void)state;
    char line[LIMIT_LOG_WATCH_LINE];
    memset(line, ' ', sizeof line);
    for (size_t i = 0; i + 10 < sizeof line; i += 10)
        memcpy(line + i, "word{\"x\":1", 10);
    memcpy(line + sizeof line - 4, " end", 4);
    assert_int_equal(found("[^:]+ missing", line, sizeof line), LOG_PATTERN_NO);
    assert_int_equal(found("word.*end", line, sizeof line), LOG_PATTERN_YES);
    assert_int_equal(found(".*[0-9] +end$", line, sizeof line), LOG_PATTERN_YES);
    assert_int_equal(found("\\w+ missing", line, sizeof line), LOG_PATTERN_NO);
    assert_int_equal(found("[a-z]+\\{.x.:1 +e", line, sizeof line), LOG_PATTERN_YES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds),
        cmocka_unit_test(looks_at_the_beginning_only),
        cmocka_unit_test(says_where_a_pattern_is_wrong),
        cmocka_unit_test(no_pattern_takes_long),
        cmocka_unit_test(ordinary_patterns_are_looked_at_to_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
