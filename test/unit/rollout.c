/* core/fleet/rollout: every cell that decides something, deadlines, and who is told what. */
#include "core/fleet/rollout.h"

#include "base/strbuf.h"
#include "cmocka_all.h"

static struct rollout_conf conf = {.bake = 100, .keep_warm = 1000};

static struct rollout r;
static struct strbuf told = STRBUF_INIT;

/* Steps and returns what is told: "state", "done 7", .. */
static const char *step(struct rollout_event ev)
{
    static const char *const names[] = {[ROLLOUT_TELL_DONE] = "done",
        [ROLLOUT_TELL_FAILED] = "failed",
        [ROLLOUT_TELL_ROLLED_BACK] = "rolled back",
        [ROLLOUT_TELL_SUPERSEDED] = "superseded",
        [ROLLOUT_TELL_REFUSED] = "refused"};
    ev.patience = 5000;
    struct rollout_update u = rollout_step(&conf, r, ev);
    r = u.next;
    strbuf_reset(&told);
    for (unsigned i = 0; i < u.n_actions; i++) {
        const struct rollout_action *a = &u.actions[i];
        const char *comma = told.len ? ", " : "";
        if (a->type == ROLLOUT_TELL_STATE)
            strbuf_addf(&told, "%s%s", comma, rollout_state_name(a->state));
        else
            strbuf_addf(&told, "%s%s %u", comma, names[a->type], (unsigned)a->operation);
    }
    return strbuf_text(&told);
}

static struct rollout_event at(usec_t now, enum rollout_event_type type)
{
    return (struct rollout_event){.type = type, .now = now, .operation = 8, .serving = true};
}

static struct rollout_event failed(usec_t now, enum worker_cause cause)
{
    return (struct rollout_event){.type = ROLLOUT_EV_FAILED, .now = now, .slot = 3, .cause = cause};
}

/* Brings the machine into `state` at time 10; operation 7 has asked at time 1. */
static void reach(enum rollout_state state)
{
    r = rollout_initial();
    struct rollout_event begin = at(1, ROLLOUT_EV_BEGIN);
    begin.operation = 7;
    if (state == ROLLOUT_IDLE)
        return;
    assert_string_equal(step(begin), "canary");
    if (state == ROLLOUT_CANARY)
        return;
    if (state == ROLLOUT_HOLD) {
        conf.hold = true;
        step(failed(10, WORKER_CAUSE_CRASH));
        conf.hold = false;
        return;
    }
    if (state == ROLLOUT_BACK) {
        step(failed(10, WORKER_CAUSE_CRASH));
        return;
    }
    struct rollout_event replaced = at(10, ROLLOUT_EV_REPLACED);
    replaced.life = 42;
    step(replaced);
    assert_string_equal(step(at(10, ROLLOUT_EV_SWITCHED)), "baking");
    if (state == ROLLOUT_BAKING)
        return;
    assert_string_equal(step(at(10, ROLLOUT_EV_SETTLED)), "rolling");
    if (state == ROLLOUT_WARM)
        assert_string_equal(step(at(10, ROLLOUT_EV_COMPLETE)), "done 7, warm");
}

