/* io/redis_scan: every key once, with its TTL, however it is paced and whatever comes between. */
#include "io/redis/redis_scan.h"

#include "redis_rig.h"

enum { KEYS = 3000, OTHERS = 3000, LOOKED = 500 };

struct world {
    struct loop *loop;
    struct rig_redis redis;
    struct redis_link *link;
    redisContext *c;
    struct redis_scan *scan;
    unsigned seed;
    int seen[KEYS];
    int looked[KEYS];
    size_t steps;
    bool told; /* a step, or a fault */
    bool looks;
    struct redis_fault fault;
};

static unsigned below(struct world *w, unsigned n)
{
    return (unsigned)rand_r(&w->seed) % n;
}

static bool on_name(const char *name, size_t len, unsigned *tag, void *arg)
{
    (void)arg;
    *tag = 1;
    return len > 4 && strncmp(name, "key:", 4) == 0;
}

/* Each has a TTL of its own; the first LOOKED have none. */
static void on_keys(struct redis_key *keys, size_t n, usec_t now, void *arg)
{
    struct world *w = arg;
    for (size_t i = 0; i < n; i++) {
        int number = atoi(keys[i].name + 4);
        assert_in_range(number, 0, KEYS - 1);
        assert_true(now > 0);
        w->seen[number]++;
        keys[i].look = number < LOOKED;
        keys[i].max_value = 1000;
        if (keys[i].look)
            assert_int_equal(keys[i].ttl_ms, -1);
        else
            assert_in_range(keys[i].ttl_ms, (number + 900) * 1000, (number + 1000) * 1000);
    }
    w->steps++;
    w->told = true;
}

static void on_looked(struct redis_key *keys, size_t n, usec_t now, void *arg)
{
    struct world *w = arg;
    (void)now;
    for (size_t i = 0; i < n; i++) {
        assert_true(keys[i].payload && keys[i].idle_known);
        w->looked[atoi(keys[i].name + 4)]++;
    }
    w->looks = false;
    redis_scan_settle(w->scan);
}

static void on_fault(const struct redis_fault *fault, bool look, void *arg)
{
    struct world *w = arg;
    w->fault = *fault;
    if (look)
        w->looks = false;
    else
        w->told = true;
}

static const struct redis_scan_events events = {on_name, on_keys, on_looked, on_fault};

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

static bool is_told(void *arg)
{
    return ((struct world *)arg)->told;
}

static bool no_look(void *arg)
{
    return !((struct world *)arg)->looks;
}

static void plant(redisContext *c)
{
    for (int i = 0; i < KEYS; i++) {
        if (i < LOOKED)
            redisAppendCommand(c, "SET key:%d v", i);
        else
            redisAppendCommand(c, "SET key:%d v EX %d", i, i + 1000);
    }
    for (int i = 0; i < OTHERS; i++)
        redisAppendCommand(c, "SET other:%d v", i);
    for (int i = 0; i < KEYS + OTHERS; i++) {
        void *reply = NULL;
        assert_int_equal(redisGetReply(c, &reply), REDIS_OK);
        freeReplyObject(reply);
    }
}

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct err e = {0};
    const char *seed = getenv("SEED");
    w->seed = seed ? (unsigned)atoi(seed) : (unsigned)getpid();
    printf("          SEED=%u\n", w->seed);
    signal(SIGPIPE, SIG_IGN);
    w->loop = loop_new(&e);
    rig_redis_init(&w->redis);
    rig_redis_start(&w->redis, NULL);
    w->c = rig_redis_connect(&w->redis);
    plant(w->c);
    const struct redis_link_conf conf = {.url = w->redis.url,
        .connect_timeout = USEC_PER_SEC,
        .command_timeout = 10 * USEC_PER_SEC,
        .ping_interval = USEC_PER_SEC};
    w->link = redis_link_new(w->loop, &conf, on_state, w, &e);
    rig_wait(w->loop, is_up, w);
    w->scan = redis_scan_new(w->link, "*", 1, true, &events, w);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    redis_scan_free(w->scan);
    redis_link_free(w->link);
    loop_free(w->loop);
    redisFree(w->c);
    rig_redis_fini(&w->redis);
    free(w);
    return 0;
}

static void step(struct world *w)
{
    w->told = false;
    w->fault.error = REDIS_E_NONE;
    redis_scan_step(w->scan);
    rig_wait(w->loop, is_told, w);
}

static void look(struct world *w)
{
    if (w->looks || redis_scan_waiting(w->scan) == 0)
        return;
    w->looks = true;
    redis_scan_look(w->scan);
}

/* Each key was told of at least once, and once only unless something went wrong. */
static void check_all(const struct world *w, bool once)
{
    for (int i = 0; i < KEYS; i++) {
        if (w->seen[i] < 1 || (once && w->seen[i] > 1) || (i < LOOKED && w->looked[i] < 1))
            fail_msg(
                "key:%d was seen %d times, and looked at %d times", i, w->seen[i], w->looked[i]);
    }
}

