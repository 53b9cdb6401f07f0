/* A key of Redis that one of several holds. By WATCH and not by a script: the user may have none.
 */
#include "io/redis/redis_lease.h"

#include "io/redis/redis_batch.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

static const usec_t look_every = 20 * USEC_PER_MSEC;
static const usec_t give_up_after = 2 * USEC_PER_SEC;

enum lease_step {
    LEASE_TAKE,   /* SET NX, and who has it if not we */
    LEASE_LOOK,   /* WATCH, whose it is */
    LEASE_CHANGE, /* MULTI, longer or gone, EXEC */
};

struct redis_lease {
    struct redis_link *link;
    struct timer *timer;
    struct redis_batch *batch;
    struct redis_lease_events events;
    void *arg;
    char *key;
    usec_t time;
    char value[128];
    char millis[24];
    usec_t give_up_at;
    enum lease_step step;
    bool releasing;
    bool deletes; /* what is under way is the end of it */
    bool told;
    bool taken;
    bool ours;
    char other[128];
    int64_t other_ms;
    char trouble[160];
};

enum { REPLY_SET, REPLY_GET, REPLY_TTL, REPLY_NONE };

static void note_trouble(struct redis_lease *x, const char *text)
{
    if (!x->trouble[0])
        snprintf(x->trouble, sizeof x->trouble, "%s", text);
}

static void on_reply(size_t index, const struct redis_value *reply, void *arg)
{
    struct redis_lease *x = arg;
    if (reply->type == REDIS_ERROR) {
        note_trouble(x, reply->str);
    } else if (index == REPLY_SET) {
        x->taken = reply->type == REDIS_STATUS;
    } else if (index == REPLY_GET) {
        x->ours = reply->type == REDIS_STRING && strcmp(reply->str, x->value) == 0;
        snprintf(x->other, sizeof x->other, "%s", reply->type == REDIS_STRING ? reply->str : "");
    } else if (index == REPLY_TTL && reply->type == REDIS_INTEGER) {
        x->other_ms = reply->integer;
    }
}

static void on_done(bool lost, void *arg);

static void ask(struct redis_lease *x, enum lease_step step)
{
    const char *const set[] = {"SET", x->key, x->value, "NX", "PX", x->millis};
    const char *const watch[] = {"WATCH", x->key};
    const char *const get[] = {"GET", x->key};
    const char *const ttl[] = {"PTTL", x->key};
    const char *const longer[] = {"PEXPIRE", x->key, x->millis};
    const char *const gone[] = {"UNLINK", x->key};
    x->step = step;
    x->deletes = step == LEASE_CHANGE && x->releasing;
    x->trouble[0] = '\0';
    x->batch = redis_batch_new(x->link, 4, on_reply, on_done, x);
    if (step == LEASE_TAKE)
        redis_batch_add(x->batch, REPLY_SET, 6, set, NULL);
    if (step == LEASE_LOOK)
        redis_batch_add(x->batch, REPLY_NONE, 2, watch, NULL);
    if (step != LEASE_CHANGE) {
        redis_batch_add(x->batch, REPLY_GET, 2, get, NULL);
        redis_batch_add(x->batch, REPLY_TTL, 2, ttl, NULL);
    } else if (!x->ours) {
        redis_batch_add(x->batch, REPLY_NONE, 1, (const char *const[]){"UNWATCH"}, NULL);
    } else {
        redis_batch_add(x->batch, REPLY_NONE, 1, (const char *const[]){"MULTI"}, NULL);
        redis_batch_add(
            x->batch, REPLY_NONE, x->releasing ? 2 : 3, x->releasing ? gone : longer, NULL);
        redis_batch_add(x->batch, REPLY_NONE, 1, (const char *const[]){"EXEC"}, NULL);
    }
    redis_batch_end(x->batch);
}

