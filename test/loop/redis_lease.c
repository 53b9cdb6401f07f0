/* io/redis/redis_lease: one holds it at a time; what becomes of it in a pause; that of others
 * stays. */
#include "io/redis/redis_lease.h"

#include "redis_rig.h"

#define KEY "voxkeeper:lease:test"

struct holder {
    struct redis_link *link;
    struct redis_lease *lease;
    int n_held;
    char other[256]; /* of the latest on_held(); "": it is ours */
    char trouble[256];
    bool released;
};

struct world {
    struct loop *loop;
    struct rig_redis redis;
    redisContext *c;
    struct holder a, b;
    long long least_ms; /* a condition: the lease lasts for longer than this */
};

static bool is_up(void *arg)
{
    return redis_link_state(((struct holder *)arg)->link) == REDIS_LINK_UP;
}

static void meet(struct world *w, struct holder *h)
{
    struct err e = {0};
    h->link = redis_link_new(w->loop,
        &(struct redis_link_conf){.url = w->redis.url,
            .connect_timeout = 500 * USEC_PER_MSEC,
            .command_timeout = 500 * USEC_PER_MSEC,
            .ping_interval = 100 * USEC_PER_MSEC},
        NULL, NULL, &e);
    assert_non_null(h->link);
    rig_wait(w->loop, is_up, h);
}

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct err e;
    signal(SIGPIPE, SIG_IGN);
    w->loop = loop_new(&e);
    rig_redis_init(&w->redis);
    rig_redis_start(&w->redis, NULL);
    w->c = rig_redis_connect(&w->redis);
    meet(w, &w->a);
    meet(w, &w->b);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    redis_lease_free(w->a.lease);
    redis_lease_free(w->b.lease);
    redis_link_free(w->a.link);
    redis_link_free(w->b.link);
    loop_free(w->loop);
    redisFree(w->c);
    rig_redis_fini(&w->redis);
    free(w);
    return 0;
}

static void on_held(const char *other, const char *trouble, void *arg)
{
    struct holder *h = arg;
    h->n_held++;
    snprintf(h->other, sizeof h->other, "%s", other ? other : "");
    snprintf(h->trouble, sizeof h->trouble, "%s", trouble);
}

static void on_released(void *arg)
{
    struct holder *h = arg;
    h->released = true;
    redis_lease_free(h->lease);
    h->lease = NULL;
}

static bool is_told(void *arg)
{
    return ((struct holder *)arg)->n_held > 0;
}

static bool is_released(void *arg)
{
    return ((struct holder *)arg)->released;
}

static void take(struct world *w, struct holder *h, usec_t time)
{
    static const struct redis_lease_events events = {on_held, on_released};
    h->n_held = 0;
    h->released = false;
    h->lease = redis_lease_new(w->loop, h->link, KEY, time, &events, h);
    rig_wait(w->loop, is_told, h);
}

static void give_back(struct world *w, struct holder *h)
{
    redis_lease_release(h->lease);
    rig_wait(w->loop, is_released, h);
}

static bool lasts(void *arg)
{
    struct world *w = arg;
    return rig_redis_int(w->c, "PTTL " KEY) > w->least_ms;
}

static void value(struct world *w, char out[128])
{
    redisReply *reply = rig_redis_do(w->c, "GET " KEY);
    snprintf(out, 128, "%s", reply->type == REDIS_REPLY_STRING ? reply->str : "");
    freeReplyObject(reply);
}

/* It would have been renewed while it is given back. */
static void one_given_back_when_it_is_due_is_gone(void **state)
{
    struct world *w = *state;
    take(w, &w->a, 600 * USEC_PER_MSEC);
    redis_lease_release(w->a.lease);
    while (rig_redis_int(w->c, "PTTL " KEY) > 390)
        continue; /* we stand still until a third is over */
    rig_wait(w->loop, is_released, &w->a);
    assert_int_equal(rig_redis_int(w->c, "EXISTS " KEY), 0);
}

static void one_at_a_time(void **state)
{
    struct world *w = *state;
    char own[32];
    snprintf(own, sizeof own, "(process %ld)", (long)getpid());
    take(w, &w->a, 10 * USEC_PER_SEC);
    assert_string_equal(w->a.other, "");
    assert_in_range(rig_redis_int(w->c, "PTTL " KEY), 1, 10000);
    take(w, &w->b, 10 * USEC_PER_SEC);
    assert_non_null(strstr(w->b.other, own));
    assert_non_null(strstr(w->b.other, "holds " KEY));
    give_back(w, &w->b); /* it has nothing to give back */
    assert_int_equal(rig_redis_int(w->c, "EXISTS " KEY), 1);
    give_back(w, &w->a);
    assert_int_equal(rig_redis_int(w->c, "EXISTS " KEY), 0);
    take(w, &w->b, 10 * USEC_PER_SEC);
    assert_string_equal(w->b.other, "");
}

