/* daemon/sweep/sweep_mend: keys that stay get the TTL that they should have; tasks of nobody are
 * told. */
#include "sweep_rig.h"

#include "io/redis/redis_scan.h"

#define H USEC_PER_HOUR
#define D USEC_PER_DAY

static int setup(void **state)
{
    *state = sweep_rig_up(NULL);
    return 0;
}

static int setup_alone(void **state)
{
    *state = sweep_rig_new();
    return 0;
}

static int teardown(void **state)
{
    sweep_rig_free(*state);
    return 0;
}

/* The rig's keyspaces with Repair=yes. */
static void repairs(struct sweep_rig *r)
{
    struct config_keyspace spaces[2];
    struct err e;
    memcpy(spaces, sweep_rig_keyspaces, sizeof spaces);
    spaces[0].repair = true;
    spaces[1].repair = true;
    assert_int_equal(
        sweeper_configure(r->sweeper, spaces, 2, &(struct strlist){0}, 15 * USEC_PER_MIN, &e), 0);
}

static void plant_to_repair(struct sweep_rig *r)
{
    sweep_rig_session(r, "fine", 0, 1234);
    sweep_rig_session(r, "immortal", 20 * USEC_PER_MIN, 0);
    sweep_rig_session(r, "overlong", H, 999999);
    sweep_rig_session(r, "stale", 3 * D, 0);
    sweep_rig_task(r, "immortal", true, 4 * H, 0);
    rig_redis_run(r->c, "SET elevenlabs:session:bad %s", "hello");
}

static void repairs_what_is_not_stuck(void **state)
{
    struct sweep_rig *r = *state;
    plant_to_repair(r);
    repairs(r);
    sweep_rig_run(r, (struct sweep_request){.dry_run = true});
    sweep_rig_tells(r, "elevenlabs:session:immortal sessions immortal found");
    assert_int_equal(rig_redis_int(r->c, "PTTL elevenlabs:session:immortal"), -1);
    sweep_rig_run(r, (struct sweep_request){0});
    sweep_rig_went_well(r);
    sweep_rig_tells(r, "elevenlabs:session:immortal sessions immortal repaired");
    sweep_rig_tells(r, "elevenlabs:session:overlong sessions overlong repaired");
    sweep_rig_tells(r, "cursor_task:immortal tasks immortal repaired");
    sweep_rig_tells(r, "elevenlabs:session:stale sessions stale removed");
    sweep_rig_tells(r, "elevenlabs:session:bad sessions malformed found");
    assert_int_equal(r->summary.repaired, 3);
    assert_int_equal(r->summary.keyspaces[0].repaired, 2);
    assert_int_equal(r->summary.removed, 1);
    assert_in_range(rig_redis_int(r->c, "TTL elevenlabs:session:immortal"), 2300, 2400);
    assert_in_range(rig_redis_int(r->c, "TTL elevenlabs:session:overlong"), 3500, 3600);
    assert_in_range(rig_redis_int(r->c, "TTL cursor_task:immortal"), 71900, 72000);
    assert_true(rig_redis_int(r->c, "TTL elevenlabs:session:fine") <= 1234);
    assert_int_equal(rig_redis_int(r->c, "TTL elevenlabs:session:bad"), -1);
    /* Done is done. */
    sweep_rig_run(r, (struct sweep_request){0});
    assert_int_equal(r->summary.repaired, 0);
    assert_int_equal(r->summary.keyspaces[0].found[SWEEP_FINE], 3);
}

static void change_one(struct sweep_rig *r)
{
    if (r->summary.n_keyspaces == 0)
        rig_redis_run(r->c, "SETEX elevenlabs:session:immortal 77 new");
    r->summary.n_keyspaces = 1;
}

/* What is told first of a step is told before the others are repaired. */
static void leaves_alone_what_changed_before_its_repair(void **state)
{
    struct sweep_rig *r = *state;
    plant_to_repair(r);
    repairs(r);
    r->summary.n_keyspaces = 0;
    r->on_finding = change_one;
    sweep_rig_run(r, (struct sweep_request){.keyspace = "sessions"});
    sweep_rig_went_well(r);
    sweep_rig_tells(r, "elevenlabs:session:immortal sessions immortal survived");
    assert_int_equal(rig_redis_int(r->c, "TTL elevenlabs:session:immortal"), 77);
    assert_int_equal(r->summary.repaired, 1);
}

/* ---- owners ---- */

