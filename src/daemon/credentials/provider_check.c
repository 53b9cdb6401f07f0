/* The requests of one verification, one after the other. */
#include "daemon/credentials/provider_check.h"

#include "base/strbuf.h"
#include "core/credentials/service_account.h"
#include "io/http/http_client.h"
#include "io/loop/loop.h"
#include "io/secret_memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define TIMEOUT (10 * USEC_PER_SEC)
enum { BODY_MAX = 256 * 1024 };

/* In secret memory. */
struct secrets {
    char value[PROVIDER_HEADER_MAX];
    char header[PROVIDER_HEADER_MAX];
    char form[SERVICE_ACCOUNT_BODY_MAX]; /* of an account; "": nothing is posted */
    char token_url[SERVICE_ACCOUNT_URL_MAX];
};

struct provider_check {
    struct http_client *http;
    struct http_request *request;
    struct timer *failed; /* tells what went wrong before there was anything to wait for */
    struct provider_ask ask;
    char *texts[7]; /* that `ask` and the request point into */
    const char *ca_file;
    enum provider_step step;
    struct provider_reading reading;
    struct secrets *secrets;
    provider_check_fn *on_read;
    void *arg;
};

static void finish(struct provider_check *c)
{
    c->on_read(&c->reading, c->arg); /* which frees us */
}

/* What they say of what we sent them may quote it. */
static void hide(struct provider_check *c)
{
    const char *sent = c->secrets->form[0] ? c->secrets->form : c->secrets->value;
    if (provider_quotes(c->reading.words, sent))
        snprintf(c->reading.words, sizeof c->reading.words, "(an answer that quotes the value)");
}

static void on_failed(void *arg)
{
    finish(arg);
}

static void fail(struct provider_check *c, enum provider_verdict verdict, const char *why)
{
    c->reading.verdict = verdict;
    snprintf(c->reading.words, sizeof c->reading.words, "%.*s", PROVIDER_WORDS_MAX - 1, why);
    timer_arm(c->failed, loop_now());
}

static void ask(struct provider_check *c);

/* What was known before a further question stays so. */
static void on_answer(const struct http_answer *answer, void *arg)
{
    struct provider_check *c = arg;
    c->request = NULL;
    if (answer->result != HTTP_ANSWERED) {
        if (c->step != PROVIDER_STEP_QUOTA) {
            c->reading.verdict = PROVIDER_SAYS_UNREACHABLE;
            snprintf(c->reading.words, sizeof c->reading.words, "%s", answer->what);
        }
        finish(c);
        return;
    }
    c->step = provider_read(
        &c->ask, c->step, answer->status, answer->body, answer->body_len, &c->reading);
    hide(c);
    if (c->step == PROVIDER_STEP_DONE)
        finish(c);
    else
        ask(c);
}

static void ask(struct provider_check *c)
{
    struct err e = {0};
    struct strbuf url = STRBUF_INIT;
    const char *const headers[] = {
        c->secrets->header, provider_extra_header(c->ask.provider), NULL};
    const char *form = c->secrets->form;
    provider_write_url(&c->ask, c->step, &c->reading, &url);
    if (!url.failed)
        c->request = http_request_start(c->http,
            &(struct http_spec){.url = strbuf_text(&url),
                .method = form[0] ? "POST" : "GET",
                .headers = headers,
                .body = form[0] ? form : NULL,
                .body_len = strlen(form),
                .ca_file = c->ca_file,
                .timeout = TIMEOUT,
                .body_max = BODY_MAX},
            on_answer, c, &e);
    strbuf_fini(&url);
    if (!c->request)
        fail(c, PROVIDER_SAYS_UNREACHABLE, "out of memory");
}

/* NULL stays NULL; *complete becomes false when memory is out. */
static const char *keep(struct provider_check *c, unsigned n, const char *text, bool *complete)
{
    c->texts[n] = text ? strdup(text) : NULL;
    *complete = *complete && (!text || c->texts[n]);
    return c->texts[n];
}

static void begin_account(struct provider_check *c)
{
    struct err e = {0};
    struct service_account_ask account = {.wall = loop_wall_now()};
    c->ask.url = c->secrets->token_url;
    if (getrandom(account.seed, sizeof account.seed, 0) != (ssize_t)sizeof account.seed)
        fail(c, PROVIDER_SAYS_UNREACHABLE, "there are no random bytes");
    else if (service_account_write(
                 c->secrets->value, &account, c->secrets->token_url, c->secrets->form, &e) < 0)
        fail(c, PROVIDER_SAYS_INVALID, e.msg);
    else
        ask(c);
    explicit_bzero(&account, sizeof account);
}

static void begin(struct provider_check *c)
{
    const char *value = c->secrets->value;
    const char *flaw = provider_flaw(c->ask.provider, value);
    if (flaw)
        fail(c, PROVIDER_SAYS_INVALID, flaw);
    else if (!provider_write_header(&c->ask, value, c->secrets->header))
        fail(c, PROVIDER_SAYS_INVALID, "the value is longer than a header may be");
    else if (c->ask.form == PROVIDER_FORM_ACCOUNT)
        begin_account(c);
    else
        ask(c);
}

struct provider_check *provider_check_new(struct loop *l, struct http_client *http,
    const struct config_credential *conf, const char *value, bool quota, provider_check_fn *on_read,
    void *arg)
{
    bool complete = true;
    struct provider_check *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->http = http;
    c->on_read = on_read;
    c->arg = arg;
    c->failed = timer_new(l, on_failed, c);
    c->ask = (struct provider_ask){.provider = conf->provider,
        .form = provider_form(conf->provider, value),
        .base_url = keep(c, 0, conf->base_url, &complete),
        .url = keep(c, 1, conf->url, &complete),
        .header = keep(c, 2, conf->header, &complete),
        .account = keep(c, 3, conf->account, &complete),
        .quota_json = keep(c, 4, conf->quota_json, &complete),
        .expiry_json = keep(c, 5, conf->expiry_json, &complete),
        .quota = quota};
    c->ca_file = keep(c, 6, conf->ca_file, &complete);
    c->secrets = secret_memory_new(sizeof *c->secrets);
    if (!complete || !c->secrets) {
        provider_check_free(c);
        return NULL;
    }
    snprintf(c->secrets->value, sizeof c->secrets->value, "%s", value);
    begin(c);
    return c;
}

void provider_check_free(struct provider_check *c)
{
    if (!c)
        return;
    if (c->request)
        http_request_cancel(c->request);
    timer_free(c->failed);
    secret_memory_free(c->secrets, sizeof *c->secrets);
    for (size_t i = 0; i < sizeof c->texts / sizeof *c->texts; i++)
        free(c->texts[i]);
    free(c);
}
