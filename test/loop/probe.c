/* daemon/workers/probe: one round, every probe side by side, the worst outcome counts. */
#include "daemon/workers/probe.h"

#include "canned.h"
#include "io/child/child.h"
#include "io/http/http_client.h"
#include "offspring.h"
#include "pump.h"

#define OK "HTTP/1.0 200 OK\r\n\r\n{\"status\":\"ok\",\"redis\":\"connected\"}"
#define ZOMBIE "HTTP/1.0 200 OK\r\n\r\n{\"status\":\"ok\",\"redis\":\"disconnected\"}"
#define BROKEN "HTTP/1.0 500 Oh\r\n\r\n\x1b[31mbroken\n"

struct rig {
    struct pump pump;
    struct http_client *client;
    struct config config;
    struct endpoint address;
    bool listens_nowhere;
    bool verified;
    struct probe_round *round;
    unsigned n_reports;
    enum probe_outcome outcome;
    bool server_error;
    char reason[PROBE_REASON_MAX];
    char body[4096];
    usec_t took;
};

static struct canned ok = {.answer = OK};
static struct canned zombie = {.answer = ZOMBIE};
static struct canned broken = {.answer = BROKEN};
static struct canned mute = {.answer = "", .end = CANNED_HOLD};
static struct canned *const servers[] = {&ok, &zombie, &broken, &mute};
static char refused_url[64];

static char *const environment[] = {(char[]){"PATH=/usr/bin:/bin"}, NULL};
static char *json_terms[] = {(char[]){"status=ok"}, (char[]){"redis=connected"}, NULL};
static char *dependency_terms[] = {(char[]){"redis"}, NULL};
static char good_status[] = "200";
static char *true_command[] = {(char[]){"/bin/true"}, NULL};
static char *false_command[] = {(char[]){"/bin/false"}, NULL};
static char *none_command[] = {(char[]){"/none/such"}, NULL};

static uint16_t port_of(const struct canned *c)
{
    return (uint16_t)atoi(strrchr(c->url, ':') + 1);
}

static int start_servers(void **state)
{
    struct canned gone;
    (void)state;
    for (size_t i = 0; i < sizeof servers / sizeof *servers; i++)
        canned_start(servers[i]);
    canned_listen(&gone);
    snprintf(refused_url, sizeof refused_url, "%s", gone.url);
    close(gone.fd);
    return 0;
}

static int stop_servers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof servers / sizeof *servers; i++)
        canned_stop(servers[i]);
    return 0;
}

static int set_up(void **state)
{
    static struct rig rig;
    struct err e;
    rig = (struct rig){.address = {.family = ENDPOINT_INET, .addr = {127, 0, 0, 1}}};
    rig.address.port = port_of(&ok);
    pump_init(&rig.pump);
    assert_int_equal(child_become_subreaper(rig.pump.loop, &e), 0);
    rig.client = http_client_new(rig.pump.loop, &e);
    assert_non_null(rig.client);
    *state = &rig;
    return 0;
}

static int tear_down(void **state)
{
    struct rig *r = *state;
    probe_round_free(r->round);
    http_client_free(r->client);
    pump_until(&r->pump, offspring_gone, NULL);
    pump_fini(&r->pump);
    return 0;
}

static struct config_probe *add(struct rig *r, enum config_probe_type type)
{
    static char names[][8] = {"first", "second", "third", "fourth"};
    struct config_probe *p = &r->config.probes[r->config.n_probes];
    *p = (struct config_probe){.name = names[r->config.n_probes++],
        .type = type,
        .expect_status = good_status,
        .timeout = 20 * USEC_PER_SEC};
    return p;
}

static void add_http(struct rig *r, const char *url)
{
    struct config_probe *p = add(r, CONFIG_PROBE_HTTP);
    p->url = (char *)url;
    p->expect_json = (struct strlist){json_terms, 2};
    p->dependency_json = (struct strlist){dependency_terms, 1};
    if (url == mute.url)
        p->timeout = 30 * USEC_PER_MSEC;
}

static void add_exec(struct rig *r, char **command)
{
    add(r, CONFIG_PROBE_EXEC)->command = (struct strlist){command, 1};
}

static void on_report(const struct probe_report *report, void *arg)
{
    struct rig *r = arg;
    r->n_reports++;
    r->outcome = report->outcome;
    r->took = report->took;
    r->server_error = report->server_error;
    snprintf(r->reason, sizeof r->reason, "%s", report->reason);
    snprintf(r->body, sizeof r->body, "%s", report->body);
}

