/* daemon/sweep/sweeper when Redis takes back in the middle what it gave at first: its rights, its
 * connections, its keys. */
#include "sweep_rig.h"

enum { MANY = 3000 };

static int setup(void **state)
{
    *state = sweep_rig_new();
    return 0;
}

static int teardown(void **state)
{
    sweep_rig_free(*state);
    return 0;
}

static void plant_many(struct sweep_rig *r)
{
    for (int i = 0; i < MANY; i++)
        redisAppendCommand(
            r->c, "SET cursor_task:%d {\"pending\":true,\"createdAt\":1700000000}", i);
    for (int i = 0; i < MANY; i++) {
        redisReply *reply = NULL;
        assert_int_equal(redisGetReply(r->c, (void **)&reply), REDIS_OK);
        assert_int_equal(reply->type, REDIS_REPLY_STATUS);
        freeReplyObject(reply);
    }
}

static void be_patient_for(struct sweep_rig *r, usec_t patience)
{
    sweep_rig_limit(r, (struct sweep_limits){
                           .max_delete = {UINT64_MAX, SWEEP_FUSE_NO_SHARE}, .patience = patience});
}

static void failed_with(const struct sweep_rig *r, enum redis_error error, const char *text)
{
    if (r->summary.complete || r->summary.error != error || !strstr(r->summary.error_text, text))
        fail_msg("complete %d, %s: \"%s\"", r->summary.complete, redis_error_name(r->summary.error),
            r->summary.error_text);
}

static int findings;
static const char *order[4]; /* carried out at the tenth finding */

static void carry_out_at_the_tenth(struct sweep_rig *r)
{
    if (++findings != 10)
        return;
    for (size_t i = 0; i < 4 && order[i]; i++)
        rig_redis_run(r->c, order[i]);
}

static void sweep_while(struct sweep_rig *r, const char *a, const char *b)
{
    findings = 0;
    order[0] = a;
    order[1] = b;
    r->on_finding = carry_out_at_the_tenth;
    sweep_rig_run(r, (struct sweep_request){0});
    assert_true(findings >= 10);
}

static void all_the_rest_goes(struct sweep_rig *r)
{
    long long left = rig_redis_int(r->c, "DBSIZE");
    r->on_finding = NULL;
    rig_wait(r->loop, sweep_rig_is_up, r);
    sweep_rig_run(r, (struct sweep_request){0});
    sweep_rig_went_well(r);
    assert_int_equal(r->summary.removed, left);
    assert_int_equal(rig_redis_int(r->c, "DBSIZE"), 0);
}

/* ---- rights ---- */

#define KEEPER SWEEP_RIG_LEAST_RIGHTS "+evalsha +script|load"

static void our_user_goes(void **state)
{
    struct sweep_rig *r = *state;
    sweep_rig_as_keeper(r, KEEPER);
    plant_many(r);
    sweep_while(r, "ACL DELUSER keeper", NULL);
    failed_with(r, REDIS_E_NOAUTH, "WRONGPASS");
    rig_redis_run(r->c, KEEPER);
    redis_link_retry(r->link);
    all_the_rest_goes(r);
}

static void a_right_goes(void **state)
{
    struct sweep_rig *r = *state;
    static const struct {
        const char *take;
        const char *named;
    } rows[] = {
        {"ACL SETUSER keeper -dump", "dump"},
        {"ACL SETUSER keeper -pttl", "pttl"},
        {"ACL SETUSER keeper -scan", "'scan'"},
        {"ACL SETUSER keeper -time", "'time'"},
        {"ACL SETUSER keeper -memory|usage", "'memory|usage'"},
        {"ACL SETUSER keeper -pexpiretime", "pexpiretime"},
    };
    sweep_rig_as_keeper(r, KEEPER);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        plant_many(r);
        sweep_while(r, rows[i].take, NULL);
        failed_with(r, REDIS_E_NOPERM, rows[i].named);
        rig_redis_run(r->c, KEEPER);
        all_the_rest_goes(r);
    }
}

/* The script may be called, and may not do what it is for. */
static void the_script_loses_a_right(void **state)
{
    struct sweep_rig *r = *state;
    sweep_rig_as_keeper(r, KEEPER);
    plant_many(r);
    sweep_while(r, "ACL SETUSER keeper -unlink", NULL);
    failed_with(r, REDIS_E_NOPERM, "unlink");
    rig_redis_run(r->c, KEEPER);
    all_the_rest_goes(r);
}

