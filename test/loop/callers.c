/* daemon/workers/callers: connections of the kernel's tables, tasks and sessions of a real Redis.
 */
#include "daemon/workers/callers.h"

#include "caller.h"
#include "daemon/workers/connections.h"
#include "io/http/http_client.h"
#include "sweep_rig.h"

static struct {
    struct sweep_rig *sweep; /* for its loop, and for Redis if that is up */
    struct http_client *http;
    struct connections *connections;
    struct config config;
    struct callers_counter *counter;
    struct callers found;
    unsigned n;
    int listener;
    uint16_t port;
} rig;

static void on_counted(const struct callers *callers, void *arg)
{
    (void)arg;
    rig.found = *callers;
    rig.n++;
}

static int set_up(void **state)
{
    (void)state;
    memset(&rig, 0, sizeof rig);
    rig.listener = caller_listen(&rig.port);
    rig.config.agent.n_listen = 1;
    rig.config.agent.listen[0] =
        (struct endpoint){.family = ENDPOINT_INET, .addr = {127, 0, 0, 1}, .port = rig.port};
    rig.config.drain =
        (struct drain_conf){.wait_connections = true, .wait_tasks = true, .wait_sessions = true};
    struct err e;
    rig.sweep = sweep_rig_new();
    rig.http = http_client_new(rig.sweep->loop, &e);
    rig.connections = connections_new(rig.sweep->loop, rig.http, &rig.config);
    assert_non_null(rig.connections);
    rig.counter = callers_counter_new(rig.connections, &rig.config, on_counted, NULL);
    assert_non_null(rig.counter);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    callers_use_sweeper(rig.counter, NULL);
    callers_counter_free(rig.counter);
    connections_free(rig.connections);
    http_client_free(rig.http);
    sweep_rig_free(rig.sweep);
    close(rig.listener);
    return 0;
}

static struct sweep_rig *redis_up(void)
{
    struct sweep_rig *r = rig.sweep;
    rig_redis_start(&r->redis, NULL);
    r->c = rig_redis_connect(&r->redis);
    sweep_rig_connect(r, r->redis.url, NULL, NULL);
    return r;
}

static bool counted(void *arg)
{
    (void)arg;
    return rig.n > 0;
}

static void count(void)
{
    rig.n = 0;
    callers_count(rig.counter);
    rig_wait(rig.sweep->loop, counted, NULL);
    assert_int_equal(rig.n, 1);
}

static void names_are(const char *expected)
{
    struct strbuf names = STRBUF_INIT;
    callers_names_json(rig.counter, &names);
    assert_string_equal(strbuf_text(&names), expected);
    strbuf_fini(&names);
}

static void without_redis_there_are_connections_only(void **state)
{
    (void)state;
    count();
    assert_true(rig.found.connections.known && rig.found.tasks.known && rig.found.sessions.known);
    assert_int_equal(rig.found.connections.n, 0);
    names_are("{\"connections\":[],\"tasks\":[],\"sessions\":[]}");
    pid_t one = caller_begin(rig.port);
    count();
    assert_int_equal(rig.found.connections.n, 1);
    assert_int_equal(rig.found.tasks.n + rig.found.sessions.n, 0);
    struct strbuf names = STRBUF_INIT;
    callers_names_json(rig.counter, &names);
    assert_int_equal(strncmp(strbuf_text(&names), "{\"connections\":[\"127.0.0.1 port ", 32), 0);
    strbuf_fini(&names);
    struct callers now = {0};
    callers_connections(rig.connections, &now);
    assert_true(now.connections.known);
    assert_int_equal(now.connections.n, 1);
    caller_hang_up(one);
    assert_int_equal(waitpid(one, NULL, 0), one);
    count();
    assert_int_equal(rig.found.connections.n, 0);
    names_are("{\"connections\":[],\"tasks\":[],\"sessions\":[]}");
}

static void what_is_not_waited_for_is_not_counted(void **state)
{
    (void)state;
    struct config other = rig.config;
    other.drain.wait_connections = false;
    callers_configure(rig.counter, &other);
    count();
    assert_false(rig.found.connections.known);
}