static bool reported(void *arg)
{
    return ((struct rig *)arg)->n_reports > 0;
}

static void begin(struct rig *r)
{
    r->n_reports = 0;
    r->round = probe_round_new(r->pump.loop, r->client,
        &(struct probe_spec){.config = &r->config,
            .address = r->listens_nowhere ? NULL : &r->address,
            .verified = r->verified,
            .environment = environment,
            .instance = "round-of-a-test"},
        on_report, r);
    assert_non_null(r->round);
    assert_int_equal(r->n_reports, 0); /* only from the loop */
}

/* Runs a round of what was added, and forgets that. */
static enum probe_outcome outcome_of_round(struct rig *r)
{
    begin(r);
    pump_until(&r->pump, reported, r);
    assert_int_equal(r->n_reports, 1);
    probe_round_free(r->round);
    r->round = NULL;
    r->config.n_probes = 0;
    return r->outcome;
}

#define starts_with(text, start) assert_int_equal(strncmp(text, start, strlen(start)), 0)

static void a_good_answer_passes(void **state)
{
    struct rig *r = *state;
    add_http(r, ok.url);
    assert_int_equal(outcome_of_round(r), PROBE_PASS);
    assert_string_equal(r->reason, "");
    assert_string_equal(r->body, "");
    assert_true(r->took > 0);
}

static void a_bad_one_is_shown(void **state)
{
    struct rig *r = *state;
    add_http(r, broken.url);
    assert_int_equal(outcome_of_round(r), PROBE_FAIL);
    starts_with(r->reason, "first: ");
    assert_non_null(strstr(r->reason, "500"));
    assert_string_equal(r->body, "\\x1b[31mbroken\\n");
    assert_true(r->server_error);
}

/* Whatever decides the round: a 5xx that was asked for is none. */
static void a_server_error_is_told_apart(void **state)
{
    struct rig *r = *state;
    add_http(r, zombie.url);
    outcome_of_round(r);
    assert_false(r->server_error);
    add_http(r, broken.url);
    add_http(r, mute.url);
    assert_int_equal(outcome_of_round(r), PROBE_HUNG);
    assert_true(r->server_error);
    add_http(r, broken.url);
    r->config.probes[0].expect_status = (char *)"500";
    r->config.probes[0].expect_json = (struct strlist){0};
    r->config.probes[0].dependency_json = (struct strlist){0};
    assert_int_equal(outcome_of_round(r), PROBE_PASS);
    assert_false(r->server_error);
}

static void the_dependency_is_told_apart(void **state)
{
    struct rig *r = *state;
    add_http(r, zombie.url);
    assert_int_equal(outcome_of_round(r), PROBE_DEPENDENCY);
    assert_non_null(strstr(r->reason, "redis"));
    assert_non_null(strstr(r->body, "\"disconnected\""));
}

static void no_answer_is_a_hang_and_no_listener_is_not(void **state)
{
    struct rig *r = *state;
    add_http(r, mute.url);
    assert_int_equal(outcome_of_round(r), PROBE_HUNG);
    starts_with(r->reason, "first: ");
    add_http(r, refused_url);
    assert_int_equal(outcome_of_round(r), PROBE_FAIL);
    assert_string_equal(r->body, "");
}

static void a_path_is_asked_of_the_worker_itself(void **state)
{
    struct rig *r = *state;
    static const struct endpoint any[] = {
        {.family = ENDPOINT_INET, .addr = {127, 0, 0, 1}},
        {.family = ENDPOINT_INET},
        {.family = ENDPOINT_INET6},
    };
    for (size_t i = 0; i < sizeof any / sizeof *any; i++) {
        r->address = any[i];
        r->address.port = port_of(&ok);
        add_http(r, "/its/health?x=1");
        assert_int_equal(outcome_of_round(r), PROBE_PASS);
        starts_with(ok.request, "GET /its/health?x=1 HTTP/1.1\r\n");
    }
    r->listens_nowhere = true;
    add_http(r, "/health");
    assert_int_equal(outcome_of_round(r), PROBE_FAIL);
    assert_string_equal(r->reason, "first: the worker listens nowhere");
    add_http(r, ok.url); /* a whole URL needs no address */
    assert_int_equal(outcome_of_round(r), PROBE_PASS);
}

