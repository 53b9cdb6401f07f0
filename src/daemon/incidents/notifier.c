/* Which notice goes where. */
#include "daemon/incidents/notifier.h"

#include "base/log.h"
#include "core/incidents/notice_json.h"
#include "daemon/incidents/notifier_store.h"
#include "daemon/incidents/silence.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HOST_MAX = 256 };

struct notifier {
    struct notifier_spec spec;
    struct strbuf outlets_directory, silence_directory;
    char host[HOST_MAX];
    struct notifier_outlet *outlets[LIMIT_NOTIFIERS];
    unsigned n_outlets;
    struct silence *silence;
    struct notifier_store *withheld; /* during a silence */
};

/* ---- routing ---- */

static bool is_about_itself(const struct notice *notice, const char *name)
{
    return notice_of_incident(notice->kind) && notice->condition == CONDITION_ALERTS_FAIL &&
           strcmp(notice->subject, name) == 0;
}

bool notifier_wants(const struct config_notify *conf, const struct notice *notice)
{
    return conf->severities & 1U << notice->severity && conf->kinds & 1U << notice->kind &&
           !is_about_itself(notice, conf->name);
}

static void route(struct notifier *n, const struct notice *notice, const char *text)
{
    for (unsigned i = 0; i < n->n_outlets; i++) {
        const struct config_notify *conf = notifier_outlet_conf(n->outlets[i]);
        if (notifier_wants(conf, notice))
            notifier_outlet_post(n->outlets[i], text);
    }
}

/* Nobody knows of it, and nobody has to. */
static void drop_withheld(struct notifier *n, const char *incident)
{
    const struct delivery_queue *q = notifier_store_queue(n->withheld);
    for (size_t i = 0; i < q->n;) {
        if (strcmp(q->entries[i].read.notice.incident, incident) == 0)
            notifier_store_done(n->withheld, q->entries[i].number, false);
        else
            i++;
    }
}

/* Whether the silence takes it. */
static bool withhold(struct notifier *n, const struct notice *notice, const char *text)
{
    const struct delivery_queue *q = notifier_store_queue(n->withheld);
    bool unknown = delivery_queue_of(q, notice->incident, NOTICE_OPENED) != NULL;
    switch (notice->kind) {
    case NOTICE_OPENED:
    case NOTICE_UPDATED:
        notifier_store_put(n->withheld, text, 0);
        return true;
    case NOTICE_ACKNOWLEDGED:
        if (unknown)
            notifier_store_put(n->withheld, text, 0);
        return unknown;
    case NOTICE_RESOLVED:
        drop_withheld(n, notice->incident);
        return unknown;
    case NOTICE_BEGUN: /* no alarm, and wanted all the more while somebody is at work */
    case NOTICE_ENDED:
    case NOTICE_TEST:
        break;
    }
    return false;
}

static void tell_withheld(struct notifier *n)
{
    const struct delivery_queue *q = notifier_store_queue(n->withheld);
    while (q->n > 0) {
        const struct delivery_entry *entry = &q->entries[0];
        uint64_t number = entry->number;
        route(n, &entry->read.notice, entry->text);
        notifier_store_done(n->withheld, number, false);
    }
}

static void on_silence_ended(void *arg)
{
    tell_withheld(arg);
}

void notifier_post(struct notifier *n, const struct notice *notice)
{
    struct strbuf text = STRBUF_INIT;
    notice_write_json(notice, n->host, &text);
    if (text.failed)
        log_printf(LOG_LEVEL_ERR, "telling of %s: out of memory", notice->incident);
    else if (!silence_holds(n->silence) || !withhold(n, notice, strbuf_text(&text)))
        route(n, notice, strbuf_text(&text));
    strbuf_fini(&text);
}

int notifier_silence(
    struct notifier *n, usec_t span, const char *author, const char *reason, struct err *e)
{
    return silence_begin(n->silence, span, author, reason, e);
}

bool notifier_unsilence(struct notifier *n, const char *author)
{
    return silence_end(n->silence, author);
}

/* ---- life ---- */

static void on_withheld_lost(const struct delivery_entry *entry, void *arg)
{
    struct notifier *n = arg;
    /* Rather too early than never. */
    route(n, &entry->read.notice, entry->text);
}

static void on_attempt(
    const char *name, const struct notice *notice, const struct notifier_answer *answer, void *arg)
{
    const struct notifier *n = arg;
    n->spec.on_attempt(name, notice, answer, n->spec.arg);
}

static void on_outcome(const char *name, bool sent, void *arg)
{
    const struct notifier *n = arg;
    n->spec.on_outcome(name, sent, n->spec.arg);
}

static void on_waiting(void *arg)
{
    const struct notifier *n = arg;
    unsigned waiting = 0;
    for (unsigned i = 0; i < n->n_outlets; i++)
        waiting += notifier_outlet_waiting(n->outlets[i]);
    n->spec.on_waiting(waiting, n->spec.arg);
}