/* Whatever is left of it, a renewal makes it whole again; and again. */
static void it_is_renewed(void **state)
{
    struct world *w = *state;
    char first[128];
    char later[128];
    take(w, &w->a, 3 * USEC_PER_SEC);
    value(w, first);
    for (int i = 0; i < 2; i++) {
        rig_redis_run(w->c, "PEXPIRE " KEY " 2000");
        w->least_ms = 2000;
        rig_wait(w->loop, lasts, w);
    }
    value(w, later);
    assert_string_equal(first, later);
    assert_int_equal(w->a.n_held, 1);
}

static void wait_until_it_ran_out(struct world *w)
{
    while (rig_redis_int(w->c, "EXISTS " KEY) == 1)
        usleep(10000); /* our loop stands still: so does a stopped process */
}

static bool has_another(void *arg)
{
    return ((struct holder *)arg)->other[0];
}

/* In a pause that is longer than the lease another one took it: that is noticed, and stays. */
static void it_runs_out_in_a_pause(void **state)
{
    struct world *w = *state;
    take(w, &w->a, 600 * USEC_PER_MSEC);
    assert_string_equal(w->a.other, "");
    wait_until_it_ran_out(w);
    rig_redis_run(w->c, "SET " KEY " far-away:4711:0123 NX PX 60000");
    rig_wait(w->loop, has_another, &w->a);
    assert_non_null(strstr(w->a.other, "voxkeeperd on far-away (process 4711)"));
    give_back(w, &w->a);
    char now[128];
    value(w, now);
    assert_string_equal(now, "far-away:4711:0123");
    assert_true(rig_redis_int(w->c, "PTTL " KEY) > 600); /* and was not made ours, nor longer */
}

static bool is_there(void *arg)
{
    return rig_redis_int(((struct world *)arg)->c, "EXISTS " KEY) == 1;
}

static void what_ran_out_and_nobody_took_is_taken_again(void **state)
{
    struct world *w = *state;
    char before[128];
    char after[128];
    take(w, &w->a, 600 * USEC_PER_MSEC);
    value(w, before);
    wait_until_it_ran_out(w);
    rig_wait(w->loop, is_there, w);
    value(w, after);
    assert_string_equal(before, after);
    assert_string_equal(w->a.other, "");
}

/* No lease of ours: a list, an empty one, one that says nothing that we understand. */
static void a_foreign_token_is_left_alone(void **state)
{
    struct world *w = *state;
    static const char *const values[] = {"x", ":::", "host:notanumber:1"};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        char now[128];
        rig_redis_run(w->c, "SET " KEY " %s", values[i]);
        take(w, &w->a, USEC_PER_SEC);
        assert_true(w->a.other[0]);
        give_back(w, &w->a);
        value(w, now);
        assert_string_equal(now, values[i]);
    }
    rig_redis_run(w->c, "DEL " KEY);
    rig_redis_run(w->c, "RPUSH " KEY " a");
    take(w, &w->a, USEC_PER_SEC);
    assert_string_equal(w->a.other, "");
    assert_non_null(strstr(w->a.trouble, "WRONGTYPE"));
    give_back(w, &w->a);
    assert_int_equal(rig_redis_int(w->c, "LLEN " KEY), 1);
}

/* Both want it again whenever it is free: never both have it. */
static void two_in_turn(void **state)
{
    struct world *w = *state;
    for (int i = 0; i < 20; i++) {
        struct holder *first = i % 2 ? &w->a : &w->b;
        struct holder *second = i % 2 ? &w->b : &w->a;
        take(w, first, 10 * USEC_PER_SEC);
        take(w, second, 10 * USEC_PER_SEC);
        assert_int_equal(first->other[0] == '\0', 1);
        assert_int_equal(second->other[0] == '\0', 0);
        give_back(w, second);
        give_back(w, first);
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_at_a_time),
        TEST(one_given_back_when_it_is_due_is_gone),
        TEST(it_is_renewed),
        TEST(it_runs_out_in_a_pause),
        TEST(what_ran_out_and_nobody_took_is_taken_again),
        TEST(a_foreign_token_is_left_alone),
        TEST(two_in_turn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