static void every_cell_decides(void **state)
{
    (void)state;
    static const struct {
        enum rollout_state in;
        enum rollout_event_type type;
        enum worker_cause cause;
        const char *told;
    } cells[] = {
        {ROLLOUT_IDLE, ROLLOUT_EV_BEGIN, 0, "canary"},
        {ROLLOUT_CANARY, ROLLOUT_EV_BEGIN, 0, "superseded 7, canary"},
        {ROLLOUT_BAKING, ROLLOUT_EV_BEGIN, 0, "superseded 7, canary"},
        {ROLLOUT_ROLLING, ROLLOUT_EV_BEGIN, 0, "superseded 7, canary"},
        {ROLLOUT_WARM, ROLLOUT_EV_BEGIN, 0, "canary"},
        {ROLLOUT_BACK, ROLLOUT_EV_BEGIN, 0, "superseded 7, canary"},
        {ROLLOUT_IDLE, ROLLOUT_EV_SWITCHED, 0, ""},
        {ROLLOUT_ROLLING, ROLLOUT_EV_SWITCHED, 0, ""},
        {ROLLOUT_CANARY, ROLLOUT_EV_SETTLED, 0, ""},
        {ROLLOUT_WARM, ROLLOUT_EV_SETTLED, 0, "idle"},
        {ROLLOUT_BACK, ROLLOUT_EV_SETTLED, 0, ""},
        {ROLLOUT_IDLE, ROLLOUT_EV_COMPLETE, 0, ""},
        {ROLLOUT_WARM, ROLLOUT_EV_COMPLETE, 0, ""},
        {ROLLOUT_BACK, ROLLOUT_EV_COMPLETE, 0, "rolled back 7, idle"},
        {ROLLOUT_IDLE, ROLLOUT_EV_FAILED, WORKER_CAUSE_CRASH, ""},
        {ROLLOUT_CANARY, ROLLOUT_EV_FAILED, WORKER_CAUSE_BOOT, "back"},
        {ROLLOUT_CANARY, ROLLOUT_EV_FAILED, WORKER_CAUSE_ZOMBIE, ""},
        {ROLLOUT_BAKING, ROLLOUT_EV_FAILED, WORKER_CAUSE_CRASH, "back"},
        {ROLLOUT_BAKING, ROLLOUT_EV_FAILED, WORKER_CAUSE_ZOMBIE, "canary"},
        {ROLLOUT_ROLLING, ROLLOUT_EV_FAILED, WORKER_CAUSE_HANG, "back"},
        {ROLLOUT_ROLLING, ROLLOUT_EV_FAILED, WORKER_CAUSE_ZOMBIE, ""},
        {ROLLOUT_WARM, ROLLOUT_EV_FAILED, WORKER_CAUSE_UNHEALTHY, "back"},
        {ROLLOUT_BACK, ROLLOUT_EV_FAILED, WORKER_CAUSE_CRASH, ""},
        {ROLLOUT_IDLE, ROLLOUT_EV_CANCEL, 0, "refused 8"},
        {ROLLOUT_CANARY, ROLLOUT_EV_CANCEL, 0, "back"},
        {ROLLOUT_BAKING, ROLLOUT_EV_CANCEL, 0, "back"},
        {ROLLOUT_ROLLING, ROLLOUT_EV_CANCEL, 0, "back"},
        {ROLLOUT_WARM, ROLLOUT_EV_CANCEL, 0, "back"},
        {ROLLOUT_BACK, ROLLOUT_EV_CANCEL, 0, "refused 8"},
        {ROLLOUT_HOLD, ROLLOUT_EV_BEGIN, 0, "superseded 7, canary"},
        {ROLLOUT_HOLD, ROLLOUT_EV_SWITCHED, 0, ""},
        {ROLLOUT_HOLD, ROLLOUT_EV_SETTLED, 0, ""},
        {ROLLOUT_HOLD, ROLLOUT_EV_COMPLETE, 0, ""},
        {ROLLOUT_HOLD, ROLLOUT_EV_FAILED, WORKER_CAUSE_CRASH, ""},
        {ROLLOUT_HOLD, ROLLOUT_EV_CANCEL, 0, "back"},
        {ROLLOUT_HOLD, ROLLOUT_EV_STOP, 0, "failed 7, idle"},
        {ROLLOUT_IDLE, ROLLOUT_EV_PROMOTE, 0, "refused 8"},
        {ROLLOUT_CANARY, ROLLOUT_EV_PROMOTE, 0, "refused 8"},
        {ROLLOUT_BAKING, ROLLOUT_EV_PROMOTE, 0, "rolling"},
        {ROLLOUT_ROLLING, ROLLOUT_EV_PROMOTE, 0, "refused 8"},
        {ROLLOUT_WARM, ROLLOUT_EV_PROMOTE, 0, ""},
        {ROLLOUT_HOLD, ROLLOUT_EV_PROMOTE, 0, "canary"},
        {ROLLOUT_BACK, ROLLOUT_EV_PROMOTE, 0, "refused 8"},
        {ROLLOUT_IDLE, ROLLOUT_EV_STOP, 0, ""},
        {ROLLOUT_CANARY, ROLLOUT_EV_STOP, 0, "failed 7, idle"},
        {ROLLOUT_ROLLING, ROLLOUT_EV_STOP, 0, "failed 7, idle"},
        {ROLLOUT_WARM, ROLLOUT_EV_STOP, 0, "idle"},
        {ROLLOUT_BACK, ROLLOUT_EV_STOP, 0, "failed 7, idle"},
    };
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++) {
        reach(cells[i].in);
        struct rollout_event ev = at(20, cells[i].type);
        ev.cause = cells[i].cause;
        assert_string_equal(step(ev), cells[i].told);
    }
}

