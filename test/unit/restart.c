/* core/fleet/restart: delays, budgets, crash loops. */
#include "core/fleet/restart.h"

#include "cmocka_all.h"

static const struct restart_conf conf = {.delay = USEC_PER_SEC,
    .multiplier = 2,
    .max_delay = 30 * USEC_PER_SEC,
    .jitter = 10,
    .stable_after = 30 * USEC_PER_SEC,
    .loop_after = 5};

static struct restart_update ended(
    struct restart r, usec_t now, enum worker_cause cause, unsigned jitter)
{
    return restart_step(&conf, r,
        (struct restart_event){
            .type = RESTART_EV_ENDED, .now = now, .cause = cause, .jitter = jitter});
}

static struct restart_update event(struct restart r, usec_t now, enum restart_event_type type)
{
    return restart_step(&conf, r, (struct restart_event){.type = type, .now = now});
}

static void delays_grow_and_are_capped(void **state)
{
    (void)state;
    static const usec_t expected[] = {0, 1, 2, 4, 8, 16, 30, 30, 30};
    struct restart r = restart_initial();
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        struct restart_update u = ended(r, 100, WORKER_CAUSE_CRASH, 0);
        assert_int_equal(u.next.last_delay, expected[i] * USEC_PER_SEC);
        assert_int_equal(u.start, expected[i] == 0);
        assert_int_equal(u.wait, expected[i] != 0);
        if (u.wait)
            assert_int_equal(restart_deadline(u.next), 100 + expected[i] * USEC_PER_SEC);
        r = u.next;
    }
}

static void jitter_stays_within_its_bounds(void **state)
{
    (void)state;
    for (unsigned jitter = 0; jitter <= 1000; jitter += 50) {
        struct restart r = restart_initial();
        for (unsigned n = 1; n < 12; n++) {
            usec_t plain = n < 2 ? 0 : USEC_PER_SEC << (n - 2);
            if (plain > conf.max_delay)
                plain = conf.max_delay;
            r = ended(r, 0, WORKER_CAUSE_HANG, jitter).next;
            assert_true(r.last_delay >= plain && r.last_delay <= plain + plain / 10);
            if (jitter == 1000)
                assert_int_equal(r.last_delay, plain + plain / 10);
        }
    }
}

static void a_slot_is_never_given_up(void **state)
{
    (void)state;
    struct restart r = restart_initial();
    usec_t now = 0;
    unsigned loops = 0;
    for (unsigned i = 0; i < 100000; i++) {
        struct restart_update u = ended(r, now, WORKER_CAUSE_BOOT, i % 1001);
        loops += u.loop_began;
        assert_true(u.start != u.wait);
        if (u.wait) {
            assert_true(u.next.next_at > now && u.next.next_at != USEC_INFINITY);
            assert_true(u.next.next_at - now <= conf.max_delay * 11 / 10);
            now = u.next.next_at;
            u = event(u.next, now, RESTART_EV_TICK);
            assert_true(u.start);
        }
        r = u.next;
    }
    assert_int_equal(loops, 1);
    assert_int_equal(r.restarts, 100000);
}

static void a_multiplier_of_one_is_quick(void **state)
{
    (void)state;
    struct restart_conf flat = conf;
    flat.multiplier = 1;
    struct restart r = restart_initial();
    for (unsigned i = 0; i < 100000; i++)
        r = restart_step(
            &flat, r, (struct restart_event){.type = RESTART_EV_ENDED, .cause = WORKER_CAUSE_OOM})
                .next;
    assert_int_equal(r.last_delay, USEC_PER_SEC);
}

static void causes_have_budgets_of_their_own(void **state)
{
    (void)state;
    struct restart r = restart_initial();
    for (unsigned i = 0; i < 6; i++)
        r = ended(r, 0, WORKER_CAUSE_BOOT, 0).next;
    assert_int_equal(r.last_delay, 16 * USEC_PER_SEC);
    struct restart_update u = ended(r, 0, WORKER_CAUSE_ZOMBIE, 0);
    assert_true(u.start);
    assert_int_equal(u.next.failures[WORKER_CAUSE_BOOT], 6);
    assert_int_equal(u.next.failures_in_row, 7);
}

static void a_tick_starts_only_when_due(void **state)
{
    (void)state;
    struct restart r = ended(restart_initial(), 0, WORKER_CAUSE_CRASH, 0).next;
    r = ended(r, 0, WORKER_CAUSE_CRASH, 0).next;
    assert_false(event(r, USEC_PER_SEC - 1, RESTART_EV_TICK).start);
    struct restart_update u = event(r, USEC_PER_SEC, RESTART_EV_TICK);
    assert_true(u.start);
    assert_int_equal(restart_deadline(u.next), USEC_INFINITY);
    assert_false(event(u.next, 2 * USEC_PER_SEC, RESTART_EV_TICK).start);
}

