/* daemon/incidents/notifier_send: what becomes of a delivery, whatever the receiver does. */
#include "daemon/incidents/notifier_send.h"

#include "canned.h"
#include "fixture.h"
#include "io/http/http_client.h"

#include <signal.h>

struct outcome {
    struct bench *bench;
    bool came;
    struct notifier_answer answer;
};

static void on_answer(const struct notifier_answer *answer, void *arg)
{
    struct outcome *o = arg;
    assert_false(o->came);
    o->came = true;
    o->answer = *answer;
    bench_wake(o->bench);
}

static const struct notice notice = {.kind = NOTICE_OPENED,
    .incident = "i",
    .condition = CONDITION_CRASH_LOOP,
    .agent = "a",
    .subject = "",
    .summary = "s",
    .details = "",
    .runbook_url = ""};

static void deliver(const struct config_notify *conf, struct outcome *o)
{
    struct bench b;
    struct err e = {0};
    const struct notice *const notices[] = {&notice};
    bench_open(&b);
    *o = (struct outcome){.bench = &b};
    struct http_client *http = http_client_new(b.loop, &e);
    const struct notifier_means means = {.loop = b.loop, .http = http, .host = "h"};
    struct notifier_send *s = notifier_send_new(&means, conf, notices, 1, on_answer, o);
    assert_non_null(s);
    assert_false(o->came); /* only from the loop */
    bench_wait(&b, o->came);
    notifier_send_free(s);
    http_client_free(http);
    bench_close(&b);
}

static void each_end_has_its_meaning(void **state)
{
    (void)state;
    static const struct {
        const char *answer;
        enum canned_end end;
        enum delivery_event_type want;
        const char *words;
        usec_t retry_after;
    } rows[] = {
        {"HTTP/1.1 202 Accepted\r\nContent-Length: 3\r\n\r\nok\n", CANNED_CLOSE, DELIVERY_EV_SENT,
            "HTTP 202: ok", 0},
        {"HTTP/1.1 204 No Content\r\n\r\n", CANNED_CLOSE, DELIVERY_EV_SENT, "HTTP 204", 0},
        {"HTTP/1.1 400 Bad\r\nContent-Length: 4\r\n\r\na\x1b[m", CANNED_CLOSE,
            DELIVERY_EV_PERMANENT, "HTTP 400: a\\x1b[m", 0},
        {"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
            CANNED_CLOSE, DELIVERY_EV_PERMANENT, "HTTP 302", 0},
        {"HTTP/1.1 429 Slow\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n", CANNED_CLOSE,
            DELIVERY_EV_TRANSIENT, "HTTP 429", 7 * USEC_PER_SEC},
        {"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n", CANNED_CLOSE, DELIVERY_EV_TRANSIENT,
            "HTTP 503", 0},
        {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", CANNED_CLOSE, DELIVERY_EV_TRANSIENT,
            NULL, 0},
        {"HTTP/1.1 200 OK\r\nContent-", CANNED_RESET, DELIVERY_EV_TRANSIENT, NULL, 0},
        {"no HTTP at all\r\n", CANNED_CLOSE, DELIVERY_EV_TRANSIENT, NULL, 0},
        {"", CANNED_HOLD, DELIVERY_EV_TRANSIENT, NULL, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct canned c = {.answer = rows[i].answer, .end = rows[i].end};
        struct outcome o;
        canned_start(&c);
        deliver(&(struct config_notify){.name = (char *)"n",
                    .type = CONFIG_NOTIFY_WEBHOOK,
                    .url = c.url,
                    .timeout = rows[i].end == CANNED_HOLD ? 100 * USEC_PER_MSEC : BENCH_DEADLINE},
            &o);
        canned_stop(&c);
        assert_non_null(strstr(c.request, "POST /health"));
        assert_non_null(strstr(c.request, "\"incident\":\"i\""));
        assert_int_equal(o.answer.verdict, rows[i].want);
        assert_true(o.answer.retry_after == rows[i].retry_after);
        if (rows[i].words)
            assert_string_equal(o.answer.words, rows[i].words);
        assert_true(o.answer.words[0]);
    }
}

static void who_is_not_there_may_come_back(void **state)
{
    (void)state;
    struct outcome o;
    struct config_notify conf = {.name = (char *)"n",
        .type = CONFIG_NOTIFY_WEBHOOK,
        .url = (char *)"http://127.0.0.1:1/",
        .timeout = BENCH_DEADLINE};
    deliver(&conf, &o);
    assert_int_equal(o.answer.verdict, DELIVERY_EV_TRANSIENT);
    conf.key_credential = (char *)"/nowhere/key";
    deliver(&conf, &o);
    assert_int_equal(o.answer.verdict, DELIVERY_EV_TRANSIENT);
    assert_non_null(strstr(o.answer.words, "/nowhere/key"));
}

static void a_file_without_an_address_is_not_quoted(void **state)
{
    (void)state;
    struct outcome o;
    char path[64];
    snprintf(path, sizeof path, "/tmp/notifier-send-%d", (int)getpid());
    FILE *f = fopen(path, "w");
    fputs("xoxb-secret-token\n", f);
    fclose(f);
    deliver(&(struct config_notify){.name = (char *)"n",
                .type = CONFIG_NOTIFY_SLACK,
                .url_credential = path,
                .timeout = BENCH_DEADLINE},
        &o);
    unlink(path);
    assert_int_equal(o.answer.verdict, DELIVERY_EV_TRANSIENT);
    assert_null(strstr(o.answer.words, "xoxb"));
    assert_non_null(strstr(o.answer.words, path));
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_end_has_its_meaning),
        cmocka_unit_test(who_is_not_there_may_come_back),
        cmocka_unit_test(a_file_without_an_address_is_not_quoted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
