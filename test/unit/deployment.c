/* core/preflight/deployment: what the team is told of a deployment. */
#include "core/preflight/deployment.h"

#include "cmocka_all.h"

#include <errno.h>
#include <string.h>

#define BEGAN (UINT64_C(1772368240) * USEC_PER_SEC) /* 2026-03-01T12:30:40Z */

static struct deployment deployment_of(const char *kind)
{
    struct deployment d = {.operation = 12,
        .began_wall = BEGAN,
        .due_wall = BEGAN + 20 * USEC_PER_MIN - 999, /* asked for a moment before it began */
        .what = "new prompts",
        .version = "2.1",
        .responsible = "Ada",
        .author = "root (ada)"};
    strcpy(d.kind, kind);
    deployment_name(&d);
    return d;
}

static void has_a_name_of_its_own(void **state)
{
    (void)state;
    const struct deployment d = deployment_of("restart");
    assert_string_equal(d.id, "20260301-123040-deployment-12");
}

static void the_begin_says_all_that_is_known(void **state)
{
    (void)state;
    struct deployment d = deployment_of("restart");
    struct strbuf summary = STRBUF_INIT;
    struct strbuf details = STRBUF_INIT;
    deployment_write_begun(&d, &summary, &details);
    assert_string_equal(strbuf_text(&summary),
        "deployment of 2.1: the checklist runs, then the rollout; responsible: Ada");
    assert_string_equal(strbuf_text(&details),
        "What: new prompts\nVersion: 2.1\nResponsible: Ada\n"
        "Estimated completion: 2026-03-01T12:50:39.999Z, 20min after it began\n"
        "Asked for by: root (ada) (restart, operation 12)");
    strbuf_reset(&summary);
    strbuf_reset(&details);
    d = (struct deployment){.began_wall = BEGAN, .kind = "preflight", .author = "ada"};
    deployment_write_begun(&d, &summary, &details);
    assert_string_equal(strbuf_text(&summary),
        "deployment of a version that is not known: the checklist before it runs; responsible: "
        "nobody was named");
    assert_non_null(strstr(strbuf_text(&details), "What: not said\nVersion: not known\n"));
    assert_non_null(strstr(strbuf_text(&details), "Estimated completion: not known\n"));
    strbuf_fini(&summary);
    strbuf_fini(&details);
}

static void the_end_says_how(void **state)
{
    (void)state;
    static const struct {
        const char *kind, *state, *message, *summary;
    } rows[] = {
        {"restart", "done", "restarted: every worker is verified, after 4s",
            "deployment of 2.1 done: restarted: every worker is verified, after 4s"},
        {"reload", "rolled_back", "the configuration is rolled back:\nand so on",
            "deployment of 2.1 rolled back: the configuration is rolled back:"},
        {"restart", "failed", "refused: the checklist failed: tests",
            "deployment of 2.1 failed: refused: the checklist failed: tests"},
        /* It is yet to come, whatever the checklist says. */
        {"preflight", "done", "the checklist passed", "deployment of 2.1: the checklist passed"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct deployment d = deployment_of(rows[i].kind);
        struct strbuf summary = STRBUF_INIT;
        struct strbuf details = STRBUF_INIT;
        deployment_write_ended(
            &d, rows[i].state, rows[i].message, BEGAN + 90 * USEC_PER_SEC, &summary, &details);
        assert_string_equal(strbuf_text(&summary), rows[i].summary);
        assert_non_null(strstr(strbuf_text(&details), "Responsible: Ada\n"));
        assert_non_null(strstr(strbuf_text(&details), "\nOutcome after 1min 30s: "));
        assert_non_null(strstr(strbuf_text(&details), rows[i].message));
        strbuf_fini(&summary);
        strbuf_fini(&details);
    }
}

static void what_is_missing_fails_the_check(void **state)
{
    (void)state;
    static const struct {
        size_t offset;
        const char *missing;
    } rows[] = {
        {offsetof(struct deployment, responsible), "--responsible"},
        {offsetof(struct deployment, version), "--release"},
        {offsetof(struct deployment, due_wall), "--eta"},
    };
    for (size_t i = 0; i <= sizeof rows / sizeof *rows; i++) {
        struct deployment d = deployment_of("restart");
        struct preflight p = {0};
        bool complete = i == sizeof rows / sizeof *rows;
        if (!complete)
            memset((char *)&d + rows[i].offset, 0, sizeof d.due_wall);
        deployment_judge(&d, &p, PREFLIGHT_ANNOUNCEMENT);
        preflight_end(&p, PREFLIGHT_ANNOUNCEMENT, 1);
        const struct preflight_result *r = &p.results[PREFLIGHT_ANNOUNCEMENT];
        assert_int_equal(r->verdict, complete ? PREFLIGHT_PASSED : PREFLIGHT_FAILED);
        assert_true(complete || strstr(strbuf_text(&r->evidence), rows[i].missing));
        assert_true((strstr(strbuf_text(&r->evidence), "not known") == NULL) == complete);
        preflight_fini(&p);
    }
}

static void reads_when_it_is_due(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        usec_t want; /* 0: refused */
        const char *why;
    } rows[] = {
        {"20min", BEGAN + 20 * USEC_PER_MIN, NULL},
        {"1h 30min", BEGAN + 90 * USEC_PER_MIN, NULL},
        {"2026-03-01T12:40:40Z", BEGAN + 10 * USEC_PER_MIN, NULL},
        {"2026-03-01T12:30:40Z", 0, "is past"},
        {"2020-01-01T00:00:00Z", 0, "is past"},
        {"0", 0, "is past"},
        {"infinity", 0, "neither a time span"},
        {"soon", 0, "neither a time span"},
        {"18:30", 0, "neither a time span"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct err e = {0};
        usec_t due = 0;
        int r = deployment_read_due(rows[i].text, BEGAN, &due, &e);
        assert_int_equal(r, rows[i].want ? 0 : -EINVAL);
        assert_int_equal(due, rows[i].want);
        assert_true(rows[i].want || strstr(e.msg, rows[i].why));
    }
}

static void is_read_back(void **state)
{
    (void)state;
    const struct deployment d = deployment_of("reload");
    struct deployment back;
    struct strbuf text = STRBUF_INIT;
    struct err e = {0};
    deployment_write_json(&d, &text);
    assert_int_equal(deployment_read_json(strbuf_text(&text), text.len, &back, &e), 0);
    assert_memory_equal(&back, &d, sizeof d);
    for (size_t len = 0; len < text.len; len++)
        assert_int_equal(deployment_read_json(strbuf_text(&text), len, &back, &e), -EINVAL);
    static const char *const wrong[] = {"[]", "{}", "1",
        "{\"id\":\"\",\"operation\":1,\"kind\":\"\",\"what\":\"\",\"version\":\"\",\"responsible\":"
        "\"\",\"author\":\"\",\"began_usec\":1,\"due_usec\":0}",
        "{\"id\":\"a\",\"operation\":-1,\"kind\":\"\",\"what\":\"\",\"version\":\"\","
        "\"responsible\":\"\",\"author\":\"\",\"began_usec\":1,\"due_usec\":0}"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(deployment_read_json(wrong[i], strlen(wrong[i]), &back, &e), -EINVAL);
    strbuf_fini(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_a_name_of_its_own),
        cmocka_unit_test(the_begin_says_all_that_is_known),
        cmocka_unit_test(the_end_says_how),
        cmocka_unit_test(what_is_missing_fails_the_check),
        cmocka_unit_test(reads_when_it_is_due),
        cmocka_unit_test(is_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