static void generations_are_numbered_once(void **state)
{
    (void)state;
    reach(ROLLOUT_CANARY);
    assert_int_equal(r.generation, 2);
    assert_int_equal(rollout_proven(r), 1);
    step(at(20, ROLLOUT_EV_BEGIN));
    assert_int_equal(r.generation, 3);
    assert_int_equal(r.from, 1); /* 2 was never proven */
    assert_true(rollout_is_wrong(r, 2));
    assert_false(rollout_is_wrong(r, 1));
    step(failed(30, WORKER_CAUSE_BOOT));
    assert_true(rollout_is_wrong(r, 3));
    assert_string_equal(step(at(40, ROLLOUT_EV_COMPLETE)), "rolled back 8, idle");
    assert_int_equal(r.generation, 1);
    r = rollout_next_generation(r);
    assert_int_equal(r.generation, 4);
    step(at(50, ROLLOUT_EV_BEGIN));
    assert_int_equal(r.generation, 5);
    assert_int_equal(r.from, 4);
    reach(ROLLOUT_ROLLING);
    assert_int_equal(rollout_proven(r), 2);
    step(at(20, ROLLOUT_EV_STOP));
    assert_int_equal(r.generation, 2);
    reach(ROLLOUT_BAKING);
    step(at(20, ROLLOUT_EV_STOP));
    assert_int_equal(r.generation, 1);
}

static void what_led_back_is_kept(void **state)
{
    (void)state;
    reach(ROLLOUT_BAKING);
    step(failed(20, WORKER_CAUSE_HANG));
    assert_int_equal(r.cause, WORKER_CAUSE_HANG);
    assert_int_equal(r.slot, 3);
    reach(ROLLOUT_CANARY);
    step(at(20, ROLLOUT_EV_CANCEL));
    assert_int_equal(r.cause, WORKER_CAUSE_RESTART);
    reach(ROLLOUT_BACK);
    struct rollout_event nobody = at(20, ROLLOUT_EV_COMPLETE);
    nobody.serving = false;
    assert_string_equal(step(nobody), "failed 7, idle");
}

static void every_wait_ends(void **state)
{
    (void)state;
    reach(ROLLOUT_CANARY);
    assert_int_equal(rollout_deadline(r), 1 + 100 + 5000);
    assert_string_equal(step(at(5100, ROLLOUT_EV_TICK)), "");
    assert_string_equal(step(at(5101, ROLLOUT_EV_TICK)), "back");
    assert_int_equal(r.cause, WORKER_CAUSE_NONE);
    assert_int_equal(rollout_deadline(r), 5101 + 5000);
    assert_string_equal(step(at(10101, ROLLOUT_EV_TICK)), "failed 7, idle");
    assert_int_equal(rollout_deadline(r), USEC_INFINITY);
    reach(ROLLOUT_BAKING);
    assert_int_equal(rollout_deadline(r), 110);
    assert_false(rollout_time_is_up(r));
    step(at(110, ROLLOUT_EV_TICK));
    assert_true(rollout_time_is_up(r));
    assert_int_equal(rollout_deadline(r), 5101);
    reach(ROLLOUT_WARM);
    assert_int_equal(rollout_deadline(r), 1010); /* KeepWarm counts from the last switch */
    step(at(1010, ROLLOUT_EV_TICK));
    assert_true(rollout_time_is_up(r));
    assert_int_equal(rollout_deadline(r), USEC_INFINITY);
}

static void an_outage_holds(void **state)
{
    (void)state;
    struct rollout_event down = at(20, ROLLOUT_EV_DEPENDENCY);
    down.down = true;
    reach(ROLLOUT_BAKING);
    step(down);
    assert_int_equal(rollout_deadline(r), USEC_INFINITY);
    assert_string_equal(step(at(9000, ROLLOUT_EV_TICK)), "");
    assert_false(rollout_time_is_up(r));
    assert_string_equal(step(failed(9000, WORKER_CAUSE_CRASH)), "canary");
    assert_string_equal(step(failed(9000, WORKER_CAUSE_BOOT)), "");
    step(at(9000, ROLLOUT_EV_SWITCHED));
    step(at(9500, ROLLOUT_EV_DEPENDENCY));
    assert_int_equal(rollout_deadline(r), 9600); /* Bake anew */
    assert_int_equal(r.deadline, 9600 + 5000);
    step(at(9550, ROLLOUT_EV_STALLED));
    assert_int_equal(rollout_deadline(r), 9650);
    step(at(9560, ROLLOUT_EV_DEPENDENCY)); /* up as before: nothing returned */
    assert_int_equal(rollout_deadline(r), 9650);
}

static void nobody_is_told_twice(void **state)
{
    (void)state;
    reach(ROLLOUT_WARM);
    step(failed(20, WORKER_CAUSE_UNHEALTHY));
    assert_string_equal(step(at(30, ROLLOUT_EV_COMPLETE)), "idle");
    reach(ROLLOUT_WARM); /* cancelled then: that asker gets the verdict */
    step(at(20, ROLLOUT_EV_CANCEL));
    assert_string_equal(step(at(30, ROLLOUT_EV_COMPLETE)), "rolled back 8, idle");
    reach(ROLLOUT_BAKING); /* cancelled now: the one who asked for the rollout does, too */
    step(at(20, ROLLOUT_EV_CANCEL));
    assert_string_equal(step(at(30, ROLLOUT_EV_COMPLETE)), "rolled back 7, rolled back 8, idle");
}