static void on_failing(const char *name, const char *words, void *arg)
{
    const struct notifier *n = arg;
    n->spec.on_failing(name, words, n->spec.arg);
}

static void on_working(const char *name, void *arg)
{
    const struct notifier *n = arg;
    n->spec.on_working(name, n->spec.arg);
}

static struct notifier_outlet *add(struct notifier *n, const struct config_notify *conf)
{
    return notifier_outlet_new(&(struct notifier_outlet_spec){
        .means = {.loop = n->spec.loop, .http = n->spec.http, .host = n->host},
        .conf = conf,
        .directory = strbuf_text(&n->outlets_directory),
        .on_attempt = on_attempt,
        .on_outcome = on_outcome,
        .on_waiting = on_waiting,
        .on_failing = on_failing,
        .on_working = on_working,
        .arg = n});
}

static struct notifier_outlet **find(struct notifier *n, const char *name)
{
    for (unsigned i = 0; i < n->n_outlets; i++) {
        if (n->outlets[i] && strcmp(notifier_outlet_conf(n->outlets[i])->name, name) == 0)
            return &n->outlets[i];
    }
    return NULL;
}

bool notifier_has(struct notifier *n, const char *name)
{
    return find(n, name) != NULL;
}

int notifier_configure(struct notifier *n, const struct config *config, struct err *e)
{
    struct notifier_outlet *next[LIMIT_NOTIFIERS] = {0};
    bool complete = true;
    for (unsigned i = 0; i < config->n_notifiers; i++) {
        const struct config_notify *conf = &config->notifiers[i];
        struct notifier_outlet **known = find(n, conf->name);
        next[i] = known ? *known : add(n, conf);
        complete = complete && next[i];
        if (known)
            *known = NULL;
    }
    for (unsigned i = 0; i < n->n_outlets; i++) {
        if (!n->outlets[i])
            continue;
        notifier_outlet_give_up(n->outlets[i]);
        notifier_outlet_free(n->outlets[i]);
    }
    n->n_outlets = 0;
    n->spec.config = config;
    for (unsigned i = 0; i < config->n_notifiers; i++) {
        if (!next[i])
            continue;
        n->outlets[n->n_outlets++] = next[i];
        notifier_outlet_configure(next[i], &config->notifiers[i]);
    }
    return complete ? 0 : err_sys(e, -ENOMEM, "building the notifiers");
}

struct notifier *notifier_new(const struct notifier_spec *spec)
{
    struct notifier *n = calloc(1, sizeof *n);
    struct err e = {0};
    const char *state = spec->config->admin.state_directory;
    if (!n)
        return NULL;
    n->spec = *spec;
    if (gethostname(n->host, sizeof n->host - 1) < 0 || !n->host[0])
        snprintf(n->host, sizeof n->host, "localhost");
    strbuf_addf(&n->outlets_directory, "%s/alerts", state);
    strbuf_addf(&n->silence_directory, "%s/silence", state);
    n->silence = silence_new(spec->loop, strbuf_text(&n->silence_directory), on_silence_ended, n);
    n->withheld = notifier_store_open(&(struct notifier_store_spec){.loop = spec->loop,
        .directory = strbuf_text(&n->silence_directory),
        .name = "withheld",
        .on_lost = on_withheld_lost,
        .arg = n});
    if (!n->silence || !n->withheld || notifier_configure(n, spec->config, &e) < 0) {
        notifier_free(n);
        return NULL;
    }
    if (!silence_holds(n->silence))
        tell_withheld(n); /* the instance before died at its end */
    return n;
}

void notifier_free(struct notifier *n)
{
    if (!n)
        return;
    for (unsigned i = 0; i < n->n_outlets; i++)
        notifier_outlet_free(n->outlets[i]);
    notifier_store_close(n->withheld);
    silence_free(n->silence);
    strbuf_fini(&n->outlets_directory);
    strbuf_fini(&n->silence_directory);
    free(n);
}

/* ---- what is shown ---- */

struct cJSON *notifier_silence_json(const struct notifier *n)
{
    struct cJSON *o = cJSON_CreateObject();
    cJSON_AddItemToObject(o, "silence", silence_json(n->silence));
    cJSON_AddNumberToObject(
        o, "withheld", delivery_queue_waiting(notifier_store_queue(n->withheld)));
    return o;
}

struct cJSON *notifier_json(const struct notifier *n)
{
    struct cJSON *o = notifier_silence_json(n);
    struct cJSON *list = cJSON_AddArrayToObject(o, "notifiers");
    for (unsigned i = 0; i < n->n_outlets; i++)
        cJSON_AddItemToArray(list, notifier_outlet_json(n->outlets[i]));
    return o;
}

const char *notifier_host(const struct notifier *n)
{
    return n->host;
}
