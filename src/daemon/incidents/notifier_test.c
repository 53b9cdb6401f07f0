/* A test of notifiers. */
#include "daemon/incidents/notifier_test.h"

#include "daemon/incidents/notifier_outlet.h"
#include "daemon/verbs/operation.h"
#include "io/loop/loop.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INCIDENT_MAX = 64 };

struct trial {
    struct notifier_test *test;
    struct notifier_send *send; /* NULL: it has answered */
    char name[LIMIT_NAME + 1];
    enum config_notify_type type;
};

struct notifier_test {
    struct notifier_test_spec spec;
    struct trial trials[LIMIT_NOTIFIERS];
    unsigned n, waiting, failed;
    struct cJSON *results;
    struct strbuf words;
};

static void finish(struct notifier_test *t)
{
    struct cJSON *result = cJSON_CreateObject();
    cJSON_AddItemToObject(result, "tests", t->results);
    t->results = NULL;
    operation_set_result(t->spec.op, result);
    operation_end(
        t->spec.op, t->failed ? OPERATION_FAILED : OPERATION_DONE, "%s", strbuf_text(&t->words));
    t->spec.on_done(t->spec.arg);
}

static void add_result(struct notifier_test *t, const struct trial *trial,
    const struct notifier_answer *answer, bool delivered)
{
    char took[SPAN_TEXT_MAX];
    struct cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "notifier", trial->name);
    cJSON_AddStringToObject(o, "type", notifier_type_name(trial->type));
    cJSON_AddBoolToObject(o, "delivered", delivered);
    cJSON_AddNumberToObject(o, "status", answer->status);
    cJSON_AddStringToObject(o, "answer", answer->words);
    cJSON_AddNumberToObject(o, "took_usec", (double)answer->took);
    cJSON_AddItemToArray(t->results, o);
    strbuf_addf(&t->words, "%s%s: %s after %s: %s", t->words.len > 0 ? "\n" : "", trial->name,
        delivered ? "delivered" : "not delivered", span_show(answer->took, took), answer->words);
}

static void on_answer(const struct notifier_answer *answer, void *arg)
{
    struct trial *trial = arg;
    struct notifier_test *t = trial->test;
    bool delivered = answer->verdict == DELIVERY_EV_SENT;
    add_result(t, trial, answer, delivered);
    notifier_send_free(trial->send);
    trial->send = NULL;
    t->failed += !delivered;
    if (--t->waiting == 0)
        finish(t);
}

struct notifier_send *notifier_test_send(const struct notifier_means *means,
    const struct config *config, const struct config_notify *conf, const char *details,
    notifier_answer_fn *on_answer, void *arg)
{
    char incident[INCIDENT_MAX];
    snprintf(incident, sizeof incident, "test-%llu", (unsigned long long)loop_wall_now());
    const struct notice notice = {.kind = NOTICE_TEST,
        .incident = incident,
        .severity = SEVERITY_P3,
        .agent = config->agent.name,
        .subject = conf->name,
        .summary = "This is a test of voxkeeper's alerts: nothing is wrong",
        .details = details,
        .runbook_url = config->admin.runbook_url,
        .opened_wall = loop_wall_now(),
        .wall = loop_wall_now()};
    const struct notice *const notices[] = {&notice};
    return notifier_send_new(means, conf, notices, 1, on_answer, arg);
}

static bool start(struct notifier_test *t, const struct config_notify *conf)
{
    struct trial *trial = &t->trials[t->n];
    trial->test = t;
    trial->type = conf->type;
    snprintf(trial->name, sizeof trial->name, "%s", conf->name);
    trial->send = notifier_test_send(&t->spec.means, t->spec.config, conf,
        "Somebody ran `voxkeeper alert-test`. Nothing to do.", on_answer, trial);
    if (!trial->send)
        return false;
    t->n++;
    t->waiting++;
    return true;
}

static int start_all(struct notifier_test *t, struct err *e)
{
    const struct config *c = t->spec.config;
    for (unsigned i = 0; i < c->n_notifiers; i++) {
        if ((!t->spec.name || strcmp(c->notifiers[i].name, t->spec.name) == 0) &&
            !start(t, &c->notifiers[i]))
            return err_sys(e, -ENOMEM, "testing alerts");
    }
    if (t->n == 0 && t->spec.name)
        return err_set(e, -ENOENT, "testing alerts: there is no [Notify %.64s]", t->spec.name);
    if (t->n == 0)
        return err_set(e, -ENOENT, "testing alerts: no [Notify NAME] is configured");
    return 0;
}

struct notifier_test *notifier_test_new(const struct notifier_test_spec *spec, struct err *e)
{
    struct notifier_test *t = calloc(1, sizeof *t);
    if (!t) {
        err_sys(e, -ENOMEM, "testing alerts");
        return NULL;
    }
    t->spec = *spec;
    t->results = cJSON_CreateArray();
    if (start_all(t, e) == 0)
        return t;
    notifier_test_free(t);
    return NULL;
}

void notifier_test_free(struct notifier_test *t)
{
    if (!t)
        return;
    for (unsigned i = 0; i < t->n; i++)
        notifier_send_free(t->trials[i].send);
    cJSON_Delete(t->results);
    strbuf_fini(&t->words);
    free(t);
}
