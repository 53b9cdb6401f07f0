/* The requests of one verification, one after the other. */
#include "daemon/credentials/provider_check.h"

#include "base/strbuf.h"
#include "io/http/http_client.h"
#include "io/loop/loop.h"
#include "io/secret_memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIMEOUT (10 * USEC_PER_SEC)
enum { BODY_MAX = 64 * 1024 };

/* In secret memory. */
struct secrets {
    char value[PROVIDER_HEADER_MAX];
    char header[PROVIDER_HEADER_MAX];
};

struct provider_check {
    struct http_client *http;
    struct http_request *request;
    struct timer *failed; /* tells what went wrong before there was anything to wait for */
    struct provider_ask ask;
    char *texts[5]; /* that `ask` and the request point into */
    const char *ca_file;
    enum provider_step step;
    struct provider_reading reading;
    struct secrets *secrets;
    provider_check_fn *on_read;
    void *arg;
};

static void finish(struct provider_check *c)
{
    if (provider_quotes(c->reading.words, c->secrets->value))
        snprintf(c->reading.words, sizeof c->reading.words, "(an answer that quotes the value)");
    c->on_read(&c->reading, c->arg); /* which frees us */
}

static void on_failed(void *arg)
{
    finish(arg);
}

static void fail(struct provider_check *c, const char *why)
{
    snprintf(c->reading.words, sizeof c->reading.words, "%s", why);
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
    provider_write_url(&c->ask, c->step, &c->reading, &url);
    if (!url.failed)
        c->request = http_request_start(c->http,
            &(struct http_spec){.url = strbuf_text(&url),
                .headers = headers,
                .ca_file = c->ca_file,
                .timeout = TIMEOUT,
                .body_max = BODY_MAX},
            on_answer, c, &e);
    strbuf_fini(&url);
    if (!c->request)
        fail(c, "out of memory");
}

/* NULL stays NULL; *complete becomes false when memory is out. */
static const char *keep(struct provider_check *c, unsigned n, const char *text, bool *complete)
{
    c->texts[n] = text ? strdup(text) : NULL;
    *complete = *complete && (!text || c->texts[n]);
    return c->texts[n];
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
        .base_url = keep(c, 0, conf->base_url, &complete),
        .url = keep(c, 1, conf->url, &complete),
        .header = keep(c, 2, conf->header, &complete),
        .account = keep(c, 3, conf->account, &complete),
        .quota = quota};
    c->ca_file = keep(c, 4, conf->ca_file, &complete);
    c->secrets = secret_memory_new(sizeof *c->secrets);
    if (!complete || !c->secrets) {
        provider_check_free(c);
        return NULL;
    }
    snprintf(c->secrets->value, sizeof c->secrets->value, "%s", value);
    if (provider_write_header(&c->ask, value, c->secrets->header))
        ask(c);
    else
        fail(c, "the value is longer than a header may be");
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
