/* The checklist's item about monitoring. */
#include "daemon/preflight/preflight_monitor.h"

#include "base/text.h"
#include "core/preflight/preflight_monitor.h"
#include "daemon/daemon.h"
#include "daemon/preflight/preflight_parts.h"
#include "io/http/http_client.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define POLL (500 * USEC_PER_MSEC)
#define ANSWER_WITHIN (10 * USEC_PER_SEC)

enum { ANSWER_MAX = 4 << 20, DASHBOARDS_MAX = 16, TOKEN_BITS = 48 };

enum question {
    ASK_SERIES, /* the token, in Prometheus */
    ASK_TARGET,
    ASK_RULES,
    ASK_MANAGERS,
    ASK_STATUS,
    ASK_FIRING, /* the test alert, in Prometheus */
    ASK_HELD,   /* and in Alertmanager */
    ASK_DASHBOARD,
    ASK_COUNT = ASK_DASHBOARD + DASHBOARDS_MAX,
};

struct ask {
    struct preflight_monitor *monitor;
    int question;
    struct http_request *request;
};

struct preflight_monitor {
    struct preflight_run *run;
    const struct config_preflight *conf;
    struct ask asks[ASK_COUNT];
    struct timer *poll;
    usec_t deadline;
    uint64_t token;
    usec_t fired_after, held_after; /* 0: not yet */
    struct strbuf instance, job, held_by;
    unsigned dashboards_left;
};

static usec_t since_begin(const struct preflight_monitor *m)
{
    return usec_sub(loop_now(), m->run->began);
}

static bool wanted(const struct preflight_monitor *m, enum preflight_check c)
{
    return preflight_wanted(m->run, c);
}

static void on_answer(const struct http_answer *answer, void *arg);

/* Nothing while it is being asked. */
static void ask(struct preflight_monitor *m, int question, const char *base, const char *path)
{
    struct err e = {0};
    struct strbuf url = STRBUF_INIT;
    size_t len = strlen(base);
    struct ask *a = &m->asks[question];
    if (a->request)
        return;
    while (path[0] && len > 0 && base[len - 1] == '/')
        len--;
    strbuf_add(&url, base, len);
    strbuf_adds(&url, path);
    *a = (struct ask){.monitor = m, .question = question};
    a->request = http_request_start(m->run->spec.daemon->http,
        &(struct http_spec){
            .url = strbuf_text(&url), .timeout = ANSWER_WITHIN, .body_max = ANSWER_MAX},
        on_answer, a, &e);
    strbuf_fini(&url);
    if (!a->request)
        on_answer(&(struct http_answer){.result = HTTP_FAILED, .what = e.msg}, a);
}

/* The path is `before`, the token, `after`. */
static void ask_token(struct preflight_monitor *m, int question, const char *base,
    const char *before, const char *after)
{
    struct strbuf path = STRBUF_INIT;
    strbuf_addf(&path, "%s%" PRIu64 "%s", before, m->token, after);
    ask(m, question, base, strbuf_text(&path));
    strbuf_fini(&path);
}

static void fail(struct preflight_monitor *m, enum preflight_check c, const struct http_answer *a)
{
    if (!wanted(m, c))
        return;
    if (a->result == HTTP_ANSWERED)
        preflight_note(&m->run->list, c, false, "it answers HTTP %d", a->status);
    else
        preflight_note(&m->run->list, c, false, "%s", a->what);
    preflight_over(m->run, c);
}

/* ---- answers ---- */

static void on_target(struct preflight_monitor *m, const struct http_answer *a)
{
    char after[SPAN_TEXT_MAX];
    struct strbuf words = STRBUF_INIT;
    bool seen = m->instance.len > 0;
    bool up = monitor_read_target(a->body, a->body_len, seen ? strbuf_text(&m->instance) : NULL,
        seen ? strbuf_text(&m->job) : "voxkeeper", &words);
    preflight_note(&m->run->list, PREFLIGHT_SCRAPE, seen && up, "%s",
        words.len > 0 ? strbuf_text(&words) : "Prometheus has no such target");
    preflight_note(&m->run->list, PREFLIGHT_SCRAPE, seen,
        seen ? "it has shown what we say now after %s" : "what we say now was not there after %s",
        span_show(since_begin(m), after));
    strbuf_fini(&words);
    preflight_over(m->run, PREFLIGHT_SCRAPE);
}

