/* One round of probes: start them all, keep the worst answer, report once. */
#include "daemon/workers/probe.h"

#include "base/strbuf.h"
#include "base/text.h"
#include "core/fleet/expect.h"
#include "daemon/command.h"
#include "io/http/http_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PROBE_BODY_SHOWN = 512 };

struct probe {
    struct probe_round *round;
    char name[LIMIT_NAME];
    struct http_request *request;
    bool connect_only; /* a tcp probe: that the connection stands is all that is asked */
    struct command *command;
    struct expect expect;
};

struct probe_round {
    struct timer *report_timer; /* reports from the loop, also when there is nothing to wait for */
    void (*on_report)(const struct probe_report *report, void *arg);
    void *arg;
    usec_t began_at;
    unsigned n_waiting;
    unsigned n_probes;
    enum probe_outcome outcome;
    bool server_error;
    char reason[PROBE_REASON_MAX];
    struct strbuf body;
    struct probe probes[LIMIT_PROBES + 1];
};

static void on_report_due(void *arg)
{
    struct probe_round *round = arg;
    round->on_report(&(struct probe_report){.outcome = round->outcome,
                         .reason = round->reason,
                         .body = strbuf_text(&round->body),
                         .server_error = round->server_error,
                         .took = usec_sub(loop_now(), round->began_at)},
        round->arg);
}

static void settle(struct probe *p, enum probe_outcome outcome, const char *reason,
    const char *body, size_t body_len)
{
    struct probe_round *round = p->round;
    if (probe_outcome_severity(outcome) > probe_outcome_severity(round->outcome)) {
        round->outcome = outcome;
        snprintf(round->reason, sizeof round->reason, "%s: %s", p->name, reason);
        strbuf_reset(&round->body);
        text_escape(&round->body, body, body_len, PROBE_BODY_SHOWN);
    }
    if (--round->n_waiting == 0)
        timer_arm(round->report_timer, 0);
}

static void on_http_answer(const struct http_answer *answer, void *arg)
{
    struct probe *p = arg;
    char reason[EXPECT_REASON_MAX] = "";
    enum probe_outcome outcome = PROBE_FAIL;
    p->request = NULL;
    switch (answer->result) {
    case HTTP_ANSWERED:
        outcome = p->connect_only ? PROBE_PASS
                                  : expect_judge(&p->expect, answer->status, answer->body,
                                        answer->body_len, answer->truncated, reason);
        if (answer->status >= 500 && outcome == PROBE_FAIL)
            p->round->server_error = true;
        settle(p, outcome, reason, answer->body, answer->body_len);
        return;
    case HTTP_TIMED_OUT:
        outcome = PROBE_HUNG;
        break;
    case HTTP_REFUSED:
    case HTTP_FAILED:
        break;
    }
    settle(p, outcome, answer->what, "", 0);
}

static void on_command_ended(enum command_result result, const char *how, void *arg)
{
    static const enum probe_outcome outcomes[] = {
        [COMMAND_DONE] = PROBE_PASS,
        [COMMAND_FAILED] = PROBE_FAIL,
        [COMMAND_LATE] = PROBE_HUNG,
    };
    settle(arg, outcomes[result], how, "", 0);
}

/* Where `address` is reached from this machine: a wildcard by the loopback. */
static void authority_of(const struct endpoint *address, char out[ENDPOINT_TEXT_MAX])
{
    static const unsigned char any[16];
    size_t len = address->family == ENDPOINT_INET ? 4 : 16;
    if (memcmp(address->addr, any, len) == 0)
        snprintf(out, ENDPOINT_TEXT_MAX, "127.0.0.1:%u", address->port);
    else
        endpoint_text(address, out);
}

