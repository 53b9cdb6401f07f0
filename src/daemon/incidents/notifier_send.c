/* One delivery. */
#include "daemon/incidents/notifier_send.h"

#include "base/text.h"
#include "core/incidents/notice_body.h"
#include "core/incidents/notice_json.h"
#include "daemon/command.h"
#include "daemon/workers/environment.h"
#include "io/files/files.h"
#include "io/http/http_client.h"
#include "io/loop/loop.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* Bytes of a credential file, of an answer, and of the answer that are shown. */
enum { CREDENTIAL_MAX = 4096, ANSWER_MAX = 16 * 1024, SHOWN_MAX = 200, SECRET_MIN = 4 };
#define DEPLOYMENT_STANDS (4 * USEC_PER_HOUR)

struct notifier_send {
    struct notifier_means means;
    enum config_notify_type type;
    struct http_request *request;
    struct command *command;
    struct timer *failed; /* tells what went wrong before there was anything to wait for */
    struct notifier_answer answer;
    char *url; /* maybe a secret, as is the key */
    char *key;
    bool secret_url;
    usec_t began;
    notifier_answer_fn *on_answer;
    void *arg;
};

/* ---- what the answer says ---- */

static bool quotes(const char *text, const char *secret)
{
    return secret && strlen(secret) >= SECRET_MIN && strstr(text, secret);
}

/* The part of an address behind its host is what is secret about it. */
static const char *path_of(const char *url)
{
    const char *host = strstr(url, "://");
    return host ? strchr(host + 3, '/') : NULL;
}

static void set_words(struct notifier_send *s, const char *prefix, const char *text, size_t len)
{
    struct strbuf words = STRBUF_INIT;
    struct strbuf whole = STRBUF_INIT;
    strbuf_adds(&words, prefix);
    strbuf_add(&whole, text, len);
    if (quotes(strbuf_text(&whole), s->key) ||
        (s->secret_url && quotes(strbuf_text(&whole), path_of(s->url))))
        strbuf_adds(&words, "(an answer that quotes our secret)");
    else
        text_escape(&words, text, len, SHOWN_MAX);
    snprintf(s->answer.words, sizeof s->answer.words, "%s", strbuf_text(&words));
    strbuf_fini(&words);
    strbuf_fini(&whole);
}

static void finish(struct notifier_send *s)
{
    s->answer.took = usec_sub(loop_now(), s->began);
    s->on_answer(&s->answer, s->arg); /* which frees us */
}

static void on_http(const struct http_answer *answer, void *arg)
{
    struct notifier_send *s = arg;
    char prefix[64];
    s->request = NULL;
    if (answer->result != HTTP_ANSWERED) {
        s->answer.verdict = DELIVERY_EV_TRANSIENT;
        set_words(s, "", answer->what, strlen(answer->what));
        finish(s);
        return;
    }
    size_t len = answer->body_len;
    while (len > 0 && strchr(" \t\r\n", answer->body[len - 1]))
        len--;
    snprintf(prefix, sizeof prefix, "HTTP %d%s", answer->status, len > 0 ? ": " : "");
    set_words(s, prefix, answer->body, len);
    s->answer.verdict = delivery_verdict_http(s->type, answer->status);
    s->answer.status = answer->status;
    s->answer.retry_after = answer->retry_after;
    finish(s);
}

static void on_command(enum command_result result, const char *how, void *arg)
{
    struct notifier_send *s = arg;
    s->answer.verdict = DELIVERY_EV_TRANSIENT;
    if (result != COMMAND_LATE && command_exit_code(s->command) >= 0) {
        s->answer.status = command_exit_code(s->command);
        s->answer.verdict = delivery_verdict_exit(s->answer.status);
    }
    set_words(s, "", how, strlen(how));
    finish(s);
}

static void on_failed(void *arg)
{
    finish(arg);
}

/* Told from the loop, as everything is. */
static void fail(struct notifier_send *s, const char *why)
{
    s->answer.verdict = DELIVERY_EV_TRANSIENT;
    set_words(s, "", why, strlen(why));
    timer_arm(s->failed, loop_now());
}

