/* core/doctor/doctor_agent: what is wrong with the workers. */
#include "core/doctor/doctor_agent.h"

#include "doctor_found.h"

#define ALIVE .name = "worker 1", .pid = 7
#define SAYS(text) .health = {.asked = true, .status = 200, .body = text}
#define WELL SAYS("{\"status\":\"ok\",\"redis\":\"connected\"}")
#define CONFIG(code, text) .config = {.asked = true, .status = code, .body = text}
#define FRESH(word)                                                                                \
    .config_health = {                                                                             \
        .asked = true, .status = 200, .body = "{\"dependencies\":{\"redis\":\"" word "\"}}"}
#define MB(n) (UINT64_C(n) << 20)

static void a_health_that_waits_for_redis_is_no_hang(void **state)
{
    (void)state;
    static const struct {
        const char *row;
        bool redis_serves;
        enum doctor_reply config;
        const char *names;
    } rows[] = {
        {"redis is silent", false, DOCTOR_ANSWERED, "agent-slow"},
        {"redis is silent, and so is the rest", false, DOCTOR_TIMED_OUT, "agent-hangs"},
        {"redis is well", true, DOCTOR_ANSWERED, "agent-hangs"},
    };
    static struct doctor_agent facts;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct doctor_report r = {0};
        facts = (struct doctor_agent){
            .supervised = true, .wanted = 1, .n_workers = 1, .redis_serves = rows[i].redis_serves};
        facts.workers[0] =
            (struct doctor_worker){ALIVE, .health = {.asked = true, .reply = DOCTOR_TIMED_OUT},
                .config = {.asked = true, .reply = rows[i].config, .status = 200}};
        doctor_judge_agent(&facts, &r);
        assert_found(&r, rows[i].names, rows[i].row);
    }
}

static void what_has_just_started_is_not_judged(void **state)
{
    (void)state;
    static struct doctor_agent facts = {.supervised = true, .wanted = 1, .n_workers = 1};
    struct doctor_report r = {0};
    facts.workers[0] = (struct doctor_worker){ALIVE, .young = true, .ports_known = true};
    doctor_judge_agent(&facts, &r);
    assert_found(&r, "", "young");
    assert_int_equal(r.n_gaps, 1);
    assert_string_equal(r.gaps[0].why, "1 of 1 workers: started a moment ago");
}

/* Its sockets are closed before it has ended. */
static void what_was_told_to_end_is_not_judged(void **state)
{
    (void)state;
    static struct doctor_agent facts = {.supervised = true, .wanted = 1, .n_workers = 1};
    struct doctor_report r = {0};
    facts.workers[0] = (struct doctor_worker){ALIVE, .leaving = true, .ports_known = true};
    doctor_judge_agent(&facts, &r);
    assert_found(&r, "", "leaving");
    assert_int_equal(r.n_gaps, 1);
    assert_string_equal(r.gaps[0].why, "1 of 1 workers: told to end");
}

