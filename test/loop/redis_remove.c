/* io/redis/redis_remove: what was examined against what is there now, by script and by WATCH. */
#include "io/redis/redis_remove.h"

#include "redis_rig.h"

/* What a key is when it is examined, and what happens to it before it is to be removed. */
static const struct row {
    const char *name;
    bool has_ttl;
    const char *meanwhile;
    enum redis_removal result;
} rows[] = {
    {"same", false, NULL, REDIS_REMOVAL_DONE},
    {"same-ttl", true, NULL, REDIS_REMOVAL_DONE},
    {"gone", false, "DEL gone", REDIS_REMOVAL_GONE},
    {"gone-ttl", true, "DEL gone-ttl", REDIS_REMOVAL_GONE},
    {"value", false, "SET value other", REDIS_REMOVAL_CHANGED},
    {"value-ttl", true, "SET value-ttl other KEEPTTL", REDIS_REMOVAL_CHANGED},
    {"type", false, "EVAL redis.call('DEL','type')redis.call('RPUSH','type','v') 0",
        REDIS_REMOVAL_CHANGED},
    {"expires", false, "EXPIRE expires 1000", REDIS_REMOVAL_REFRESHED},
    {"persists", true, "PERSIST persists", REDIS_REMOVAL_REFRESHED},
    {"extended", true, "EXPIRE extended 86400", REDIS_REMOVAL_REFRESHED},
    {"shortened", true, "EXPIRE shortened 100", REDIS_REMOVAL_REFRESHED},
    {"rewritten", true, "SETEX rewritten 1000 v", REDIS_REMOVAL_REFRESHED},
    {"same-again", false, "SET same-again v", REDIS_REMOVAL_DONE},
};

enum { ROWS = sizeof rows / sizeof *rows };

struct world {
    struct loop *loop;
    struct rig_redis redis;
    struct redis_link *link;
    redisContext *c;
    struct redis_removee items[ROWS];
    redisReply *dumps[ROWS];
    struct redis_fault fault;
    bool done;
};

static void on_state(enum redis_link_state state, const char *why, void *arg)
{
    (void)state;
    (void)why;
    (void)arg;
}

static bool is_up(void *arg)
{
    return redis_link_state(((struct world *)arg)->link) == REDIS_LINK_UP;
}

static bool is_done(void *arg)
{
    return ((struct world *)arg)->done;
}

static void on_removed(
    struct redis_removee *items, size_t n, const struct redis_fault *fault, void *arg)
{
    struct world *w = arg;
    assert_ptr_equal(items, w->items);
    assert_int_equal(n, ROWS);
    w->fault = *fault;
    w->done = true;
}

static void examine(struct world *w)
{
    for (int i = 0; i < ROWS; i++) {
        rig_redis_run(w->c, rows[i].has_ttl ? "SETEX %s 500 v" : "SET %s v", rows[i].name);
        w->dumps[i] = rig_redis_do(w->c, "DUMP %s", rows[i].name);
        w->items[i] = (struct redis_removee){.name = rows[i].name,
            .name_len = strlen(rows[i].name),
            .payload = w->dumps[i]->str,
            .payload_len = w->dumps[i]->len,
            .expire_ms = rig_redis_int(w->c, "PEXPIRETIME %s", rows[i].name)};
    }
    for (int i = 0; i < ROWS; i++) {
        if (rows[i].meanwhile)
            rig_redis_run(w->c, rows[i].meanwhile);
    }
}

static void remove_all(struct world *w, bool has_expire, bool watches)
{
    struct redis_remover *r = redis_remover_new(w->link, has_expire, on_removed, w);
    w->done = false;
    redis_remover_run(r, w->items, ROWS);
    rig_wait(w->loop, is_done, w);
    assert_int_equal(redis_remover_watches(r), watches);
    redis_remover_free(r);
    for (int i = 0; i < ROWS; i++)
        freeReplyObject(w->dumps[i]);
}

static void check_rows(struct world *w)
{
    for (int i = 0; i < ROWS; i++) {
        bool there = rig_redis_int(w->c, "EXISTS %s", rows[i].name);
        bool removed = rows[i].result == REDIS_REMOVAL_DONE;
        if (w->items[i].result != rows[i].result ||
            there != (!removed && rows[i].result != REDIS_REMOVAL_GONE))
            fail_msg("%s: %d, there: %d", rows[i].name, (int)w->items[i].result, there);
    }
}

static void by_script(void **state)
{
    struct world *w = *state;
    examine(w);
    remove_all(w, true, false);
    assert_int_equal(w->fault.error, REDIS_E_NONE);
    check_rows(w);
}

