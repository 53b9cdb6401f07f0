/* daemon/api and daemon/api/admin: every route over the real socket, and who may ask for what. */
#include "daemon/api/api.h"

#include "daemon_rig.h"
#include "suspend.h"
#include "voxkeeper/control.h"

static struct daemon_rig rig;

static int set_up(void **state)
{
    (void)state;
    daemon_rig_init(&rig);
    daemon_rig_configure(&rig, "/bin/sleep 1000", "");
    daemon_rig_start(&rig);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    daemon_rig_fini(&rig);
    return 0;
}

static void answers(
    const char *method, const char *path, const char *body, int status, const char *part)
{
    const struct daemon_rig_answer *a = daemon_rig_ask(&rig, method, path, body);
    if (a->status != status || !strstr(a->text, part))
        fail_msg("%s %s: wanted %d and \"%s\", got\n%s", method, path, status, part, a->text);
    struct cJSON *o = cJSON_Parse(a->body);
    assert_true(strcmp(method, "HEAD") == 0 || cJSON_IsObject(o));
    cJSON_Delete(o);
}

static void what_is_read(void **state)
{
    (void)state;
    answers("GET", "/livez", NULL, 200, "{\"status\":\"ok\"}");
    answers("HEAD", "/livez", NULL, 200, "Content-Length: 15");
    answers("GET", "/readyz", NULL, 200, "{\"ready\":true,\"why\":\"1 of 1 worker serves\"}");
    answers("GET", VK_API_STATUS, NULL, 200, "\"state\":\"serving\"");
    answers(
        "GET", VK_API_STATUS, NULL, 200, "\"dependency\":{\"redis\":null,\"provider_down\":false}");
    answers("GET", VK_API_WORKERS, NULL, 200, "{\"workers\":[{\"slot\":1,\"state\":\"serving\"");
    answers("GET", VK_API_ROLLOUT, NULL, 200, "{\"state\":\"idle\"");
    answers("GET", VK_API_CONFIG, NULL, 200, "\"ExecStart\":[\"/bin/sleep\",\"1000\"]");
}

static void what_is_not_there(void **state)
{
    (void)state;
    static const char *const paths[] = {"/index.html", "/nope", "/livez/", "/livezz", VK_API,
        VK_API_STATUS "/1", VK_API_OPERATIONS};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        answers("GET", paths[i], NULL, 404, "\"code\":\"not-found\"");
    answers("GET", VK_API_OPERATIONS "/999", NULL, 404, "\"code\":\"no-such-operation\"");
}

static void the_page_is_only_read(void **state)
{
    (void)state;
    answers(
        "HEAD", "/", NULL, 200, "Content-Security-Policy: default-src 'none'; script-src 'sha256-");
    answers("POST", "/", "{}", 405, "Allow: GET, HEAD\r\n");
    answers("GET", VK_API_SAMPLES "?limit=0", NULL, 400, "\"code\":\"bad-request\"");
    answers("GET", VK_API_SAMPLES "?limit=1", NULL, 200, "\"interval_ms\":5000,\"samples\":[");
}

static void what_is_asked_the_wrong_way(void **state)
{
    (void)state;
    answers("POST", "/livez", "", 405, "Allow: GET, HEAD\r\n");
    answers("GET", VK_API_RESTART, NULL, 405, "Allow: POST\r\n");
    answers("POST", VK_API_STATUS, "{}", 405, "\"code\":\"method-not-allowed\"");
    static const char *const bad[] = {"/", "/0", "/x", "/-1", "/1x", "/99999999999999999999",
        "/1?after=x", "/1?after=-1", "/1?after="};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char path[64];
        snprintf(path, sizeof path, VK_API_OPERATIONS "%s", bad[i]);
        answers("GET", path, NULL, 400, "\"code\":\"bad-request\"");
    }
    answers("POST", VK_API_RESTART, "{\"reason\":1}", 400, "\\\"reason\\\" must be a string");
    answers("POST", VK_API_RESTART, "{\"dry_run\":true}", 400, "means nothing to /api/v1/restart");
    answers("POST", VK_API_RESTART, "not json", 400, "its body is not a JSON object");
    assert_int_equal(witness_count("restart-began"), 0);
}

