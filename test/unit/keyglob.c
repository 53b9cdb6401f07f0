/* core/sweep/keyglob: prefixes, and one SCAN pattern for several. */
#include "core/sweep/keyglob.h"

#include "base/text.h"
#include "cmocka_all.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void reads_prefixes(void **state)
{
    (void)state;
    static const struct {
        const char *pattern;
        const char *prefix;
    } good[] = {
        {"cursor_task:*", "cursor_task:"},
        {"a*", "a"},
        {"odd\\*name:*", "odd*name:"},
        {"back\\\\slash*", "back\\slash"},
        {"\\[x]*", "[x]"},
    };
    static const char *const bad[] = {
        "", "*", "abc", "a*b", "a*b*", "a?*", "a[bc]*", "a**", "abc\\*", "\\", "\\*"};
    struct keyglob_prefix p;
    struct err e;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_int_equal(keyglob_init(&p, good[i].pattern, &e), 0);
        assert_int_equal(p.len, strlen(good[i].prefix));
        assert_memory_equal(p.bytes, good[i].prefix, p.len);
        keyglob_fini(&p);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (keyglob_init(&p, bad[i], &e) != -EINVAL)
            fail_msg("\"%s\" was taken", bad[i]);
    }
}

static void prefixes_are_exact(void **state)
{
    (void)state;
    struct keyglob_prefix p = {(char[]){"a:"}, 2};
    assert_true(keyglob_matches(&p, "a:", 2));
    assert_true(keyglob_matches(&p, "a:\0b", 4));
    assert_false(keyglob_matches(&p, "a", 1));
    assert_false(keyglob_matches(&p, "A:x", 3));
    assert_false(keyglob_matches(&p, "xa:", 3));
    assert_false(keyglob_matches(&p, "", 0));
}

static void superset_is(const char *expected, int n, const char *const *prefixes)
{
    struct keyglob_prefix p[4];
    struct strbuf out = STRBUF_INIT;
    for (int i = 0; i < n; i++)
        p[i] = (struct keyglob_prefix){(char *)(uintptr_t)prefixes[i], strlen(prefixes[i])};
    keyglob_superset(p, (size_t)n, &out);
    assert_string_equal(strbuf_text(&out), expected);
    strbuf_fini(&out);
}

static void one_pattern_covers_all(void **state)
{
    (void)state;
    superset_is("cursor_task:*", 1, (const char *const[]){"cursor_task:"});
    superset_is("[ab]x[12]*", 2, (const char *const[]){"ax1", "bx2long"});
    superset_is("[ec][lu][er][vs][eo][nr][l_][at][ba]s:[sk]*", 2,
        (const char *const[]){"elevenlabs:s", "cursor_tas:k"});
    superset_is("\\*\\?\\[\\]\\\\\\^\\-*", 1, (const char *const[]){"*?[]\\^-"});
    superset_is("[\\]\\\\\\^\\-]*", 4, (const char *const[]){"]", "\\", "^", "-"});
}

static unsigned seed = 1;

static unsigned random_below(unsigned n)
{
    seed = seed * 1103515245u + 12345u;
    return (seed >> 16) % n;
}

/* Whatever bytes the prefixes hold, no key of theirs may be missed. */
static void nothing_falls_through(void **state)
{
    (void)state;
    static const char bytes[] = "ab*?[]\\^-:\xff\n\"'";
    for (int round = 0; round < 20000; round++) {
        struct keyglob_prefix p[4];
        char text[4][8];
        unsigned n = 1 + random_below(4);
        struct strbuf out = STRBUF_INIT;
        for (unsigned i = 0; i < n; i++) {
            p[i] = (struct keyglob_prefix){text[i], 1 + random_below(7)};
            for (size_t k = 0; k < p[i].len; k++)
                text[i][k] = bytes[random_below(sizeof bytes - 1)];
        }
        keyglob_superset(p, n, &out);
        for (unsigned i = 0; i < n; i++) {
            char name[12];
            memcpy(name, text[i], p[i].len);
            for (size_t k = p[i].len; k < sizeof name; k++)
                name[k] = (char)random_below(256);
            if (!text_glob(out.data, out.len, name, sizeof name) ||
                !text_glob(out.data, out.len, name, p[i].len))
                fail_msg("seed %u: \"%s\" misses \"%.*s\"", seed, out.data, (int)p[i].len, text[i]);
        }
        strbuf_fini(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_prefixes),
        cmocka_unit_test(prefixes_are_exact),
        cmocka_unit_test(one_pattern_covers_all),
        cmocka_unit_test(nothing_falls_through),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
