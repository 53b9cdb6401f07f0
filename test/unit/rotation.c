/* core/credentials/rotation: every way of a new value into use, and every way on which it is
 * stopped. */
#include "core/credentials/rotation.h"

#include "cmocka_all.h"

#define SEC USEC_PER_SEC

struct given {
    struct rotation_event ev;
    enum rotation_state state;
    enum rotation_action action;
};

#define LOOK(is_changed)                                                                           \
    {                                                                                              \
        .type = ROTATION_EV_LOOKED, .changed = (is_changed)                                        \
    }
#define AT(span)                                                                                   \
    {                                                                                              \
        .type = ROTATION_EV_LOOKED, .now = (span)                                                  \
    }
#define EV(symbol)                                                                                 \
    {                                                                                              \
        .type = ROTATION_EV_##symbol                                                               \
    }
#define NEW(is_asked)                                                                              \
    {                                                                                              \
        .type = ROTATION_EV_NEW, .asked = (is_asked)                                               \
    }
#define ST(symbol) ROTATION_##symbol
#define DO(symbol) ROTATION_DO_##symbol

static void play(const struct given *rows, size_t n)
{
    struct rotation r = {0};
    for (size_t i = 0; i < n; i++) {
        struct rotation_update u = rotation_step(r, rows[i].ev);
        if (u.next.state != rows[i].state || u.action != rows[i].action)
            fail_msg("row %zu: %s, action %d", i, rotation_state_name(u.next.state), u.action);
        r = u.next;
    }
}
#define PLAY(...)                                                                                  \
    do {                                                                                           \
        const struct given rows[] = {__VA_ARGS__};                                                 \
        play(rows, sizeof rows / sizeof *rows);                                                    \
    } while (0)

#define TO_CHECKING                                                                                \
    {LOOK(true), ST(SETTLING), DO(NOTHING)}, {LOOK(false), ST(SETTLING), DO(READ)},                \
    {                                                                                              \
        NEW(true), ST(CHECKING), DO(CHECK)                                                         \
    }

static void a_good_one_comes_into_use(void **state)
{
    (void)state;
    PLAY({LOOK(false), ST(CALM), DO(NOTHING)}, TO_CHECKING, {EV(GOOD), ST(READY), DO(ROLL_OUT)},
        {LOOK(false), ST(READY), DO(ROLL_OUT)}, {EV(BEGAN), ST(ROLLING), DO(NOTHING)},
        {LOOK(false), ST(ROLLING), DO(NOTHING)}, {EV(TAKEN), ST(CALM), DO(NOTHING)});
}

static void nobody_to_ask_is_no_obstacle(void **state)
{
    (void)state;
    PLAY({LOOK(true), ST(SETTLING), DO(NOTHING)}, {LOOK(false), ST(SETTLING), DO(READ)},
        {NEW(false), ST(READY), DO(ROLL_OUT)});
}

static void half_a_file_is_not_read(void **state)
{
    (void)state;
    PLAY({LOOK(true), ST(SETTLING), DO(NOTHING)}, {LOOK(true), ST(SETTLING), DO(NOTHING)},
        {LOOK(true), ST(SETTLING), DO(NOTHING)}, {LOOK(false), ST(SETTLING), DO(READ)},
        {EV(SAME), ST(CALM), DO(NOTHING)}, {LOOK(true), ST(SETTLING), DO(NOTHING)},
        {LOOK(false), ST(SETTLING), DO(READ)}, {EV(UNREADABLE), ST(CALM), DO(NOTHING)},
        {LOOK(true), ST(SETTLING), DO(NOTHING)}, {LOOK(false), ST(SETTLING), DO(READ)},
        {EV(REFUSED), ST(CALM), DO(NOTHING)});
}

static void a_bad_one_is_refused(void **state)
{
    (void)state;
    PLAY(TO_CHECKING, {EV(BAD), ST(CALM), DO(REFUSE)}, {EV(GOOD), ST(CALM), DO(NOTHING)});
    PLAY(TO_CHECKING, {EV(GOOD), ST(READY), DO(ROLL_OUT)}, {EV(BEGAN), ST(ROLLING), DO(NOTHING)},
        {EV(BACK), ST(CALM), DO(REFUSE)});
}