/* ---- what is sent ---- */

/* The first line of a file. Returns owned, or NULL with *e set. */
static char *read_credential(const char *path, struct err *e)
{
    char *text = NULL;
    size_t len = 0;
    if (files_read(path, CREDENTIAL_MAX, &text, &len, e) < 0)
        return NULL;
    text[strcspn(text, "\r\n")] = '\0';
    char *trimmed = text_trim(text);
    char *line = trimmed[0] ? strdup(trimmed) : NULL;
    if (!line)
        err_set(e, -EINVAL, "reading \"%s\": its first line is empty", path);
    explicit_bzero(text, len);
    free(text);
    return line;
}

static int read_secrets(struct notifier_send *s, const struct config_notify *conf, struct err *e)
{
    s->secret_url = conf->url_credential != NULL;
    s->url = s->secret_url ? read_credential(conf->url_credential, e) : strdup(conf->url);
    if (!s->url)
        return s->secret_url ? e->code : err_sys(e, -ENOMEM, "sending a notice");
    if (strncasecmp(s->url, "http://", 7) != 0 && strncasecmp(s->url, "https://", 8) != 0)
        return err_set(
            e, -EINVAL, "reading \"%s\": its first line is no http URL", conf->url_credential);
    if (!conf->key_credential)
        return 0;
    s->key = read_credential(conf->key_credential, e);
    return s->key ? 0 : e->code;
}

/* What is told again must not end before it is told; a failure or two included. A deployment is
 * told once: should nobody tell its end, it has one. */
static usec_t stands_for(enum notice_kind kind, const struct config_notify *conf)
{
    if (kind == NOTICE_TEST)
        return 2 * USEC_PER_MIN;
    return notice_of_incident(kind) ? 4 * conf->repeat : DEPLOYMENT_STANDS;
}

static void write_body(const struct notifier_send *s, const struct config_notify *conf,
    const struct notice *const *notices, size_t n, struct strbuf *out)
{
    const struct notice_sender sender = {s->means.host, s->key};
    usec_t stands = stands_for(notices[0]->kind, conf);
    switch (conf->type) {
    case CONFIG_NOTIFY_ALERTMANAGER:
        notice_body_alertmanager(notices, n, &sender, usec_add(loop_wall_now(), stands), out);
        break;
    case CONFIG_NOTIFY_PAGERDUTY:
        notice_body_pagerduty(notices[0], &sender, out);
        break;
    case CONFIG_NOTIFY_SLACK:
        notice_body_slack(notices[0], &sender, out);
        break;
    case CONFIG_NOTIFY_WEBHOOK:
    case CONFIG_NOTIFY_EXEC:
        notice_write_json(notices[0], s->means.host, out);
        break;
    }
}

static void write_url(const struct notifier_send *s, const struct notice *n, struct strbuf *out)
{
    size_t len = strlen(s->url);
    switch (s->type) {
    case CONFIG_NOTIFY_ALERTMANAGER:
        while (len > 0 && s->url[len - 1] == '/')
            len--;
        strbuf_add(out, s->url, len);
        strbuf_adds(out, "/api/v2/alerts");
        break;
    case CONFIG_NOTIFY_PAGERDUTY:
        notice_url_pagerduty(n, s->url, out);
        break;
    case CONFIG_NOTIFY_SLACK:
    case CONFIG_NOTIFY_WEBHOOK:
    case CONFIG_NOTIFY_EXEC:
        strbuf_adds(out, s->url);
        break;
    }
}

static int post(struct notifier_send *s, const struct config_notify *conf, const struct notice *n,
    const struct strbuf *body, struct err *e)
{
    struct strbuf url = STRBUF_INIT;
    struct strbuf bearer = STRBUF_INIT;
    write_url(s, n, &url);
    if (s->key && conf->type != CONFIG_NOTIFY_PAGERDUTY)
        strbuf_addf(&bearer, "Authorization: Bearer %s", s->key);
    const char *const headers[] = {
        "Content-Type: application/json", bearer.len > 0 ? strbuf_text(&bearer) : NULL, NULL};
    if (!url.failed && !bearer.failed && !body->failed)
        s->request = http_request_start(s->means.http,
            &(struct http_spec){.method = "POST",
                .url = strbuf_text(&url),
                .headers = headers,
                .ca_file = conf->ca_file,
                .body = strbuf_text(body),
                .body_len = body->len,
                .timeout = conf->timeout,
                .body_max = ANSWER_MAX},
            on_http, s, e);
    strbuf_fini(&url);
    strbuf_fini(&bearer);
    /* What http_request_start() says quotes the address. */
    return s->request ? 0 : err_sys(e, -ENOMEM, "sending a notice");
}

