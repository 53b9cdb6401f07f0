/* daemon/sweep/sweeper when Redis does not play along: each trouble ends in a clear summary, and
 * the next pass begins anew. */
#include "sweep_silence.h"

#include "io/redis/redis_scan.h"

#define D USEC_PER_DAY

enum { MANY = 3000 };

static int setup(void **state)
{
    *state = sweep_rig_up(NULL);
    sweep_silence_init(*state);
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

static void plant_many(struct sweep_rig *r)
{
    for (int i = 0; i < MANY; i++)
        redisAppendCommand(
            r->c, "SET cursor_task:%d {\"pending\":true,\"createdAt\":1700000000}", i);
    for (int i = 0; i < MANY; i++) {
        void *reply = NULL;
        assert_int_equal(redisGetReply(r->c, &reply), REDIS_OK);
        freeReplyObject(reply);
    }
}

static long long keys(struct sweep_rig *r)
{
    return rig_redis_int(r->c, "DBSIZE");
}

static void failed_with(const struct sweep_rig *r, enum redis_error error, const char *text)
{
    assert_false(r->summary.complete);
    assert_false(r->summary.sessions_known || r->summary.tasks_known);
    if (r->summary.error != error || !strstr(r->summary.error_text, text))
        fail_msg("%s: \"%s\"", redis_error_name(r->summary.error), r->summary.error_text);
}

static void next_pass_is_complete(struct sweep_rig *r, long long removed)
{
    r->on_finding = NULL;
    rig_wait(r->loop, sweep_rig_is_up, r);
    sweep_rig_run(r, (struct sweep_request){0});
    sweep_rig_went_well(r);
    assert_int_equal(r->summary.removed, removed);
}

/* ---- in the middle of a pass ---- */

static int findings;

static void restart_at_the_tenth(struct sweep_rig *r)
{
    if (++findings != 10)
        return;
    redisFree(r->c);
    rig_redis_stop(&r->redis);
    rig_redis_start(&r->redis, NULL);
    r->c = rig_redis_connect(&r->redis);
    plant_many(r);
}

/* The cursor of the process before would be one of another order of keys. */
static void redis_restarts(void **state)
{
    struct sweep_rig *r = *state;
    findings = 0;
    plant_many(r);
    r->on_finding = restart_at_the_tenth;
    sweep_rig_run(r, (struct sweep_request){0});
    sweep_rig_went_well(r);
    assert_int_equal(r->summary.reconnects, 1);
    assert_int_equal(keys(r), 0);
    assert_int_equal(r->summary.keys, MANY);
    plant_many(r);
    next_pass_is_complete(r, MANY);
}

static void stop_at_the_tenth(struct sweep_rig *r)
{
    if (++findings == 10)
        sweep_silence_stop(r);
}

static bool is_stopped(void *arg)
{
    (void)arg;
    return findings >= 10;
}

/* What was sent before the hang may have been done since: that is harmless. */
static void redis_hangs(void **state)
{
    struct sweep_rig *r = *state;
    findings = 0;
    plant_many(r);
    r->on_finding = stop_at_the_tenth;
    sweep_rig_begin(r, (struct sweep_request){0});
    rig_wait(r->loop, is_stopped, r);
    sweep_silence_lasts(r);
    assert_true(sweeper_busy(r->sweeper));
    kill(r->redis.pid, SIGCONT);
    sweep_rig_finish(r);
    sweep_rig_went_well(r);
    assert_true(r->summary.reconnects > 0);
    assert_int_equal(keys(r), 0);
    /* It went on where it was: hardly a key was looked at twice. */
    assert_in_range(r->summary.keys, MANY - 200, MANY + 200);
    assert_true(r->summary.removed <= MANY);
}

/* A pass that is cancelled, or whose census somebody waits for, waits for nobody. */
static void redis_hangs_for_one_who_will_not_wait(void **state)
{
    struct sweep_rig *r = *state;
    findings = 0;
    plant_many(r);
    r->on_finding = stop_at_the_tenth;
    sweep_rig_begin(r, (struct sweep_request){0});
    rig_wait(r->loop, is_stopped, r);
    sweep_silence_lasts(r);
    sweeper_cancel(r->sweeper);
    sweep_rig_finish(r);
    failed_with(r, REDIS_E_NONE, "cancelled");
    kill(r->redis.pid, SIGCONT);
    rig_wait(r->loop, sweep_rig_is_up, r);
    sweep_silence_stop(r);
    sweep_rig_begin(r, (struct sweep_request){.census_only = true});
    sweep_silence_lasts(r);
    sweep_rig_finish(r);
    failed_with(r, REDIS_E_LOST, "does not answer");
    kill(r->redis.pid, SIGCONT);
}

/* Whoever is there each time hangs up again: not for ever. */
static void kill_the_clients(struct sweep_rig *r)
{
    if (++findings % 10 == 0)
        rig_redis_run(r->c, "CLIENT KILL TYPE normal SKIPME yes");
}

static void connections_that_never_last(void **state)
{
    struct sweep_rig *r = *state;
    findings = 0;
    plant_many(r);
    r->on_finding = kill_the_clients;
    sweep_rig_run(r, (struct sweep_request){0});
    failed_with(r, REDIS_E_LOST, "");
    assert_true(r->summary.reconnects > 5);
    next_pass_is_complete(r, keys(r));
}

static void cancel_at_the_tenth(struct sweep_rig *r)
{
    if (++findings == 10)
        sweeper_cancel(r->sweeper);
}

static void it_is_cancelled(void **state)
{
    struct sweep_rig *r = *state;
    findings = 0;
    plant_many(r);
    r->on_finding = cancel_at_the_tenth;
    sweep_rig_run(r, (struct sweep_request){0});
    failed_with(r, REDIS_E_NONE, "cancelled");
    assert_true(r->summary.removed > 0);
    assert_int_equal(keys(r), MANY - (long long)r->summary.removed);
    next_pass_is_complete(r, keys(r));
    /* Before it began, and when there is none. */
    sweep_rig_begin(r, (struct sweep_request){0});
    sweeper_cancel(r->sweeper);
    sweep_rig_finish(r);
    failed_with(r, REDIS_E_NONE, "cancelled");
    sweeper_cancel(r->sweeper);
}

static void note_finding(struct sweep_rig *r)
{
    (void)r;
    findings++;
}

static bool ten_findings(void *arg)
{
    (void)arg;
    return findings >= 10;
}

static void it_is_freed(void **state)
{
    struct sweep_rig *r = *state;
    findings = 0;
    plant_many(r);
    r->on_finding = note_finding;
    sweep_rig_begin(r, (struct sweep_request){0});
    rig_wait(r->loop, ten_findings, r);
    sweeper_free(r->sweeper);
    r->sweeper = NULL;
    assert_int_equal(r->n_done, 0);
}

static void flush_scripts(struct sweep_rig *r)
{
    if (++findings % 300 == 0)
        rig_redis_run(r->c, "SCRIPT FLUSH");
}

static void the_script_gets_lost(void **state)
{
    struct sweep_rig *r = *state;
    findings = 0;
    plant_many(r);
    r->on_finding = flush_scripts;
    sweep_rig_run(r, (struct sweep_request){0});
    sweep_rig_went_well(r);
    assert_int_equal(r->summary.removed, MANY);
}

/* ---- a state of the server ---- */

static void start_endless_script(struct sweep_rig *r)
{
    if (++findings != 10)
        return;
    redisAppendCommand(r->c, "EVAL %s 0", "while true do end");
    int done = 0;
    redisBufferWrite(r->c, &done);
}

static bool is_busy(void *arg)
{
    return redis_link_state(((struct sweep_rig *)arg)->link) == REDIS_LINK_LOADING;
}

static bool waits(void *arg)
{
    struct sweep_progress progress;
    return sweeper_progress(((struct sweep_rig *)arg)->sweeper, &progress) && progress.waits;
}

static void a_script_keeps_redis_busy(void **state)
{
    struct sweep_rig *r = *state;
    findings = 0;
    plant_many(r);
    rig_redis_run(r->c, "CONFIG SET busy-reply-threshold 1");
    r->on_finding = start_endless_script;
    sweep_rig_begin(r, (struct sweep_request){0});
    rig_wait(r->loop, is_busy, r);
    rig_wait(r->loop, waits, r); /* it was told as well, and not only the link's PING */
    redisContext *killer = rig_redis_connect(&r->redis);
    rig_redis_run(killer, "SCRIPT KILL");
    redisFree(killer);
    sweep_rig_finish(r);
    assert_true(r->summary.complete);
    assert_int_equal(r->summary.error, REDIS_E_BUSY);
    void *reply = NULL;
    redisGetReply(r->c, &reply);
    freeReplyObject(reply);
    assert_int_equal(keys(r), MANY - (long long)r->summary.removed);
    next_pass_is_complete(r, keys(r));
}

/* Calls of the script, refused ones included. */
static long long removals_tried(struct sweep_rig *r)
{
    redisReply *stats = rig_redis_do(r->c, "INFO commandstats");
    const char *line = strstr(stats->str, "cmdstat_evalsha:");
    long long n = 0;
    if (line)
        n = atoll(strstr(line, "calls=") + 6) + atoll(strstr(line, "rejected_calls=") + 15);
    freeReplyObject(stats);
    return n;
}

static void redis_cannot_persist(void **state)
{
    struct sweep_rig *r = *state;
    plant_many(r);
    /* A background save that fails: its file would have to be a directory. */
    rig_redis_run(r->c, "CONFIG SET save %s", "3600 1");
    char path[160];
    snprintf(path, sizeof path, "%s/dump.rdb", r->redis.dir);
    assert_int_equal(mkdir(path, 0700), 0);
    rig_redis_run(r->c, "BGSAVE");
    for (;;) {
        redisReply *info = rig_redis_do(r->c, "INFO persistence");
        bool failed = strstr(info->str, "rdb_last_bgsave_status:err");
        freeReplyObject(info);
        if (failed)
            break;
        usleep(5000);
    }
    sweep_rig_run(r, (struct sweep_request){0});
    assert_true(r->summary.complete);
    assert_int_equal(r->summary.error, REDIS_E_MISCONF);
    assert_int_equal(r->summary.removed, 0);
    assert_int_equal(r->summary.not_tried, MANY);
    assert_int_equal(keys(r), MANY);
    assert_in_range(removals_tried(r), 1, REDIS_SCAN_WINDOW); /* it did not insist */
    rmdir(path);
    rig_redis_run(r->c, "CONFIG SET stop-writes-on-bgsave-error no");
    next_pass_is_complete(r, MANY);
}

static void redis_is_out_of_memory(void **state)
{
    struct sweep_rig *r = *state;
    plant_many(r);
    rig_redis_run(r->c, "CONFIG SET maxmemory 1mb");
    next_pass_is_complete(r, MANY);
}

static void redis_is_loading(void **state)
{
    struct sweep_rig *r = *state;
    struct err e;
    plant_many(r);
    rig_redis_run(r->c, "SAVE");
    rig_redis_stop(&r->redis);
    redisFree(r->c);
    rig_redis_start(&r->redis, (const char *const[]){"--key-load-delay", "500",
                                   "--loading-process-events-interval-bytes", "1024", NULL});
    r->c = rig_redis_connect(&r->redis);
    rig_wait(r->loop, is_busy, r);
    assert_int_equal(
        sweeper_run(r->sweeper, &(struct sweep_request){0}, NULL, sweep_rig_on_done, r, &e),
        -ENOTCONN);
    assert_non_null(strstr(e.msg, "LOADING"));
    next_pass_is_complete(r, MANY);
}

static void nobody_is_there(void **state)
{
    struct sweep_rig *r = *state;
    struct err e;
    rig_redis_stop(&r->redis);
    while (sweep_rig_is_up(r))
        uv_run(loop_uv(r->loop), UV_RUN_ONCE);
    assert_int_equal(
        sweeper_run(r->sweeper, &(struct sweep_request){0}, NULL, sweep_rig_on_done, r, &e),
        -ENOTCONN);
    assert_false(sweeper_busy(r->sweeper));
}

/* ---- replicas ---- */

static void make_replica(struct sweep_rig *r, struct rig_redis *master)
{
    rig_redis_init(master);
    char port[8];
    rig_free_port(port);
    rig_redis_start(master, (const char *const[]){"--port", port, "--bind", "127.0.0.1",
                                "--repl-diskless-sync-delay", "0", NULL});
    redisContext *c = rig_redis_connect(master);
    redisContext *own = r->c;
    r->c = c;
    plant_many(r);
    r->c = own;
    redisFree(c);
    rig_redis_run(r->c, "REPLICAOF 127.0.0.1 %s", port);
    for (;;) {
        redisReply *info = rig_redis_do(r->c, "INFO replication");
        bool up = strstr(info->str, "master_link_status:up");
        freeReplyObject(info);
        if (up)
            break;
        usleep(5000);
    }
}

static void nothing_is_removed_from_a_replica(void **state)
{
    struct sweep_rig *r = *state;
    struct rig_redis master;
    make_replica(r, &master);
    rig_wait(r->loop, sweep_rig_is_up, r);
    sweep_rig_run(r, (struct sweep_request){0});
    failed_with(r, REDIS_E_READONLY, "replica");
    sweep_rig_run(r, (struct sweep_request){.dry_run = true});
    sweep_rig_went_well(r);
    assert_int_equal(r->summary.keyspaces[1].found[SWEEP_STUCK_TASK], MANY);
    rig_redis_run(r->c, "CONFIG SET replica-read-only no");
    sweep_rig_run(r, (struct sweep_request){0});
    failed_with(r, REDIS_E_READONLY, "replica");
    assert_int_equal(keys(r), MANY);
    rig_redis_fini(&master);
}

static void demote_at_the_tenth(struct sweep_rig *r)
{
    if (++findings != 10)
        return;
    rig_redis_run(r->c, "CONFIG SET replica-read-only no");
    rig_redis_run(r->c, "REPLICAOF 127.0.0.1 1");
}

static void a_master_is_demoted_by_script_and_by_watch(void **state)
{
    struct sweep_rig *r = *state;
    char path[160];
    rig_redis_start(&r->redis, NULL);
    r->c = rig_redis_connect(&r->redis);
    rig_redis_run(r->c, "ACL SETUSER keeper on >secret +@all ~*");
    snprintf(path, sizeof path, "%s/password", r->redis.dir);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs("secret", f);
    fclose(f);
    sweep_rig_connect(r, r->redis.url, "keeper", path);
    for (int watch = 0; watch < 2; watch++) {
        if (watch)
            rig_redis_run(r->c, "ACL SETUSER keeper -evalsha");
        findings = 0;
        plant_many(r);
        r->on_finding = demote_at_the_tenth;
        sweep_rig_run(r, (struct sweep_request){0});
        failed_with(r, REDIS_E_READONLY, "replica");
        assert_int_equal(keys(r), MANY - (long long)r->summary.removed);
        rig_redis_run(r->c, "REPLICAOF NO ONE");
        next_pass_is_complete(r, keys(r));
    }
}

/* ---- cluster ---- */

static void a_cluster_without_slots_is_down(void **state)
{
    struct sweep_rig *r = *state;
    char port[8];
    rig_free_port(port);
    rig_redis_start(&r->redis, (const char *const[]){"--cluster-enabled", "yes", "--cluster-port",
                                   port, "--bind", "127.0.0.1", NULL});
    r->c = rig_redis_connect(&r->redis);
    rig_redis_run(r->c, "CLUSTER ADDSLOTSRANGE 0 16383");
    for (;;) {
        redisReply *info = rig_redis_do(r->c, "CLUSTER INFO");
        bool up = strstr(info->str, "cluster_state:ok");
        freeReplyObject(info);
        if (up)
            break;
        usleep(5000);
    }
    plant_many(r);
    sweep_rig_connect(r, r->redis.url, NULL, NULL);
    rig_redis_run(r->c, "CLUSTER DELSLOTSRANGE 0 16383");
    sweep_rig_run(r, (struct sweep_request){0});
    failed_with(r, REDIS_E_CLUSTERDOWN, "CLUSTERDOWN");
    assert_int_equal(keys(r), MANY);
    char path[160];
    snprintf(path, sizeof path, "%s/nodes.conf", r->redis.dir);
    unlink(path);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
#define ALONE(f) cmocka_unit_test_setup_teardown(f, setup_alone, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(redis_restarts),
        TEST(redis_hangs),
        TEST(redis_hangs_for_one_who_will_not_wait),
        TEST(connections_that_never_last),
        TEST(it_is_cancelled),
        TEST(it_is_freed),
        TEST(the_script_gets_lost),
        TEST(a_script_keeps_redis_busy),
        TEST(redis_cannot_persist),
        TEST(redis_is_out_of_memory),
        TEST(redis_is_loading),
        TEST(nobody_is_there),
        TEST(nothing_is_removed_from_a_replica),
        ALONE(a_master_is_demoted_by_script_and_by_watch),
        ALONE(a_cluster_without_slots_is_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