/* ---- connections ---- */

static void up(struct sweep_rig *r)
{
    rig_redis_start(&r->redis, NULL);
    r->c = rig_redis_connect(&r->redis);
    sweep_rig_connect(r, r->redis.url, NULL, NULL);
    plant_many(r);
}

#define KILL_THE_CLIENTS "CLIENT KILL TYPE normal SKIPME yes"

static void there_are_too_many_clients(void **state)
{
    struct sweep_rig *r = *state;
    up(r);
    be_patient_for(r, 300 * USEC_PER_MSEC);
    sweep_while(r, "CONFIG SET maxclients 1", KILL_THE_CLIENTS);
    failed_with(r, REDIS_E_CLIENTS, "max number of clients");
    rig_redis_run(r->c, "CONFIG SET maxclients 100");
    all_the_rest_goes(r);
}

static bool is_turned_away(void *arg)
{
    struct sweep_rig *r = arg;
    return strstr(redis_link_why(r->link), "max number of clients");
}

static void there_are_too_many_for_a_while(void **state)
{
    struct sweep_rig *r = *state;
    up(r);
    findings = 0;
    order[0] = "CONFIG SET maxclients 1";
    order[1] = KILL_THE_CLIENTS;
    r->on_finding = carry_out_at_the_tenth;
    sweep_rig_begin(r, (struct sweep_request){0});
    rig_wait(r->loop, is_turned_away, r);
    assert_true(sweeper_busy(r->sweeper));
    rig_redis_run(r->c, "CONFIG SET maxclients 100");
    sweep_rig_finish(r);
    sweep_rig_went_well(r);
    assert_int_equal(r->summary.reconnects, 1);
    assert_int_equal(rig_redis_int(r->c, "DBSIZE"), 0);
}

static void nobody_comes_back(void **state)
{
    struct sweep_rig *r = *state;
    up(r);
    be_patient_for(r, 300 * USEC_PER_MSEC);
    findings = 0;
    order[0] = NULL;
    r->on_finding = carry_out_at_the_tenth;
    sweep_rig_begin(r, (struct sweep_request){0});
    while (findings < 10)
        uv_run(loop_uv(r->loop), UV_RUN_ONCE);
    rig_redis_stop(&r->redis);
    sweep_rig_finish(r);
    failed_with(r, REDIS_E_LOST, "");
    assert_true(r->summary.error_text[0]);
}

/* All commands wait, as in a failover: shorter than CommandTimeout= it is nothing. What is longer
 * is redis_hangs() of sweep_trouble.c. */
static void redis_pauses(void **state)
{
    struct sweep_rig *r = *state;
    up(r);
    sweep_while(r, "CLIENT PAUSE 100 ALL", NULL);
    sweep_rig_went_well(r);
    assert_int_equal(r->summary.reconnects, 0);
    assert_int_equal(rig_redis_int(r->c, "DBSIZE"), 0);
}

static void restart_with_data_at_the_tenth(struct sweep_rig *r)
{
    if (++findings != 10)
        return;
    rig_redis_run(r->c, "SAVE");
    redisFree(r->c);
    rig_redis_stop(&r->redis);
    rig_redis_start(&r->redis, (const char *const[]){"--key-load-delay", "200",
                                   "--loading-process-events-interval-bytes", "1024", NULL});
    r->c = rig_redis_connect(&r->redis);
}

static void redis_loads_in_the_middle(void **state)
{
    struct sweep_rig *r = *state;
    up(r);
    findings = 0;
    r->on_finding = restart_with_data_at_the_tenth;
    sweep_rig_run(r, (struct sweep_request){0});
    sweep_rig_went_well(r);
    assert_true(r->summary.reconnects > 0);
    assert_int_equal(rig_redis_int(r->c, "DBSIZE"), 0);
}

/* ---- a node of a cluster ---- */

#define OTHER "0123456789012345678901234567890123456789"

