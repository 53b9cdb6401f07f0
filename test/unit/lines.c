/* core/logs/lines and core/logs/last_lines: a stream cut into lines, and the last of them. */
#include "core/logs/lines.h"

#include "cmocka_all.h"
#include "core/limits.h"
#include "core/logs/last_lines.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void note(const char *bytes, size_t len, unsigned part, void *arg)
{
    struct strbuf *heard = arg;
    strbuf_addf(heard, "%u:", part);
    strbuf_add(heard, bytes, len);
    strbuf_addc(heard, '|');
}

static void cuts_the_same_lines_from_any_pieces(void **state)
{
    (void)state;
    static const char bytes[] = "one\n\ntwo\r\n\0\nlast";
    for (size_t piece = 1; piece <= sizeof bytes - 1; piece++) {
        struct strbuf heard = STRBUF_INIT;
        struct lines l = LINES_INIT;
        for (size_t i = 0; i < sizeof bytes - 1; i += piece) {
            size_t left = sizeof bytes - 1 - i;
            lines_feed(&l, bytes + i, left < piece ? left : piece, note, &heard);
        }
        lines_flush(&l, note, &heard);
        lines_flush(&l, note, &heard);
        static const char expected[] = "0:one|0:|0:two\r|0:\0|0:last|";
        assert_int_equal(heard.len, sizeof expected - 1);
        assert_memory_equal(heard.data, expected, heard.len);
        lines_fini(&l);
        strbuf_fini(&heard);
    }
}

struct parts {
    unsigned n;
    unsigned last;
    size_t bytes;
    size_t longest;
    bool broken;
};

static void count(const char *bytes, size_t len, unsigned part, void *arg)
{
    struct parts *p = arg;
    p->n++;
    p->last = part;
    p->bytes += len;
    p->longest = len > p->longest ? len : p->longest;
    p->broken = p->broken || (len > 0 && ((unsigned char)bytes[0] & 0xC0) == 0x80);
}

static struct parts parts_of(const char *bytes, size_t len, size_t piece)
{
    struct parts p = {0};
    struct lines l = LINES_INIT;
    for (size_t i = 0; i < len; i += piece)
        lines_feed(&l, bytes + i, len - i < piece ? len - i : piece, count, &p);
    lines_flush(&l, count, &p);
    lines_fini(&l);
    return p;
}

static void splits_long_lines_and_no_characters(void **state)
{
    (void)state;
    const size_t len = 3 * LIMIT_OUTPUT_LINE + 1;
    char *bytes = malloc(len);
    for (size_t i = 0; i < len - 1; i++)
        bytes[i] = "\xe2\x82\xac"[i % 3]; /* the euro sign */
    bytes[len - 1] = '\n';
    static const size_t pieces[] = {1, 1000, 100000};
    for (size_t i = 0; i < 3; i++) {
        struct parts p = parts_of(bytes, len, pieces[i]);
        assert_int_equal(p.bytes, len - 1);
        assert_false(p.broken);
        assert_true(p.longest <= LIMIT_OUTPUT_LINE);
        assert_int_equal(p.last, p.n);
        assert_int_equal(p.n, 4);
    }
    /* Of the limit exactly: whole. One more: two. */
    bytes[LIMIT_OUTPUT_LINE] = '\n';
    assert_int_equal(parts_of(bytes, LIMIT_OUTPUT_LINE + 1, 777).n, 1);
    assert_int_equal(parts_of(bytes, LIMIT_OUTPUT_LINE + 1, 777).last, 0);
    memset(bytes, 0x80, LIMIT_OUTPUT_LINE + 1);
    assert_int_equal(parts_of(bytes, LIMIT_OUTPUT_LINE + 1, 777).n, 2);
    free(bytes);
}

static void keeps_the_last_lines(void **state)
{
    (void)state;
    struct last_lines last = LAST_LINES_INIT;
    struct strbuf out = STRBUF_INIT;
    struct strbuf expected = STRBUF_INIT;
    last_lines_write(&last, &out);
    assert_int_equal(out.len, 0);
    for (int i = 0; i < LIMIT_OUTPUT_LAST + 5; i++) {
        char line[16];
        int len = snprintf(line, sizeof line, "line %d", i);
        last_lines_add(&last, line, (size_t)len);
        if (i >= 6)
            strbuf_addf(&expected, "line %d\n", i);
    }
    char *wide = malloc(2 * LIMIT_OUTPUT_LAST_LINE);
    for (size_t i = 0; i < 2 * LIMIT_OUTPUT_LAST_LINE; i++)
        wide[i] = "\xc3\xa9"[(i + 1) % 2]; /* the limit falls into a character */
    last_lines_add(&last, wide, 2 * LIMIT_OUTPUT_LAST_LINE);
    strbuf_add(&expected, wide, LIMIT_OUTPUT_LAST_LINE - 1);
    strbuf_adds(&expected, "…\n");
    last_lines_write(&last, &out);
    assert_string_equal(strbuf_text(&out), strbuf_text(&expected));
    free(wide);
    strbuf_fini(&out);
    strbuf_fini(&expected);
    last_lines_fini(&last);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cuts_the_same_lines_from_any_pieces),
        cmocka_unit_test(splits_long_lines_and_no_characters),
        cmocka_unit_test(keeps_the_last_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
