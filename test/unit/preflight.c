/* core/preflight: verdicts of checks, of items, and of the whole list. */
#include "core/preflight/preflight.h"

#include "cmocka_all.h"

#include <errno.h>
#include <string.h>

static void pass_all(struct preflight *p)
{
    for (int c = 0; c < PREFLIGHT_CHECK_COUNT; c++) {
        preflight_note(p, (enum preflight_check)c, true, "well");
        preflight_end(p, (enum preflight_check)c, (usec_t)c + 1);
    }
}

static void names_tell_items_and_checks_apart(void **state)
{
    (void)state;
    for (int c = 0; c < PREFLIGHT_CHECK_COUNT; c++) {
        for (int i = 0; i < PREFLIGHT_ITEM_COUNT; i++)
            assert_string_not_equal(preflight_check_name((enum preflight_check)c),
                preflight_item_name((enum preflight_item)i));
    }
    for (int i = 0; i < PREFLIGHT_ITEM_COUNT; i++) {
        unsigned n = 0;
        for (int c = 0; c < PREFLIGHT_CHECK_COUNT; c++)
            n += (int)preflight_check_item((enum preflight_check)c) == i;
        assert_true(n > 0);
    }
}

static void passes_when_nothing_speaks_against_it(void **state)
{
    (void)state;
    struct preflight p = {0};
    assert_int_equal(preflight_verdict(&p), PREFLIGHT_PENDING);
    pass_all(&p);
    assert_int_equal(preflight_verdict(&p), PREFLIGHT_PASSED);
    assert_int_equal(preflight_item_took(&p, PREFLIGHT_ITEM_SCALING), PREFLIGHT_DESCRIPTORS + 1);
    preflight_fini(&p);
}

static void one_bad_line_fails_the_check_and_its_item(void **state)
{
    (void)state;
    struct preflight p = {0};
    struct strbuf failed = STRBUF_INIT;
    preflight_note(&p, PREFLIGHT_MEMORY, true, "good");
    preflight_note(&p, PREFLIGHT_MEMORY, false, "bad");
    preflight_note(&p, PREFLIGHT_MEMORY, true, "good again");
    pass_all(&p);
    assert_int_equal(p.results[PREFLIGHT_MEMORY].verdict, PREFLIGHT_FAILED);
    assert_string_equal(
        strbuf_text(&p.results[PREFLIGHT_MEMORY].evidence), "good\nbad\ngood again\nwell");
    assert_int_equal(p.results[PREFLIGHT_BOUNDS].verdict, PREFLIGHT_PASSED);
    assert_int_equal(preflight_item_verdict(&p, PREFLIGHT_ITEM_SCALING), PREFLIGHT_FAILED);
    assert_int_equal(preflight_item_verdict(&p, PREFLIGHT_ITEM_TESTS), PREFLIGHT_PASSED);
    assert_int_equal(preflight_verdict(&p), PREFLIGHT_FAILED);
    preflight_write_items(&p, PREFLIGHT_FAILED, &failed);
    assert_string_equal(strbuf_text(&failed), "scaling");
    strbuf_fini(&failed);
    preflight_fini(&p);
}

static void nothing_passes_without_evidence(void **state)
{
    (void)state;
    struct preflight p = {0};
    preflight_end(&p, PREFLIGHT_BOUNDS, 1);
    assert_int_equal(p.results[PREFLIGHT_BOUNDS].verdict, PREFLIGHT_FAILED);
    preflight_fini(&p);
}

static void what_is_over_stays_as_it_is(void **state)
{
    (void)state;
    struct preflight p = {0};
    pass_all(&p);
    preflight_note(&p, PREFLIGHT_BOUNDS, false, "too late");
    preflight_end(&p, PREFLIGHT_BOUNDS, 99);
    assert_int_equal(p.results[PREFLIGHT_BOUNDS].verdict, PREFLIGHT_PASSED);
    assert_int_equal(p.results[PREFLIGHT_BOUNDS].took, PREFLIGHT_BOUNDS + 1);
    assert_int_equal(preflight_skip("bounds: too late as well", &p, NULL), 0);
    assert_int_equal(p.results[PREFLIGHT_BOUNDS].verdict, PREFLIGHT_PASSED);
    preflight_fini(&p);
}

static void skips_for_a_reason(void **state)
{
    (void)state;
    struct preflight p = {0};
    struct strlist entries = {0};
    assert_int_equal(strlist_add(&entries, "scaling:  one caller at a time"), 0);
    assert_int_equal(strlist_add(&entries, "rollback-dry-run: it has none"), 0);
    preflight_skip_all(&entries, &p);
    assert_int_equal(preflight_item_verdict(&p, PREFLIGHT_ITEM_SCALING), PREFLIGHT_SKIPPED);
    assert_string_equal(
        strbuf_text(&p.results[PREFLIGHT_CAPACITY].evidence), "one caller at a time");
    assert_int_equal(preflight_item_verdict(&p, PREFLIGHT_ITEM_ROLLBACK), PREFLIGHT_PENDING);
    pass_all(&p);
    assert_int_equal(p.results[PREFLIGHT_ROLLBACK_DRY_RUN].verdict, PREFLIGHT_SKIPPED);
    assert_int_equal(preflight_item_verdict(&p, PREFLIGHT_ITEM_ROLLBACK), PREFLIGHT_PASSED);
    assert_int_equal(preflight_verdict(&p), PREFLIGHT_PASSED);
    strlist_fini(&entries);
    preflight_fini(&p);
}

static void refuses_what_names_nothing_or_gives_no_reason(void **state)
{
    (void)state;
    static const struct {
        const char *entry;
        const char *why;
    } rows[] = {
        {"tests", "has no reason"},
        {"tests:", "has no reason"},
        {"tests: \t", "has no reason"},
        {": because", "neither an item"},
        {"test: because", "neither an item (tests, "},
        {"Tests: because", "neither an item"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct err e = {0};
        struct preflight p = {0};
        assert_int_equal(preflight_skip(rows[i].entry, &p, &e), -EINVAL);
        if (!strstr(e.msg, rows[i].why))
            fail_msg("%s: %s", rows[i].entry, e.msg);
        for (int c = 0; c < PREFLIGHT_CHECK_COUNT; c++)
            assert_int_equal(p.results[c].verdict, PREFLIGHT_PENDING);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_tell_items_and_checks_apart),
        cmocka_unit_test(passes_when_nothing_speaks_against_it),
        cmocka_unit_test(one_bad_line_fails_the_check_and_its_item),
        cmocka_unit_test(nothing_passes_without_evidence),
        cmocka_unit_test(what_is_over_stays_as_it_is),
        cmocka_unit_test(skips_for_a_reason),
        cmocka_unit_test(refuses_what_names_nothing_or_gives_no_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
