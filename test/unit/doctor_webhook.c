/* core/doctor/doctor_webhook: what is wrong with the ways in and back. */
#include "core/doctor/doctor_webhook.h"

#include "doctor_found.h"

#define ANSWER(code)                                                                               \
    {                                                                                              \
        .asked = true, .status = code                                                              \
    }
#define FAILS(how)                                                                                 \
    {                                                                                              \
        .asked = true, .reply = DOCTOR_##how                                                       \
    }
#define WELL .tools = ANSWER(400), .callback = ANSWER(400)
#define DAYS(n) ((n)*INT64_C(86400))

static void each_fault_is_one_finding(void **state)
{
    (void)state;
    static const struct {
        const char *row;
        struct doctor_webhook facts;
        const char *names;
    } rows[] = {
        {"nothing was asked", {.agent_disabled = false}, ""},
        {"well", {WELL}, ""},
        {"refused", {.tools = FAILS(REFUSED), .callback = FAILS(REFUSED)}, "webhook-refused"},
        {"silent", {.tools = FAILS(TIMED_OUT), .callback = FAILS(TIMED_OUT)}, "webhook-timeout"},
        {"off", {.tools = ANSWER(503), .callback = ANSWER(503)}, "webhook-disabled"},
        {"one is off", {.tools = ANSWER(400), .callback = ANSWER(503)}, "webhook-disabled"},
        {"401", {.tools = ANSWER(401), .callback = ANSWER(400)}, "webhook-secret"},
        {"not found", {.tools = ANSWER(404), .callback = ANSWER(404)}, "webhook-answer"},
        {"secrets", {WELL, .secrets_refused = 2}, "webhook-secret"},
        {"public", {WELL, .public_tools = ANSWER(400)}, ""},
        {"public fails", {WELL, .public_tools = FAILS(FAILED)}, "public-unreachable"},
        {"public refuses", {WELL, .public_tools = FAILS(REFUSED)}, "public-unreachable"},
        {"certificate",
            {WELL, .public_tools = {.asked = true, .reply = DOCTOR_FAILED, .certificate = true}},
            "public-certificate"},
        {"elsewhere", {WELL, .public_tools = ANSWER(200)}, "public-elsewhere"},
        {"public, off", {WELL, .public_tools = ANSWER(503), .agent_disabled = true}, ""},
        {"expires", {WELL, .public_tools = {.asked = true, .status = 400, .expires = DAYS(13)}},
            "public-certificate-expires"},
        {"good for long",
            {WELL, .public_tools = {.asked = true, .status = 400, .expires = DAYS(15)}}, ""},
        {"back", {WELL, .back = ANSWER(400)}, ""},
        {"not back", {WELL, .back = FAILS(FAILED)}, "callback-url"},
        {"back elsewhere", {WELL, .back = ANSWER(404)}, "callback-url"},
        {"back to another agent",
            {WELL, .back = ANSWER(400),
                .own_config = {.asked = true,
                    .status = 200,
                    .body = "{\"config\":{\"agentId\":\"a\"}}"},
                .back_config = {.asked = true,
                    .status = 200,
                    .body = "{\"config\":{\"agentId\":\"b\"}}"}},
            "callback-url"},
        {"back to us",
            {WELL, .back = ANSWER(400),
                .own_config = {.asked = true,
                    .status = 200,
                    .body = "{\"config\":{\"agentId\":\"a\"}}"},
                .back_config = {.asked = true,
                    .status = 200,
                    .body = "{\"config\":{\"agentId\":\"a\"}}"}},
            ""},
        {"runner", {WELL, .runner = ANSWER(200)}, ""},
        {"runner is ill", {WELL, .runner = ANSWER(500)}, "callback-runner"},
        {"no runner", {WELL, .runner = FAILS(REFUSED)}, "callback-runner"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct doctor_report r = {0};
        doctor_judge_webhook(&rows[i].facts, &r);
        assert_found(&r, rows[i].names, rows[i].row);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_fault_is_one_finding)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
