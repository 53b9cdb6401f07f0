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
    preflight_note(&p, PREFLIGHT_MEMORY, false, "worse");
    pass_all(&p);
    assert_int_equal(p.results[PREFLIGHT_MEMORY].verdict, PREFLIGHT_FAILED);
    assert_string_equal(
        strbuf_text(&p.results[PREFLIGHT_MEMORY].evidence), "bad\nworse\ngood\ngood again\nwell");
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

/* ---- rows of sections ---- */

static void a_section_has_a_row_of_its_own(void **state)
{
    (void)state;
    struct preflight p = {0};
    struct strbuf name = STRBUF_INIT;
    unsigned speech = preflight_add(&p, PREFLIGHT_PROVIDER_KEY, "speech");
    unsigned model = preflight_add(&p, PREFLIGHT_PROVIDER_KEY, "model");
    unsigned pager = preflight_add(&p, PREFLIGHT_TEST_NOTICE, "pager");
    assert_false(preflight_has(&p, PREFLIGHT_PROVIDER_KEY));
    assert_false(preflight_has(&p, PREFLIGHT_TEST_NOTICE));
    assert_true(preflight_has(&p, PREFLIGHT_BOUNDS));
    assert_true(preflight_has(&p, model));
    assert_int_equal(preflight_rows(&p), PREFLIGHT_CHECK_COUNT + 3);
    assert_int_equal(preflight_find(&p, PREFLIGHT_PROVIDER_KEY, "model"), model);
    assert_int_equal(preflight_find(&p, PREFLIGHT_TEST_NOTICE, "model"), PREFLIGHT_TEST_NOTICE);
    assert_int_equal(preflight_row_item(&p, pager), PREFLIGHT_ITEM_MONITORING);
    preflight_write_name(&p, speech, &name);
    assert_string_equal(strbuf_text(&name), "provider-key speech");
    strbuf_fini(&name);
    pass_all(&p);
    /* Its own row is not there, so that nobody waits for it, nor takes it for the others. */
    assert_int_equal(preflight_item_verdict(&p, PREFLIGHT_ITEM_CREDENTIALS), PREFLIGHT_PENDING);
    preflight_note(&p, speech, true, "well");
    preflight_end(&p, speech, 7);
    preflight_note(&p, pager, true, "well");
    preflight_end(&p, pager, 1000);
    preflight_note(&p, model, false, "bad");
    preflight_end(&p, model, 5);
    assert_int_equal(preflight_item_verdict(&p, PREFLIGHT_ITEM_CREDENTIALS), PREFLIGHT_FAILED);
    assert_int_equal(preflight_item_took(&p, PREFLIGHT_ITEM_MONITORING), 1000);
    assert_int_equal(preflight_verdict(&p), PREFLIGHT_FAILED);
    preflight_fini(&p);
}

static void skips_the_row_of_a_section(void **state)
{
    (void)state;
    struct preflight p = {0};
    struct err e = {0};
    unsigned speech = preflight_add(&p, PREFLIGHT_PROVIDER_KEY, "speech");
    unsigned model = preflight_add(&p, PREFLIGHT_PROVIDER_KEY, "model");
    assert_int_equal(preflight_skip("provider-key model: not used yet", &p, &e), 0);
    assert_int_equal(p.results[speech].verdict, PREFLIGHT_PENDING);
    assert_int_equal(p.results[model].verdict, PREFLIGHT_SKIPPED);
    assert_string_equal(strbuf_text(&p.results[model].evidence), "not used yet");
    /* Nothing of this name; whether there could be is all that is asked without a list. */
    static const char *const unknown[] = {"provider-key modell: x", "provider-key mode: x",
        "provider-key : x", "bounds model: x", "provider-keys model: x"};
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++)
        assert_int_equal(preflight_skip(unknown[i], &p, &e), -EINVAL);
    assert_int_equal(preflight_skip("provider-key modell: x", NULL, &e), 0);
    assert_int_equal(preflight_skip("provider-key : x", NULL, &e), -EINVAL);
    assert_int_equal(preflight_skip("bounds model: x", NULL, &e), -EINVAL);
    assert_int_equal(preflight_skip("credentials: none is needed", &p, &e), 0);
    assert_int_equal(p.results[speech].verdict, PREFLIGHT_SKIPPED);
    assert_string_equal(strbuf_text(&p.results[model].evidence), "not used yet");
    preflight_fini(&p);
}

static void what_is_left_has_its_reason(void **state)
{
    (void)state;
    struct preflight p = {0};
    preflight_note(&p, PREFLIGHT_BOUNDS, false, "half of it");
    preflight_leave(&p, PREFLIGHT_BOUNDS, "nobody wants it");
    preflight_end(&p, PREFLIGHT_BOUNDS, 1);
    assert_int_equal(p.results[PREFLIGHT_BOUNDS].verdict, PREFLIGHT_SKIPPED);
    assert_string_equal(strbuf_text(&p.results[PREFLIGHT_BOUNDS].evidence), "nobody wants it");
    pass_all(&p);
    preflight_leave(&p, PREFLIGHT_MEMORY, "too late");
    assert_int_equal(p.results[PREFLIGHT_MEMORY].verdict, PREFLIGHT_PASSED);
    preflight_fini(&p);
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
        cmocka_unit_test(a_section_has_a_row_of_its_own),
        cmocka_unit_test(skips_the_row_of_a_section),
        cmocka_unit_test(what_is_left_has_its_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
