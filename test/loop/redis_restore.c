/* io/redis/redis_restore: what is put back, what is left alone, and a server that says no or goes
 * away.
 */
#include "redis_rig.h"

#include "io/redis/redis_restore.h"

struct world {
    struct loop *loop;
    struct rig_redis redis;
    struct redis_link *link;
    struct redis_restorer *restorer;
    redisContext *c;
    struct redis_restoree items[3];
    struct redis_fault fault;
    int done;
    redisReply *dump;
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
    return ((struct world *)arg)->done > 0;
}

static void on_restored(
    struct redis_restoree *items, size_t n, const struct redis_fault *fault, void *arg)
{
    struct world *w = arg;
    assert_ptr_equal(items, w->items);
    assert_int_equal(n, 3);
    w->fault = *fault;
    w->done++;
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
    w->link = redis_link_new(w->loop,
        &(struct redis_link_conf){.url = w->redis.url,
            .connect_timeout = 500 * USEC_PER_MSEC,
            .command_timeout = 500 * USEC_PER_MSEC,
            .ping_interval = 100 * USEC_PER_MSEC},
        on_state, w, &e);
    assert_non_null(w->link);
    rig_wait(w->loop, is_up, w);
    rig_redis_run(w->c, "SET there new");
    rig_redis_run(w->c, "SET x old");
    w->dump = rig_redis_do(w->c, "DUMP x");
    rig_redis_run(w->c, "DEL x");
    static const char *const names[3] = {"there", "immortal", "mortal"};
    for (int i = 0; i < 3; i++)
        w->items[i] = (struct redis_restoree){.name = names[i],
            .name_len = strlen(names[i]),
            .payload = w->dump->str,
            .payload_len = w->dump->len,
            .expire_ms = -1};
    w->items[2].expire_ms = (int64_t)(loop_wall_now() / 1000) + 100000;
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    redis_restorer_free(w->restorer);
    redis_link_free(w->link);
    loop_free(w->loop);
    freeReplyObject(w->dump);
    redisFree(w->c);
    rig_redis_fini(&w->redis);
    free(w);
    return 0;
}

static void begin(struct world *w, struct redis_restore_how how)
{
    w->done = 0;
    redis_restorer_free(w->restorer);
    w->restorer = redis_restorer_new(w->link, &how, on_restored, w);
    redis_restorer_run(w->restorer, w->items, 3);
}

static void run(struct world *w, struct redis_restore_how how)
{
    begin(w, how);
    rig_wait(w->loop, is_done, w);
    assert_int_equal(w->done, 1);
}

static void results_are(const struct world *w, enum redis_restoral a, enum redis_restoral b)
{
    assert_int_equal(w->items[0].result, a);
    assert_int_equal(w->items[1].result, b);
    assert_int_equal(w->items[2].result, b);
}

static void holds(struct world *w, const char *name, const char *value)
{
    redisReply *reply = rig_redis_do(w->c, "GET %s", name);
    assert_int_equal(reply->type, REDIS_REPLY_STRING);
    assert_string_equal(reply->str, value);
    freeReplyObject(reply);
}

static void what_is_there_is_left_alone(void **state)
{
    struct world *w = *state;
    run(w, (struct redis_restore_how){.rehearse = true});
    results_are(w, REDIS_RESTORAL_EXISTS, REDIS_RESTORAL_DONE);
    assert_int_equal(rig_redis_int(w->c, "DBSIZE"), 1);
    run(w, (struct redis_restore_how){0});
    results_are(w, REDIS_RESTORAL_EXISTS, REDIS_RESTORAL_DONE);
    assert_int_equal(w->fault.error, REDIS_E_NONE);
    holds(w, "there", "new");
    holds(w, "immortal", "old");
    assert_int_equal(rig_redis_int(w->c, "PTTL immortal"), -1);
    assert_int_equal(rig_redis_int(w->c, "PEXPIRETIME mortal"), w->items[2].expire_ms);
}

static void unless_it_is_to_be_replaced(void **state)
{
    struct world *w = *state;
    run(w, (struct redis_restore_how){.replace = true, .rehearse = true});
    results_are(w, REDIS_RESTORAL_DONE, REDIS_RESTORAL_DONE);
    holds(w, "there", "new");
    run(w, (struct redis_restore_how){.replace = true});
    results_are(w, REDIS_RESTORAL_DONE, REDIS_RESTORAL_DONE);
    holds(w, "there", "old");
}

/* The server would take it, and delete the key that is there. */
static void what_is_about_to_expire_is_over(void **state)
{
    struct world *w = *state;
    w->items[0].expire_ms = (int64_t)(loop_wall_now() / 1000) + 500;
    run(w, (struct redis_restore_how){.replace = true});
    results_are(w, REDIS_RESTORAL_EXPIRED, REDIS_RESTORAL_DONE);
    holds(w, "there", "new");
}

static void a_damaged_value_is_refused(void **state)
{
    struct world *w = *state;
    char *copy = malloc(w->dump->len);
    memcpy(copy, w->dump->str, w->dump->len);
    copy[1] ^= 1;
    w->items[0].name = "damaged";
    w->items[0].name_len = 7;
    w->items[0].payload = copy;
    run(w, (struct redis_restore_how){0});
    results_are(w, REDIS_RESTORAL_REFUSED, REDIS_RESTORAL_DONE);
    assert_non_null(strstr(w->items[0].error_text, "checksum"));
    assert_false(w->items[0].converted);
    assert_int_equal(w->fault.error, REDIS_E_NONE);
    free(copy);
}

static void what_redis_does_not_permit_is_told(void **state)
{
    struct world *w = *state;
    static const struct {
        const char *take;
        const char *give;
        const char *said;
    } rows[] = {{"-restore", "+restore", "restore"}, {"-time", "+time", "time"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        rig_redis_run(w->c, "ACL SETUSER default %s", rows[i].take);
        run(w, (struct redis_restore_how){0});
        results_are(w, REDIS_RESTORAL_UNKNOWN, REDIS_RESTORAL_UNKNOWN);
        assert_int_equal(w->fault.error, REDIS_E_NOPERM);
        assert_non_null(strstr(w->fault.text, rows[i].said));
        rig_redis_run(w->c, "ACL SETUSER default %s", rows[i].give);
    }
}

static void a_server_that_goes_away(void **state)
{
    struct world *w = *state;
    kill(w->redis.pid, SIGSTOP);
    begin(w, (struct redis_restore_how){0});
    rig_wait(w->loop, is_done, w);
    results_are(w, REDIS_RESTORAL_UNKNOWN, REDIS_RESTORAL_UNKNOWN);
    assert_int_equal(w->fault.error, REDIS_E_LOST);
    kill(w->redis.pid, SIGCONT);
}

static void it_may_be_left_at_any_time(void **state)
{
    struct world *w = *state;
    for (int turns = 0; turns < 10; turns++) {
        begin(w, (struct redis_restore_how){.replace = true});
        for (int i = 0; i < turns && !w->done; i++)
            uv_run(loop_uv(w->loop), UV_RUN_ONCE);
        int done = w->done;
        redis_restorer_free(w->restorer);
        w->restorer = NULL;
        for (int i = 0; i < 5; i++)
            uv_run(loop_uv(w->loop), UV_RUN_NOWAIT);
        assert_int_equal(w->done, done);
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_there_is_left_alone),
        TEST(unless_it_is_to_be_replaced),
        TEST(what_is_about_to_expire_is_over),
        TEST(a_damaged_value_is_refused),
        TEST(what_redis_does_not_permit_is_told),
        TEST(a_server_that_goes_away),
        TEST(it_may_be_left_at_any_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
