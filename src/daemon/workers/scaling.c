/* What is told of a scaling: how far it is, and its verdict. */
#include "daemon/workers/scaling.h"

#include "daemon/daemon.h"
#include "daemon/metrics/meters.h"
#include "daemon/verbs/operation.h"
#include "daemon/workers/connections.h"
#include "daemon/workers/drain_words.h"
#include "daemon/workers/failure.h"
#include "daemon/workers/supervisor.h"
#include "io/loop/loop.h"

#include <stdlib.h>
#include <string.h>

#define LOOK_EVERY USEC_PER_SEC

struct scaling {
    struct daemon *daemon;
    struct timer *timer;
    uint64_t cut_before;    /* callers that were cut before it began */
    struct strbuf progress; /* what was said last of those who are waited for */
    struct connections_question question;
    uint64_t counting; /* the operation that waits for the answer; 0: none */
    unsigned workers;  /* that it wants */
    scaling_counted_fn *on_counted;
};

static const char superseded_words[] = "superseded by a newer `voxkeeper scale`";

/* ---- who is to go ---- */

static void on_connections(const struct sock_connections *list, void *arg)
{
    struct scaling *s = arg;
    uint64_t operation = s->counting;
    (void)list; /* it is the newest now, which the supervisor looks at */
    s->counting = 0;
    s->on_counted(s->daemon, operation, s->workers);
}

static void stop_counting(struct scaling *s)
{
    operation_end(operation_find(s->daemon->operations, s->counting), OPERATION_FAILED, "%s",
        superseded_words);
    connections_drop(s->daemon->connections, &s->question);
    s->counting = 0;
}

void scaling_count(
    struct scaling *s, uint64_t operation, unsigned workers, scaling_counted_fn *on_counted)
{
    stop_counting(s);
    s->counting = operation;
    s->workers = workers;
    s->on_counted = on_counted;
    connections_ask(s->daemon->connections, &s->question, on_connections, s);
}

/* ---- who is waited for ---- */

static void add_waiting(const struct daemon *d, unsigned i, struct strbuf *out)
{
    usec_t age = 0;
    char left[SPAN_TEXT_MAX];
    const struct worker *w = &supervisor_fleet(d->supervisor)->slots[i].worker;
    const struct sock_connections *list = connections_newest(d->connections, &age);
    const struct slot *slot = supervisor_slot(d->supervisor, i);
    size_t n = list && slot ? slot_connections(slot, list) : 0;
    if (w->state != WORKER_DRAINING || n == 0)
        return;
    strbuf_addf(
        out, "%sworker %u takes no new callers and waits for ", out->len ? "; " : "", i + 1);
    drain_words_count(n, out);
    if (w->deadline != USEC_INFINITY) {
        usec_t rest = usec_sub(w->deadline, loop_now());
        strbuf_addf(out, ", for %s at most", span_format(rest - rest % USEC_PER_SEC, left));
    }
}

/* Once a second, but told only when callers left: the rest of the time is no news. */
static bool is_news(const struct scaling *s, const struct strbuf *words)
{
    const char *was = strbuf_text(&s->progress);
    const char *is = strbuf_text(words);
    size_t same = strcspn(is, ",");
    return same != strcspn(was, ",") || strncmp(was, is, same) != 0;
}

static void on_timer(void *arg)
{
    struct scaling *s = arg;
    const struct daemon *d = s->daemon;
    const struct fleet *fleet = supervisor_fleet(d->supervisor);
    struct strbuf words = STRBUF_INIT;
    if (!fleet->scale.operation)
        return;
    connections_refresh(d->connections);
    for (unsigned i = 0; i < fleet->n_slots; i++)
        add_waiting(d, i, &words);
    if (words.len > 0 && is_news(s, &words))
        operation_progress(
            operation_find(d->operations, fleet->scale.operation), "%s", strbuf_text(&words));
    strbuf_fini(&s->progress);
    s->progress = words;
    timer_arm(s->timer, usec_add(loop_now(), LOOK_EVERY));
}

struct scaling *scaling_new(struct daemon *d)
{
    struct scaling *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->daemon = d;
    s->timer = timer_new(d->loop, on_timer, s);
    return s;
}

void scaling_free(struct scaling *s)
{
    if (!s)
        return;
    connections_drop(s->daemon->connections, &s->question);
    timer_free(s->timer);
    strbuf_fini(&s->progress);
    free(s);
}

void scaling_begin(struct scaling *s)
{
    stop_counting(s);
    s->cut_before = s->daemon->meters->callers_cut;
    strbuf_reset(&s->progress);
    timer_arm(s->timer, usec_add(loop_now(), LOOK_EVERY));
}

/* ---- what is told ---- */

const char *scaling_plural(unsigned n)
{
    return n == 1 ? "" : "s";
}

