/* core/doctor/doctor_network, doctor_keys: providers, our clock by theirs, and what is in Redis. */
#include "core/doctor/doctor_network.h"

#include "core/doctor/doctor_keys.h"

#include "doctor_found.h"

#define NOW INT64_C(1000000)
#define AT(seconds)                                                                                \
    {                                                                                              \
        .asked = true, .url = "https://a", .status = 200, .date = NOW + (seconds),                 \
        .wall = NOW * USEC_PER_SEC                                                                 \
    }
#define FAILS(where)                                                                               \
    {                                                                                              \
        .asked = true, .url = "https://a:1/x", .reply = DOCTOR_FAILED,                             \
        .phase = DOCTOR_PHASE_##where                                                              \
    }

#define NOT_YET                                                                                    \
    {                                                                                              \
        .asked = true, .url = "https://a", .reply = DOCTOR_FAILED, .phase = DOCTOR_PHASE_TLS,      \
        .certificate = true, .what = "SSL certificate problem: certificate is not yet valid"       \
    }

static void each_phase_has_its_finding(void **state)
{
    (void)state;
    static const struct {
        const char *row;
        struct doctor_network facts;
        const char *names, *command;
    } rows[] = {
        {"none", {.n = 0}, "", NULL},
        {"well", {.n = 2, .providers = {AT(0), AT(29)}}, "", NULL},
        {"dns", {.n = 1, .providers = {FAILS(DNS)}}, "network-dns",
            "getent hosts a; cat /etc/resolv.conf"},
        {"route", {.n = 1, .providers = {FAILS(ROUTE)}}, "network-route", ""},
        {"tcp", {.n = 1, .providers = {FAILS(TCP)}}, "network-tcp", "curl -v 'https://a:1/x'"},
        {"tls", {.n = 1, .providers = {FAILS(TLS)}}, "network-tls",
            "openssl s_client -connect a:1 </dev/null"},
        {"answer", {.n = 1, .providers = {FAILS(ANSWER)}}, "network-answer",
            "curl -v 'https://a:1/x'"},
        {"slow",
            {.n = 1,
                .slow = USEC_PER_SEC,
                .providers = {{.asked = true,
                    .url = "https://a",
                    .status = 200,
                    .secured = 2 * USEC_PER_SEC}}},
            "network-slow",
            "curl -sS -o /dev/null -w 'name %{time_namelookup} s, connected %{time_connect} s, "
            "secured %{time_appconnect} s ' 'https://a'"},
        {"skew", {.n = 2, .providers = {AT(100), AT(101)}}, "agent-clock-skew", ""},
        {"behind", {.n = 2, .providers = {AT(-100), AT(-101)}}, "agent-clock-skew", ""},
        {"years behind", {.n = 2, .providers = {NOT_YET, NOT_YET}}, "agent-clock-skew", NULL},
        {"one of years ahead", {.n = 2, .providers = {NOT_YET, AT(0)}}, "network-tls", NULL},
        {"they do not agree", {.n = 2, .providers = {AT(100), AT(0)}}, "", NULL},
        {"one cannot tell", {.n = 1, .providers = {AT(100)}}, "", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct doctor_report r = {0};
        doctor_judge_network(&rows[i].facts, &r);
        doctor_explain(&r);
        assert_found(&r, rows[i].names, rows[i].row);
        if (rows[i].command)
            assert_string_equal(r.items[0].command, rows[i].command);
    }
}

static void keys_are_counted_and_judged(void **state)
{
    (void)state;
    struct doctor_keys f = {.walked = true, .complete = true};
    struct doctor_report r = {0};
    doctor_judge_keys(&f, &r);
    assert_found(&r, "", "none");
    doctor_count_add(&f.no_ttl, "a\nb", 3, "no TTL");
    doctor_count_add(&f.no_ttl, "c", 1, "other");
    assert_int_equal(f.no_ttl.n, 2);
    doctor_count_add(&f.odd_ttl, "d", 1, "x");
    doctor_count_add(&f.outlived, "e", 1, "x");
    doctor_count_add(&f.old, "f", 1, "x");
    doctor_count_add(&f.orphans, "g", 1, "x");
    doctor_judge_keys(&f, &r);
    assert_found(&r,
        "sessions-no-ttl sessions-odd-ttl sessions-outlived callback-tasks-old "
        "callback-orphans",
        "all");
    assert_string_equal(r.items[0].evidence, "2, such as a\\\\nb: no TTL");
    struct doctor_keys unseen = {.why = "Redis is away"};
    struct doctor_report none = {0};
    doctor_judge_keys(&unseen, &none);
    assert_found(&none, "", "not walked");
    assert_int_equal(none.n_gaps, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_phase_has_its_finding),
        cmocka_unit_test(keys_are_counted_and_judged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
