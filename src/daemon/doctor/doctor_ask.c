/* The doctor's HTTP questions. */
#include "daemon/doctor/doctor_parts.h"

#include "base/strbuf.h"
#include "base/text.h"
#include "daemon/daemon.h"
#include "daemon/workers/environment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Each has its own deadline, so that a silent one is told by its own phase. */
#define NEAR (3 * USEC_PER_SEC)
#define FAR (5 * USEC_PER_SEC)
/* Whoever starts us has waited for it as well. */
#define SELF (1 * USEC_PER_SEC)
static const char callback_path[] = "/callback";
static const char tools_path[] = "/agent-tools";

/* Without user and password. */
static void show_url(const char *url, char out[DOCTOR_URL_MAX])
{
    const char *scheme = strstr(url, "://");
    const char *host = scheme ? scheme + 3 : url;
    const char *at = memchr(host, '@', strcspn(host, "/?#"));
    snprintf(out, DOCTOR_URL_MAX, "%.*s%s", (int)(host - url), url, at ? at + 1 : host);
}

static void show_body(const struct http_answer *answer, char out[DOCTOR_BODY_MAX])
{
    size_t len = answer->body_len < DOCTOR_BODY_MAX - 1 ? answer->body_len : DOCTOR_BODY_MAX - 1;
    memcpy(out, answer->body, len);
    out[len] = '\0';
}

static void on_answer(const struct http_answer *answer, void *arg)
{
    static const enum doctor_reply replies[] = {[HTTP_ANSWERED] = DOCTOR_ANSWERED,
        [HTTP_TIMED_OUT] = DOCTOR_TIMED_OUT,
        [HTTP_REFUSED] = DOCTOR_REFUSED,
        [HTTP_FAILED] = DOCTOR_FAILED};
    static const enum doctor_phase phases[] = {[HTTP_PHASE_DNS] = DOCTOR_PHASE_DNS,
        [HTTP_PHASE_ROUTE] = DOCTOR_PHASE_ROUTE,
        [HTTP_PHASE_TCP] = DOCTOR_PHASE_TCP,
        [HTTP_PHASE_TLS] = DOCTOR_PHASE_TLS,
        [HTTP_PHASE_ANSWER] = DOCTOR_PHASE_ANSWER};
    struct doctor_ask *ask = arg;
    struct doctor_http *h = ask->out;
    h->reply = replies[answer->result];
    h->phase = phases[answer->phase];
    h->certificate = answer->certificate;
    h->status = answer->status;
    h->took = answer->took;
    h->resolved = answer->resolved;
    h->connected = answer->connected;
    h->secured = answer->secured;
    h->date = answer->date;
    h->expires = answer->expires;
    h->wall = loop_wall_now();
    if (h->reply == DOCTOR_ANSWERED)
        show_body(answer, h->body);
    else
        snprintf(h->what, sizeof h->what, "%s", answer->what);
    ask->request = NULL;
    doctor_part_done(ask->doctor);
}

void doctor_ask(struct doctor *d, const struct doctor_question *q, struct doctor_http *out)
{
    static const char *const headers[] = {"Content-Type: application/json", NULL};
    struct err e = {0};
    if (d->n_asks == DOCTOR_ASKS_MAX)
        return;
    struct doctor_ask *ask = &d->asks[d->n_asks];
    const struct http_spec spec = {
        .method = q->post ? "POST" : NULL,
        .url = q->url,
        .headers = q->post ? headers : NULL,
        .ca_file = q->ca_file,
        .unix_socket = q->unix_socket,
        .body = q->post ? "{}" : NULL,
        .body_len = q->post ? 2 : 0,
        .timeout = q->timeout,
        .body_max = DOCTOR_BODY_MAX - 1,
        .want_expiry = q->want_expiry,
    };
    *ask = (struct doctor_ask){.doctor = d, .out = out};
    show_url(q->url, out->url);
    ask->request = http_request_start(d->spec.http, &spec, on_answer, ask, &e);
    if (!ask->request)
        return;
    out->asked = true;
    d->n_asks++;
    d->waiting++;
}

/* Those that are under way have waited in vain. */
void doctor_asks_free(struct doctor *d)
{
    for (unsigned i = 0; i < d->n_asks; i++) {
        struct doctor_ask *ask = &d->asks[i];
        if (!ask->request)
            continue;
        http_request_cancel(ask->request);
        ask->request = NULL;
        ask->out->reply = DOCTOR_TIMED_OUT;
        ask->out->phase = DOCTOR_PHASE_ANSWER;
        ask->out->took = usec_sub(loop_now(), d->began_at);
    }
}

/* ---- which ones ---- */

/* A URL and a path, with one slash between them. */
static void ask_path(struct doctor *d, const char *base, const char *path, struct doctor_question q,
    struct doctor_http *out)
{
    struct strbuf url = STRBUF_INIT;
    size_t len = strlen(base);
    while (len > 0 && base[len - 1] == '/')
        len--;
    strbuf_add(&url, base, len);
    strbuf_adds(&url, path);
    q.url = strbuf_text(&url);
    if (!url.failed)
        doctor_ask(d, &q, out);
    strbuf_fini(&url);
}