void scaling_tell(const struct daemon *d, enum event_id id, const struct operation *op,
    const struct fleet_action *told, const char *words)
{
    struct event ev;
    const char *author = op ? operation_author(op) : supervisor_wish(d->supervisor)->author;
    const char *reason = op ? operation_reason(op) : supervisor_wish(d->supervisor)->reason;
    event_init(&ev, id);
    event_message(&ev, "%s, asked for by %s%s%s", words, author, reason[0] ? ": " : "", reason);
    event_field(&ev, "VOXKEEPER_AUTHOR", "%s", author);
    event_field(&ev, "VOXKEEPER_REASON", "%s", reason);
    event_field(&ev, "VOXKEEPER_OPERATION", "%llu", (unsigned long long)told->operation);
    event_field(&ev, "VOXKEEPER_WORKERS", "%u", told->workers);
    event_field(&ev, "VOXKEEPER_WORKERS_FROM", "%u", told->workers_from);
    event_field(&ev, "VOXKEEPER_WORKERS_CONFIGURED", "%u", d->config->agent.workers);
    if (id != EVENT_SCALE_BEGAN)
        event_duration(&ev, told->took);
    event_emit(&ev);
    event_fini(&ev);
}

static void add_default(const struct daemon *d, struct strbuf *out)
{
    if (supervisor_is_scaled(d->supervisor) &&
        supervisor_workers(d->supervisor) != d->config->agent.workers)
        strbuf_addf(out,
            "\nIt stays so until Workers=%u changes, voxkeeper is stopped, or by `voxkeeper scale "
            "--default`.",
            d->config->agent.workers);
}

static void done(struct daemon *d, struct operation *op, const struct fleet_action *told)
{
    struct strbuf words = STRBUF_INIT;
    char took[SPAN_TEXT_MAX];
    uint64_t cut = d->meters->callers_cut - d->scaling->cut_before;
    strbuf_addf(&words, "scaled from %u to %u worker%s", told->workers_from, told->workers,
        scaling_plural(told->workers));
    if (cut > 0) {
        strbuf_adds(&words, ", with ");
        drain_words_count(cut, &words);
        strbuf_adds(&words, " cut");
    }
    scaling_tell(d, EVENT_SCALE_DONE, op, told, strbuf_text(&words));
    strbuf_addf(&words, ": every one is verified, after %s", span_show(told->took, took));
    add_default(d, &words);
    if (op)
        operation_end(
            op, cut > 0 ? OPERATION_TIMED_OUT : OPERATION_DONE, "%s", strbuf_text(&words));
    strbuf_fini(&words);
}

static void failed(struct daemon *d, struct operation *op, const struct fleet_action *told)
{
    struct failure why = {0};
    struct strbuf words = STRBUF_INIT;
    if (told->cause == WORKER_CAUSE_STOP) {
        strbuf_addf(
            &words, "scaling to %u workers was cut short: all of them are stopped", told->workers);
        scaling_tell(d, EVENT_SCALE_FAILED, op, told, strbuf_text(&words));
        if (op)
            operation_end(op, OPERATION_FAILED, "%s; there will be %u when they are started again",
                strbuf_text(&words), told->workers);
    } else {
        failure_take(&why, told, &supervisor_fleet(d->supervisor)->slots[told->slot],
            supervisor_slot(d->supervisor, told->slot), "");
        strbuf_addf(&words, "scaling from %u to %u workers is rolled back: %s", told->workers_from,
            told->workers, strbuf_text(&why.what));
        scaling_tell(d, EVENT_SCALE_FAILED, op, told, strbuf_text(&words));
        strbuf_addc(&words, '\n');
        failure_write_evidence(&why, &words);
        strbuf_addf(&words, "%u worker%s are wanted, as before", told->workers_from,
            scaling_plural(told->workers_from));
        if (op)
            operation_end(op, OPERATION_ROLLED_BACK, "%s", strbuf_text(&words));
    }
    failure_clear(&why);
    strbuf_fini(&words);
}

static void superseded(const struct daemon *d, struct operation *op)
{
    const struct fleet *fleet = supervisor_fleet(d->supervisor);
    if (op && fleet->scale.operation)
        operation_end(op, OPERATION_FAILED, "%s", superseded_words);
    else if (op)
        operation_end(
            op, OPERATION_FAILED, "superseded: the configuration asks for another number");
}

void scaling_told(struct daemon *d, const struct fleet_action *told)
{
    struct operation *op = operation_find(d->operations, told->operation);
    if (told->type == FLEET_DO_TELL_SCALED)
        done(d, op, told);
    else if (told->type == FLEET_DO_TELL_SCALE_FAILED)
        failed(d, op, told);
    else if (told->type == FLEET_DO_TELL_SCALE_SUPERSEDED)
        superseded(d, op);
    else if (told->type == FLEET_DO_TELL_SCALE_REFUSED && op)
        operation_end(op, OPERATION_FAILED, "refused: the workers are being replaced");
}