/* One that knows of another node; that it never answers is found out only after a long time. */
static void be_a_node(struct sweep_rig *r)
{
    char port[8];
    char path[160];
    rig_free_port(port);
    snprintf(path, sizeof path, "%s/nodes.conf", r->redis.dir);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fprintf(f,
        "1111111111111111111111111111111111111111 127.0.0.1:0@%s myself,master - 0 0 1 connected "
        "0-16383\n" OTHER " 127.0.0.1:1@2 master - 0 0 2 connected\n"
        "vars currentEpoch 2 lastVoteEpoch 0\n",
        port);
    fclose(f);
    rig_redis_start(
        &r->redis, (const char *const[]){"--cluster-enabled", "yes", "--cluster-port", port,
                       "--bind", "127.0.0.1", "--cluster-node-timeout", "600000", NULL});
    r->c = rig_redis_connect(&r->redis);
    for (;;) {
        redisReply *info = rig_redis_do(r->c, "CLUSTER INFO");
        bool ok = strstr(info->str, "cluster_state:ok");
        freeReplyObject(info);
        if (ok)
            break;
        usleep(5000);
    }
    sweep_rig_connect(r, r->redis.url, NULL, NULL);
    plant_many(r);
}

static void give_a_slot_away(struct sweep_rig *r)
{
    long long slot = rig_redis_int(r->c, "CLUSTER KEYSLOT cursor_task:7");
    rig_redis_run(r->c, "CLUSTER DELSLOTS %lld", slot);
    rig_redis_run(r->c, "CLUSTER SETSLOT %lld NODE " OTHER, slot);
}

static void a_node_is_swept(void **state)
{
    struct sweep_rig *r = *state;
    be_a_node(r);
    sweep_rig_run(r, (struct sweep_request){0});
    sweep_rig_went_well(r);
    assert_int_equal(r->summary.removed, MANY);
    rig_redis_run(r->c, "ACL SETUSER default -evalsha");
    plant_many(r);
    all_the_rest_goes(r);
}

/* A slot is elsewhere: its keys are left, all others are swept. */
static void some_keys_have_moved(void **state)
{
    struct sweep_rig *r = *state;
    be_a_node(r);
    give_a_slot_away(r);
    sweep_rig_run(r, (struct sweep_request){0});
    assert_true(r->summary.complete);
    assert_int_equal(r->summary.error, REDIS_E_MOVED);
    assert_non_null(strstr(r->summary.error_text, "MOVED "));
    assert_false(r->summary.tasks_known);
    assert_in_range(rig_redis_int(r->c, "DBSIZE"), 1, 100);
    assert_int_equal(r->summary.removed, MANY - rig_redis_int(r->c, "DBSIZE"));
}

/* Half of them: then it is no sweep of this Redis any more. */
static void most_keys_have_moved(void **state)
{
    struct sweep_rig *r = *state;
    be_a_node(r);
    rig_redis_run(r->c, "CLUSTER DELSLOTSRANGE 0 8191");
    for (int slot = 0; slot < 8192; slot++)
        rig_redis_run(r->c, "CLUSTER SETSLOT %d NODE " OTHER, slot);
    sweep_rig_run(r, (struct sweep_request){0});
    failed_with(r, REDIS_E_MOVED, "MOVED ");
}

/* It is being handed over: what went already is asked for elsewhere, the rest is here. */
static void some_keys_are_on_their_way(void **state)
{
    struct sweep_rig *r = *state;
    be_a_node(r);
    long long slot = rig_redis_int(r->c, "CLUSTER KEYSLOT cursor_task:7");
    rig_redis_run(r->c, "CLUSTER SETSLOT %lld MIGRATING " OTHER, slot);
    sweep_rig_run(r, (struct sweep_request){0});
    sweep_rig_went_well(r);
    assert_int_equal(rig_redis_int(r->c, "DBSIZE"), 0);
}

static int teardown_node(void **state)
{
    struct sweep_rig *r = *state;
    char path[160];
    snprintf(path, sizeof path, "%s/nodes.conf", r->redis.dir);
    unlink(path);
    return teardown(state);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
#define NODE(f) cmocka_unit_test_setup_teardown(f, setup, teardown_node)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(our_user_goes),
        TEST(a_right_goes),
        TEST(the_script_loses_a_right),
        TEST(there_are_too_many_clients),
        TEST(there_are_too_many_for_a_while),
        TEST(nobody_comes_back),
        TEST(redis_pauses),
        TEST(redis_loads_in_the_middle),
        NODE(a_node_is_swept),
        NODE(some_keys_have_moved),
        NODE(most_keys_have_moved),
        NODE(some_keys_are_on_their_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