/* Where OnFailure=hold leads to, and where PROMOTE leads from there. */
static void a_person_decides(void **state)
{
    (void)state;
    static const struct {
        enum rollout_state failed_in;
        const char *promoted;
    } rows[] = {{ROLLOUT_CANARY, "canary"}, {ROLLOUT_BAKING, "canary"},
        {ROLLOUT_ROLLING, "rolling"}, {ROLLOUT_WARM, "rolling"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        reach(rows[i].failed_in);
        conf.hold = true;
        assert_string_equal(step(failed(20, WORKER_CAUSE_ERRORS)), "hold");
        conf.hold = false; /* a reload does not end it */
        assert_int_equal(r.cause, WORKER_CAUSE_ERRORS);
        assert_int_equal(rollout_deadline(r), USEC_INFINITY);
        assert_int_equal(rollout_proven(r), 1);
        assert_true(rollout_is_held(r, 2) && !rollout_is_held(r, 1));
        assert_false(rollout_is_wrong(r, 2) || rollout_is_wrong(r, 1));
        assert_string_equal(step(at(900000, ROLLOUT_EV_TICK)), "");
        assert_string_equal(step(at(900000, ROLLOUT_EV_PROMOTE)), rows[i].promoted);
        assert_int_equal(r.deadline, 900000 + 100 + 5000);
    }
    reach(ROLLOUT_CANARY); /* too late is a failure, too */
    conf.hold = true;
    assert_string_equal(step(at(5101, ROLLOUT_EV_TICK)), "hold");
    conf.hold = false;
}

static void whoever_steers_is_answered(void **state)
{
    (void)state;
    reach(ROLLOUT_BAKING);
    step(at(20, ROLLOUT_EV_PROMOTE));
    struct rollout_event cancel = at(30, ROLLOUT_EV_CANCEL);
    cancel.operation = 9;
    assert_string_equal(step(cancel), "superseded 8, back");
    assert_string_equal(step(at(40, ROLLOUT_EV_COMPLETE)), "rolled back 7, rolled back 9, idle");
    reach(ROLLOUT_WARM);
    step(at(20, ROLLOUT_EV_PROMOTE));
    assert_true(rollout_time_is_up(r));
    assert_string_equal(step(at(30, ROLLOUT_EV_SETTLED)), "done 8, idle");
    reach(ROLLOUT_BAKING);
    step(at(20, ROLLOUT_EV_PROMOTE));
    assert_string_equal(step(at(30, ROLLOUT_EV_COMPLETE)), "done 7, done 8, warm");
    reach(ROLLOUT_HOLD);
    step(at(20, ROLLOUT_EV_PROMOTE));
    struct rollout_event begin = at(30, ROLLOUT_EV_BEGIN);
    begin.operation = 9;
    assert_string_equal(step(begin), "superseded 7, superseded 8, canary");
    assert_int_equal(r.from, 1);
}

static void shares_are_rounded_up(void **state)
{
    (void)state;
    struct rollout_conf c = {.max_surge = {25, true}, .canary = 3};
    assert_int_equal(rollout_surge(&c, 1), 1);
    assert_int_equal(rollout_surge(&c, 4), 1);
    assert_int_equal(rollout_surge(&c, 5), 2);
    assert_int_equal(rollout_surge(&c, 0), 1);
    assert_int_equal(rollout_canaries(&c, 8), 2); /* as many as can be kept warm */
    c.max_surge = (struct rollout_share){3, false};
    assert_int_equal(rollout_surge(&c, 1), 3);
    assert_int_equal(rollout_canaries(&c, 8), 3);
    assert_int_equal(rollout_canaries(&c, 2), 2);
    assert_int_equal(rollout_canaries(&c, 0), 1);
}

static void nothing_to_keep_warm(void **state)
{
    (void)state;
    reach(ROLLOUT_ROLLING);
    r.warm_life = 0;
    assert_string_equal(step(at(20, ROLLOUT_EV_COMPLETE)), "done 7, idle");
    assert_int_equal(r.generation, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cell_decides),
        cmocka_unit_test(generations_are_numbered_once),
        cmocka_unit_test(what_led_back_is_kept),
        cmocka_unit_test(every_wait_ends),
        cmocka_unit_test(an_outage_holds),
        cmocka_unit_test(nobody_is_told_twice),
        cmocka_unit_test(a_person_decides),
        cmocka_unit_test(whoever_steers_is_answered),
        cmocka_unit_test(shares_are_rounded_up),
        cmocka_unit_test(nothing_to_keep_warm),
    };
    int failures = cmocka_run_group_tests(tests, NULL, NULL);
    strbuf_fini(&told);
    return failures;
}
