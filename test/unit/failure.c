/* daemon/workers/failure: why a life is not good enough, in words, fields and JSON, and bounded. */
#include "daemon/workers/failure.h"

#include "cmocka_all.h"
#include "daemon/workers/slot_parts.h"
#include "lib/witness.h"

#include <cjson/cJSON.h>

struct rig {
    struct failure failure;
    struct fleet_slot state;
    struct slot slot;
    struct fleet_action told;
};

static int set_up(void **state)
{
    static struct rig rig;
    struct fleet fleet;
    fleet_init(&fleet);
    rig = (struct rig){.state = fleet.slots[0], .told = {.slot = 1}};
    rig.slot.life = rig.state.life = 7;
    rig.slot.generation = 3;
    *state = &rig;
    return 0;
}

static int tear_down(void **state)
{
    struct rig *r = *state;
    failure_clear(&r->failure);
    strbuf_fini(&r->slot.probe.body);
    return 0;
}

static void take(struct rig *r, enum worker_cause cause, const char *why, const char *what)
{
    r->told.cause = cause;
    failure_take(&r->failure, &r->told, &r->state, &r->slot, why);
    assert_string_equal(strbuf_text(&r->failure.what), what);
}

static void probed(struct rig *r, const char *reason, const char *body)
{
    snprintf(r->slot.probe.reason, sizeof r->slot.probe.reason, "%s", reason);
    strbuf_reset(&r->slot.probe.body);
    strbuf_adds(&r->slot.probe.body, body);
}

static void the_best_explanation_is_given(void **state)
{
    struct rig *r = *state;
    r->state.worker.alive = true;
    take(r, WORKER_CAUSE_BOOT, "",
        "the new worker 2 failed (boot): it ended before it was verified");
    probed(r, "health: status is 500", "oh");
    take(r, WORKER_CAUSE_UNHEALTHY, "",
        "the new worker 2 failed (unhealthy): health: status is 500");
    take(r, WORKER_CAUSE_ERRORS, "it wrote 30 error lines",
        "the new worker 2 failed (errors): it wrote 30 error lines");
    snprintf(r->slot.spawn_error.msg, sizeof r->slot.spawn_error.msg, "executing x: no such file");
    take(r, WORKER_CAUSE_SPAWN, "",
        "the new worker 2 failed (spawn-failed): executing x: no such file");
    assert_int_equal(r->failure.body.len, 0);
    r->state.worker.alive = false;
    r->state.worker.exit = (struct exit_status){.known = true, .code = 7};
    take(r, WORKER_CAUSE_CRASH, "",
        "the new worker 2 failed (crash): it ended with exit code 7, after health: status is 500");
    /* The slot has gone on: that exit is of another life. */
    r->state.life = 8;
    take(r, WORKER_CAUSE_CRASH, "", "the new worker 2 failed (crash): health: status is 500");
    assert_int_equal(r->failure.life, 7);
    assert_string_equal(r->failure.exit, "");
    /* In place what is told brings it along. */
    r->told.exit = (struct exit_status){.known = true, .code = 3};
    take(r, WORKER_CAUSE_BOOT, "",
        "the new worker 2 failed (boot): health: status is 500; it ended with exit code 3");
    probed(r, "", "");
    take(r, WORKER_CAUSE_BOOT, "", "the new worker 2 failed (boot): it ended with exit code 3");
    assert_string_equal(r->failure.exit, "exit code 3");
    assert_int_equal(r->failure.generation, 3);
    r->told.cause = WORKER_CAUSE_SPAWN;
    failure_take(&r->failure, &r->told, &r->state, NULL, "");
    assert_string_equal(
        strbuf_text(&r->failure.what), "the new worker 2 failed (spawn-failed): out of memory");
}

static void evidence_is(struct rig *r, const char *expected)
{
    struct strbuf text = STRBUF_INIT;
    failure_write_evidence(&r->failure, &text);
    assert_string_equal(strbuf_text(&text), expected);
    strbuf_fini(&text);
}

