/* io/redis/redis_link against a real redis-server: up, down, refused, restarted. */
#include "io/redis/redis_link.h"

#include "redis_rig.h"

struct world {
    struct loop *loop;
    struct rig_redis redis;
    struct redis_link *link;
    int changes;
    int replies;
    int nulls;
    bool free_on_state;
};

static void on_state(enum redis_link_state state, const char *why, void *arg)
{
    struct world *w = arg;
    (void)state;
    (void)why;
    w->changes++;
    if (w->free_on_state) {
        redis_link_free(w->link);
        w->link = NULL;
    }
}

static struct redis_link *connect_to(
    struct world *w, const char *url, const char *user, const char *password_file)
{
    struct redis_link_conf conf = {.url = url,
        .username = user,
        .password_file = password_file,
        .connect_timeout = RIG_DEADLINE_SEC * USEC_PER_SEC,
        .command_timeout = RIG_DEADLINE_SEC * USEC_PER_SEC,
        .ping_interval = 100 * USEC_PER_MSEC};
    struct err e = {0};
    w->link = redis_link_new(w->loop, &conf, on_state, w, &e);
    if (!w->link)
        fail_msg("%s", e.msg);
    assert_int_equal(redis_link_state(w->link), REDIS_LINK_CONNECTING);
    return w->link;
}

static bool is_up(void *arg)
{
    struct world *w = arg;
    return redis_link_state(w->link) == REDIS_LINK_UP;
}

static bool is_down(void *arg)
{
    struct world *w = arg;
    return redis_link_state(w->link) == REDIS_LINK_DOWN;
}

static bool is_refused(void *arg)
{
    struct world *w = arg;
    return redis_link_state(w->link) == REDIS_LINK_REFUSED;
}

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct err e;
    signal(SIGPIPE, SIG_IGN);
    w->loop = loop_new(&e);
    rig_redis_init(&w->redis);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    redis_link_free(w->link);
    loop_free(w->loop);
    rig_redis_fini(&w->redis);
    free(w);
    return 0;
}

static void why_has(struct world *w, const char *text)
{
    if (!strstr(redis_link_why(w->link), text))
        fail_msg("why: \"%s\", not \"%s\"", redis_link_why(w->link), text);
}

/* ---- commands ---- */

struct answer {
    bool came;
    bool null;
    struct redis_value value;
    char str[256];
    struct redis_value items[3];
};

static void on_answer(const struct redis_value *reply, void *arg)
{
    struct answer *a = arg;
    a->came = true;
    a->null = !reply;
    if (!reply)
        return;
    a->value = *reply;
    if (reply->str && reply->len < sizeof a->str)
        memcpy(a->str, reply->str, reply->len);
    for (size_t i = 0; i < 3; i++)
        a->items[i] = redis_value_at(reply, i);
}

static bool came(void *arg)
{
    return ((struct answer *)arg)->came;
}

static struct answer ask(struct world *w, int argc, const char *const *argv, const size_t *len)
{
    struct answer a = {0};
    assert_int_equal(redis_link_command(w->link, argc, argv, len, on_answer, &a), 0);
    rig_wait(w->loop, came, &a);
    return a;
}

static void answers_come_in_every_type(void **state)
{
    struct world *w = *state;
    static const char value[] = "a\0b\r\n\xff";
    rig_redis_start(&w->redis, NULL);
    connect_to(w, w->redis.url, NULL, NULL);
    rig_wait(w->loop, is_up, w);
    assert_string_equal(redis_link_why(w->link), "");
    assert_int_equal(redis_link_connects(w->link), 1);
    assert_true(redis_link_ping_latency(w->link) > 0);
    assert_int_equal(redis_link_usage(w->link)->pings.n, 1);
    assert_int_equal(redis_link_usage(w->link)->pings.sum, redis_link_ping_latency(w->link));
    assert_int_equal(w->changes, 1);

    const size_t len[] = {3, 3, sizeof value - 1};
    struct answer a = ask(w, 3, (const char *const[]){"SET", "k\0y", value}, len);
    assert_int_equal(a.value.type, REDIS_STATUS);
    a = ask(w, 2, (const char *const[]){"GET", "k\0y"}, len);
    assert_int_equal(a.value.type, REDIS_STRING);
    assert_int_equal(a.value.len, sizeof value - 1);
    assert_memory_equal(a.str, value, sizeof value - 1);
    a = ask(w, 2, (const char *const[]){"GET", "none"}, NULL);
    assert_int_equal(a.value.type, REDIS_NIL);
    a = ask(w, 2, (const char *const[]){"PTTL", "none"}, NULL);
    assert_int_equal(a.value.type, REDIS_INTEGER);
    assert_int_equal(a.value.integer, -2);
    a = ask(w, 1, (const char *const[]){"NONSENSE"}, NULL);
    assert_int_equal(a.value.type, REDIS_ERROR);
    assert_int_equal(redis_error_class(a.str, a.value.len), REDIS_E_OTHER);
    a = ask(w, 2, (const char *const[]){"SCAN", "0"}, NULL);
    assert_int_equal(a.value.type, REDIS_ARRAY);
    assert_int_equal(a.value.n_items, 2);
    assert_int_equal(a.items[0].type, REDIS_STRING);
    assert_int_equal(a.items[1].type, REDIS_ARRAY);
    assert_int_equal(a.items[2].type, REDIS_NIL);
}

