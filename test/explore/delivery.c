/*
 * Every reachable state of the delivery machine with a receiver that takes, refuses or is not
 * there, and notices that keep coming: whatever happens, what waits is sent in the end.
 */
#include "core/incidents/delivery.h"

#include "explore.h"

#include <stdio.h>
#include <string.h>

enum { WAITING_MAX = 2, FAILURES_MAX = 3 };

/* Spans are small multiples of the machine's own, so that there are finitely many states. */
#define NOW (100 * USEC_PER_MIN)
#define OLDEST (NOW - 20 * USEC_PER_MIN)

static const struct delivery_conf confs[] = {
    {0},
    {.limit = 1, .per = USEC_PER_SEC},
    {.repeat = 2 * USEC_PER_SEC},
};
static const struct delivery_conf *conf;

struct node {
    struct delivery machine;
    unsigned waiting;
    unsigned standing;
};

enum { WAITS, EMPTY };

static usec_t clip(usec_t at, usec_t now)
{
    usec_t shifted = at + NOW - now;
    return at == 0 || shifted < OLDEST ? OLDEST : shifted;
}

static void leave(struct explore *x, struct node n, usec_t now, bool certain)
{
    struct node c;
    memset(&c, 0, sizeof c);
    c.waiting = n.waiting;
    c.standing = n.standing;
    c.machine.state = n.machine.state;
    c.machine.failures = n.machine.failures < FAILURES_MAX ? n.machine.failures : FAILURES_MAX;
    c.machine.repeating = n.machine.state == DELIVERY_SENDING && n.machine.repeating;
    c.machine.asked = n.machine.state == DELIVERY_BACKOFF && n.machine.asked;
    bool has_due = n.machine.state == DELIVERY_BACKOFF || n.machine.state == DELIVERY_LIMITED;
    c.machine.due = has_due ? clip(n.machine.due, now) : OLDEST;
    c.machine.attempted =
        n.machine.state == DELIVERY_BACKOFF ? clip(n.machine.attempted, now) : OLDEST;
    c.machine.paid = n.machine.paid <= now ? OLDEST : clip(n.machine.paid, now);
    c.machine.repeat_at = n.machine.repeat_at <= now ? OLDEST : clip(n.machine.repeat_at, now);
    explore_edge(x, &c, certain);
}

static void check(struct explore *x, const struct node *n, usec_t now)
{
    usec_t deadline = delivery_deadline(conf, &n->machine, n->standing);
    bool sending = n->machine.state == DELIVERY_SENDING;
    EXPLORE_CHECK(x, n->waiting == 0 || sending || deadline != USEC_INFINITY);
    EXPLORE_CHECK(x, n->machine.state != DELIVERY_IDLE || n->waiting == 0);
    EXPLORE_CHECK(x, !(n->standing && conf->repeat) || sending || deadline != USEC_INFINITY);
    EXPLORE_CHECK(x,
        n->machine.state != DELIVERY_BACKOFF || n->machine.due <= now + DELIVERY_PAUSE_ASKED_MAX);
}

static void feed(struct explore *x, const struct node *before, struct delivery_event ev,
    const char *label, bool certain)
{
    struct node n = *before;
    bool sending = n.machine.state == DELIVERY_SENDING;
    bool sent = ev.type == DELIVERY_EV_SENT;
    explore_try(x, label);
    if (ev.type == DELIVERY_EV_QUEUED)
        n.waiting++;
    if (sending && !n.machine.repeating &&
        (sent || delivery_gives_up(&n.machine, ev.type, ev.age))) {
        n.waiting--;
        n.standing = sent ? 1 : n.standing;
    }
    ev.waiting = n.waiting;
    ev.standing = n.standing;
    struct delivery_update u = delivery_step(conf, n.machine, &ev);
    EXPLORE_CHECK(x, u.action == DELIVERY_DO_NOTHING || u.next.state == DELIVERY_SENDING);
    EXPLORE_CHECK(x, u.action != DELIVERY_DO_SEND || n.waiting > 0);
    EXPLORE_CHECK(x, u.action != DELIVERY_DO_REPEAT || (n.standing > 0 && conf->repeat > 0));
    EXPLORE_CHECK(x, ev.type != DELIVERY_EV_QUEUED || !sending || u.action == DELIVERY_DO_NOTHING);
    n.machine = u.next;
    check(x, &n, ev.now);
    leave(x, n, ev.now, certain);
}

static void expand(struct explore *x, const void *state)
{
    const struct node *n = state;
    usec_t deadline = delivery_deadline(conf, &n->machine, n->standing);
    explore_mark(x, n->waiting > 0 ? WAITS : EMPTY);
    if (n->waiting < WAITING_MAX) {
        feed(
            x, n, (struct delivery_event){.type = DELIVERY_EV_QUEUED, .now = NOW}, "queued", false);
        feed(x, n, (struct delivery_event){.type = DELIVERY_EV_QUEUED, .now = NOW, .urgent = true},
            "queued, urgent", false);
    }
    if (n->machine.state == DELIVERY_SENDING) {
        feed(x, n, (struct delivery_event){.type = DELIVERY_EV_SENT, .now = NOW}, "sent", true);
        feed(x, n, (struct delivery_event){.type = DELIVERY_EV_PERMANENT, .now = NOW}, "refused",
            false);
        feed(x, n, (struct delivery_event){.type = DELIVERY_EV_TRANSIENT, .now = NOW}, "failed",
            false);
        feed(x, n,
            (struct delivery_event){
                .type = DELIVERY_EV_TRANSIENT, .now = NOW, .retry_after = 10 * USEC_PER_SEC},
            "later", false);
        feed(x, n,
            (struct delivery_event){
                .type = DELIVERY_EV_TRANSIENT, .now = NOW, .age = DELIVERY_GIVE_UP},
            "failed, old", false);
    } else if (deadline != USEC_INFINITY) {
        usec_t due = deadline > NOW ? deadline : NOW;
        feed(x, n, (struct delivery_event){.type = DELIVERY_EV_TIMER, .now = due}, "due", true);
    }
    if (n->standing && n->machine.state != DELIVERY_SENDING) {
        struct node over = *n;
        explore_try(x, "the end was told");
        over.standing = 0;
        leave(x, over, NOW, false);
    }
}

int main(void)
{
    for (size_t i = 0; i < sizeof confs / sizeof *confs; i++) {
        struct node first;
        struct explore *x = explore_new(sizeof first, 100000);
        memset(&first, 0, sizeof first);
        first.machine.due = first.machine.attempted = OLDEST;
        first.machine.paid = first.machine.repeat_at = OLDEST;
        conf = &confs[i];
        explore_run(x, &first, expand);
        if (!explore_leads(x, WAITS, EMPTY))
            return 1;
        printf("%zu states, %zu steps\n", explore_states(x), explore_steps(x));
        explore_free(x);
    }
    return 0;
}