/* In each of several calls some go, in whatever pace; a key that has an error stops nobody else. */
static void one_call_waits_for_the_one_before(void **state)
{
    struct world *w = *state;
    for (int one_by_one = 0; one_by_one < 2; one_by_one++) {
        struct redis_remover *r = redis_remover_new(w->link, true, on_removed, w);
        rig_redis_run(w->c, "FLUSHALL");
        for (int run = 0; run < 2; run++) {
            uint64_t before = redis_link_usage(w->link)->commands;
            examine(w);
            w->done = false;
            redis_remover_pace(r, one_by_one);
            redis_remover_run(r, w->items, ROWS);
            if (run == 1) /* the script is known, two calls are needed */
                assert_int_equal(redis_link_usage(w->link)->commands - before, 2 - one_by_one);
            rig_wait(w->loop, is_done, w);
            assert_int_equal(w->fault.error, REDIS_E_NONE);
            check_rows(w);
            for (int i = 0; i < ROWS; i++)
                freeReplyObject(w->dumps[i]);
        }
        redis_remover_free(r);
    }
}

static void an_error_of_one_call_stops_no_other(void **state)
{
    struct world *w = *state;
    for (int one_by_one = 0; one_by_one < 2; one_by_one++) {
        /* Of the keys of this call some may not be touched. */
        int first = one_by_one ? 4 : 0, end = one_by_one ? 8 : 10;
        rig_redis_run(w->c, "ACL SETUSER default resetkeys ~*");
        rig_redis_run(w->c, "FLUSHALL");
        examine(w);
        rig_redis_run(w->c, "ACL SETUSER default resetkeys ~[^v]*");
        struct redis_remover *r = redis_remover_new(w->link, true, on_removed, w);
        w->done = false;
        redis_remover_pace(r, one_by_one);
        redis_remover_run(r, w->items, ROWS);
        rig_wait(w->loop, is_done, w);
        assert_int_equal(w->fault.error, REDIS_E_NOPERM);
        for (int i = 0; i < ROWS; i++) {
            bool refused = i >= first && i < end;
            assert_int_equal(w->items[i].error, refused ? REDIS_E_NOPERM : REDIS_E_NONE);
            assert_int_equal(w->items[i].result, refused ? REDIS_REMOVAL_UNKNOWN : rows[i].result);
            freeReplyObject(w->dumps[i]);
        }
        redis_remover_free(r);
    }
}

/* A watched key that differs at the look is left out; the others of its group still go. */
static void by_watch(void **state)
{
    struct world *w = *state;
    examine(w);
    rig_redis_run(w->c, "ACL SETUSER default -evalsha");
    remove_all(w, true, true);
    assert_int_equal(w->fault.error, REDIS_E_NONE);
    check_rows(w);
}

/* Redis < 7 tells no exact expiry: what expires is not removed there. */
static void without_pexpiretime(void **state)
{
    for (int watch = 0; watch < 2; watch++) {
        struct world *w = *state;
        if (watch)
            rig_redis_run(w->c, "ACL SETUSER default -evalsha");
        examine(w);
        remove_all(w, false, watch);
        for (int i = 0; i < ROWS; i++) {
            if (rows[i].has_ttl && w->items[i].result == REDIS_REMOVAL_DONE)
                fail_msg("%s was removed", rows[i].name);
            if (!rows[i].has_ttl)
                assert_int_equal(w->items[i].result, rows[i].result);
        }
    }
}

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct err e = {0};
    signal(SIGPIPE, SIG_IGN);
    w->loop = loop_new(&e);
    rig_redis_init(&w->redis);
    rig_redis_start(&w->redis, NULL);
    w->c = rig_redis_connect(&w->redis);
    const struct redis_link_conf conf = {.url = w->redis.url,
        .connect_timeout = USEC_PER_SEC,
        .command_timeout = USEC_PER_SEC,
        .ping_interval = USEC_PER_SEC};
    w->link = redis_link_new(w->loop, &conf, on_state, w, &e);
    rig_wait(w->loop, is_up, w);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    redis_link_free(w->link);
    loop_free(w->loop);
    redisFree(w->c);
    rig_redis_fini(&w->redis);
    free(w);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(by_script, setup, teardown),
        cmocka_unit_test_setup_teardown(one_call_waits_for_the_one_before, setup, teardown),
        cmocka_unit_test_setup_teardown(an_error_of_one_call_stops_no_other, setup, teardown),
        cmocka_unit_test_setup_teardown(by_watch, setup, teardown),
        cmocka_unit_test_setup_teardown(without_pexpiretime, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