static void the_evidence_is_bounded(void **state)
{
    struct rig *r = *state;
    evidence_is(r, "");
    probed(r, "health: status is 500", "{\"status\":\"bad\"}");
    take(r, WORKER_CAUSE_UNHEALTHY, "",
        "the new worker 2 failed (unhealthy): health: status is 500");
    evidence_is(r, "it answered: {\"status\":\"bad\"}\n");
    strbuf_reset(&r->failure.body);
    strbuf_adds(&r->failure.lines, "one\\x1b\ntwo\n");
    evidence_is(r, "its last lines:\n  one\\x1b\n  two\n");
    for (int i = 3; i <= 11; i++)
        strbuf_addf(&r->failure.lines, "line %d\n", i);
    evidence_is(r, "its last lines:\n  two\n  line 3\n  line 4\n  line 5\n  line 6\n  line 7\n"
                   "  line 8\n  line 9\n  line 10\n  line 11\n");
}

static void a_long_line_is_cut_between_characters(void **state)
{
    struct rig *r = *state;
    struct strbuf expected = STRBUF_INIT;
    strbuf_adds(&expected, "its last lines:\n  ");
    for (int i = 0; i < 199; i++) {
        strbuf_addc(&r->failure.lines, 'x');
        strbuf_addc(&expected, 'x');
    }
    strbuf_adds(&r->failure.lines, "ü and on\n");
    strbuf_adds(&expected, "…\n");
    evidence_is(r, strbuf_text(&expected));
    strbuf_fini(&expected);
}

static void it_goes_into_an_event(void **state)
{
    struct rig *r = *state;
    struct event ev;
    probed(r, "health: status is 500", "oh");
    take(r, WORKER_CAUSE_UNHEALTHY, "",
        "the new worker 2 failed (unhealthy): health: status is 500");
    strbuf_adds(&r->failure.lines, "last words\n");
    snprintf(r->failure.exit, sizeof r->failure.exit, "exit code 7");
    witness_begin();
    event_init(&ev, EVENT_ROLLOUT_ROLLED_BACK);
    failure_add_fields(&r->failure, &ev);
    event_emit(&ev);
    event_fini(&ev);
    witness_must("|VOXKEEPER_CAUSE=unhealthy|VOXKEEPER_REASON=the new worker 2 failed");
    witness_must(
        "|VOXKEEPER_WORKER=2|VOXKEEPER_LIFE=7|VOXKEEPER_EXIT=exit code 7|VOXKEEPER_PROBE_BODY=oh");
    witness_must("|VOXKEEPER_LAST_OUTPUT=last words\n");
    witness_end();
}

static void what_an_operator_wished_is_no_workers_fault(void **state)
{
    struct rig *r = *state;
    struct cJSON *o = failure_json(&r->failure, true);
    assert_true(cJSON_IsNull(o));
    cJSON_Delete(o);
    failure_note(&r->failure, WORKER_CAUSE_RESTART, "cancelled by alice");
    o = failure_json(&r->failure, true);
    assert_string_equal(cJSON_GetObjectItem(o, "message")->valuestring, "cancelled by alice");
    assert_null(cJSON_GetObjectItem(o, "worker"));
    cJSON_Delete(o);
}

static void it_is_json(void **state)
{
    struct rig *r = *state;
    take(r, WORKER_CAUSE_HANG, "",
        "the new worker 2 failed (hang): it ended before it was verified");
    strbuf_adds(&r->failure.lines, "a\nb\n");
    struct cJSON *o = failure_json(&r->failure, true);
    char *text = cJSON_PrintUnformatted(o);
    assert_string_equal(text,
        "{\"message\":\"the new worker 2 failed (hang): it ended before it was verified\","
        "\"cause\":\"hang\",\"worker\":2,\"life\":7,\"generation\":3,\"exit\":null,\"probe_body\":"
        "\"\","
        "\"last_output\":[\"a\",\"b\"]}");
    cJSON_free(text);
    cJSON_Delete(o);
    o = failure_json(&r->failure, false);
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(o, "last_output")));
    cJSON_Delete(o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
        T(the_best_explanation_is_given),
        T(the_evidence_is_bounded),
        T(a_long_line_is_cut_between_characters),
        T(it_goes_into_an_event),
        T(what_an_operator_wished_is_no_workers_fault),
        T(it_is_json),
#undef T
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
