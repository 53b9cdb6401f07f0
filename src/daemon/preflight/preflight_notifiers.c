/* The checklist's look at direct notifiers: each is sent a test notice, the whole way. */
#include "daemon/preflight/preflight_parts.h"

#include "daemon/daemon.h"
#include "daemon/incidents/notifier.h"
#include "daemon/incidents/notifier_test.h"

static void on_answer(const struct notifier_answer *answer, void *arg)
{
    char took[SPAN_TEXT_MAX];
    struct preflight_trial *t = arg;
    bool delivered = answer->verdict == DELIVERY_EV_SENT;
    preflight_note(&t->run->list, t->row, delivered, "%s after %s: %s",
        delivered ? "it took a test notice" : "it did not take a test notice",
        span_show(answer->took, took), answer->words);
    notifier_send_free(t->send);
    t->send = NULL;
    preflight_over(t->run, t->row);
}

static void begin_one(struct preflight_trial *t, const struct config_notify *conf)
{
    const struct config *config = t->run->spec.config;
    t->send = notifier_test_send(&t->means, config, conf,
        "The checklist before a deployment tries every way. Nothing to do.", on_answer, t);
    if (t->send)
        return;
    preflight_note(&t->run->list, t->row, false, "testing alerts: out of memory");
    preflight_over(t->run, t->row);
}

void preflight_begin_notifiers(struct preflight_run *run)
{
    const struct daemon *d = run->spec.daemon;
    const struct config *config = run->spec.config;
    if (config->n_notifiers == 0) {
        preflight_note(&run->list, PREFLIGHT_TEST_NOTICE, false,
            "no [Notify NAME] says who is told without Prometheus");
        preflight_over(run, PREFLIGHT_TEST_NOTICE);
    }
    for (unsigned i = 0; i < config->n_notifiers; i++) {
        struct preflight_trial *t = &run->trials[i];
        const struct config_notify *conf = &config->notifiers[i];
        *t = (struct preflight_trial){.run = run,
            .means = {.loop = d->loop, .http = d->http, .host = notifier_host(d->notifier)},
            .row = preflight_find(&run->list, PREFLIGHT_TEST_NOTICE, conf->name)};
        if (preflight_wanted(run, t->row))
            begin_one(t, conf);
    }
}

static void stop(struct preflight_trial *t)
{
    notifier_send_free(t->send);
    t->send = NULL;
}

void preflight_stop_trial(struct preflight_run *run, unsigned row)
{
    for (unsigned i = 0; i < LIMIT_NOTIFIERS; i++) {
        if (run->trials[i].send && run->trials[i].row == row)
            stop(&run->trials[i]);
    }
}

void preflight_stop_notifiers(struct preflight_run *run)
{
    for (unsigned i = 0; i < LIMIT_NOTIFIERS; i++)
        stop(&run->trials[i]);
}
