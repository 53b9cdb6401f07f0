/* core/sweep/pacer: how hard the sweep works a Redis that others use. */
#include "core/sweep/pacer.h"

#include "cmocka_all.h"

static const struct pacer_conf conf = {.max_latency = USEC_PER_MSEC};

static struct pacer ping(struct pacer p, usec_t now, usec_t took)
{
    return pacer_step(
        &conf, p, (struct pacer_event){.type = PACER_EV_PING, .now = now, .took = took});
}

static struct pacer scanned(struct pacer p, usec_t took)
{
    return pacer_step(&conf, p, (struct pacer_event){.type = PACER_EV_SCAN, .took = took});
}

static struct pacer pings(struct pacer p, usec_t *now, unsigned n, usec_t took)
{
    for (unsigned i = 0; i < n; i++) {
        *now += 20 * USEC_PER_MSEC;
        p = ping(p, *now, took);
    }
    return p;
}

static void a_calm_redis_gets_what_may_be_had(void **state)
{
    (void)state;
    static const struct {
        usec_t max_latency;
        unsigned share;
    } rows[] = {
        {0, 350},
        {USEC_PER_MSEC, 350},
        {3 * USEC_PER_MSEC, 450},
        {14 * USEC_PER_MSEC, 1000},
        {USEC_PER_SEC, 1000},
        {USEC_INFINITY, 1000},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct pacer_conf other = {.max_latency = rows[i].max_latency};
        struct pacer p = pacer_initial(USEC_PER_SEC);
        assert_int_equal(p.share, PACER_SHARE_CAREFUL);
        for (usec_t n = 1; n <= 100; n++) {
            p = pacer_step(&other, p,
                (struct pacer_event){.type = PACER_EV_PING,
                    .now = USEC_PER_SEC + n * 20 * USEC_PER_MSEC,
                    .took = 150});
            assert_int_equal(p.share, rows[i].share); /* from the first one on */
        }
        assert_int_equal(pacer_share_most(&other), rows[i].share);
    }
    struct pacer p = {.share = 500};
    assert_true(pacer_rest(p, 700) == 700);
    p.share = PACER_SHARE_MAX;
    assert_true(pacer_rest(p, 700) == 0);
}

static void one_late_ping_of_a_hundred_is_allowed(void **state)
{
    (void)state;
    usec_t now = USEC_PER_SEC;
    unsigned most = pacer_share_most(&conf);
    struct pacer p = pings(pacer_initial(now), &now, 200, 150);
    p = pings(p, &now, 1, 150 + USEC_PER_MSEC + 1);
    assert_int_equal(p.share, most);
    p = pings(p, &now, 99, 150);
    p = pings(p, &now, 1, 150 + USEC_PER_MSEC);
    assert_int_equal(p.share, most);
    p = pings(p, &now, 1, 150 + USEC_PER_MSEC + 1);
    assert_int_equal(p.share, most);
    p = pings(p, &now, 20, 150);
    p = pings(p, &now, 1, 150 + USEC_PER_MSEC + 1);
    assert_int_equal(p.share, most);
    p = pings(p, &now, 20, 150);
    unsigned count = p.count;
    p = pings(p, &now, 1, 150 + USEC_PER_MSEC + 1);
    assert_int_equal(p.share, most / 2);
    assert_int_equal(p.count, count * 7 / 10);
}