static void on_rules(struct preflight_monitor *m, const struct http_answer *a)
{
    struct strbuf words = STRBUF_INIT;
    bool good = monitor_read_rules(a->body, a->body_len, &m->conf->rules, &words);
    preflight_note(&m->run->list, PREFLIGHT_RULES, good,
        good ? "%zu rules are loaded%s" : "of %zu rules: %s", m->conf->rules.n,
        strbuf_text(&words));
    strbuf_fini(&words);
    preflight_over(m->run, PREFLIGHT_RULES);
}

static void on_status(struct preflight_monitor *m, const struct http_answer *a)
{
    struct strbuf version = STRBUF_INIT;
    monitor_read_status(a->body, a->body_len, &version);
    preflight_note(&m->run->list, PREFLIGHT_ALERTMANAGER, version.len > 0, "%s%s",
        version.len > 0 ? "Alertmanager " : "what answers is no Alertmanager",
        strbuf_text(&version));
    strbuf_fini(&version);
    if (m->conf->prometheus_url)
        ask(m, ASK_MANAGERS, m->conf->prometheus_url, "/api/v1/alertmanagers");
    else
        preflight_over(m->run, PREFLIGHT_ALERTMANAGER);
}

static void on_managers(struct preflight_monitor *m, const struct http_answer *a)
{
    unsigned n = monitor_read_alertmanagers(a->body, a->body_len);
    preflight_note(
        &m->run->list, PREFLIGHT_ALERTMANAGER, n > 0, "Prometheus sends to %u of them", n);
    preflight_over(m->run, PREFLIGHT_ALERTMANAGER);
}

static void on_dashboard(struct preflight_monitor *m, int i, const struct http_answer *a)
{
    bool good = a->result == HTTP_ANSWERED && a->status / 100 == 2 && a->body_len > 0;
    struct strbuf how = STRBUF_INIT;
    if (a->result == HTTP_ANSWERED)
        strbuf_addf(&how, "HTTP %d, %zu bytes", a->status, a->body_len);
    else
        strbuf_adds(&how, a->what);
    preflight_note(&m->run->list, PREFLIGHT_DASHBOARDS, good, "%s: %s",
        m->conf->dashboard_urls.items[i], strbuf_text(&how));
    strbuf_fini(&how);
    if (--m->dashboards_left == 0)
        preflight_over(m->run, PREFLIGHT_DASHBOARDS);
}

static enum preflight_check check_of(int question)
{
    switch (question) {
    case ASK_SERIES:
    case ASK_TARGET:
        return PREFLIGHT_SCRAPE;
    case ASK_RULES:
        return PREFLIGHT_RULES;
    case ASK_MANAGERS:
    case ASK_STATUS:
        return PREFLIGHT_ALERTMANAGER;
    default:
        return PREFLIGHT_ALERT_PATH;
    }
}

static void on_good(struct preflight_monitor *m, int question, const struct http_answer *a)
{
    struct strbuf unused = STRBUF_INIT;
    if (question == ASK_SERIES) {
        if (monitor_read_series(a->body, a->body_len, &m->instance, &m->job))
            ask(m, ASK_TARGET, m->conf->prometheus_url, "/api/v1/targets?state=active");
    } else if (question == ASK_TARGET) {
        on_target(m, a);
    } else if (question == ASK_RULES) {
        on_rules(m, a);
    } else if (question == ASK_MANAGERS) {
        on_managers(m, a);
    } else if (question == ASK_STATUS) {
        on_status(m, a);
    } else if (question == ASK_FIRING && m->fired_after == 0) {
        if (monitor_read_series(a->body, a->body_len, &unused, &unused))
            m->fired_after = since_begin(m);
    } else if (question == ASK_HELD && m->held_after == 0) {
        if (monitor_read_alert(a->body, a->body_len, &m->held_by))
            m->held_after = since_begin(m);
    }
    strbuf_fini(&unused);
}

