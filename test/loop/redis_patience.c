/* io/redis/redis_link: how long it waits for answers. Hours pass here in no time, so that what a
 * busy machine adds does not count; the servers say something when they are told to. */
#include "io/redis/redis_policy.h"

#include "redis_fake.h"
#include "suspend.h"

#define PONG "+PONG\r\n"

/* The patience of these links, and the time that passes between two looks of theirs. */
#define CONNECT (3 * USEC_PER_HOUR)
#define COMMAND USEC_PER_HOUR
#define PING (10 * USEC_PER_MIN)
#define STEP USEC_PER_MIN

struct world {
    struct loop *loop;
    struct fake fake;
    struct rig_redis redis;
    struct redis_link *link;
    int changes;
    int downs;
    char why[256]; /* the last of them */
    int replies;
    int nulls;
};

static void on_state(enum redis_link_state state, const char *why, void *arg)
{
    struct world *w = arg;
    w->changes++;
    if (state != REDIS_LINK_DOWN)
        return;
    w->downs++;
    snprintf(w->why, sizeof w->why, "%s", why);
}

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct err e;
    signal(SIGPIPE, SIG_IGN);
    w->loop = loop_new(&e);
    suspend_follow(w->loop);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    redis_link_free(w->link);
    loop_free(w->loop);
    if (w->fake.pid > 0)
        fake_stop(&w->fake);
    if (w->redis.dir[0])
        rig_redis_fini(&w->redis);
    free(w);
    return 0;
}

static void connect_to(struct world *w, const char *url)
{
    struct redis_link_conf conf = {
        .url = url, .connect_timeout = CONNECT, .command_timeout = COMMAND, .ping_interval = PING};
    struct err e = {0};
    w->link = redis_link_new(w->loop, &conf, on_state, w, &e);
    assert_non_null(w->link);
}

static bool is_up(void *arg)
{
    return redis_link_state(((struct world *)arg)->link) == REDIS_LINK_UP;
}

/* The handshake without credentials is CLIENT SETNAME, CLIENT NO-TOUCH, PING. Later connections
 * are well. */
static void meet(struct world *w, struct fake_script script)
{
    w->fake.scripts[0] = script;
    w->fake.scripts[1] = (struct fake_script){.answers = {"+OK\r\n", "+OK\r\n", PONG}};
    w->fake.n_scripts = 2;
    fake_start(&w->fake);
    connect_to(w, w->fake.url);
}

/* Up, and from now on it answers when it is told to. */
static void meet_an_obedient_one(struct world *w)
{
    meet(w, (struct fake_script){.obeys = true, .answers = {"+OK\r\n", "+OK\r\n", PONG, PONG}});
    rig_wait(w->loop, is_up, w);
}

static void count_reply(const struct redis_value *reply, void *arg)
{
    struct world *w = arg;
    w->replies += reply != NULL;
    w->nulls += reply == NULL;
}

static void ask(struct world *w)
{
    assert_int_equal(
        redis_link_command(w->link, 1, (const char *const[]){"PING"}, NULL, count_reply, w), 0);
}

static bool has_pinged_twice(void *arg)
{
    return redis_link_usage(((struct world *)arg)->link)->pings.n == 2;
}

struct until {
    struct world *w;
    int replies;
};

static bool replied(void *arg)
{
    struct until *u = arg;
    return u->w->replies + u->w->nulls >= u->replies;
}

static void wait_for_replies(struct world *w, int replies)
{
    struct until u = {w, replies};
    rig_wait(w->loop, replied, &u);
    assert_int_equal(w->replies, replies);
}

/* How much time passes until the connection is given up. */
static usec_t time_to_give_up(struct world *w)
{
    usec_t passed = 0;
    for (int before = w->downs; w->downs == before; passed += STEP) {
        assert_true(passed < 10 * COMMAND);
        suspend_for(w->loop, STEP);
    }
    assert_string_equal(w->why, "it does not answer: nothing came for 1h");
    return passed;
}

/* ---- silence ---- */

/* After PING_INTERVAL we ask, and CommandTimeout later we know. */
static void a_stopped_server_is_noticed(void **state)
{
    struct world *w = *state;
    int status;
    rig_redis_init(&w->redis);
    rig_redis_start(&w->redis, NULL);
    connect_to(w, w->redis.url);
    rig_wait(w->loop, is_up, w);
    suspend_pass(w->loop, PING, STEP);
    rig_wait(w->loop, has_pinged_twice, w);
    kill(w->redis.pid, SIGSTOP);
    assert_int_equal(waitpid(w->redis.pid, &status, WUNTRACED), w->redis.pid);
    assert_in_range(time_to_give_up(w), PING + COMMAND, PING + COMMAND + 3 * STEP);
    kill(w->redis.pid, SIGCONT);
    rig_wait(w->loop, is_up, w);
    assert_int_equal(redis_link_connects(w->link), 2);
}