/* "HOST:PID:RANDOM" of another one, as a sentence. */
static void tell_other(struct redis_lease *x)
{
    char who[256];
    char left[SPAN_TEXT_MAX];
    unsigned long pid = 0;
    int host = (int)strcspn(x->other, ":");
    sscanf(x->other + host, ":%lu", &pid);
    usec_t span = x->other_ms > 0 ? (usec_t)x->other_ms * USEC_PER_MSEC : 0;
    snprintf(who, sizeof who, "voxkeeperd on %.*s (process %lu) holds %s for another %s", host,
        x->other, pid, x->key, span_show(span, left));
    x->told = true;
    x->events.on_held(who, "", x->arg);
}

static void after_take(struct redis_lease *x)
{
    if (!x->taken && !x->trouble[0] && x->other[0]) {
        tell_other(x);
        return;
    }
    timer_arm(x->timer, usec_add(loop_now(), x->time / 3));
    if (x->told)
        return;
    x->told = true;
    x->events.on_held(NULL, x->taken ? "" : x->trouble, x->arg);
}

static void on_done(bool lost, void *arg)
{
    struct redis_lease *x = arg;
    x->batch = NULL;
    if (lost)
        note_trouble(x, redis_batch_lost_text(x->link));
    bool on = !lost && !x->trouble[0];
    if (x->step == LEASE_LOOK && on && (x->ours || x->releasing))
        ask(x, LEASE_CHANGE);
    else if (x->releasing && x->taken && on && x->step != LEASE_LOOK && !x->deletes)
        ask(x, LEASE_LOOK);
    else if (x->releasing)
        x->events.on_released(x->arg);
    else if (x->step == LEASE_LOOK && on)
        ask(x, LEASE_TAKE); /* it ran out, or the server lost it */
    else if (x->step == LEASE_TAKE)
        after_take(x);
    else
        timer_arm(x->timer, usec_add(loop_now(), x->time / 3));
}

static void on_due(void *arg)
{
    struct redis_lease *x = arg;
    if (x->releasing) {
        x->events.on_released(x->arg);
        return;
    }
    bool up = redis_link_state(x->link) == REDIS_LINK_UP;
    if (!x->told && !up && loop_now() < x->give_up_at)
        timer_arm(x->timer, usec_add(loop_now(), look_every));
    else
        ask(x, x->told ? LEASE_LOOK : LEASE_TAKE);
}

struct redis_lease *redis_lease_new(struct loop *l, struct redis_link *link, const char *key,
    usec_t time, const struct redis_lease_events *events, void *arg)
{
    struct redis_lease *x = calloc(1, sizeof *x);
    char host[65] = "";
    uint64_t random = 0;
    if (!x || !(x->key = strdup(key)))
        abort();
    if (gethostname(host, sizeof host - 1) < 0 || !host[0])
        snprintf(host, sizeof host, "unknown");
    if (getrandom(&random, sizeof random, GRND_NONBLOCK) != (ssize_t)sizeof random)
        random = loop_now();
    snprintf(x->value, sizeof x->value, "%s:%ld:%016" PRIx64, host, (long)getpid(), random);
    snprintf(x->millis, sizeof x->millis, "%" PRIu64, time / USEC_PER_MSEC);
    x->time = time;
    x->link = link;
    x->events = *events;
    x->arg = arg;
    x->give_up_at = usec_add(loop_now(), give_up_after);
    x->timer = timer_new(l, on_due, x);
    timer_arm(x->timer, 0);
    return x;
}

void redis_lease_release(struct redis_lease *x)
{
    x->releasing = true;
    timer_disarm(x->timer);
    if (x->batch)
        return; /* on_done() */
    if (x->taken)
        ask(x, LEASE_LOOK);
    else
        timer_arm(x->timer, 0);
}

void redis_lease_free(struct redis_lease *x)
{
    if (!x)
        return;
    redis_batch_leave(x->batch);
    timer_free(x->timer);
    free(x->key);
    free(x);
}
