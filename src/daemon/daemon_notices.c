/* How incidents reach people elsewhere, and what is known of those ways. */
#include "daemon/daemon_parts.h"

#include "daemon/incidents/incidents.h"
#include "daemon/incidents/notifier.h"
#include "daemon/metrics/meters.h"
#include "daemon/preflight/announcer.h"
#include "daemon/verbs/verb_preflight.h"

#include <errno.h>

static void on_attempt(
    const char *name, const struct notice *notice, const struct notifier_answer *answer, void *arg)
{
    const struct daemon *d = arg;
    preflight_gate_attempt(d->preflight, name, notice, answer);
}

static void on_outcome(const char *name, bool sent, void *arg)
{
    const struct daemon *d = arg;
    if (sent)
        meters_alert_sent(d->meters, name);
    else
        meters_alert_failed(d->meters, name);
}

static void on_waiting(unsigned n, void *arg)
{
    const struct daemon *d = arg;
    d->meters->alerts_queued = n;
}

static void on_failing(const char *name, const char *words, void *arg)
{
    const struct daemon *d = arg;
    incidents_raise(d->incidents, CONDITION_ALERTS_FAIL, name, words);
}

static void on_working(const char *name, void *arg)
{
    const struct daemon *d = arg;
    incidents_clear(d->incidents, CONDITION_ALERTS_FAIL, name, "it takes alerts again");
}

void daemon_on_notice(const struct notice *notice, void *arg)
{
    const struct daemon *d = arg;
    notifier_post(d->notifier, notice);
}

int daemon_make_notifier(struct daemon *d, struct err *e)
{
    d->notifier = notifier_new(&(struct notifier_spec){.loop = d->loop,
        .http = d->http,
        .config = d->config,
        .on_attempt = on_attempt,
        .on_outcome = on_outcome,
        .on_waiting = on_waiting,
        .on_failing = on_failing,
        .on_working = on_working,
        .arg = d});
    d->announcer = d->notifier ? announcer_new(d) : NULL;
    return d->announcer ? 0 : err_sys(e, -ENOMEM, "building the notifiers");
}