static void a_server_that_never_answers_is_given_up(void **state)
{
    struct world *w = *state;
    meet(w, (struct fake_script){.answers = {FAKE_SILENCE}});
    assert_in_range(time_to_give_up(w), COMMAND, COMMAND + 3 * STEP);
    rig_wait(w->loop, is_up, w);
}

static void a_connection_that_dies_half_open_is_given_up(void **state)
{
    struct world *w = *state;
    meet(w, (struct fake_script){.answers = {"+OK\r\n", "+OK\r\n", PONG, PONG, FAKE_SILENCE}});
    rig_wait(w->loop, is_up, w);
    suspend_pass(w->loop, PING, STEP);
    rig_wait(w->loop, has_pinged_twice, w);
    assert_in_range(time_to_give_up(w), PING + COMMAND, PING + COMMAND + 3 * STEP);
    rig_wait(w->loop, is_up, w);
    assert_int_equal(redis_link_connects(w->link), 2);
}

/* Each within CommandTimeout of the one before, all together not. */
static void answers_are_waited_for_while_they_come(void **state)
{
    struct world *w = *state;
    enum { ANSWERS = 5 };
    meet_an_obedient_one(w);
    for (int i = 0; i < ANSWERS; i++)
        ask(w);
    for (int i = 0; i < ANSWERS; i++) {
        suspend_pass(w->loop, COMMAND - 5 * STEP, STEP);
        fake_let(&w->fake);
        wait_for_replies(w, i + 1);
    }
    assert_int_equal(w->changes, 1);
    assert_int_equal(redis_link_connects(w->link), 1);
}

/* ---- our own absence ---- */

static void what_came_while_we_did_not_run_is_heard(void **state)
{
    struct world *w = *state;
    meet_an_obedient_one(w);
    ask(w);
    redis_link_flush(w->link);
    fake_let(&w->fake);
    suspend_for(w->loop, 100 * COMMAND);
    wait_for_replies(w, 1);
    assert_int_equal(w->changes, 1);
}

static void silence_while_we_did_not_run_does_not_count(void **state)
{
    struct world *w = *state;
    meet_an_obedient_one(w);
    ask(w);
    suspend_for(w->loop, 100 * COMMAND);
    suspend_pass(w->loop, COMMAND - STEP, STEP); /* it has its time anew */
    assert_int_equal(w->changes, 1);
    fake_let(&w->fake);
    wait_for_replies(w, 1);
    ask(w);
    suspend_for(w->loop, 100 * COMMAND);
    assert_in_range(time_to_give_up(w), COMMAND, COMMAND + 3 * STEP); /* and no more */
    assert_int_equal(w->nulls, 1);
}

static void connecting_is_interrupted_by_nothing(void **state)
{
    struct world *w = *state;
    meet(w, (struct fake_script){.obeys = true, .answers = {"+OK\r\n", "+OK\r\n", PONG}});
    suspend_for(w->loop, 100 * CONNECT);
    assert_int_equal(w->changes, 0);
    suspend_for(w->loop, 100 * CONNECT);
    assert_int_equal(w->changes, 0);
    fake_let(&w->fake);
    rig_wait(w->loop, is_up, w);
    assert_int_equal(w->changes, 1);
}

/* ---- coming back ---- */

/* Whoever was away for hours is found again as soon as one who was away for seconds. */
static void it_is_tried_again_within_two_seconds_for_ever(void **state)
{
    (void)state;
    for (unsigned failures = 0; failures < 100; failures++)
        assert_in_range(
            redis_policy_retry(REDIS_LINK_DOWN, failures), 100 * USEC_PER_MSEC, 2 * USEC_PER_SEC);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_stopped_server_is_noticed),
        TEST(a_server_that_never_answers_is_given_up),
        TEST(a_connection_that_dies_half_open_is_given_up),
        TEST(answers_are_waited_for_while_they_come),
        TEST(what_came_while_we_did_not_run_is_heard),
        TEST(silence_while_we_did_not_run_does_not_count),
        cmocka_unit_test(it_is_tried_again_within_two_seconds_for_ever),
        TEST(connecting_is_interrupted_by_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