/* One of ten is late, in our rests as well: not because of us. */
static void what_is_late_anyway_is_not_our_fault(void **state)
{
    (void)state;
    usec_t now = USEC_PER_SEC;
    struct pacer p = pacer_initial(now);
    unsigned least = PACER_SHARE_MAX;
    for (int i = 0; i < 4000; i++) {
        usec_t late = (i / 20 % 2 ? 3 : 30) * USEC_PER_MSEC;
        usec_t took = 150 + (i % 20 < 2 ? late : 0);
        now += 20 * USEC_PER_MSEC;
        p = pacer_step(&conf, p,
            (struct pacer_event){
                .type = PACER_EV_PING, .now = now, .took = took, .resting = i % 2 == 0});
        least = i > 1000 && p.share < least ? p.share : least;
    }
    assert_int_equal(least, pacer_share_most(&conf));
    /* When only those are late that meet us, it is. */
    for (int i = 0; i < 4000; i++) {
        usec_t took = 150 + (i % 4 == 1 ? 3 * USEC_PER_MSEC : 0);
        now += 20 * USEC_PER_MSEC;
        p = pacer_step(&conf, p,
            (struct pacer_event){
                .type = PACER_EV_PING, .now = now, .took = took, .resting = i % 2 == 0});
        least = p.share < least ? p.share : least;
    }
    assert_int_equal(least, PACER_SHARE_LEAST);
}

static void a_jump_leaves_a_trickle_and_is_recovered_from(void **state)
{
    (void)state;
    usec_t now = USEC_PER_SEC;
    struct pacer p = pings(pacer_initial(now), &now, 200, 150);
    p = pings(p, &now, 1, 30 * USEC_PER_MSEC);
    assert_int_equal(p.share, PACER_SHARE_TRICKLE);
    assert_true(pacer_rest(p, USEC_PER_MSEC) == 99 * USEC_PER_MSEC);
    p = pings(p, &now, 5, 150);
    assert_int_equal(p.share, PACER_SHARE_TRICKLE + 50);
    p = pings(p, &now, 100, 150);
    assert_int_equal(p.share, pacer_share_most(&conf));
}

static void a_fork_is_a_trickle_for_as_long_as_it_lasts(void **state)
{
    (void)state;
    usec_t now = USEC_PER_SEC;
    struct pacer p = pings(pacer_initial(now), &now, 200, 150);
    p = pacer_step(
        &conf, p, (struct pacer_event){.type = PACER_EV_SERVER, .now = now, .strained = true});
    p = pings(p, &now, 500, 150);
    assert_int_equal(p.share, PACER_SHARE_TRICKLE);
    p = pacer_step(&conf, p, (struct pacer_event){.type = PACER_EV_SERVER, .now = now});
    p = pings(p, &now, 100, 150);
    assert_int_equal(p.share, pacer_share_most(&conf));
}

/* What a wake-up or a long way costs says nothing about the server's load. */
static void the_floor_is_not_latency(void **state)
{
    (void)state;
    usec_t now = USEC_PER_SEC;
    struct pacer p = pings(pacer_initial(now), &now, 300, 40 * USEC_PER_MSEC);
    assert_int_equal(p.share, pacer_share_most(&conf));
    assert_true(pacer_floor(p) == 40 * USEC_PER_MSEC);
    for (int i = 0; i < 200; i++)
        p = scanned(p, 40 * USEC_PER_MSEC + 100);
    assert_int_equal(p.count, PACER_COUNT_FIRST);
    /* A way that became longer is a floor again, half a minute later. */
    p = pings(p, &now, 1000, 90 * USEC_PER_MSEC);
    assert_int_equal(p.share, PACER_SHARE_TRICKLE);
    p = pings(p, &now, 1000, 90 * USEC_PER_MSEC);
    assert_true(pacer_floor(p) == 90 * USEC_PER_MSEC);
    assert_int_equal(p.share, pacer_share_most(&conf));
}

static void without_pings_nothing_is_adapted(void **state)
{
    (void)state;
    struct pacer p = pacer_initial(0);
    for (int i = 0; i < 100; i++)
        p = scanned(p, i % 2 ? USEC_PER_SEC : 1);
    assert_int_equal(p.count, PACER_COUNT_FIRST);
    assert_int_equal(p.share, PACER_SHARE_CAREFUL);
}