static void a_restart_is_an_operation(void **state)
{
    (void)state;
    daemon_rig_must_say(daemon_rig_do(&rig, VK_API_RESTART, "{\"reason\":\"to see\"}"),
        "done: restarted: every worker is verified, after ");
    witness_must("restart-began|restart of every worker, asked for by ");
    witness_must("|VOXKEEPER_REASON=to see|");
    witness_must("restart-done|");
    answers("GET", VK_API_OPERATIONS "/1", NULL, 200, "\"exit_code\":0");
    answers("GET", VK_API_OPERATIONS "/1", NULL, 200, "{\"seq\":1,\"message\":\"worker 1 ended");
    answers("GET", VK_API_OPERATIONS "/1?after=2", NULL, 200, "\"progress\":[{\"seq\":3,");
    answers("GET", VK_API_OPERATIONS "/1?after=999", NULL, 200, "\"progress\":[]");
}

static void one_at_a_time(void **state)
{
    (void)state;
    answers("POST", VK_API_RESUME, "", 409, "resuming: the agent is not drained");
    answers("POST", VK_API_SWEEP, "", 503, "sweeping: no Redis is configured");
    answers("POST", VK_API_RESTORE, "{\"file\":\"sweep-20251122-164640-123456.backup\"}", 503,
        "restoring: no Redis is configured");
    answers("POST", VK_API_RESTORE, "{}", 400, "\\\"file\\\" is missing");
    answers("POST", VK_API_BACKUPS, "{\"file\":\"../x\"}", 400, "that is no backup's name");
    answers("POST", VK_API_BACKUPS, "{\"replace\":true}", 400, "means nothing to /api/v1/backups");
    answers("GET", VK_API_BACKUPS, NULL, 200, "\"backups\":[]");
    answers("POST", VK_API_ROLLOUT_CANCEL, "", 409, "there is nothing to go back to");
    rig.health.answer = "HTTP/1.0 500 Oh\r\n\r\nnot yet"; /* so that it takes its time */
    answers("POST", VK_API_RESTART, "", 202, "\"state\":\"running\"");
    answers("POST", VK_API_RESTART, "", 409, "a restart or reload is under way");
    answers("POST", VK_API_RELOAD, "", 409, "a restart or reload is under way");
    rig.health.answer = "HTTP/1.0 200 OK\r\n\r\nfine";
    daemon_rig_hear(&rig, "restart-done|");
}

static void drained_and_resumed(void **state)
{
    (void)state;
    daemon_rig_must_say(
        daemon_rig_do(&rig, VK_API_DRAIN, "{}"), "done: drained: every caller had left");
    answers("GET", "/readyz", NULL, 503, "{\"ready\":false,\"why\":\"drained\"}");
    answers("GET", "/livez", NULL, 200, "ok");
    answers("GET", VK_API_STATUS, NULL, 200, "\"state\":\"drained\"");
    answers("POST", VK_API_DRAIN, "", 409, "drained or draining already");
    answers("POST", VK_API_RESTART, "", 409, "`voxkeeper resume` first");
    daemon_rig_must_say(daemon_rig_do(&rig, VK_API_RESUME, "{}"),
        "done: open for callers again: 1 of 1 worker serves");
    answers("GET", "/readyz", NULL, 200, "\"ready\":true");
}

struct probed {
    const struct operation *op;
    int connections; /* before */
};

static bool is_probed_again(void *arg)
{
    const struct probed *p = arg;
    return !operation_running(p->op) || rig.health.connections > p->connections;
}

/* No more than a second passes without an answer to a probe, however long that takes: the last one
 * says why. */