static void a_network_that_fails_refuses_nothing(void **state)
{
    (void)state;
    PLAY(TO_CHECKING, {EV(UNKNOWN), ST(RETRYING), DO(TELL_UNVERIFIED)},
        {AT(5 * SEC - 1), ST(RETRYING), DO(NOTHING)}, {AT(5 * SEC), ST(CHECKING), DO(CHECK)},
        {{.type = ROTATION_EV_UNKNOWN, .now = 6 * SEC}, ST(RETRYING), DO(NOTHING)},
        {AT(15 * SEC), ST(RETRYING), DO(NOTHING)}, {AT(16 * SEC), ST(CHECKING), DO(CHECK)},
        {EV(GOOD), ST(READY), DO(ROLL_OUT)});
}

static void waits_ever_longer_but_never_for_ever(void **state)
{
    (void)state;
    struct rotation r = {.state = ROTATION_CHECKING};
    usec_t longest = 0;
    for (unsigned i = 0; i < 100; i++) {
        r = rotation_step(r, (struct rotation_event)EV(UNKNOWN)).next;
        assert_true(r.until >= longest && r.until <= 5 * USEC_PER_MIN);
        longest = r.until;
        r = rotation_step(r, (struct rotation_event)AT(r.until)).next;
        assert_int_equal(r.state, ROTATION_CHECKING);
    }
    assert_int_equal(longest, 5 * USEC_PER_MIN);
}

static void a_newer_one_begins_anew(void **state)
{
    (void)state;
    PLAY(TO_CHECKING, {LOOK(true), ST(SETTLING), DO(FORGET)});
    PLAY(TO_CHECKING, {EV(UNKNOWN), ST(RETRYING), DO(TELL_UNVERIFIED)},
        {LOOK(true), ST(SETTLING), DO(FORGET)});
    PLAY(TO_CHECKING, {EV(GOOD), ST(READY), DO(ROLL_OUT)}, {LOOK(true), ST(SETTLING), DO(FORGET)});
    PLAY(TO_CHECKING, {EV(GOOD), ST(READY), DO(ROLL_OUT)}, {EV(BEGAN), ST(ROLLING), DO(NOTHING)},
        {LOOK(true), ST(ROLLING), DO(NOTHING)}, {LOOK(false), ST(ROLLING), DO(NOTHING)},
        {EV(TAKEN), ST(SETTLING), DO(NOTHING)}, {LOOK(false), ST(SETTLING), DO(READ)});
}

static void another_instance_goes_on_where_the_rollout_is(void **state)
{
    (void)state;
    static const enum rotation_resume after[ROLLOUT_STATE_COUNT] = {
        [ROLLOUT_IDLE] = ROTATION_RESUME_TAKEN,
        [ROLLOUT_CANARY] = ROTATION_RESUME_GOES,
        [ROLLOUT_BAKING] = ROTATION_RESUME_GOES,
        [ROLLOUT_ROLLING] = ROTATION_RESUME_GOES,
        [ROLLOUT_WARM] = ROTATION_RESUME_WARM,
        [ROLLOUT_HOLD] = ROTATION_RESUME_GOES,
        [ROLLOUT_BACK] = ROTATION_RESUME_DROPPED,
    };
    for (int i = 0; i < ROLLOUT_STATE_COUNT; i++) {
        struct rollout former = {.state = (enum rollout_state)i, .latest = 7};
        assert_int_equal(rotation_resume(&former, 7), after[i]);
        assert_int_equal(rotation_resume(&former, 6), after[i]);
        assert_int_equal(rotation_resume(&former, 8), ROTATION_RESUME_DROPPED);
    }
    assert_int_equal(rotation_resume(NULL, 7), ROTATION_RESUME_TAKEN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_one_comes_into_use),
        cmocka_unit_test(nobody_to_ask_is_no_obstacle),
        cmocka_unit_test(half_a_file_is_not_read),
        cmocka_unit_test(a_bad_one_is_refused),
        cmocka_unit_test(a_network_that_fails_refuses_nothing),
        cmocka_unit_test(waits_ever_longer_but_never_for_ever),
        cmocka_unit_test(a_newer_one_begins_anew),
        cmocka_unit_test(another_instance_goes_on_where_the_rollout_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