/* A server where each bucket costs `cost` nanoseconds: COUNT ends where a SCAN takes the target. */
static void count_follows_what_a_scan_costs(void **state)
{
    (void)state;
    static const struct {
        unsigned cost, least, most;
    } rows[] = {
        {100, PACER_COUNT_MAX, PACER_COUNT_MAX},
        {1500, 50, 85},
        {4000, 20, 32},
        {100000, PACER_COUNT_MIN, PACER_COUNT_MIN},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        usec_t now = USEC_PER_SEC;
        struct pacer p = pings(pacer_initial(now), &now, 10, 150);
        for (int step = 0; step < 1000; step++)
            p = scanned(p, 150 + p.count * rows[i].cost / 1000);
        if (p.count < rows[i].least || p.count > rows[i].most)
            fail_msg("%u ns: COUNT %u", rows[i].cost, p.count);
    }
}

/* ---- a Redis that answers later the more it is worked ---- */

static uint64_t random_state = 0x9E3779B97F4A7C15;

static uint64_t below(uint64_t n)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state % n;
}

/* What one command of others waits for: `load` of them in a thousand meet us while we hold Redis
 * for `held`, as much as our share of the time lets them. */
static usec_t waits(struct pacer p, usec_t held)
{
    return 100 + below(60) + (below(PACER_SHARE_MAX) < p.share ? below(held + 1) : 0);
}

static void others_wait_for_no_more_than_they_may(void **state)
{
    (void)state;
    for (unsigned cost = 1; cost <= 40; cost += 3) {
        usec_t now = USEC_PER_SEC;
        struct pacer p = pacer_initial(now);
        unsigned late = 0;
        enum { WARM = 2000, MEASURED = 20000 };
        for (int i = 0; i < WARM + MEASURED; i++) {
            now += 20 * USEC_PER_MSEC;
            usec_t held = p.count * cost;
            usec_t wait = waits(p, held);
            p = ping(p, now, wait);
            p = scanned(p, 130 + held);
            late += i >= WARM && wait > 160 + conf.max_latency;
        }
        if (late > MEASURED / 50)
            fail_msg("%u us a bucket: %u of %d late", cost, late, MEASURED);
    }
}

static void whatever_comes_the_bounds_hold(void **state)
{
    (void)state;
    for (int run = 0; run < 200; run++) {
        usec_t now = below(2) ? 0 : below(1000 * USEC_PER_SEC);
        struct pacer_conf any = {.max_latency = below(4) ? below(5000) : below(USEC_INFINITY)};
        struct pacer p = pacer_initial(now);
        for (int i = 0; i < 1000; i++) {
            struct pacer before = p;
            now = usec_add(now, below(20) ? below(30000) : below(100 * USEC_PER_SEC));
            struct pacer_event ev = {.type = (enum pacer_event_type)below(4),
                .now = now,
                .took = below(10) ? below(3000) : below(USEC_PER_MIN),
                .strained = below(2),
                .resting = below(2)};
            p = pacer_step(&any, p, ev);
            assert_in_range(p.count, PACER_COUNT_MIN, PACER_COUNT_MAX);
            assert_in_range(p.depth, PACER_DEPTH_MIN, PACER_DEPTH_MAX);
            assert_in_range(p.share, PACER_SHARE_TRICKLE, PACER_SHARE_MAX);
            assert_true(!p.strained || p.share <= before.share);
            assert_true(p.share <= before.share || ev.type == PACER_EV_PING);
            usec_t busy = below(USEC_PER_SEC);
            assert_true(pacer_rest(p, busy) <= busy * 99);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_calm_redis_gets_what_may_be_had),
        cmocka_unit_test(one_late_ping_of_a_hundred_is_allowed),
        cmocka_unit_test(what_is_late_anyway_is_not_our_fault),
        cmocka_unit_test(a_jump_leaves_a_trickle_and_is_recovered_from),
        cmocka_unit_test(a_fork_is_a_trickle_for_as_long_as_it_lasts),
        cmocka_unit_test(the_floor_is_not_latency),
        cmocka_unit_test(without_pings_nothing_is_adapted),
        cmocka_unit_test(count_follows_what_a_scan_costs),
        cmocka_unit_test(others_wait_for_no_more_than_they_may),
        cmocka_unit_test(whatever_comes_the_bounds_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
