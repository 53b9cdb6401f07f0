/* daemon/sweep/sweeper with MaxDelete=: how much would go is known before anything goes. */
#include "sweep_rig.h"

static int setup(void **state)
{
    *state = sweep_rig_up(NULL);
    return 0;
}

static int teardown(void **state)
{
    sweep_rig_free(*state);
    return 0;
}

static void limit(struct sweep_rig *r, uint64_t count, unsigned percent)
{
    sweep_rig_limit(r, (struct sweep_limits){.max_delete = {count, percent}});
}

/* `n` stuck tasks. */
static void plant(struct sweep_rig *r, int n)
{
    for (int i = 0; i < n; i++)
        redisAppendCommand(
            r->c, "SET cursor_task:%d {\"pending\":true,\"createdAt\":1700000000}", i);
    for (int i = 0; i < n; i++) {
        void *reply = NULL;
        assert_int_equal(redisGetReply(r->c, &reply), REDIS_OK);
        freeReplyObject(reply);
    }
}

static void plant_healthy(struct sweep_rig *r, int n)
{
    for (int i = 0; i < n; i++) {
        char id[24];
        snprintf(id, sizeof id, "healthy-%d", i);
        sweep_rig_task(r, id, false, 0, 3600);
    }
}

static unsigned lines(const struct sweep_rig *r, const char *end)
{
    unsigned n = 0;
    for (const char *at = strbuf_text(&r->told); (at = strstr(at, end)); at++)
        n++;
    return n;
}

static void within_the_limit_all_of_it_goes(void **state)
{
    struct sweep_rig *r = *state;
    plant(r, 500);
    plant_healthy(r, 600);
    limit(r, 500, 50);
    sweep_rig_run(r, (struct sweep_request){0});
    sweep_rig_went_well(r);
    assert_false(r->summary.held);
    assert_int_equal(r->summary.removed, 500);
    assert_int_equal(r->summary.keys, 1100); /* the second look counts nothing */
    assert_int_equal(r->summary.keyspaces[1].found[SWEEP_STUCK_TASK], 500);
    assert_int_equal(lines(r, " stuck-task removed\n"), 500);
    assert_int_equal(lines(r, "\n"), 500);
    assert_int_equal(rig_redis_int(r->c, "DBSIZE"), 600);
}

static void beyond_the_count_nothing_goes(void **state)
{
    struct sweep_rig *r = *state;
    plant(r, 500);
    limit(r, 499, SWEEP_FUSE_NO_SHARE);
    sweep_rig_run(r, (struct sweep_request){0});
    sweep_rig_went_well(r);
    assert_true(r->summary.held);
    assert_string_equal(r->summary.held_why, "500 keys would go, MaxDelete=499 at most");
    assert_int_equal(r->summary.removed, 0);
    assert_int_equal(r->summary.not_tried, 500);
    assert_int_equal(lines(r, " stuck-task held\n"), 500);
    assert_int_equal(rig_redis_int(r->c, "DBSIZE"), 500);
}

static void beyond_the_share_nothing_goes(void **state)
{
    struct sweep_rig *r = *state;
    plant(r, 500);
    plant_healthy(r, 499);
    limit(r, UINT64_MAX, 50);
    sweep_rig_run(r, (struct sweep_request){0});
    assert_true(r->summary.held);
    assert_non_null(strstr(r->summary.held_why, "500 of the 999 keys of tasks would go"));
    assert_int_equal(rig_redis_int(r->c, "DBSIZE"), 999);
    sweep_rig_run(r, (struct sweep_request){.dry_run = true});
    sweep_rig_went_well(r);
    assert_true(r->summary.held);
    plant_healthy(r, 500);
    sweep_rig_run(r, (struct sweep_request){0});
    assert_false(r->summary.held);
    assert_int_equal(r->summary.removed, 500);
}

static void an_agreed_number_goes_and_no_more(void **state)
{
    struct sweep_rig *r = *state;
    plant(r, 500);
    limit(r, 10, 10);
    sweep_rig_run(r, (struct sweep_request){.agreed = 300});
    assert_true(r->summary.held);
    assert_int_equal(r->summary.removed, 300);
    assert_int_equal(lines(r, " stuck-task held\n"), 200);
    assert_int_equal(rig_redis_int(r->c, "DBSIZE"), 200);
    sweep_rig_run(r, (struct sweep_request){.agreed = 200});
    sweep_rig_went_well(r);
    assert_false(r->summary.held);
    assert_int_equal(rig_redis_int(r->c, "DBSIZE"), 0);
}

/* More than are held in memory: they are found again. */
static void any_number_within_the_limit_goes(void **state)
{
    struct sweep_rig *r = *state;
    plant(r, 12000);
    limit(r, 12000, SWEEP_FUSE_NO_SHARE);
    sweep_rig_run(r, (struct sweep_request){0});
    sweep_rig_went_well(r);
    assert_false(r->summary.held);
    assert_int_equal(r->summary.removed, 12000);
    assert_int_equal(r->summary.keys, 12000);
    assert_int_equal(lines(r, " removed\n"), 12000);
    assert_int_equal(rig_redis_int(r->c, "DBSIZE"), 0);
}

/* ---- between counting and removing ---- */

static int findings, refreshed, gone;

/* The first of them are removed: the others are looked at anew after this. */
static void refresh_and_delete_some(struct sweep_rig *r)
{
    if (++findings != 50)
        return;
    for (int i = 0; i < 500; i += 5) {
        redisReply *set = rig_redis_do(r->c, "SET cursor_task:%d {\"a\":1} XX EX 3600", i);
        refreshed += set->type == REDIS_REPLY_STATUS;
        freeReplyObject(set);
        gone += (int)rig_redis_int(r->c, "DEL cursor_task:%d", i + 1);
    }
}

static void what_was_refreshed_meanwhile_stays(void **state)
{
    struct sweep_rig *r = *state;
    findings = refreshed = gone = 0;
    plant(r, 500);
    limit(r, 500, SWEEP_FUSE_NO_SHARE);
    r->on_finding = refresh_and_delete_some;
    sweep_rig_run(r, (struct sweep_request){0});
    sweep_rig_went_well(r);
    assert_true(refreshed > 50 && gone > 50);
    assert_int_equal(r->summary.removed, 500 - refreshed - gone);
    assert_int_equal(r->summary.survived, refreshed + gone);
    assert_int_equal(rig_redis_int(r->c, "DBSIZE"), refreshed);
}

/* The first finding comes while keys are counted, the others while they are removed. */
static void kill_the_clients(struct sweep_rig *r)
{
    if (++findings == 1 || findings == 50)
        rig_redis_run(r->c, "CLIENT KILL TYPE normal SKIPME yes");
}

static void a_lost_connection_loses_nothing_of_it(void **state)
{
    struct sweep_rig *r = *state;
    findings = 0;
    plant(r, 500);
    sweep_rig_task(r, "young-without-ttl", false, 0, 0);
    limit(r, 600, SWEEP_FUSE_NO_SHARE);
    r->on_finding = kill_the_clients;
    sweep_rig_run(r, (struct sweep_request){0});
    sweep_rig_went_well(r);
    assert_int_equal(r->summary.reconnects, 2);
    assert_int_equal(rig_redis_int(r->c, "DBSIZE"), 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(within_the_limit_all_of_it_goes),
        TEST(beyond_the_count_nothing_goes),
        TEST(beyond_the_share_nothing_goes),
        TEST(an_agreed_number_goes_and_no_more),
        TEST(any_number_within_the_limit_goes),
        TEST(what_was_refreshed_meanwhile_stays),
        TEST(a_lost_connection_loses_nothing_of_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