static void tcp_asks_for_a_connection_only(void **state)
{
    struct rig *r = *state;
    r->address.port = port_of(&mute);
    add(r, CONFIG_PROBE_TCP); /* the worker's own address */
    assert_int_equal(outcome_of_round(r), PROBE_PASS);
    r->address.port = (uint16_t)atoi(strrchr(refused_url, ':') + 1);
    add(r, CONFIG_PROBE_TCP);
    assert_int_equal(outcome_of_round(r), PROBE_FAIL);
    add(r, CONFIG_PROBE_TCP)->address =
        (struct endpoint){.family = ENDPOINT_INET, .addr = {127, 0, 0, 1}, .port = port_of(&mute)};
    assert_int_equal(outcome_of_round(r), PROBE_PASS);
}

static void exec_asks_a_command(void **state)
{
    struct rig *r = *state;
    add_exec(r, true_command);
    assert_int_equal(outcome_of_round(r), PROBE_PASS);
    assert_string_equal(r->reason, "");
    add_exec(r, false_command);
    assert_int_equal(outcome_of_round(r), PROBE_FAIL);
    assert_string_equal(r->reason, "first: exit code 1");
    add_exec(r, none_command);
    assert_int_equal(outcome_of_round(r), PROBE_FAIL);
    assert_non_null(strstr(r->reason, "No such file or directory"));
}

static void the_worst_outcome_counts(void **state)
{
    struct rig *r = *state;
    /* From harmless to grave. */
    const char *const urls[] = {ok.url, zombie.url, broken.url, mute.url};
    static const enum probe_outcome outcomes[] = {
        PROBE_PASS, PROBE_DEPENDENCY, PROBE_FAIL, PROBE_HUNG};
    for (size_t a = 0; a < 4; a++) {
        for (size_t b = 0; b < 4; b++) {
            size_t worst = a > b ? a : b;
            add_http(r, urls[a]);
            add_http(r, urls[b]);
            assert_int_equal(outcome_of_round(r), outcomes[worst]);
            if (a != b)
                starts_with(r->reason, worst == 0 ? "" : worst == a ? "first: " : "second: ");
        }
    }
}

static void nothing_to_ask_passes(void **state)
{
    struct rig *r = *state;
    assert_int_equal(outcome_of_round(r), PROBE_PASS);
    assert_string_equal(r->reason, "");
}

static void each_kind_has_its_time(void **state)
{
    struct rig *r = *state;
    static const struct {
        enum config_probe_kind kind;
        bool asked_before; /* the worker is verified */
        bool asked_after;
    } rows[] = {
        {CONFIG_KIND_READINESS, true, true},
        {CONFIG_KIND_STARTUP, true, false},
        {CONFIG_KIND_LIVENESS, false, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (int verified = 0; verified <= 1; verified++) {
            bool asked = verified ? rows[i].asked_after : rows[i].asked_before;
            r->verified = verified;
            add_exec(r, false_command);
            r->config.probes[0].kind = rows[i].kind;
            assert_int_equal(outcome_of_round(r), asked ? PROBE_FAIL : PROBE_PASS);
        }
    }
}

static bool connected(void *arg)
{
    return mute.connections > *(int *)arg;
}

static void nothing_comes_after_free(void **state)
{
    struct rig *r = *state;
    char *sleep_command[] = {(char[]){"/bin/sleep"}, (char[]){"1000"}, NULL};
    int before = mute.connections;
    for (int i = 0; i < 2; i++) { /* at once; in the middle */
        add_http(r, mute.url);
        add(r, CONFIG_PROBE_EXEC)->command = (struct strlist){sleep_command, 2};
        begin(r);
        if (i == 1)
            pump_until(&r->pump, connected, &before);
        probe_round_free(r->round);
        r->config.n_probes = 0;
    }
    begin(r); /* nothing to ask: the report is due, but not yet made */
    probe_round_free(r->round);
    r->round = NULL;
    pump_until(&r->pump, offspring_gone, NULL); /* the commands too are gone */
    assert_int_equal(r->n_reports, 0);
    probe_round_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
        T(a_good_answer_passes),
        T(a_bad_one_is_shown),
        T(a_server_error_is_told_apart),
        T(the_dependency_is_told_apart),
        T(no_answer_is_a_hang_and_no_listener_is_not),
        T(a_path_is_asked_of_the_worker_itself),
        T(tcp_asks_for_a_connection_only),
        T(exec_asks_a_command),
        T(the_worst_outcome_counts),
        T(nothing_to_ask_passes),
        T(each_kind_has_its_time),
        T(nothing_comes_after_free),
#undef T
    };
    return cmocka_run_group_tests(tests, start_servers, stop_servers);
}