/* ---- coming and going ---- */

static void waits_for_a_server_that_is_not_there(void **state)
{
    struct world *w = *state;
    connect_to(w, w->redis.url, NULL, NULL);
    rig_wait(w->loop, is_down, w);
    why_has(w, "No such file or directory");
    struct answer a = {0};
    assert_int_equal(
        redis_link_command(w->link, 1, (const char *const[]){"PING"}, NULL, on_answer, &a),
        -ENOTCONN);
    rig_redis_start(&w->redis, NULL);
    rig_wait(w->loop, is_up, w);
    assert_false(a.came);
    assert_int_equal(w->changes, 2);
}

static void comes_back_after_a_restart(void **state)
{
    struct world *w = *state;
    struct answer a = {0};
    rig_redis_start(&w->redis, NULL);
    connect_to(w, w->redis.url, NULL, NULL);
    rig_wait(w->loop, is_up, w);
    /* Waits for what never comes: its answer is the end of the connection. */
    assert_int_equal(redis_link_command(w->link, 3, (const char *const[]){"BLPOP", "none", "0"},
                         NULL, on_answer, &a),
        0);
    rig_redis_stop(&w->redis);
    rig_wait(w->loop, is_down, w);
    rig_wait(w->loop, came, &a);
    assert_true(a.null);
    assert_true(redis_link_why(w->link)[0] != '\0');
    rig_redis_start(&w->redis, NULL);
    rig_wait(w->loop, is_up, w);
    assert_int_equal(redis_link_connects(w->link), 2);
}

static void a_long_pipeline_is_answered_whole(void **state)
{
    struct world *w = *state;
    enum { N = 20000 };
    struct answer *last = calloc(N, sizeof *last);
    rig_redis_start(&w->redis, NULL);
    connect_to(w, w->redis.url, NULL, NULL);
    rig_wait(w->loop, is_up, w);
    for (int i = 0; i < N; i++) {
        const char *const argv[] = {"ECHO", "x"};
        assert_int_equal(redis_link_command(w->link, 2, argv, NULL, on_answer, &last[i]), 0);
    }
    rig_wait(w->loop, came, &last[N - 1]);
    for (int i = 0; i < N; i++)
        assert_true(last[i].came && !last[i].null);
    assert_int_equal(redis_link_connects(w->link), 1);
    free(last);
}

/* ---- credentials ---- */

