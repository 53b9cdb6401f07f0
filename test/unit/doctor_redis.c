/* core/doctor/doctor_redis: what is wrong with Redis. */
#include "core/doctor/doctor_redis.h"

#include "doctor_found.h"

#define LATELY(n)                                                                                  \
    {                                                                                              \
        true, n, USEC_PER_HOUR                                                                     \
    }
#define DONE .step = DOCTOR_REDIS_STEP_DONE, .has_info = true

static void each_fault_is_one_finding(void **state)
{
    (void)state;
    static const struct {
        const char *row;
        struct doctor_redis facts;
        const char *names;
    } rows[] = {
        {"none is configured", {.step = DOCTOR_REDIS_UNASKED}, ""},
        {"well", {DONE, .version = "7.0.15", .role = "master"}, ""},
        {"dns", {.step = DOCTOR_REDIS_STEP_DNS}, "redis-dns"},
        {"refused", {.step = DOCTOR_REDIS_STEP_CONNECT}, "redis-refused"},
        {"dropped", {.step = DOCTOR_REDIS_STEP_CONNECT, .timed_out = true}, "redis-silent"},
        {"wrong password", {.step = DOCTOR_REDIS_STEP_LOGIN}, "redis-auth"},
        {"hangs", {.step = DOCTOR_REDIS_STEP_PING}, "redis-silent"},
        {"loads", {.step = DOCTOR_REDIS_STEP_PING, .loading = true}, "redis-loading"},
        {"rights", {DONE, .missing = "+dump"}, "redis-rights"},
        {"slow", {DONE, .pings = {9, USEC_PER_SEC, 8, USEC_PER_SEC, USEC_PER_SEC}}, "redis-slow"},
        {"late by chance", {DONE, .pings = {9, USEC_PER_SEC, 8, USEC_PER_SEC, 7}}, ""},
        {"replica", {DONE, .role = "slave"}, "redis-replica"},
        {"read only", {DONE, .write_error = "READONLY x"}, "redis-replica"},
        {"misconf", {DONE, .write_error = "MISCONF x"}, "redis-persistence"},
        {"bgsave", {DONE, .save_status = "err"}, "redis-persistence"},
        {"aof", {DONE, .aof_status = "err"}, "redis-persistence"},
        {"clients", {DONE, .clients = 95, .maxclients = 100}, "redis-clients"},
        {"refused clients", {DONE, .rejected = 9, .rejections = LATELY(1)}, "redis-clients"},
        {"refused clients long ago", {DONE, .rejected = 9, .rejections = LATELY(0)}, ""},
        {"refused clients, some time", {DONE, .rejected = 9}, ""},
        {"few clients", {DONE, .clients = 89, .maxclients = 100}, ""},
        {"old", {DONE, .version = "5.0.14"}, "redis-version"},
        {"ten", {DONE, .version = "10.0.0"}, ""},
        {"full", {DONE, .used_memory = 91, .maxmemory = 100}, "redis-memory"},
        {"oom", {DONE, .write_error = "OOM x"}, "redis-memory"},
        {"policy", {DONE, .maxmemory = 1000, .policy = "allkeys-lru"}, "sessions-policy"},
        {"policy without a limit", {DONE, .policy = "allkeys-lru"}, ""},
        {"policy that spares who is live", {DONE, .maxmemory = 1000, .policy = "volatile-ttl"}, ""},
        {"no eviction", {DONE, .maxmemory = 1000, .policy = "noeviction"}, ""},
        {"evicted",
            {DONE, .maxmemory = 1000, .policy = "allkeys-lru", .evicted = 9,
                .evictions = LATELY(2)},
            "sessions-evicted"},
        {"evicted long ago", {DONE, .evicted = 9, .evictions = LATELY(0)}, ""},
        {"evicted, some time", {DONE, .evicted = 9}, ""},
        {"backlog", {DONE, .stale_percent = 30}, "sessions-expired-backlog"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct doctor_report r = {0};
        doctor_judge_redis(&rows[i].facts, &r);
        doctor_explain(&r);
        assert_found(&r, rows[i].names, rows[i].row);
    }
}

static void what_was_not_watched_is_said(void **state)
{
    (void)state;
    const struct doctor_redis facts = {DONE, .evicted = 9, .rejected = 7};
    struct doctor_report r = {0};
    doctor_judge_redis(&facts, &r);
    assert_int_equal(r.n_gaps, 2);
    assert_non_null(strstr(r.gaps[0].why, "rejected_connections is 7"));
    assert_non_null(strstr(r.gaps[1].why, "evicted_keys of Redis is 9"));
}

static void counters_are_of_one_run(void **state)
{
    (void)state;
    struct doctor_redis one = {.run = "a", .uptime = 3, .evicted = 5, .rejected = 6};
    struct doctor_redis other = {.run = "b"};
    struct doctor_count_now evicted = doctor_redis_count(&one, DOCTOR_COUNTER_EVICTED);
    assert_int_equal(evicted.value, 5);
    assert_true(evicted.age >= 3 * USEC_PER_SEC && evicted.age <= 4 * USEC_PER_SEC);
    assert_int_equal(doctor_redis_count(&one, DOCTOR_COUNTER_REJECTED).value, 6);
    assert_true(evicted.origin != doctor_redis_count(&other, DOCTOR_COUNTER_EVICTED).origin);
}

static void info_is_read(void **state)
{
    (void)state;
    struct doctor_redis f = {0};
    doctor_redis_info(
        "# Server\r\nredis_version:7.0.15\r\nloading:0\r\nused_memory:1234\r\n"
        "maxmemory:99\r\nrun_id:0123abcd\r\nmaxmemory_policy:allkeys-lru\r\nrole:slave\r\n"
        "master_link_status:down\r\nrdb_last_bgsave_status:err\r\n"
        "aof_last_write_status:ok\r\nexpired_stale_perc:12.50\r\nevicted_keys:3\r\n"
        "connected_clients:4\r\nmaxclients:10\r\nrejected_connections:5\r\n",
        &f);
    assert_true(f.has_info && f.master_link_down && !f.loading);
    assert_string_equal(f.version, "7.0.15");
    assert_string_equal(f.role, "slave");
    assert_string_equal(f.run, "0123abcd");
    assert_string_equal(f.policy, "allkeys-lru");
    assert_string_equal(f.save_status, "err");
    assert_string_equal(f.aof_status, "ok");
    assert_int_equal(f.used_memory, 1234);
    assert_int_equal(f.maxmemory, 99);
    assert_int_equal(f.evicted, 3);
    assert_int_equal(f.clients, 4);
    assert_int_equal(f.maxclients, 10);
    assert_int_equal(f.rejected, 5);
    assert_true(f.stale_percent > 12.4 && f.stale_percent < 12.6);
    struct doctor_redis empty = {0};
    doctor_redis_info("", &empty);
    doctor_redis_info("used_memory", &empty);
    assert_int_equal(empty.used_memory, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_fault_is_one_finding),
        cmocka_unit_test(what_was_not_watched_is_said),
        cmocka_unit_test(counters_are_of_one_run),
        cmocka_unit_test(info_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