static void on_answer(const struct http_answer *answer, void *arg)
{
    struct ask *a = arg;
    struct preflight_monitor *m = a->monitor;
    /* What is asked again and again may fail once. */
    bool again = a->question == ASK_SERIES || a->question == ASK_FIRING || a->question == ASK_HELD;
    a->request = NULL;
    if (a->question >= ASK_DASHBOARD)
        on_dashboard(m, a->question - ASK_DASHBOARD, answer);
    else if (answer->result == HTTP_ANSWERED && answer->status == 200)
        on_good(m, a->question, answer);
    else if (!again)
        fail(m, check_of(a->question), answer);
}

/* ---- waiting ---- */

static void note_way(struct preflight_monitor *m)
{
    char after[SPAN_TEXT_MAX];
    struct preflight *p = &m->run->list;
    if (m->fired_after > 0)
        preflight_note(p, PREFLIGHT_ALERT_PATH, true, "Prometheus fired it after %s",
            span_show(m->fired_after, after));
    if (m->held_after > 0)
        preflight_note(p, PREFLIGHT_ALERT_PATH, true, "Alertmanager had it after %s, %s",
            span_show(m->held_after, after), strbuf_text(&m->held_by));
}

static void give_up(struct preflight_monitor *m)
{
    char span[SPAN_TEXT_MAX];
    if (wanted(m, PREFLIGHT_SCRAPE) && !m->asks[ASK_TARGET].request)
        ask(m, ASK_TARGET, m->conf->prometheus_url, "/api/v1/targets?state=active");
    if (!wanted(m, PREFLIGHT_ALERT_PATH))
        return;
    preflight_note(&m->run->list, PREFLIGHT_ALERT_PATH, false,
        "no test alert came back within %s: %s", span_format(m->conf->alert_timeout, span),
        m->held_after > 0    ? "its receiver does not reach POST /preflight/echo of [Admin] Listen="
        : m->fired_after > 0 ? "Prometheus fires it, and Alertmanager does not have it"
                             : "rule VoxkeeperPreflight does not fire in Prometheus");
    note_way(m);
    preflight_over(m->run, PREFLIGHT_ALERT_PATH);
}

static void on_poll(void *arg)
{
    struct preflight_monitor *m = arg;
    bool scrape = wanted(m, PREFLIGHT_SCRAPE);
    bool way = wanted(m, PREFLIGHT_ALERT_PATH);
    if (!scrape && !way)
        return;
    if (loop_now() >= m->deadline) {
        give_up(m);
        return;
    }
    if (scrape && m->instance.len == 0)
        ask_token(m, ASK_SERIES, m->conf->prometheus_url,
            "/api/v1/query?query=voxkeeper_preflight_run%3D%3D", "");
    if (way && m->fired_after == 0)
        ask_token(m, ASK_FIRING, m->conf->prometheus_url,
            "/api/v1/query?query=ALERTS%7Balertstate%3D%22firing%22%2Ctoken%3D%22", "%22%7D");
    if (way && m->held_after == 0)
        ask_token(
            m, ASK_HELD, m->conf->alertmanager_url, "/api/v2/alerts?filter=token%3D%22", "%22");
    timer_arm(m->poll, usec_add(loop_now(), POLL));
}

/* ---- beginning ---- */

/* False, and the check has failed, where the key that it needs is missing. */
static bool has(
    struct preflight_monitor *m, enum preflight_check c, const char *value, const char *key)
{
    if (!wanted(m, c))
        return false;
    if (value)
        return true;
    preflight_note(&m->run->list, c, false, "[Preflight] %s= does not say where to ask", key);
    preflight_over(m->run, c);
    return false;
}

