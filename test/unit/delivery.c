/* core/incidents/delivery: when what waits is sent, and how long one waits after a failure. */
#include "core/incidents/delivery.h"

#include "cmocka_all.h"

#include "core/incidents/delivery_verdict.h"

static const struct delivery_conf free_of_charge = {0};
static const struct delivery_conf limited = {.limit = 2, .per = 10 * USEC_PER_SEC};
static const struct delivery_conf repeating = {.repeat = 60 * USEC_PER_SEC};

#define AT(seconds) ((usec_t)((seconds)*USEC_PER_SEC))

static struct delivery step(const struct delivery_conf *conf, struct delivery d,
    struct delivery_event ev, enum delivery_action want)
{
    struct delivery_update u = delivery_step(conf, d, &ev);
    assert_int_equal(u.action, want);
    return u.next;
}

#define EV(kind, at) ((struct delivery_event){.type = DELIVERY_EV_##kind, .now = AT(at)})
#define EV_WITH(kind, at, ...)                                                                     \
    ((struct delivery_event){.type = DELIVERY_EV_##kind, .now = AT(at), __VA_ARGS__})

static void sends_one_after_the_other(void **state)
{
    (void)state;
    struct delivery d = {0};
    d = step(&free_of_charge, d, EV_WITH(QUEUED, 1, .waiting = 1), DELIVERY_DO_SEND);
    d = step(&free_of_charge, d, EV_WITH(QUEUED, 1, .waiting = 2), DELIVERY_DO_NOTHING);
    assert_true(delivery_deadline(&free_of_charge, &d, 0) == USEC_INFINITY);
    d = step(&free_of_charge, d, EV_WITH(SENT, 2, .waiting = 1), DELIVERY_DO_SEND);
    d = step(&free_of_charge, d, EV(SENT, 3), DELIVERY_DO_NOTHING);
    assert_int_equal(d.state, DELIVERY_IDLE);
    assert_true(delivery_deadline(&free_of_charge, &d, 0) == USEC_INFINITY);
}

static void pauses_grow_to_a_limit(void **state)
{
    (void)state;
    static const unsigned seconds[] = {1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300};
    struct delivery d = {0};
    usec_t now = AT(10);
    for (size_t i = 0; i < sizeof seconds / sizeof *seconds; i++) {
        struct delivery_event ev = {.type = DELIVERY_EV_TIMER, .now = now, .waiting = 1};
        d = step(&free_of_charge, d, ev, DELIVERY_DO_SEND);
        ev.type = DELIVERY_EV_TRANSIENT;
        struct delivery_update u = delivery_step(&free_of_charge, d, &ev);
        assert_int_equal(u.delayed, i == 0);
        d = u.next;
        assert_int_equal(d.due - now, AT(seconds[i]));
        ev.type = DELIVERY_EV_TIMER;
        ev.now = d.due - 1;
        d = step(&free_of_charge, d, ev, DELIVERY_DO_NOTHING);
        now = d.due;
    }
    d = step(&free_of_charge, d,
        (struct delivery_event){.type = DELIVERY_EV_TIMER, .now = now, .waiting = 1},
        DELIVERY_DO_SEND);
    struct delivery_update u = delivery_step(
        &free_of_charge, d, &(struct delivery_event){.type = DELIVERY_EV_SENT, .now = now});
    assert_true(u.recovered);
    assert_int_equal(u.next.failures, 0);
}

static void jitter_only_adds(void **state)
{
    (void)state;
    struct delivery d = {.state = DELIVERY_SENDING, .attempted = AT(1)};
    d = step(&free_of_charge, d, EV_WITH(TRANSIENT, 1, .waiting = 1, .jitter = 999),
        DELIVERY_DO_NOTHING);
    assert_true(d.due > AT(2.24) && d.due < AT(2.25));
}

static void waits_as_long_as_it_is_asked_to(void **state)
{
    (void)state;
    struct delivery d = {.state = DELIVERY_SENDING, .attempted = AT(1)};
    d = step(&free_of_charge, d, EV_WITH(TRANSIENT, 1, .waiting = 1, .retry_after = AT(40)),
        DELIVERY_DO_NOTHING);
    assert_int_equal(d.due, AT(41));
    d = step(
        &free_of_charge, d, EV_WITH(QUEUED, 30, .waiting = 2, .urgent = true), DELIVERY_DO_NOTHING);
    d = step(&free_of_charge, d, EV_WITH(TIMER, 41, .waiting = 2), DELIVERY_DO_SEND);
    d = step(&free_of_charge, d, EV_WITH(TRANSIENT, 42, .waiting = 2, .retry_after = AT(86400)),
        DELIVERY_DO_NOTHING);
    assert_int_equal(d.due, AT(42 + 3600));
}

static void what_is_new_cuts_a_pause_short(void **state)
{
    (void)state;
    struct delivery d = {
        .state = DELIVERY_BACKOFF, .failures = 9, .attempted = AT(100), .due = AT(400)};
    struct delivery soon =
        step(&free_of_charge, d, EV_WITH(QUEUED, 102, .waiting = 2), DELIVERY_DO_NOTHING);
    assert_int_equal(soon.due, AT(105));
    step(&free_of_charge, d, EV_WITH(QUEUED, 200, .waiting = 2), DELIVERY_DO_SEND);
}

static void gives_up_what_is_refused_or_old(void **state)
{
    (void)state;
    struct delivery d = {.state = DELIVERY_SENDING, .attempted = AT(1)};
    assert_true(delivery_gives_up(&d, DELIVERY_EV_PERMANENT, 0));
    assert_false(delivery_gives_up(&d, DELIVERY_EV_TRANSIENT, DELIVERY_GIVE_UP - 1));
    assert_true(delivery_gives_up(&d, DELIVERY_EV_TRANSIENT, DELIVERY_GIVE_UP));
    assert_false(delivery_gives_up(&d, DELIVERY_EV_SENT, DELIVERY_GIVE_UP));
    /* The next one may do better. */
    struct delivery_event ev = EV_WITH(PERMANENT, 2, .waiting = 1);
    struct delivery_update u = delivery_step(&free_of_charge, d, &ev);
    assert_true(u.gave_up);
    assert_int_equal(u.action, DELIVERY_DO_SEND);
    /* What stands is never given up. */
    d.repeating = true;
    assert_false(delivery_gives_up(&d, DELIVERY_EV_PERMANENT, DELIVERY_GIVE_UP));
    u = delivery_step(&repeating, d, &ev);
    assert_int_equal(u.next.state, DELIVERY_BACKOFF);
}

static void keeps_to_the_rate(void **state)
{
    (void)state;
    struct delivery d = {0};
    d = step(&limited, d, EV_WITH(QUEUED, 100, .waiting = 3), DELIVERY_DO_SEND);
    d = step(&limited, d, EV_WITH(SENT, 100, .waiting = 2), DELIVERY_DO_SEND);
    d = step(&limited, d, EV_WITH(SENT, 100, .waiting = 1), DELIVERY_DO_NOTHING);
    assert_int_equal(d.state, DELIVERY_LIMITED);
    assert_int_equal(delivery_deadline(&limited, &d, 0), AT(105));
    d = step(&limited, d, EV_WITH(TIMER, 104, .waiting = 1), DELIVERY_DO_NOTHING);
    step(&limited, d, EV_WITH(QUEUED, 104, .waiting = 2, .urgent = true), DELIVERY_DO_SEND);
    step(&limited, d, EV_WITH(TIMER, 105, .waiting = 1), DELIVERY_DO_SEND);
}

static void tells_again_what_stands(void **state)
{
    (void)state;
    struct delivery d = {0};
    d = step(&repeating, d, EV_WITH(QUEUED, 1, .waiting = 1), DELIVERY_DO_SEND);
    d = step(&repeating, d, EV_WITH(SENT, 2, .standing = 1), DELIVERY_DO_NOTHING);
    assert_int_equal(delivery_deadline(&repeating, &d, 1), AT(62));
    assert_true(delivery_deadline(&repeating, &d, 0) == USEC_INFINITY);
    d = step(&repeating, d, EV_WITH(TIMER, 62, .standing = 1), DELIVERY_DO_REPEAT);
    d = step(&repeating, d, EV_WITH(TRANSIENT, 63, .standing = 1), DELIVERY_DO_NOTHING);
    d = step(&repeating, d, EV_WITH(TIMER, 65, .standing = 1), DELIVERY_DO_REPEAT);
    d = step(&repeating, d, EV_WITH(SENT, 65, .standing = 1), DELIVERY_DO_NOTHING);
    step(&repeating, d, EV(TIMER, 125), DELIVERY_DO_NOTHING);
}

static void knows_what_answers_mean(void **state)
{
    (void)state;
    static const struct {
        enum config_notify_type type;
        int status;
        enum delivery_event_type want;
    } rows[] = {
        {CONFIG_NOTIFY_WEBHOOK, 200, DELIVERY_EV_SENT},
        {CONFIG_NOTIFY_PAGERDUTY, 202, DELIVERY_EV_SENT},
        {CONFIG_NOTIFY_PAGERDUTY, 400, DELIVERY_EV_PERMANENT},
        {CONFIG_NOTIFY_PAGERDUTY, 429, DELIVERY_EV_TRANSIENT},
        {CONFIG_NOTIFY_WEBHOOK, 301, DELIVERY_EV_PERMANENT},
        {CONFIG_NOTIFY_WEBHOOK, 401, DELIVERY_EV_TRANSIENT},
        {CONFIG_NOTIFY_WEBHOOK, 408, DELIVERY_EV_TRANSIENT},
        {CONFIG_NOTIFY_ALERTMANAGER, 500, DELIVERY_EV_TRANSIENT},
        {CONFIG_NOTIFY_ALERTMANAGER, 400, DELIVERY_EV_PERMANENT},
        {CONFIG_NOTIFY_SLACK, 403, DELIVERY_EV_PERMANENT},
        {CONFIG_NOTIFY_SLACK, 404, DELIVERY_EV_PERMANENT},
        {CONFIG_NOTIFY_SLACK, 410, DELIVERY_EV_PERMANENT},
        {CONFIG_NOTIFY_SLACK, 503, DELIVERY_EV_TRANSIENT},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(delivery_verdict_http(rows[i].type, rows[i].status), rows[i].want);
    assert_int_equal(delivery_verdict_exit(0), DELIVERY_EV_SENT);
    assert_int_equal(delivery_verdict_exit(75), DELIVERY_EV_TRANSIENT);
    assert_int_equal(delivery_verdict_exit(1), DELIVERY_EV_PERMANENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sends_one_after_the_other),
        cmocka_unit_test(pauses_grow_to_a_limit),
        cmocka_unit_test(jitter_only_adds),
        cmocka_unit_test(waits_as_long_as_it_is_asked_to),
        cmocka_unit_test(what_is_new_cuts_a_pause_short),
        cmocka_unit_test(gives_up_what_is_refused_or_old),
        cmocka_unit_test(keeps_to_the_rate),
        cmocka_unit_test(tells_again_what_stands),
        cmocka_unit_test(knows_what_answers_mean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
