/* core/sweep/idle_ledger: how long nobody but us touched a key. */
#include "core/sweep/idle_ledger.h"

#include "cmocka_all.h"

#define H USEC_PER_HOUR

static const usec_t start = 1000 * USEC_PER_DAY;

static void our_own_looks_do_not_count(void **state)
{
    (void)state;
    struct idle_ledger *l = idle_ledger_new();
    uint64_t id = idle_ledger_id("k", 1, 7);
    assert_true(idle_ledger_touch(l, id, 3 * H, start) == 3 * H);
    /* Redis counts from our look, in whole seconds. */
    assert_true(idle_ledger_touch(l, id, H - USEC_PER_SEC, start + H) == 4 * H);
    assert_true(idle_ledger_touch(l, id, H, start + 2 * H) == 5 * H);
    idle_ledger_free(l);
}

static void two_who_share_are_one(void **state)
{
    (void)state;
    struct idle_ledger *l = idle_ledger_new();
    struct idle_ledger *other = idle_ledger_share(l);
    uint64_t id = idle_ledger_id("k", 1, 7);
    assert_true(idle_ledger_touch(l, id, 3 * H, start) == 3 * H);
    idle_ledger_free(l);
    assert_true(idle_ledger_touch(other, id, H, start + H) == 4 * H);
    idle_ledger_free(other);
}

static void another_s_look_begins_anew(void **state)
{
    (void)state;
    struct idle_ledger *l = idle_ledger_new();
    uint64_t id = idle_ledger_id("k", 1, 7);
    idle_ledger_touch(l, id, 30 * H, start);
    assert_true(idle_ledger_touch(l, id, 10 * USEC_PER_SEC, start + H) == 10 * USEC_PER_SEC);
    assert_true(idle_ledger_touch(l, id, H, start + 2 * H) == H + 10 * USEC_PER_SEC);
    idle_ledger_free(l);
}

static void a_key_that_redis_forgot_to_touch_is_older(void **state)
{
    (void)state;
    /* CLIENT NO-TOUCH: our look did not count, and the idle time goes on. */
    struct idle_ledger *l = idle_ledger_new();
    uint64_t id = idle_ledger_id("k", 1, 7);
    idle_ledger_touch(l, id, 3 * H, start);
    assert_true(idle_ledger_touch(l, id, 4 * H, start + H) == 4 * H);
    assert_true(idle_ledger_touch(l, id, 9 * H, start + 2 * H) == 9 * H);
    idle_ledger_free(l);
}

static void name_and_value_make_the_key(void **state)
{
    (void)state;
    assert_true(idle_ledger_id("a", 1, 1) != idle_ledger_id("a", 1, 2));
    assert_true(idle_ledger_id("a", 1, 1) != idle_ledger_id("b", 1, 1));
    assert_true(idle_ledger_id("a\0b", 3, 1) != idle_ledger_id("a\0c", 3, 1));
    assert_true(idle_ledger_id("a", 1, 1) == idle_ledger_id("a", 1, 1));
}

static void neighbours_never_make_a_key_look_idle(void **state)
{
    (void)state;
    struct idle_ledger *l = idle_ledger_new();
    for (uint64_t id = 0; id < 4096; id++)
        idle_ledger_touch(l, id, 100 * H, start);
    /* Same slots, other keys: only what Redis says. */
    for (uint64_t id = 4096; id < 3 * 4096; id++)
        assert_true(idle_ledger_touch(l, id, H, start + H) == H);
    /* After days without them, the slots go to others. */
    usec_t later = start + 3 * USEC_PER_DAY;
    assert_true(idle_ledger_touch(l, 4096, H, later) == H);
    assert_true(idle_ledger_touch(l, 4096, H, later + H) == 2 * H);
    idle_ledger_free(l);
}

static void what_is_quiet_at_every_look_is_idle(void **state)
{
    (void)state;
    struct idle_ledger *l = idle_ledger_new();
    assert_true(idle_ledger_watch(l, 5, true, start) == 0);
    assert_true(idle_ledger_watch(l, 5, true, start + H) == H);
    /* The same slot, another key, or another value: it begins when the slot is free. */
    assert_true(idle_ledger_watch(l, 5 + 4096, true, start + H) == 0);
    assert_true(idle_ledger_watch(l, 5 + 4096, true, start + 2 * H) == 0);
    assert_true(idle_ledger_watch(l, 5, true, start + 3 * H) == 3 * H);
    /* Used once: all begins anew. */
    assert_true(idle_ledger_watch(l, 5, false, start + 4 * H) == 0);
    assert_true(idle_ledger_watch(l, 5, true, start + 6 * H) == 2 * H);
    /* Nobody looked for days. */
    usec_t later = start + 3 * USEC_PER_DAY;
    assert_true(idle_ledger_watch(l, 5, true, later) == 0);
    assert_true(idle_ledger_watch(l, 5, true, later + H) == H);
    idle_ledger_free(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_quiet_at_every_look_is_idle),
        cmocka_unit_test(our_own_looks_do_not_count),
        cmocka_unit_test(two_who_share_are_one),
        cmocka_unit_test(another_s_look_begins_anew),
        cmocka_unit_test(a_key_that_redis_forgot_to_touch_is_older),
        cmocka_unit_test(name_and_value_make_the_key),
        cmocka_unit_test(neighbours_never_make_a_key_look_idle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