static void write_password(struct world *w, char path[160], const char *text)
{
    snprintf(path, 160, "%s/password", w->redis.dir);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void a_wrong_password_is_refused_until_it_is_right(void **state)
{
    struct world *w = *state;
    char path[160];
    rig_redis_start(&w->redis, (const char *const[]){"--requirepass", "right", NULL});
    write_password(w, path, "wrong\n");
    connect_to(w, w->redis.url, NULL, path);
    rig_wait(w->loop, is_refused, w);
    why_has(w, "AUTH: WRONGPASS");
    assert_null(strstr(redis_link_why(w->link), "wrong\n"));
    write_password(w, path, "right\nanything else\n");
    redis_link_retry(w->link);
    rig_wait(w->loop, is_up, w);
}

static void no_password_is_refused(void **state)
{
    struct world *w = *state;
    rig_redis_start(&w->redis, (const char *const[]){"--requirepass", "right", NULL});
    connect_to(w, w->redis.url, NULL, NULL);
    rig_wait(w->loop, is_refused, w);
    why_has(w, "NOAUTH");
}

static void a_missing_password_file_is_refused(void **state)
{
    struct world *w = *state;
    rig_redis_start(&w->redis, NULL);
    connect_to(w, w->redis.url, NULL, "/nowhere/at/all");
    rig_wait(w->loop, is_refused, w);
    why_has(w, "read password file \"/nowhere/at/all\"");
}

/* Redis serves such a connection on as the default user: exactly what must not be used. */
static void a_failed_auth_is_fatal_where_the_default_user_is_open(void **state)
{
    struct world *w = *state;
    char path[160];
    rig_redis_start(&w->redis, NULL);
    write_password(w, path, "secret");
    connect_to(w, w->redis.url, "keeper", path);
    rig_wait(w->loop, is_refused, w);
    why_has(w, "WRONGPASS");
    assert_int_equal(w->changes, 1); /* the PONG that came with it was not believed */
    redisContext *c = rig_redis_connect(&w->redis);
    rig_redis_run(c, "ACL SETUSER keeper on >secret -@all +ping ~*");
    redisFree(c);
    redis_link_retry(w->link);
    rig_wait(w->loop, is_up, w);
}

static void a_missing_right_is_refused(void **state)
{
    struct world *w = *state;
    char path[160];
    rig_redis_start(&w->redis, NULL);
    write_password(w, path, "secret");
    redisContext *c = rig_redis_connect(&w->redis);
    rig_redis_run(c, "ACL SETUSER keeper on >secret -@all ~*");
    redisFree(c);
    connect_to(w, w->redis.url, "keeper", path);
    rig_wait(w->loop, is_refused, w);
    why_has(w, "PING: NOPERM");
    why_has(w, "ping");
}

static void selects_the_database(void **state)
{
    struct world *w = *state;
    char url[200];
    rig_redis_start(&w->redis, NULL);
    snprintf(url, sizeof url, "%s?db=3", w->redis.url);
    connect_to(w, url, NULL, NULL);
    rig_wait(w->loop, is_up, w);
    ask(w, 3, (const char *const[]){"SET", "here", "1"}, NULL);
    redisContext *c = rig_redis_connect(&w->redis);
    assert_int_equal(rig_redis_int(c, "EXISTS here"), 0);
    rig_redis_run(c, "SELECT 3");
    assert_int_equal(rig_redis_int(c, "EXISTS here"), 1);
    redisFree(c);
    redis_link_free(w->link);
    snprintf(url, sizeof url, "%s?db=999", w->redis.url);
    connect_to(w, url, NULL, NULL);
    rig_wait(w->loop, is_refused, w);
    why_has(w, "SELECT: ERR DB index is out of range");
}

/* ---- loading, for real ---- */

static bool is_loading(void *arg)
{
    struct world *w = arg;
    return redis_link_state(w->link) == REDIS_LINK_LOADING;
}

static void waits_while_redis_loads(void **state)
{
    struct world *w = *state;
    rig_redis_start(&w->redis, NULL);
    redisContext *c = rig_redis_connect(&w->redis);
    rig_redis_run(c, "DEBUG POPULATE 1200");
    rig_redis_run(c, "SAVE");
    redisFree(c);
    rig_redis_stop(&w->redis);
    rig_redis_start(&w->redis, (const char *const[]){"--key-load-delay", "1000",
                                   "--loading-process-events-interval-bytes", "1024", NULL});
    connect_to(w, w->redis.url, NULL, NULL);
    rig_wait(w->loop, is_loading, w);
    why_has(w, "LOADING");
    rig_wait(w->loop, is_up, w);
    assert_int_equal(redis_link_connects(w->link), 1);
}

/* ---- being freed ---- */

static bool is_freed(void *arg)
{
    return !((struct world *)arg)->link;
}

static void may_be_freed_by_its_own_callback(void **state)
{
    struct world *w = *state;
    rig_redis_start(&w->redis, NULL);
    w->free_on_state = true;
    connect_to(w, w->redis.url, NULL, NULL);
    rig_wait(w->loop, is_freed, w);
    rig_redis_stop(&w->redis);
    connect_to(w, w->redis.url, NULL, NULL);
    rig_wait(w->loop, is_freed, w);
}

static void on_answer_free(const struct redis_value *reply, void *arg)
{
    struct world *w = arg;
    w->replies += reply != NULL;
    w->nulls += reply == NULL;
    struct redis_link *link = w->link;
    w->link = NULL;
    redis_link_free(link);
}

static void pending_commands_hear_of_the_end(void **state)
{
    struct world *w = *state;
    rig_redis_start(&w->redis, NULL);
    connect_to(w, w->redis.url, NULL, NULL);
    rig_wait(w->loop, is_up, w);
    for (int i = 0; i < 5; i++)
        redis_link_command(w->link, 1, (const char *const[]){"PING"}, NULL, on_answer_free, w);
    rig_wait(w->loop, is_freed, w);
    assert_int_equal(w->replies, 1);
    assert_int_equal(w->nulls, 4);
}

static void freed_with_commands_under_way(void **state)
{
    struct world *w = *state;
    struct answer a = {0};
    rig_redis_start(&w->redis, NULL);
    connect_to(w, w->redis.url, NULL, NULL);
    rig_wait(w->loop, is_up, w);
    redis_link_command(w->link, 1, (const char *const[]){"PING"}, NULL, on_answer, &a);
    redis_link_free(w->link);
    w->link = NULL;
    assert_true(a.came && a.null);
}

static void a_bad_url_is_told_at_once(void **state)
{
    struct world *w = *state;
    struct redis_link_conf conf = {.url = "http://x"};
    struct err e = {0};
    assert_null(redis_link_new(w->loop, &conf, on_state, w, &e));
    assert_non_null(strstr(e.msg, "http://"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(answers_come_in_every_type),
        TEST(waits_for_a_server_that_is_not_there),
        TEST(comes_back_after_a_restart),
        TEST(a_long_pipeline_is_answered_whole),
        TEST(a_wrong_password_is_refused_until_it_is_right),
        TEST(no_password_is_refused),
        TEST(a_missing_password_file_is_refused),
        TEST(a_failed_auth_is_fatal_where_the_default_user_is_open),
        TEST(a_missing_right_is_refused),
        TEST(selects_the_database),
        TEST(waits_while_redis_loads),
        TEST(may_be_freed_by_its_own_callback),
        TEST(pending_commands_hear_of_the_end),
        TEST(freed_with_commands_under_way),
        TEST(a_bad_url_is_told_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