/* The command has nothing of ours but what it needs to find programs and to speak the language. */
static int build_environment(const struct notice *n, struct strlist *env)
{
    static const char *const inherited[] = {"PATH", "HOME", "LANG", "LC_ALL", "TZ"};
    const char *const facts[][2] = {
        {"VOXKEEPER_KIND", notice_kind_name(n->kind)},
        {"VOXKEEPER_INCIDENT", n->incident},
        {"VOXKEEPER_CONDITION", notice_condition(n)},
        {"VOXKEEPER_SEVERITY", severity_name(n->severity)},
        {"VOXKEEPER_SUBJECT", n->subject},
        {"VOXKEEPER_SUMMARY", n->summary},
        {"VOXKEEPER_RUNBOOK_URL", n->runbook_url},
    };
    bool complete = true;
    for (size_t i = 0; i < sizeof inherited / sizeof *inherited; i++) {
        const char *value = getenv(inherited[i]);
        complete = complete && (!value || environment_put(env, inherited[i], value));
    }
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++)
        complete = complete && environment_put(env, facts[i][0], facts[i][1]);
    return complete ? 0 : -ENOMEM;
}

static int run(struct notifier_send *s, const struct config_notify *conf, const struct notice *n,
    const struct strbuf *body, struct err *e)
{
    char instance[128];
    char identifier[LIMIT_NAME + 16];
    struct strlist env = {0};
    snprintf(instance, sizeof instance, "notify-%s-%llu.%d", conf->name,
        (unsigned long long)s->began, (int)getpid());
    snprintf(identifier, sizeof identifier, "notify-%s", conf->name);
    if (body->failed || build_environment(n, &env) < 0)
        err_sys(e, -ENOMEM, "running the command");
    else
        s->command = command_new(s->means.loop,
            &(struct command_spec){.argv = &conf->command,
                .environment = env.items,
                .timeout = conf->timeout,
                .instance = instance,
                .identifier = identifier,
                .input = strbuf_text(body),
                .input_len = body->len},
            on_command, s, e);
    strlist_fini(&env);
    return s->command ? 0 : e->code;
}

struct notifier_send *notifier_send_new(const struct notifier_means *means,
    const struct config_notify *conf, const struct notice *const *notices, size_t n,
    notifier_answer_fn *on_answer, void *arg)
{
    struct notifier_send *s = calloc(1, sizeof *s);
    struct strbuf body = STRBUF_INIT;
    struct err e = {0};
    if (!s)
        return NULL;
    *s = (struct notifier_send){.means = *means,
        .type = conf->type,
        .failed = timer_new(means->loop, on_failed, s),
        .began = loop_now(),
        .on_answer = on_answer,
        .arg = arg};
    bool exec = conf->type == CONFIG_NOTIFY_EXEC;
    int r = exec ? 0 : read_secrets(s, conf, &e);
    if (r == 0) {
        write_body(s, conf, notices, n, &body);
        r = exec ? run(s, conf, notices[0], &body, &e) : post(s, conf, notices[0], &body, &e);
    }
    if (r < 0)
        fail(s, e.msg);
    strbuf_fini(&body);
    return s;
}

static void forget(char *secret)
{
    if (secret)
        explicit_bzero(secret, strlen(secret));
    free(secret);
}

void notifier_send_free(struct notifier_send *s)
{
    if (!s)
        return;
    if (s->request)
        http_request_cancel(s->request);
    command_free(s->command);
    timer_free(s->failed);
    forget(s->url);
    forget(s->key);
    free(s);
}
