/* daemon/workers/dependency: what the fleet and the operator hear of a real Redis that comes and
 * goes. */
#include "daemon/workers/dependency.h"

#include "daemon/reload.h"
#include "daemon_rig.h"
#include "redis_rig.h"
#include "voxkeeper/control.h"

static struct daemon_rig rig;
static struct rig_redis redis;

static void configure(const char *url)
{
    char more[256];
    snprintf(more, sizeof more,
        "[Redis]\nUrl=%s\nConnectTimeout=500ms\nCommandTimeout=500ms\n[Sweep]\nInterval=infinity\n",
        url);
    daemon_rig_configure(&rig, "/bin/sleep 1000", more);
}

static int set_up(void **state)
{
    (void)state;
    rig_redis_init(&redis);
    daemon_rig_init(&rig);
    configure(redis.url);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    rig_redis_fini(&redis); /* first: it is one of our children */
    daemon_rig_fini(&rig);
    return 0;
}

static enum dependency wanted;

static bool fleet_knows(void *arg)
{
    (void)arg;
    return supervisor_fleet(rig.d.supervisor)->dependency == wanted;
}

static void fleet_hears(enum dependency dependency)
{
    wanted = dependency;
    pump_until(&rig.pump, fleet_knows, NULL);
}

static void it_comes_and_goes(void **state)
{
    (void)state;
    rig_redis_start(&redis, NULL);
    daemon_rig_start(&rig);
    fleet_hears(DEPENDENCY_UP);
    assert_string_equal(dependency_words(&rig.d), "redis up");
    rig_redis_stop(&redis);
    daemon_rig_hear(&rig, "redis-down|Redis at ");
    fleet_hears(DEPENDENCY_DOWN);
    assert_string_equal(dependency_words(&rig.d), "redis down");
    witness_must("is down; no worker is restarted for that: ");
    assert_int_equal(fleet_serving(supervisor_fleet(rig.d.supervisor)), 1);
    daemon_rig_must_say(
        daemon_rig_ask(&rig, "GET", VK_API_STATUS, NULL)->body, "\"state\":\"degraded\"");
    rig_redis_start(&redis, NULL);
    daemon_rig_hear(&rig, "redis-up|Redis at ");
    fleet_hears(DEPENDENCY_UP);
    witness_must_not("worker-"); /* nobody was touched */
}

static bool says_refused(void *arg)
{
    (void)arg;
    return strcmp(dependency_words(&rig.d), "redis refuses us") == 0;
}

static void one_that_refuses_us_says_nothing_about_workers(void **state)
{
    (void)state;
    static const char *const password[] = {"--requirepass", "secret", NULL};
    rig_redis_start(&redis, password);
    daemon_rig_start(&rig);
    pump_until(&rig.pump, says_refused, NULL);
    assert_int_equal(supervisor_fleet(rig.d.supervisor)->dependency, DEPENDENCY_UNKNOWN);
    assert_int_equal(fleet_serving(supervisor_fleet(rig.d.supervisor)), 1);
}

static void another_address_is_another_link(void **state)
{
    (void)state;
    rig_redis_start(&redis, NULL);
    daemon_rig_start(&rig);
    fleet_hears(DEPENDENCY_UP);
    daemon_rig_configure(&rig, "/bin/sleep 1000", "");
    daemon_rig_must_say(daemon_rig_do(&rig, VK_API_RELOAD, ""), "done: ");
    assert_null(rig.d.redis);
    fleet_hears(DEPENDENCY_UNKNOWN);
    assert_string_equal(dependency_words(&rig.d), "");
    configure(redis.url);
    daemon_rig_must_say(daemon_rig_do(&rig, VK_API_RELOAD, ""), "done: ");
    assert_non_null(rig.d.redis);
    fleet_hears(DEPENDENCY_UP);
    struct redis_link *link = rig.d.redis;
    daemon_rig_must_say(daemon_rig_do(&rig, VK_API_RELOAD, ""), "done: nothing changed");
    assert_ptr_equal(rig.d.redis, link);
}

static void who_waits_for_a_sweep_hears_of_its_end(void **state)
{
    (void)state;
    rig_redis_start(&redis, NULL);
    daemon_rig_start(&rig);
    fleet_hears(DEPENDENCY_UP);
    daemon_rig_must_say(
        daemon_rig_do(&rig, VK_API_SWEEP, "{\"dry_run\":true}"), "done: dry run: looked at 0 keys");
    struct err e = {0};
    const struct verb_asker asker = {.author = "me", .reason = ""};
    const struct sweep_wish wish = {.dry_run = true};
    struct operation *op = verb_sweep(&rig.d, &asker, &wish, &e);
    assert_non_null(op);
    /* Before it can end its Redis is configured away. */
    daemon_rig_configure(&rig, "/bin/sleep 1000", "");
    assert_non_null(reload_begin(&rig.d, &asker, &e));
    assert_null(rig.d.redis);
    pump_until(&rig.pump, daemon_rig_op_ended, op);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
        T(it_comes_and_goes),
        T(one_that_refuses_us_says_nothing_about_workers),
        T(another_address_is_another_link),
        T(who_waits_for_a_sweep_hears_of_its_end),
#undef T
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