static void begin_dashboards(struct preflight_monitor *m)
{
    const struct strlist *urls = &m->conf->dashboard_urls;
    if (!has(m, PREFLIGHT_DASHBOARDS, urls->n > 0 ? urls->items[0] : NULL, "DashboardUrl"))
        return;
    size_t n = urls->n < DASHBOARDS_MAX ? urls->n : DASHBOARDS_MAX;
    m->dashboards_left = (unsigned)n;
    if (n < urls->n)
        preflight_note(
            &m->run->list, PREFLIGHT_DASHBOARDS, false, "only the first %zu are looked at", n);
    for (size_t i = 0; i < n; i++) {
        struct strbuf url = STRBUF_INIT;
        monitor_dashboard_url(urls->items[i], &url);
        ask(m, ASK_DASHBOARD + (int)i, strbuf_text(&url), "");
        strbuf_fini(&url);
    }
}

static uint64_t make_token(void)
{
    uint64_t token = 0;
    if (getrandom(&token, sizeof token, 0) != (ssize_t)sizeof token)
        token = loop_wall_now();
    /* A double has to carry it. */
    return (token & ((UINT64_C(1) << TOKEN_BITS) - 1)) | UINT64_C(1) << TOKEN_BITS;
}

struct preflight_monitor *preflight_monitor_new(struct preflight_run *run)
{
    struct preflight_monitor *m = calloc(1, sizeof *m);
    if (!m)
        return NULL;
    m->run = run;
    m->conf = &run->spec.config->preflight;
    m->token = make_token();
    m->poll = timer_new(run->spec.daemon->loop, on_poll, m);
    m->deadline = usec_add(loop_now(), m->conf->alert_timeout);
    begin_dashboards(m);
    (void)has(m, PREFLIGHT_SCRAPE, m->conf->prometheus_url, "PrometheusUrl");
    if (has(m, PREFLIGHT_RULES, m->conf->prometheus_url, "PrometheusUrl"))
        ask(m, ASK_RULES, m->conf->prometheus_url, "/api/v1/rules?type=alert");
    if (has(m, PREFLIGHT_ALERTMANAGER, m->conf->alertmanager_url, "AlertmanagerUrl"))
        ask(m, ASK_STATUS, m->conf->alertmanager_url, "/api/v2/status");
    if (has(m, PREFLIGHT_ALERT_PATH, m->conf->prometheus_url, "PrometheusUrl"))
        (void)has(m, PREFLIGHT_ALERT_PATH, m->conf->alertmanager_url, "AlertmanagerUrl");
    timer_arm(m->poll, loop_now());
    return m;
}

void preflight_monitor_free(struct preflight_monitor *m)
{
    if (!m)
        return;
    for (int i = 0; i < ASK_COUNT; i++) {
        if (m->asks[i].request)
            http_request_cancel(m->asks[i].request);
    }
    timer_free(m->poll);
    strbuf_fini(&m->instance);
    strbuf_fini(&m->job);
    strbuf_fini(&m->held_by);
    free(m);
}

uint64_t preflight_monitor_token(const struct preflight_monitor *m)
{
    return m && wanted(m, PREFLIGHT_SCRAPE) ? m->token : 0;
}

uint64_t preflight_monitor_alert(const struct preflight_monitor *m)
{
    return m && wanted(m, PREFLIGHT_ALERT_PATH) ? m->token : 0;
}

int preflight_monitor_echo(struct preflight_monitor *m, const char *body, size_t len)
{
    char after[SPAN_TEXT_MAX];
    int seen = monitor_read_echo(body, len, preflight_monitor_alert(m));
    if (seen <= 0)
        return seen;
    preflight_note(&m->run->list, PREFLIGHT_ALERT_PATH, true,
        "metric, Prometheus, Alertmanager, receiver: seen back after %s",
        span_show(since_begin(m), after));
    note_way(m);
    preflight_over(m->run, PREFLIGHT_ALERT_PATH);
    return seen;
}
