/* core/logs/log_watch: how many lines are too many, and what looking may cost. */
#include "cmocka_all.h"

#include "core/logs/log_watch.h"

#define S USEC_PER_SEC

static const struct log_watch_conf three_in_ten = {.n = 3, .per = 10 * S, .cooldown = 60 * S};

enum { NOTHING = 0, RAISE = 1, CLEAR = 2, FIRE = 4 };

static int step(struct log_watch *w, enum log_watch_event ev, usec_t now)
{
    struct log_watch_update u = log_watch_step(&three_in_ten, w, ev, now);
    return (u.raise ? RAISE : 0) | (u.clear ? CLEAR : 0) | (u.fire ? FIRE : 0);
}

static int match(struct log_watch *w, usec_t now)
{
    return step(w, LOG_WATCH_EV_MATCH, now);
}

static struct log_watch *begun(void **state)
{
    static struct log_watch w;
    (void)state;
    log_watch_init(&w, 0);
    return &w;
}

static void counts_in_a_window_that_slides(void **state)
{
    struct log_watch *w = begun(state);
    assert_int_equal(match(w, 1 * S), NOTHING);
    assert_int_equal(match(w, 5 * S), NOTHING);
    assert_int_equal(match(w, 11 * S), NOTHING); /* the first is ten seconds old */
    assert_int_equal(log_watch_count(&three_in_ten, w, 11 * S), 2);
    assert_true(log_watch_deadline(&three_in_ten, w) == USEC_INFINITY);
    assert_int_equal(match(w, 15 * S - 1), RAISE | FIRE);
    assert_int_equal(w->total, 4);
    assert_int_equal(log_watch_deadline(&three_in_ten, w), 15 * S);
    assert_int_equal(step(w, LOG_WATCH_EV_TICK, 15 * S - 1), NOTHING);
    assert_int_equal(step(w, LOG_WATCH_EV_TICK, 15 * S), CLEAR);
    assert_true(log_watch_deadline(&three_in_ten, w) == USEC_INFINITY);
}

static void fires_again_after_its_cooldown_only(void **state)
{
    struct log_watch *w = begun(state);
    for (usec_t at = 0; at < 60; at++)
        assert_int_equal(match(w, at * S), at == 2 ? RAISE | FIRE : NOTHING);
    assert_int_equal(match(w, 61 * S), NOTHING);
    assert_int_equal(match(w, 62 * S), FIRE);
    assert_int_equal(log_watch_count(&three_in_ten, w, 62 * S), 9);
    /* It goes and comes within the cooldown: told by its edges, and not fired. */
    assert_int_equal(step(w, LOG_WATCH_EV_TICK, 80 * S), CLEAR);
    assert_int_equal(match(w, 81 * S), NOTHING);
    assert_int_equal(match(w, 82 * S), NOTHING);
    assert_int_equal(match(w, 83 * S), RAISE);
    /* A match that ends one and begins the next is no edge. */
    assert_int_equal(match(w, 91 * S), NOTHING);
    assert_int_equal(match(w, 92 * S), NOTHING);
    assert_int_equal(match(w, 122 * S), CLEAR);
}

static void one_line_may_be_too_many(void **state)
{
    struct log_watch *w = begun(state);
    const struct log_watch_conf one = {.n = 1, .per = S, .cooldown = S};
    for (usec_t at = 1; at < 4; at++) {
        struct log_watch_update u = log_watch_step(&one, w, LOG_WATCH_EV_MATCH, 2 * at * S);
        assert_true(u.raise && u.fire);
        assert_int_equal(log_watch_deadline(&one, w), (2 * at + 1) * S);
        assert_true(log_watch_step(&one, w, LOG_WATCH_EV_TICK, (2 * at + 1) * S).clear);
    }
}

static void remembers_as_many_as_may_be_asked_for(void **state)
{
    struct log_watch *w = begun(state);
    const struct log_watch_conf most = {.n = LIMIT_LOG_WATCH_HITS, .per = 60 * S, .cooldown = S};
    for (unsigned n = 1; n < LIMIT_LOG_WATCH_HITS; n++)
        assert_false(log_watch_step(&most, w, LOG_WATCH_EV_MATCH, n).raise);
    assert_true(log_watch_step(&most, w, LOG_WATCH_EV_MATCH, LIMIT_LOG_WATCH_HITS).raise);
    for (unsigned n = 1; n < 2500; n++)
        assert_false(log_watch_step(&most, w, LOG_WATCH_EV_MATCH, 2000 + n).raise);
    assert_int_equal(log_watch_count(&most, w, 5000), LIMIT_LOG_WATCH_HITS);
    assert_int_equal(log_watch_deadline(&most, w), 60 * S + 2000 + 2499 - LIMIT_LOG_WATCH_HITS + 1);
}

/* A pattern that takes all the time it gets has a hundredth of it. */
static void looking_costs_a_share_of_the_time(void **state)
{
    struct log_watch *w = begun(state);
    usec_t spent = 0;
    unsigned looked = 0;
    for (usec_t now = 0; now < 1000 * S; now += 2 * USEC_PER_MSEC) { /* 500 lines a second */
        if (log_watch_may_look(w, now)) {
            log_watch_looked(w, 5 * USEC_PER_MSEC);
            spent += 5 * USEC_PER_MSEC;
            looked++;
        }
    }
    assert_in_range(spent, 10 * S, 10 * S + 60 * USEC_PER_MSEC);
    assert_in_range(looked, 2000, 2012);
    log_watch_init(w, 0);
    for (usec_t now = 0; now < 1000 * S; now += 2 * USEC_PER_MSEC) {
        assert_true(log_watch_may_look(w, now));
        log_watch_looked(w, 19);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_in_a_window_that_slides),
        cmocka_unit_test(fires_again_after_its_cooldown_only),
        cmocka_unit_test(one_line_may_be_too_many),
        cmocka_unit_test(remembers_as_many_as_may_be_asked_for),
        cmocka_unit_test(looking_costs_a_share_of_the_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
