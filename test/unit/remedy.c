/* core/remedy: what helps is done again, within its budget; what does not is left to a person.
 * core/quiet: when the fewest are disturbed. */
#include "cmocka_all.h"

#include "core/quiet.h"
#include "core/remedy.h"

#define MIN USEC_PER_MIN

static const struct remedy_conf conf = {.n = 3, .per = 60 * MIN, .proof = 10 * MIN};

static struct remedy *fresh(void)
{
    static struct remedy r;
    remedy_init(&r);
    return &r;
}

static enum remedy_action symptom(struct remedy *r, usec_t minutes)
{
    return remedy_step(&conf, r, REMEDY_EV_SYMPTOM, minutes * MIN);
}

static enum remedy_action done(struct remedy *r, usec_t minutes)
{
    return remedy_step(&conf, r, REMEDY_EV_DONE, minutes * MIN);
}

static enum remedy_action tick(struct remedy *r, usec_t minutes)
{
    return remedy_step(&conf, r, REMEDY_EV_TICK, minutes * MIN);
}

static void what_helps_is_done_again(void **state)
{
    (void)state;
    struct remedy *r = fresh();
    for (usec_t at = 0; at < 600; at += 25) {
        assert_int_equal(symptom(r, at), REMEDY_DO_APPLY);
        assert_int_equal(symptom(r, at + 1), REMEDY_DO_NOTHING);
        assert_int_equal(done(r, at + 2), REMEDY_DO_NOTHING);
        assert_int_equal(r->until, (at + 12) * MIN);
        assert_int_equal(tick(r, at + 11), REMEDY_DO_NOTHING);
        assert_int_equal(r->state, REMEDY_PROVING);
        assert_int_equal(tick(r, at + 12), REMEDY_DO_NOTHING);
        assert_int_equal(r->state, REMEDY_WELL);
    }
}

static void what_does_not_help_twice_stops(void **state)
{
    (void)state;
    struct remedy *r = fresh();
    assert_int_equal(symptom(r, 0), REMEDY_DO_APPLY);
    done(r, 1);
    assert_int_equal(symptom(r, 5), REMEDY_DO_APPLY);
    done(r, 6);
    assert_int_equal(symptom(r, 15), REMEDY_DO_STOP_UNHELPED);
    for (usec_t at = 16; at < 200; at += 9)
        assert_int_equal(symptom(r, at), REMEDY_DO_NOTHING);
    assert_int_equal(tick(r, 205), REMEDY_DO_NOTHING);
    assert_int_equal(tick(r, 206), REMEDY_DO_RECOVERED);
    assert_int_equal(symptom(r, 217), REMEDY_DO_APPLY);
}

static void what_is_needed_too_often_stops(void **state)
{
    (void)state;
    struct remedy *r = fresh();
    for (usec_t at = 0; at < 45; at += 15) { /* it helps each time */
        assert_int_equal(symptom(r, at), REMEDY_DO_APPLY);
        done(r, at + 1);
    }
    assert_int_equal(symptom(r, 45), REMEDY_DO_STOP_BUDGET);
    assert_int_equal(tick(r, 55), REMEDY_DO_RECOVERED);
    assert_int_equal(symptom(r, 59), REMEDY_DO_STOP_BUDGET);
    /* Silence ends it although no tick came in between. */
    assert_int_equal(symptom(r, 75), REMEDY_DO_APPLY);
}

/* Every sequence of so many events: never beyond the budget, never again after it was given up but
 * for silence, and a person is told once each time. */
static void holds_whatever_comes(void **state)
{
    (void)state;
    enum { STEPS = 9, CHOICES = 4 };
    const struct remedy_conf tight = {.n = 3, .per = 40, .proof = 10};
    unsigned sequences = 1;
    for (unsigned i = 0; i < STEPS; i++)
        sequences *= CHOICES;
    for (unsigned s = 0; s < sequences; s++) {
        struct remedy *r = fresh();
        usec_t now = 0;
        usec_t applied[STEPS];
        unsigned n = 0;
        usec_t last_symptom = 0;
        bool paged = false;
        for (unsigned i = 0, code = s; i < STEPS; i++, code /= CHOICES) {
            static const struct {
                enum remedy_event ev;
                usec_t after;
            } choices[CHOICES] = {{REMEDY_EV_SYMPTOM, 3}, {REMEDY_EV_DONE, 2}, {REMEDY_EV_TICK, 11},
                {REMEDY_EV_SYMPTOM, 12}};
            now += choices[code % CHOICES].after;
            bool silent = now - last_symptom >= tight.proof;
            enum remedy_event ev = choices[code % CHOICES].ev;
            /* Who has to decide before the symptom is there is told the same. */
            bool may = remedy_may(&tight, r, now);
            bool treating = r->state == REMEDY_TREATING;
            enum remedy_action action = remedy_step(&tight, r, ev, now);
            if (ev == REMEDY_EV_SYMPTOM)
                assert_int_equal(may, treating || action == REMEDY_DO_APPLY);
            switch (action) {
            case REMEDY_DO_APPLY:
                assert_int_equal(ev, REMEDY_EV_SYMPTOM);
                assert_true(!paged || silent);
                paged = false;
                assert_true(n < tight.n || now - applied[n - tight.n] >= tight.per);
                applied[n++] = now;
                break;
            case REMEDY_DO_STOP_UNHELPED:
            case REMEDY_DO_STOP_BUDGET:
                assert_int_equal(ev, REMEDY_EV_SYMPTOM);
                assert_true(!paged || silent);
                paged = true;
                break;
            case REMEDY_DO_RECOVERED:
                assert_true(paged && silent);
                paged = false;
                break;
            case REMEDY_DO_NOTHING:
                break;
            }
            if (ev == REMEDY_EV_SYMPTOM)
                last_symptom = now;
            assert_int_equal(paged, r->state == REMEDY_GIVEN_UP);
        }
    }
}

static void quiet_is_when_the_fewest_call(void **state)
{
    (void)state;
    struct quiet q = quiet_begin(100 * MIN);
    assert_false(quiet_is_now(&q, 5, true, 100 * MIN));
    assert_false(quiet_is_now(&q, 2, true, 104 * MIN));
    assert_false(quiet_is_now(&q, 3, true, 111 * MIN));
    assert_true(quiet_is_now(&q, 2, true, 112 * MIN));
    assert_true(quiet_is_now(&q, 1, true, 113 * MIN));
    assert_false(quiet_is_now(&q, 9, true, 459 * MIN));
    assert_true(quiet_is_now(&q, 9, true, 460 * MIN));
    q = quiet_begin(0);
    assert_true(quiet_is_now(&q, 0, true, 0));
    q = quiet_begin(0);
    assert_false(quiet_is_now(&q, 0, false, 9 * MIN));
    assert_true(quiet_is_now(&q, 0, false, 10 * MIN));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_helps_is_done_again),
        cmocka_unit_test(what_does_not_help_twice_stops),
        cmocka_unit_test(what_is_needed_too_often_stops),
        cmocka_unit_test(holds_whatever_comes),
        cmocka_unit_test(quiet_is_when_the_fewest_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