static void each_fault_is_one_finding(void **state)
{
    (void)state;
    static const struct {
        const char *row;
        struct doctor_worker worker;
        const char *names;
    } rows[] = {
        {"well", {ALIVE, WELL}, ""},
        {"gone", {.name = "worker 1"}, "agent-not-running"},
        {"loops", {.name = "worker 1", .loops = true}, "agent-crash-loop"},
        {"right port",
            {ALIVE, WELL, .ports_known = true, .expected = 3004, .ports = {9, 3004}, .n_ports = 2},
            ""},
        {"wrong port",
            {ALIVE, WELL, .ports_known = true, .expected = 3004, .ports = {3005}, .n_ports = 1},
            "agent-wrong-port"},
        {"no port", {ALIVE, WELL, .ports_known = true, .expected = 3004}, "agent-not-listening"},
        {"not known", {ALIVE, WELL, .expected = 3004}, ""},
        {"hangs", {ALIVE, .health = {.asked = true, .reply = DOCTOR_TIMED_OUT}}, "agent-hangs"},
        {"refuses", {ALIVE, .health = {.asked = true, .reply = DOCTOR_REFUSED}}, "agent-unhealthy"},
        {"500", {ALIVE, .health = {.asked = true, .status = 500, .body = "{\"status\":\"ok\"}"}},
            "agent-unhealthy"},
        {"broken", {ALIVE, SAYS("{\"status\":\"broken\"}")}, "agent-unhealthy"},
        {"garbage", {ALIVE, SAYS("{\"status\":")}, "agent-unhealthy"},
        {"zombie", {ALIVE, SAYS("{\"status\":\"ok\",\"redis\":\"disconnected\"}")},
            "agent-lost-redis"},
        {"zombie that could connect anew",
            {ALIVE, SAYS("{\"status\":\"ok\",\"redis\":\"disconnected\"}"), FRESH("connected")},
            "agent-lost-redis"},
        {"one that cannot",
            {ALIVE, SAYS("{\"status\":\"ok\",\"redis\":\"error\"}"), FRESH("disconnected")},
            "agent-redis-unreachable"},
        {"one that has a connection, and gets no other",
            {ALIVE, SAYS("{\"status\":\"ok\",\"redis\":\"connected\"}"), FRESH("disconnected")},
            "agent-redis-unreachable"},
        {"well in both ways",
            {ALIVE, SAYS("{\"status\":\"ok\",\"redis\":\"connected\"}"), FRESH("connected")}, ""},
        {"slow",
            {ALIVE, .health = {.asked = true,
                        .status = 200,
                        .took = 3 * USEC_PER_SEC,
                        .body = "{\"status\":\"ok\"}"}},
            "agent-slow"},
        {"off", {ALIVE, WELL, CONFIG(503, "")}, "agent-disabled"},
        {"no key", {ALIVE, WELL, CONFIG(200, "{\"config\":{\"hasApiKey\":false}}")},
            "agent-no-api-key"},
        {"key", {ALIVE, WELL, CONFIG(200, "{\"config\":{\"hasApiKey\":true}}")}, ""},
        {"descriptors", {ALIVE, WELL, .fds = 85, .max_fds = 100}, "agent-descriptors"},
        {"grows", {ALIVE, WELL, .rss_first = MB(80), .rss_now = MB(160), .watched = USEC_PER_MIN},
            "agent-memory-grows"},
        {"grew a little",
            {ALIVE, WELL, .rss_first = MB(80), .rss_now = MB(99), .watched = USEC_PER_MIN}, ""},
        {"is large",
            {ALIVE, WELL, .rss_first = MB(800), .rss_now = MB(860), .watched = USEC_PER_MIN}, ""},
        {"just started",
            {ALIVE, WELL, .rss_first = MB(20), .rss_now = MB(90), .watched = USEC_PER_SEC}, ""},
    };
    static struct doctor_agent facts;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct doctor_report r = {0};
        facts = (struct doctor_agent){.supervised = true,
            .wanted = 1,
            .n_workers = 1,
            .redis_serves = true,
            .slow = USEC_PER_SEC};
        facts.workers[0] = rows[i].worker;
        doctor_judge_agent(&facts, &r);
        doctor_explain(&r);
        assert_found(&r, rows[i].names, rows[i].row);
    }
}

static void what_is_as_it_should_be(void **state)
{
    (void)state;
    static struct doctor_agent facts;
    struct doctor_report r = {0};
    facts = (struct doctor_agent){.supervised = true, .wanted = 1, .n_workers = 1};
    facts.workers[0] =
        (struct doctor_worker){ALIVE, SAYS("{\"status\":\"ok\",\"redis\":\"disconnected\"}")};
    doctor_judge_agent(&facts, &r);
    assert_found(&r, "", "Redis is down for everybody");
    facts = (struct doctor_agent){.supervised = true, .wanted = 1, .drained = true};
    doctor_judge_agent(&facts, &r);
    assert_found(&r, "", "drained");
    assert_int_equal(r.n_gaps, 1);
    facts = (struct doctor_agent){.n_workers = 1};
    doctor_judge_agent(&facts, &r);
    assert_found(&r, "", "not supervised");
    facts = (struct doctor_agent){
        .supervised = true, .n_exits = 2, .exits = {{"crash", 3}, {"oom", 1}}};
    doctor_judge_agent(&facts, &r);
    assert_found(&r, "agent-exits", "exits");
    assert_string_equal(r.items[0].evidence, "within the last hour: 3 x crash, 1 x oom");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_health_that_waits_for_redis_is_no_hang),
        cmocka_unit_test(what_has_just_started_is_not_judged),
        cmocka_unit_test(what_was_told_to_end_is_not_judged),
        cmocka_unit_test(each_fault_is_one_finding),
        cmocka_unit_test(what_is_as_it_should_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