static void a_failed_restart_says_why(void **state)
{
    (void)state;
    rig.health.answer = "HTTP/1.0 500 Oh\r\n\r\nsick";
    rig.d.config->agent.timeout_start = 10 * USEC_PER_SEC;
    supervisor_configure(rig.d.supervisor, rig.d.config);
    struct operation *op = daemon_rig_begin(&rig, VK_API_RESTART, "");
    while (operation_running(op)) {
        struct probed p = {op, rig.health.connections};
        pump_until(&rig.pump, is_probed_again, &p);
        suspend_for(rig.d.loop, USEC_PER_SEC);
    }
    daemon_rig_must_say(daemon_rig_verdict(&rig, op),
        "failed: restart failed: the new worker 1 failed (boot): health: status is 500, want 200; "
        "it ended with signal 15 (SIGTERM); voxkeeper goes on trying\nit answered: sick");
    witness_must("restart-failed|restart failed, asked for by ");
    answers("GET", VK_API_ROLLOUT, NULL, 200,
        "\"verdict\":\"failed\",\"failure\":{\"message\":\"the new worker 1 failed (boot)");
    answers("GET", VK_API_OPERATIONS "/1", NULL, 200,
        "\"result\":{\"state\":\"idle\",\"outage\":false");
}

static void a_restart_that_a_drain_ends_says_so(void **state)
{
    (void)state;
    rig.health.answer = "HTTP/1.0 500 Oh\r\n\r\nsick"; /* so that it would take its time */
    answers("POST", VK_API_RESTART, "", 202, "\"id\":1,");
    daemon_rig_must_say(daemon_rig_do(&rig, VK_API_DRAIN, ""), "done: drained");
    answers("GET", VK_API_OPERATIONS "/1", NULL, 200,
        "\"message\":\"restart failed: the workers are stopped\"");
}

/* Asks as somebody else, from a process of its own; the status comes by the pipe. */
static int ask_as_nobody(const char *request)
{
    int status[2];
    static struct daemon_rig_answer a; /* of the pipe: one line */
    assert_int_equal(pipe2(status, O_CLOEXEC), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct sockaddr_un un = {.sun_family = AF_UNIX};
        char answer[64] = "";
        snprintf(un.sun_path, sizeof un.sun_path, "%s/s", rig.scratch.dir);
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (setgid(65534) < 0 || setuid(65534) < 0 ||
            connect(fd, (struct sockaddr *)&un, sizeof un) < 0 ||
            write(fd, request, strlen(request)) < 0 || read(fd, answer, sizeof answer - 1) < 12 ||
            write(status[1], answer + 9, 3) != 3)
            _exit(1);
        _exit(0);
    }
    close(status[1]);
    fcntl(status[0], F_SETFL, O_NONBLOCK);
    a = (struct daemon_rig_answer){.fd = status[0]};
    while (!a.ended) {
        ssize_t n = read(a.fd, a.text + a.len, 3);
        a.ended = n == 0;
        a.len += n > 0 ? (size_t)n : 0;
        if (n < 0)
            pump_try(&rig.pump, daemon_rig_none_left, &rig, USEC_PER_MSEC);
    }
    close(status[0]);
    a.text[a.len] = '\0';
    return atoi(a.text);
}

static void others_only_read(void **state)
{
    (void)state;
    if (getuid() != 0) {
        if (getenv("VOXKEEPER_MUST_RUN"))
            fail_msg("needs root");
        skip();
    }
    static const char get[] = "GET " VK_API_STATUS " HTTP/1.0\r\n\r\n";
    static const char post[] = "POST " VK_API_RESTART " HTTP/1.0\r\nContent-Length: 0\r\n\r\n";
    assert_int_equal(ask_as_nobody(get), 200);
    assert_int_equal(ask_as_nobody(post), 403);
    assert_int_equal(witness_count("restart-began"), 0);
    assert_null(operation_find(rig.d.operations, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
        T(what_is_read),
        T(what_is_not_there),
        T(the_page_is_only_read),
        T(what_is_asked_the_wrong_way),
        T(a_restart_is_an_operation),
        T(one_at_a_time),
        T(drained_and_resumed),
        T(a_failed_restart_says_why),
        T(a_restart_that_a_drain_ends_says_so),
        T(others_only_read),
#undef T
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