static void walk(struct world *w, void (*between)(struct world *w))
{
    while (!redis_scan_at_end(w->scan)) {
        between(w);
        step(w);
        assert_int_equal(w->fault.error, REDIS_E_NONE);
        redis_scan_advance(w->scan);
    }
    while (redis_scan_waiting(w->scan) > 0) {
        look(w);
        rig_wait(w->loop, no_look, w);
    }
    assert_true(redis_scan_fraction(w->scan) >= 1);
}

static void ahead(struct world *w)
{
    redis_scan_pace(w->scan, 100, 32, true);
}

static void one_by_one(struct world *w)
{
    redis_scan_pace(w->scan, 100, 32, false);
}

static bool never(void *arg)
{
    (void)arg;
    return false;
}

/* Also a pause, in which all that is asked for is answered. */
static void as_it_comes(struct world *w)
{
    redis_scan_pace(w->scan, 20 + below(w, 300), 8 + below(w, 100), below(w, 2));
    if (below(w, 2))
        look(w);
    if (below(w, 4) == 0)
        rig_turn(w->loop, never, w, below(w, 3000));
}

static void every_key_comes_once(void **state)
{
    static void (*const paces[])(struct world *) = {ahead, one_by_one, as_it_comes};
    struct world *w = *state;
    for (size_t i = 0; i < sizeof paces / sizeof *paces; i++) {
        memset(w->seen, 0, sizeof w->seen);
        memset(w->looked, 0, sizeof w->looked);
        w->steps = 0;
        walk(w, paces[i]);
        check_all(w, true);
        assert_true(w->steps >= (KEYS + OTHERS) / 320);
        if (i % 2)
            redis_scan_restart(w->scan);
        else
            step(w); /* behind the end is the beginning; it is not advanced over */
        redis_scan_restart(w->scan);
    }
}

static void names_that_are_given_are_a_step(void **state)
{
    static const struct redis_name names[] = {{"key:1", 5}, {"key:2999", 8}, {"key:none", 8}};
    struct world *w = *state;
    for (int i = 0; i < 4; i++) {
        redis_scan_pace(w->scan, 100, 32, i % 2);
        w->told = false;
        redis_scan_names(w->scan, names, 2);
        rig_wait(w->loop, is_told, w);
        redis_scan_advance(w->scan);
        assert_true(redis_scan_at_end(w->scan));
        assert_int_equal(w->seen[1], i + 1);
        assert_int_equal(w->seen[2999], i + 1);
    }
    assert_int_equal(w->steps, 4);
}

static void walk_with_losses(struct world *w)
{
    for (int i = 0; !redis_scan_at_end(w->scan); i++) {
        rig_wait(w->loop, is_up, w);
        as_it_comes(w);
        if (i == 3 || below(w, 8) == 0)
            rig_redis_run(w->c, "CLIENT KILL TYPE normal SKIPME yes");
        step(w);
        if (w->fault.error == REDIS_E_NONE)
            redis_scan_advance(w->scan);
    }
    while (redis_scan_waiting(w->scan) > 0) {
        rig_wait(w->loop, is_up, w);
        look(w);
        rig_wait(w->loop, no_look, w);
    }
}

/* What was asked for when the connection went is asked for again. */
static void a_lost_connection_loses_no_key(void **state)
{
    struct world *w = *state;
    for (unsigned walks = 1; walks <= 8; walks++) {
        memset(w->seen, 0, sizeof w->seen);
        memset(w->looked, 0, sizeof w->looked);
        walk_with_losses(w);
        check_all(w, false);
        assert_true(redis_link_connects(w->link) > walks);
        redis_scan_restart(w->scan);
    }
}

/* The first commands as Redis sees them, one character each: S SCAN, T TIME, P PTTL. */
static void order(struct world *w, bool is_ahead, char *seen, size_t max)
{
    redisContext *monitor = rig_redis_connect(&w->redis);
    rig_redis_run(monitor, "MONITOR");
    redis_scan_pace(w->scan, 100, 32, is_ahead);
    redis_scan_restart(w->scan);
    for (int i = 0; i < 3; i++) {
        step(w);
        redis_scan_advance(w->scan);
    }
    size_t n = 0;
    while (n + 1 < max) {
        redisReply *line = NULL;
        assert_int_equal(redisGetReply(monitor, (void **)&line), REDIS_OK);
        const char *command = strchr(line->str, ']');
        if (command && strchr("STP", command[3]) && strncmp(command + 3, "PING", 4) != 0)
            seen[n++] = command[3];
        freeReplyObject(line);
    }
    seen[n] = '\0';
    redisFree(monitor);
}

static void a_scan_goes_ahead_of_the_ttls(void **state)
{
    struct world *w = *state;
    char seen[6];
    order(w, true, seen, sizeof seen);
    assert_string_equal(seen, "SSTPP");
    order(w, false, seen, sizeof seen);
    assert_string_equal(seen, "STPPP");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_key_comes_once),
        TEST(names_that_are_given_are_a_step),
        TEST(a_lost_connection_loses_no_key),
        TEST(a_scan_goes_ahead_of_the_ttls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