static void a_stable_life_forgives(void **state)
{
    (void)state;
    struct restart r = restart_initial();
    for (unsigned i = 0; i < 5; i++)
        r = ended(r, 0, WORKER_CAUSE_CRASH, 0).next;
    assert_true(r.looping);
    r = event(r, 100 * USEC_PER_SEC, RESTART_EV_TICK).next;
    r = event(r, 100 * USEC_PER_SEC, RESTART_EV_VERIFIED).next;
    struct restart_update early = event(r, 129 * USEC_PER_SEC, RESTART_EV_TICK);
    assert_false(early.loop_ended);
    struct restart_update u = event(r, 130 * USEC_PER_SEC, RESTART_EV_TICK);
    assert_true(u.loop_ended);
    assert_int_equal(u.next.failures_in_row, 0);
    assert_int_equal(restart_deadline(u.next), USEC_INFINITY);
    assert_false(event(u.next, 200 * USEC_PER_SEC, RESTART_EV_TICK).loop_ended);
    /* A life that ends when it was long enough has forgiven, though no TICK came between. */
    u = ended(r, 130 * USEC_PER_SEC, WORKER_CAUSE_CRASH, 0);
    assert_true(u.loop_ended && u.start);
    assert_int_equal(u.next.failures_in_row, 1);
    /* A shorter one has not. */
    u = ended(r, 129 * USEC_PER_SEC, WORKER_CAUSE_CRASH, 0);
    assert_false(u.loop_ended);
    assert_int_equal(u.next.failures_in_row, 6);
    assert_int_equal(u.next.stable_at, USEC_INFINITY);
}

static void a_loop_is_told_once(void **state)
{
    (void)state;
    static const enum worker_cause causes[] = {WORKER_CAUSE_CRASH, WORKER_CAUSE_BOOT,
        WORKER_CAUSE_OOM, WORKER_CAUSE_HANG, WORKER_CAUSE_SPAWN, WORKER_CAUSE_CRASH};
    struct restart r = restart_initial();
    for (unsigned i = 0; i < sizeof causes / sizeof *causes; i++) {
        struct restart_update u = ended(r, 0, causes[i], 0);
        assert_int_equal(u.loop_began, i == 4);
        r = u.next;
    }
    struct restart_update u = event(r, 0, RESTART_EV_CANCEL);
    assert_true(u.loop_ended && !u.next.looping);
    assert_false(event(u.next, 0, RESTART_EV_CANCEL).loop_ended);
}

static void wishes_cost_nothing(void **state)
{
    (void)state;
    struct restart r = restart_initial();
    for (unsigned i = 0; i < 3; i++)
        r = ended(r, 0, WORKER_CAUSE_CRASH, 0).next;
    static const enum worker_cause wishes[] = {WORKER_CAUSE_RESTART, WORKER_CAUSE_STOP};
    for (unsigned i = 0; i < 2; i++) {
        struct restart_update u = ended(r, 0, wishes[i], 1000);
        assert_true(u.start && !u.wait);
        assert_int_equal(u.next.next_at, USEC_INFINITY); /* also ends the wait */
        assert_int_equal(u.next.failures_in_row, 3);
        assert_int_equal(u.next.failures[wishes[i]], 0);
    }
}

static void a_cancelled_slot_stays_down(void **state)
{
    (void)state;
    struct restart r = ended(restart_initial(), 0, WORKER_CAUSE_CRASH, 0).next;
    r = ended(r, 0, WORKER_CAUSE_CRASH, 0).next;
    r = event(r, 0, RESTART_EV_CANCEL).next;
    assert_int_equal(restart_deadline(r), USEC_INFINITY);
    assert_false(event(r, USEC_PER_DAY, RESTART_EV_TICK).start);
    assert_int_equal(r.restarts, 1);
    assert_true(ended(r, 0, WORKER_CAUSE_CRASH, 0).start); /* and begins anew */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(delays_grow_and_are_capped),
        cmocka_unit_test(jitter_stays_within_its_bounds),
        cmocka_unit_test(a_slot_is_never_given_up),
        cmocka_unit_test(a_multiplier_of_one_is_quick),
        cmocka_unit_test(causes_have_budgets_of_their_own),
        cmocka_unit_test(a_tick_starts_only_when_due),
        cmocka_unit_test(a_stable_life_forgives),
        cmocka_unit_test(a_loop_is_told_once),
        cmocka_unit_test(wishes_cost_nothing),
        cmocka_unit_test(a_cancelled_slot_stays_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
