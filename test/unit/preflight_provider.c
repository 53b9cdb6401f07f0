/* core/preflight_provider: what an answer means before a deployment. */
#include "core/preflight/preflight_provider.h"

#include "cmocka_all.h"

#include <string.h>

#define NOW (UINT64_C(1772368240) * USEC_PER_SEC) /* 2026-03-01T12:30:40Z */

static const struct row {
    struct provider_reading reading;
    double min_quota;
    enum preflight_verdict verdict;
    const char *evidence;
} rows[] = {
    {{PROVIDER_SAYS_OK, .words = "HTTP 200"}, 0, PREFLIGHT_PASSED, "deepgram takes it: HTTP 200"},
    {{PROVIDER_SAYS_OK, true, 7.5, .words = "HTTP 200"}, 0, PREFLIGHT_PASSED,
        "deepgram takes it: HTTP 200\n7.50 are left"},
    {{PROVIDER_SAYS_OK, true, 7, .words = "HTTP 200"}, 7, PREFLIGHT_PASSED,
        "deepgram takes it: HTTP 200\n7 are left, MinQuota= is 7"},
    {{PROVIDER_SAYS_OK, true, 6.99, .words = "HTTP 200"}, 7, PREFLIGHT_FAILED,
        "6.99 are left, MinQuota= is 7\ndeepgram takes it: HTTP 200"},
    {{PROVIDER_SAYS_OK, true, 0, .words = "HTTP 200"}, 0.5, PREFLIGHT_FAILED,
        "0 are left, MinQuota= is 0.50\ndeepgram takes it: HTTP 200"},
    {{PROVIDER_SAYS_OK, .words = "HTTP 200"}, 7, PREFLIGHT_FAILED,
        "it does not say how much is left, MinQuota= is 7\ndeepgram takes it: HTTP 200"},
    {{PROVIDER_SAYS_NO_PERMISSION, .words = "HTTP 403"}, 0, PREFLIGHT_PASSED,
        "deepgram knows it, and lets it ask for nothing more: HTTP 403"},
    {{PROVIDER_SAYS_NO_PERMISSION, .words = "HTTP 403"}, 7, PREFLIGHT_FAILED,
        "it does not say how much is left, MinQuota= is 7\n"
        "deepgram knows it, and lets it ask for nothing more: HTTP 403"},
    {{PROVIDER_SAYS_OK, .words = "HTTP 200", .expires = NOW + 1000}, 0, PREFLIGHT_PASSED,
        "deepgram takes it: HTTP 200\nit is good until 2026-03-01T12:30:40.001Z"},
    {{PROVIDER_SAYS_OK, .words = "HTTP 200", .expires = NOW}, 0, PREFLIGHT_FAILED,
        "it was good until 2026-03-01T12:30:40.000Z\ndeepgram takes it: HTTP 200"},
    {{PROVIDER_SAYS_INVALID, .words = "HTTP 401: no"}, 7, PREFLIGHT_FAILED,
        "deepgram refuses it: HTTP 401: no"},
    {{PROVIDER_SAYS_NO_CREDIT, .words = "HTTP 402"}, 0, PREFLIGHT_FAILED,
        "deepgram has no credit left for it: HTTP 402"},
    {{PROVIDER_SAYS_RATE_LIMITED, .words = "HTTP 429"}, 0, PREFLIGHT_FAILED,
        "deepgram did not say whether it is good, it is asked too often: HTTP 429"},
    {{PROVIDER_SAYS_UNREACHABLE, .words = "refused"}, 0, PREFLIGHT_FAILED,
        "deepgram did not say whether it is good: refused"},
};

static void an_answer_means_one_thing(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct config_credential conf = {
            .provider = PROVIDER_DEEPGRAM, .min_quota = rows[i].min_quota};
        struct preflight p = {0};
        unsigned row = preflight_add(&p, PREFLIGHT_PROVIDER_KEY, "speech");
        preflight_provider(&conf, &rows[i].reading, NOW, &p, row);
        preflight_end(&p, row, 1);
        assert_string_equal(strbuf_text(&p.results[row].evidence), rows[i].evidence);
        assert_int_equal(p.results[row].verdict, rows[i].verdict);
        preflight_fini(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_means_one_thing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