/* The first public listener, as it is reached from here. */
static bool public_base(const struct config *c, char *out, size_t size)
{
    static const unsigned char any[16];
    char text[ENDPOINT_TEXT_MAX];
    if (c->agent.n_listen == 0 || c->agent.listen[0].family == ENDPOINT_UNIX)
        return false;
    struct endpoint ep = c->agent.listen[0];
    if (memcmp(ep.addr, any, ep.family == ENDPOINT_INET ? 4 : 16) == 0) {
        ep.family = ENDPOINT_INET;
        memcpy(ep.addr, (const unsigned char[4]){127, 0, 0, 1}, 4);
    }
    snprintf(out, size, "http://%s", endpoint_text(&ep, text));
    return true;
}

static const char *variable(const struct strlist *env, const char *name)
{
    size_t len = strlen(name);
    for (size_t i = 0; i < env->n; i++) {
        if (strncmp(env->items[i], name, len) == 0 && env->items[i][len] == '=')
            return env->items[i][len + 1] ? env->items[i] + len + 1 : NULL;
    }
    return NULL;
}

static void ask_neighbours(struct doctor *d, const struct strlist *env)
{
    const char *back = variable(env, "ELEVENLABS_AGENT_URL");
    const char *runner = variable(env, "CURSOR_RUNNER_URL");
    const struct doctor_question near = {
        .timeout = NEAR, .ca_file = d->spec.config->doctor.ca_file};
    struct doctor_question post = near;
    post.post = true;
    if (back) {
        ask_path(d, back, callback_path, post, &d->webhook.back);
        ask_path(d, back, "/config", near, &d->webhook.back_config);
    } else {
        doctor_gap(&d->report, DOCTOR_CALLBACK, "ELEVENLABS_AGENT_URL is not in the environment");
    }
    if (runner)
        ask_path(d, runner, "/health", near, &d->webhook.runner);
    else
        doctor_gap(&d->report, DOCTOR_CALLBACK, "CURSOR_RUNNER_URL is not in the environment");
}

static void ask_providers(struct doctor *d)
{
    const struct config_doctor *c = &d->spec.config->doctor;
    for (size_t i = 0; i < c->providers.n && d->network.n < DOCTOR_PROVIDERS_MAX; i++) {
        const struct doctor_question q = {
            .url = c->providers.items[i], .ca_file = c->ca_file, .timeout = FAR};
        doctor_ask(d, &q, &d->network.providers[d->network.n++]);
    }
}

static void ask_daemon(struct doctor *d, const char *control_socket)
{
    const struct doctor_question q = {
        .url = "http://voxkeeperd/livez", .unix_socket = control_socket, .timeout = SELF};
    doctor_ask(d, &q, &d->control);
    snprintf(d->control.url, sizeof d->control.url, "%s", control_socket);
}

void doctor_ask_all(struct doctor *d)
{
    struct err e = {0};
    char base[ENDPOINT_TEXT_MAX + 16];
    const struct config *c = d->spec.config;
    const struct doctor_question post = {.post = true, .timeout = NEAR};
    struct strlist env = {0};
    const char *nobody = d->agent.drained    ? "the agent is drained"
                         : d->agent.starting ? "the agent is starting"
                                             : NULL;
    if (!d->spec.daemon)
        ask_daemon(d, c->admin.control_socket);
    if (nobody) {
        doctor_gap(&d->report, DOCTOR_WEBHOOK, "%s", nobody);
    } else if (public_base(c, base, sizeof base)) {
        ask_path(d, base, tools_path, post, &d->webhook.tools);
        ask_path(d, base, callback_path, post, &d->webhook.callback);
        ask_path(
            d, base, "/config", (struct doctor_question){.timeout = NEAR}, &d->webhook.own_config);
    } else {
        doctor_gap(&d->report, DOCTOR_WEBHOOK, "[Agent] Listen= names no TCP address");
    }
    if (c->doctor.public_url && !nobody)
        ask_path(d, c->doctor.public_url, tools_path,
            (struct doctor_question){
                .post = true, .timeout = FAR, .ca_file = c->doctor.ca_file, .want_expiry = true},
            &d->webhook.public_tools);
    else if (!c->doctor.public_url)
        doctor_gap(
            &d->report, DOCTOR_WEBHOOK, "the public address is not known ([Doctor] PublicUrl=)");
    if (environment_build(&c->agent, 0, 0, &env, &e) < 0)
        doctor_gap(&d->report, DOCTOR_CALLBACK, "%s", e.msg);
    else if (!nobody)
        ask_neighbours(d, &env);
    for (size_t i = 0; i < env.n; i++)
        explicit_bzero(env.items[i], strlen(env.items[i]));
    strlist_fini(&env);
    ask_providers(d);
}