static void a_census_counts_tasks_and_sessions(void **state)
{
    (void)state;
    struct sweep_rig *r = redis_up();
    sweep_rig_session(r, "live \"one\"", USEC_PER_SEC, 3600);
    sweep_rig_session(r, "idle", USEC_PER_HOUR, 3600);
    sweep_rig_task(r, "open", true, USEC_PER_MIN, 86400);
    sweep_rig_task(r, "done", false, USEC_PER_MIN, 86400);
    callers_use_sweeper(rig.counter, r->sweeper);
    count();
    assert_true(rig.found.tasks.known && rig.found.sessions.known && rig.found.connections.known);
    assert_int_equal(rig.found.tasks.n, 1);
    assert_int_equal(rig.found.sessions.n, 1);
    names_are("{\"connections\":[],\"tasks\":[\"open\"],\"sessions\":[\"live \\\"one\\\"\"]}");
    assert_int_equal(rig_redis_int(r->c, "DBSIZE"), 4);
}

static void a_sweep_gives_way(void **state)
{
    (void)state;
    struct sweep_rig *r = redis_up();
    struct config other = rig.config;
    other.drain.wait_connections = false; /* the census begins at once */
    callers_configure(rig.counter, &other);
    for (int i = 0; i < 50; i++) {
        char id[16];
        snprintf(id, sizeof id, "s%d", i);
        sweep_rig_session(r, id, USEC_PER_SEC, 3600);
    }
    callers_use_sweeper(rig.counter, r->sweeper);
    sweep_rig_begin(r, (struct sweep_request){0});
    callers_count(rig.counter);
    /* This time nobody knows. */
    assert_int_equal(rig.n, 1);
    assert_false(rig.found.tasks.known || rig.found.sessions.known);
    sweep_rig_finish(r);
    assert_false(r->summary.complete);
    count();
    assert_int_equal(rig.found.sessions.n, 50);
}

static bool is_down(void *arg)
{
    return redis_link_state(((struct sweep_rig *)arg)->link) == REDIS_LINK_DOWN;
}

static void a_redis_that_is_away_leaves_them_unknown(void **state)
{
    (void)state;
    struct sweep_rig *r = redis_up();
    rig_redis_stop(&r->redis);
    rig_wait(r->loop, is_down, r);
    callers_use_sweeper(rig.counter, r->sweeper);
    count();
    assert_false(rig.found.tasks.known || rig.found.sessions.known);
    assert_true(rig.found.connections.known);
}

static void a_count_ends_also_when_its_sweeper_goes(void **state)
{
    (void)state;
    redis_up();
    struct config other = rig.config;
    other.drain.wait_connections = false; /* the census begins at once */
    callers_configure(rig.counter, &other);
    callers_use_sweeper(rig.counter, rig.sweep->sweeper);
    callers_count(rig.counter);
    assert_int_equal(rig.n, 0);
    callers_use_sweeper(rig.counter, NULL);
    assert_int_equal(rig.n, 1);
    assert_false(rig.found.tasks.known || rig.found.sessions.known);
    sweeper_free(rig.sweep->sweeper); /* which ends the census without another word */
    rig.sweep->sweeper = NULL;
    assert_int_equal(rig.n, 1);
    callers_counter_free(NULL);
}

static void one_that_goes_while_it_counts_says_no_more(void **state)
{
    (void)state;
    callers_count(rig.counter);
    callers_counter_free(rig.counter);
    rig.counter = callers_counter_new(rig.connections, &rig.config, on_counted, NULL);
    count();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
        T(without_redis_there_are_connections_only),
        T(what_is_not_waited_for_is_not_counted),
        T(a_census_counts_tasks_and_sessions),
        T(a_sweep_gives_way),
        T(a_redis_that_is_away_leaves_them_unknown),
        T(a_count_ends_also_when_its_sweeper_goes),
        T(one_that_goes_while_it_counts_says_no_more),
#undef T
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
