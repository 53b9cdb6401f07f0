/* daemon/sweep/sweeper with Lease=: of two on one Redis one sweeps, and the other says who. */
#include "sweep_rig.h"

#include "redis_between.h"

#define LEASE "voxkeeper:lease:sweep"

static void with_lease_of(struct sweep_rig *r, usec_t time)
{
    sweep_rig_limit(
        r, (struct sweep_limits){
               .max_delete = {UINT64_MAX, SWEEP_FUSE_NO_SHARE}, .lease = true, .lease_time = time});
}

static void with_lease(struct sweep_rig *r)
{
    with_lease_of(r, 0);
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

/* ---- longer than the lease ---- */

static void plant(struct sweep_rig *r, int n)
{
    for (int i = 0; i < n; i++)
        redisAppendCommand(
            r->c, "SET cursor_task:more-%d {\"pending\":true,\"createdAt\":1700000000}", i);
    for (int i = 0; i < n; i++) {
        void *reply = NULL;
        assert_int_equal(redisGetReply(r->c, &reply), REDIS_OK);
        freeReplyObject(reply);
    }
}

static int calls(struct sweep_rig *r, const char *command)
{
    char field[64];
    redisReply *stats = rig_redis_do(r->c, "INFO commandstats");
    snprintf(field, sizeof field, "cmdstat_%s:calls=", command);
    const char *at = strstr(stats->str, field);
    int n = at ? atoi(at + strlen(field)) : 0;
    freeReplyObject(stats);
    return n;
}

/* Each step takes as long as a renewal is away. */
static void it_is_renewed_while_the_sweep_lasts(void **state)
{
    struct sweep_rig *r = *state;
    struct between between;
    between_start(&between, &r->redis);
    sweeper_free(r->sweeper);
    redis_link_free(r->link);
    sweep_rig_connect(r, between.url, NULL, NULL);
    with_lease_of(r, 450 * USEC_PER_MSEC);
    plant(r, 1000);
    between_rule(
        &between, (struct between_rule){.command = "SCAN", .deed = BETWEEN_DELAY, .delay_ms = 150});
    sweep_rig_run(r, (struct sweep_request){0});
    sweep_rig_went_well(r);
    assert_true(between_met(&between) >= 4);
    assert_true(calls(r, "pexpire") >= 2);
    assert_int_equal(r->summary.removed, 1050);
    assert_int_equal(rig_redis_int(r->c, "EXISTS " LEASE), 0);
    between_stop(&between);
}

static int findings;

/* As when we are stopped for a while: another one takes over. */
static void stand_still_at_the_tenth(struct sweep_rig *r)
{
    if (++findings != 10)
        return;
    while (rig_redis_int(r->c, "EXISTS " LEASE) == 1)
        usleep(10000);
    rig_redis_run(r->c, "SET " LEASE " far-away:4711:0123 NX PX 25000");
}

static void one_that_ran_out_in_a_pause_ends_the_sweep(void **state)
{
    struct sweep_rig *r = *state;
    findings = 0;
    with_lease_of(r, 450 * USEC_PER_MSEC);
    plant(r, 20000);
    r->on_finding = stand_still_at_the_tenth;
    sweep_rig_run(r, (struct sweep_request){0});
    assert_true(findings >= 10);
    assert_false(r->summary.complete);
    assert_true(r->summary.elsewhere);
    assert_non_null(strstr(r->summary.error_text, "far-away (process 4711)"));
    assert_true(r->summary.removed < 20000);
    assert_int_equal(rig_redis_int(r->c, "EXISTS " LEASE), 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(it_is_held_for_a_sweep_and_given_back),
        TEST(another_one_is_named),
        TEST(one_that_changed_hands_stays),
        TEST(without_the_right_to_it_the_sweep_goes_on),
        TEST(it_is_renewed_while_the_sweep_lasts),
        TEST(one_that_ran_out_in_a_pause_ends_the_sweep),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