static int start_http(struct probe *p, const struct config_probe *conf,
    const struct probe_spec *spec, struct http_client *client, struct err *e)
{
    char authority[ENDPOINT_TEXT_MAX] = "localhost";
    struct strbuf url = STRBUF_INIT;
    const struct endpoint *at =
        conf->type == CONFIG_PROBE_TCP && conf->address.port != 0 ? &conf->address : spec->address;
    bool own_url = conf->type == CONFIG_PROBE_HTTP && conf->url[0] != '/';
    bool unix_socket = !own_url && at && at->family == ENDPOINT_UNIX;
    if (!own_url && !at)
        return err_set(e, -1, "the worker listens nowhere");
    if (!own_url && !unix_socket)
        authority_of(at, authority);
    if (own_url)
        strbuf_adds(&url, conf->url);
    else
        strbuf_addf(&url, "http://%s%s", authority, conf->url ? conf->url : "/");
    p->connect_only = conf->type == CONFIG_PROBE_TCP;
    struct http_spec request = {.url = strbuf_text(&url),
        .unix_socket = unix_socket ? at->path : NULL,
        .connect_only = p->connect_only,
        .timeout = conf->timeout,
        .body_max = LIMIT_PROBE_BODY};
    p->request = http_request_start(client, &request, on_http_answer, p, e);
    strbuf_fini(&url);
    return p->request ? 0 : e->code;
}

/* Startup probes count until the worker is verified, liveness probes after it. */
static bool has_its_time(const struct config_probe *conf, const struct probe_spec *spec)
{
    switch (conf->kind) {
    case CONFIG_KIND_READINESS:
        return true;
    case CONFIG_KIND_STARTUP:
        return !spec->verified;
    case CONFIG_KIND_LIVENESS:
        return spec->verified;
    }
    return true;
}

static void start(struct probe *p, const struct config_probe *conf, const struct probe_spec *spec,
    struct loop *l, struct http_client *client)
{
    struct err e = {0};
    bool started = false;
    snprintf(p->name, sizeof p->name, "%s", conf->name);
    if (conf->type == CONFIG_PROBE_EXEC) {
        char instance[128];
        snprintf(instance, sizeof instance, "%s-%s", spec->instance, conf->name);
        p->command = command_new(l,
            &(struct command_spec){.argv = &conf->command,
                .environment = spec->environment,
                .timeout = conf->timeout,
                .instance = instance},
            on_command_ended, p, &e);
        started = p->command != NULL;
    } else {
        struct expect_spec expected = {.status = conf->expect_status,
            .json = &conf->expect_json,
            .dependency = &conf->dependency_json,
            .provider = &conf->provider_json};
        started = expect_init(&p->expect, &expected, &e) == 0 &&
                  start_http(p, conf, spec, client, &e) == 0;
    }
    if (!started)
        settle(p, PROBE_FAIL, e.msg, "", 0);
}

struct probe_round *probe_round_new(struct loop *l, struct http_client *client,
    const struct probe_spec *spec, void (*on_report)(const struct probe_report *report, void *arg),
    void *arg)
{
    struct probe_round *round = calloc(1, sizeof *round);
    if (!round)
        return NULL;
    round->on_report = on_report;
    round->arg = arg;
    round->began_at = loop_now();
    round->report_timer = timer_new(l, on_report_due, round);
    round->n_waiting = 1; /* held until all are started, so that an early answer does not report */
    for (unsigned i = 0; i < spec->config->n_probes; i++) {
        const struct config_probe *conf = &spec->config->probes[i];
        if (!has_its_time(conf, spec))
            continue;
        struct probe *p = &round->probes[round->n_probes++];
        p->round = round;
        round->n_waiting++;
        start(p, conf, spec, l, client);
    }
    if (--round->n_waiting == 0)
        timer_arm(round->report_timer, 0);
    return round;
}

void probe_round_free(struct probe_round *round)
{
    if (!round)
        return;
    for (unsigned i = 0; i < round->n_probes; i++) {
        struct probe *p = &round->probes[i];
        if (p->request)
            http_request_cancel(p->request);
        command_free(p->command);
        expect_fini(&p->expect);
    }
    timer_free(round->report_timer);
    strbuf_fini(&round->body);
    free(round);
}
