/* What an operator asks of alerts. */
#include "daemon/verbs/verb_alert.h"

#include "daemon/daemon.h"
#include "daemon/incidents/notifier.h"
#include "daemon/incidents/notifier_test.h"
#include "daemon/verbs/operation.h"

#include <errno.h>

/* Longer than this is no maintenance any more, but alerts that somebody forgot to switch on. */
#define SILENCE_MAX (7 * USEC_PER_DAY)

static void begin_silence(struct daemon *d, struct operation *op, const struct verb_asker *asker,
    const struct alert_wish *wish)
{
    struct err e = {0};
    char span[SPAN_TEXT_MAX];
    int r = notifier_silence(d->notifier, wish->span, asker->author, asker->reason, &e);
    operation_end(op, OPERATION_DONE, "alerts are silent for %s%s%s", span_format(wish->span, span),
        r < 0 ? "; it is forgotten when voxkeeperd ends: " : "", r < 0 ? e.msg : "");
}

struct operation *verb_silence(
    struct daemon *d, const struct verb_asker *asker, const struct alert_wish *wish, struct err *e)
{
    if (wish->end == (wish->span > 0)) {
        err_set(e, -EINVAL, "reading the request: want either \"span\" or \"end\"");
        return NULL;
    }
    if (wish->span > SILENCE_MAX) {
        err_set(e, -EINVAL, "silencing alerts: no longer than 7d at a time");
        return NULL;
    }
    struct operation *op = verb_begin(d, "silence", asker, e);
    if (!op)
        return NULL;
    if (!wish->end)
        begin_silence(d, op, asker, wish);
    else if (notifier_unsilence(d->notifier, asker->author))
        operation_end(op, OPERATION_DONE, "the silence is over");
    else
        operation_end(op, OPERATION_DONE, "there was no silence");
    return op;
}

static void on_tested(void *arg)
{
    struct daemon *d = arg;
    notifier_test_free(d->alert_test);
    d->alert_test = NULL;
}

struct operation *verb_alert_test(
    struct daemon *d, const struct verb_asker *asker, const struct alert_wish *wish, struct err *e)
{
    if (d->alert_test) {
        err_set(e, -EBUSY, "testing alerts: another test is under way");
        return NULL;
    }
    struct operation *op = verb_begin(d, "alert-test", asker, e);
    if (!op)
        return NULL;
    const struct notifier_means means = {
        .loop = d->loop, .http = d->http, .host = notifier_host(d->notifier)};
    d->alert_test = notifier_test_new(&(struct notifier_test_spec){.means = means,
                                          .config = d->config,
                                          .name = wish->notifier,
                                          .op = op,
                                          .on_done = on_tested,
                                          .arg = d},
        e);
    if (d->alert_test)
        return op;
    operation_end(op, OPERATION_FAILED, "%s", e->msg);
    return NULL;
}