static void finds_tasks_of_nobody(void **state)
{
    struct sweep_rig *r = *state;
    char when[TIMESTAMP_TEXT_MAX];
    sweep_rig_ago(H, when);
    static const char *const rows[][3] = {{"a", "c1", "p"}, {"b", "c2", "p"}, {"c", "gone", "s3"},
        {"d", "s4", "p"}, {"e", "gone", "gone"}, {"f", "gone too", "{}"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        rig_redis_run(r->c,
            "SET cursor_task:%s {\"pending\":true,\"createdAt\":\"%s\",\"conversationId\":\"%s\","
            "\"sessionPayload\":\"%s\"}",
            rows[i][0], when, rows[i][1], rows[i][2]);
    rig_redis_run(r->c, "SET elevenlabs:conversation:c1 x");
    rig_redis_run(r->c, "SET elevenlabs:conversation:c2 x");
    sweep_rig_session(r, "s3", 0, 3600);
    sweep_rig_session(r, "s4", 0, 3600);
    long long before = rig_redis_int(r->c, "DBSIZE");
    sweep_rig_run(r, (struct sweep_request){.keyspace = "tasks"});
    sweep_rig_went_well(r);
    for (const char *known = "abcd"; *known; known++) {
        char line[64];
        snprintf(line, sizeof line, "cursor_task:%c tasks immortal found", *known);
        sweep_rig_tells(r, line);
    }
    sweep_rig_tells(r, "cursor_task:e tasks orphan found");
    sweep_rig_tells(r, "cursor_task:f tasks orphan found");
    assert_int_equal(r->summary.keyspaces[0].found[SWEEP_ORPHAN], 2);
    assert_int_equal(r->summary.pending_tasks, 6);
    assert_int_equal(rig_redis_int(r->c, "DBSIZE"), before);
    /* The conversation's idle time is not ours to change, nor is it looked into. */
    redisReply *stats = rig_redis_do(r->c, "INFO commandstats");
    assert_null(strstr(stats->str, "cmdstat_get:"));
    freeReplyObject(stats);
}

/* ---- rights ---- */

static void repairs_with_the_right_to(void **state)
{
    struct sweep_rig *r = *state;
    sweep_rig_as_keeper(r, SWEEP_RIG_LEAST_RIGHTS "+evalsha +script|load +pexpire");
    plant_to_repair(r);
    repairs(r);
    sweep_rig_run(r, (struct sweep_request){0});
    sweep_rig_went_well(r);
    assert_int_equal(r->summary.repaired, 3);
    assert_int_equal(r->summary.removed, 1);
}

static void repairs_without_scripts(void **state)
{
    struct sweep_rig *r = *state;
    sweep_rig_as_keeper(r, SWEEP_RIG_LEAST_RIGHTS "+watch +unwatch +multi +exec +pexpire");
    plant_to_repair(r);
    repairs(r);
    sweep_rig_run(r, (struct sweep_request){0});
    sweep_rig_went_well(r);
    assert_int_equal(r->summary.repaired, 3);
    assert_int_equal(r->summary.removed, 1);
    assert_in_range(rig_redis_int(r->c, "TTL elevenlabs:session:overlong"), 3500, 3600);
}

/* It says so, and removes what is to be removed. */
static void no_right_to_repair(void **state)
{
    struct sweep_rig *r = *state;
    sweep_rig_as_keeper(r, SWEEP_RIG_LEAST_RIGHTS "+evalsha +script|load");
    plant_to_repair(r);
    repairs(r);
    sweep_rig_run(r, (struct sweep_request){0});
    assert_true(r->summary.complete);
    assert_int_equal(r->summary.error, REDIS_E_NOPERM);
    assert_non_null(strstr(r->summary.error_text, "PEXPIRE"));
    assert_int_equal(r->summary.repaired, 0);
    assert_int_equal(r->summary.not_tried, 3);
    assert_int_equal(r->summary.removed, 1);
}

/* Who may not ask for conversations calls no task an orphan. */
static void no_right_to_ask_for_owners(void **state)
{
    struct sweep_rig *r = *state;
    char when[TIMESTAMP_TEXT_MAX];
    sweep_rig_as_keeper(r, SWEEP_RIG_LEAST_RIGHTS "+evalsha +script|load +exists");
    for (int i = 0; i < 300; i++)
        rig_redis_run(r->c, "SET cursor_task:o%d {\"createdAt\":\"%s\",\"conversationId\":\"c\"}",
            i, sweep_rig_ago(0, when));
    sweep_rig_run(r, (struct sweep_request){0});
    sweep_rig_went_well(r);
    assert_int_equal(r->summary.keyspaces[1].found[SWEEP_ORPHAN], 0);
    assert_int_equal(r->summary.keyspaces[1].found[SWEEP_IMMORTAL], 300);
    /* It asks for the first look only. */
    assert_true(sweep_rig_errors(r, "NOPERM") < 2 * REDIS_SCAN_WINDOW);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
#define ALONE(f) cmocka_unit_test_setup_teardown(f, setup_alone, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(repairs_what_is_not_stuck),
        TEST(leaves_alone_what_changed_before_its_repair),
        TEST(finds_tasks_of_nobody),
        ALONE(repairs_with_the_right_to),
        ALONE(repairs_without_scripts),
        ALONE(no_right_to_repair),
        ALONE(no_right_to_ask_for_owners),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
