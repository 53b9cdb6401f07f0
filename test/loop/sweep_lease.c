/* daemon/sweeper with Lease=: of two on one Redis one sweeps, and the other says who. */
#include "sweep_rig.h"

#define LEASE "voxkeeper:lease:sweep"

static void with_lease(struct sweep_rig *r)
{
    sweeper_limit(r->sweeper, &(struct sweep_limits){.max_latency = USEC_PER_MSEC,
                                  .max_delete = {UINT64_MAX, SWEEP_FUSE_NO_SHARE},
                                  .lease = true});
}

static int setup(void **state)
{
    struct sweep_rig *r = sweep_rig_up(NULL);
    with_lease(r);
    for (int i = 0; i < 50; i++)
        rig_redis_run(r->c, "SET cursor_task:%d {\"pending\":true,\"createdAt\":1700000000}", i);
    *state = r;
    return 0;
}

static int teardown(void **state)
{
    sweep_rig_free(*state);
    return 0;
}

static char holder[256];
static long long left_ms;

static void look_at_the_lease(struct sweep_rig *r)
{
    redisReply *reply = rig_redis_do(r->c, "GET " LEASE);
    snprintf(holder, sizeof holder, "%s", reply->type == REDIS_REPLY_STRING ? reply->str : "");
    freeReplyObject(reply);
    left_ms = rig_redis_int(r->c, "PTTL " LEASE);
}

static void it_is_held_for_a_sweep_and_given_back(void **state)
{
    struct sweep_rig *r = *state;
    char own[32];
    holder[0] = '\0';
    r->on_finding = look_at_the_lease;
    sweep_rig_run(r, (struct sweep_request){0});
    sweep_rig_went_well(r);
    assert_int_equal(r->summary.removed, 50);
    snprintf(own, sizeof own, ":%ld:", (long)getpid());
    assert_non_null(strstr(holder, own));
    assert_in_range(left_ms, 20000, 30000);
    assert_int_equal(rig_redis_int(r->c, "EXISTS " LEASE), 0);
}

static void another_one_is_named(void **state)
{
    struct sweep_rig *r = *state;
    rig_redis_run(r->c, "SET " LEASE " far-away:4711:0123 PX 25000");
    sweep_rig_run(r, (struct sweep_request){0});
    assert_false(r->summary.complete);
    assert_true(r->summary.elsewhere);
    assert_int_equal(r->summary.removed, 0);
    if (!strstr(r->summary.error_text, "voxkeeperd on far-away (process 4711) holds " LEASE))
        fail_msg("%s", r->summary.error_text);
    assert_int_equal(rig_redis_int(r->c, "EXISTS " LEASE), 1); /* it is not ours to delete */
    sweep_rig_run(r, (struct sweep_request){.dry_run = true});
    sweep_rig_went_well(r);
    rig_redis_run(r->c, "DEL " LEASE);
    sweep_rig_run(r, (struct sweep_request){0});
    sweep_rig_went_well(r);
    assert_int_equal(r->summary.removed, 50);
}

static void steal_the_lease(struct sweep_rig *r)
{
    rig_redis_run(r->c, "SET " LEASE " far-away:4711:0123 PX 25000");
}

static void one_that_changed_hands_stays(void **state)
{
    struct sweep_rig *r = *state;
    r->on_finding = steal_the_lease;
    sweep_rig_run(r, (struct sweep_request){0});
    assert_int_equal(r->summary.removed, 50); /* that was short; safety does not depend on it */
    assert_int_equal(rig_redis_int(r->c, "EXISTS " LEASE), 1);
}

static void without_the_right_to_it_the_sweep_goes_on(void **state)
{
    struct sweep_rig *r = *state;
    sweeper_free(r->sweeper);
    redis_link_free(r->link);
    rig_redis_run(r->c, "ACL SETUSER default resetkeys ~cursor_task:* ~elevenlabs:session:*");
    sweep_rig_connect(r, r->redis.url, NULL, NULL);
    with_lease(r);
    sweep_rig_run(r, (struct sweep_request){0});
    sweep_rig_went_well(r);
    assert_int_equal(r->summary.removed, 50);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(it_is_held_for_a_sweep_and_given_back),
        TEST(another_one_is_named),
        TEST(one_that_changed_hands_stays),
        TEST(without_the_right_to_it_the_sweep_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
