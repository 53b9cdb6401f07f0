/* daemon/workers/worker_json: what is known of a worker, and null for what is not. */
#include "daemon/workers/worker_json.h"

#include "cmocka_all.h"
#include "io/loop/loop.h"
#include "io/sockets/sock_diag.h"

#include <cjson/cJSON.h>
#include <string.h>

static struct fleet_slot state_of_nothing(void)
{
    struct fleet fleet;
    fleet_init(&fleet);
    return fleet.slots[0];
}

static const struct cJSON *member(const struct cJSON *o, const char *name)
{
    const struct cJSON *m = cJSON_GetObjectItem(o, name);
    if (!m)
        fail_msg("no member \"%s\"", name);
    return m;
}

static void is_null(const struct cJSON *o, const char *name)
{
    if (!cJSON_IsNull(member(o, name)))
        fail_msg("\"%s\" is not null", name);
}

static void is_text(const struct cJSON *o, const char *name, const char *expected)
{
    assert_true(cJSON_IsString(member(o, name)));
    assert_string_equal(member(o, name)->valuestring, expected);
}

static void is_number(const struct cJSON *o, const char *name, double expected)
{
    assert_true(cJSON_IsNumber(member(o, name)));
    if (member(o, name)->valuedouble != expected)
        fail_msg("\"%s\" is %f", name, member(o, name)->valuedouble);
}

static void one_that_was_never_started(void **state)
{
    (void)state;
    struct fleet_slot slot = state_of_nothing();
    struct sock_connections none = {0};
    struct cJSON *o = worker_json(&slot, NULL, 3, &none);
    is_number(o, "slot", 4); /* people count from one */
    is_text(o, "state", "gone");
    is_text(o, "cause", "none");
    is_text(o, "health", "idle");
    is_text(o, "release", "");
    is_number(o, "life", 0);
    is_number(o, "generation", 0);
    is_number(o, "restarts", 0);
    is_number(o, "failures_in_row", 0);
    is_number(o, "lines", 0);
    is_number(o, "lines_dropped", 0);
    static const char *const unknown[] = {"pid", "uptime_usec", "rss_bytes", "connections",
        "verified_after_usec", "last_probe", "says", "retry_in_usec", "exit"};
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++)
        is_null(o, unknown[i]);
    cJSON_Delete(o);
}

static void one_that_crashed_and_waits(void **state)
{
    (void)state;
    struct fleet_slot slot = state_of_nothing();
    slot.life = 7;
    slot.worker.started_at = 1000;
    slot.worker.verified_at = 1500;
    slot.worker.exit = (struct exit_status){.known = true, .code = 3};
    slot.worker.cause = WORKER_CAUSE_CRASH;
    slot.restart.restarts = 5;
    slot.restart.failures_in_row = 2;
    slot.restart.looping = true;
    slot.restart.next_at = loop_now() + 100 * USEC_PER_SEC;
    slot.prober.degraded = true;
    struct cJSON *o = worker_json(&slot, NULL, 0, NULL);
    is_text(o, "state", "gone");
    is_text(o, "cause", "crash");
    is_text(o, "exit", "exit code 3");
    is_number(o, "life", 7);
    is_number(o, "verified_after_usec", 500);
    is_number(o, "restarts", 5);
    is_number(o, "failures_in_row", 2);
    assert_true(cJSON_IsTrue(member(o, "looping")));
    assert_true(cJSON_IsTrue(member(o, "degraded")));
    double wait = member(o, "retry_in_usec")->valuedouble;
    assert_true(wait > 50e6 && wait <= 100e6);
    is_null(o, "pid");
    cJSON_Delete(o);
}

static void the_exit_belongs_to_one_that_is_gone(void **state)
{
    (void)state;
    struct fleet_slot slot = state_of_nothing();
    slot.life = 2;
    slot.worker.exit = (struct exit_status){.known = true, .code = 3}; /* of the life before */
    slot.worker.state = WORKER_STARTING;
    struct cJSON *o = worker_json(&slot, NULL, 0, NULL);
    is_null(o, "exit");
    is_text(o, "state", "starting");
    cJSON_Delete(o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_that_was_never_started),
        cmocka_unit_test(one_that_crashed_and_waits),
        cmocka_unit_test(the_exit_belongs_to_one_that_is_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
