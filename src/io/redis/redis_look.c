/*
 * Looks at keys: what is needed to judge and to remove them.
 *
 * A window of keys is told of at once; Redis is asked for it in slices of `depth` keys, and nobody
 * is held up for long. MEMORY USAGE, which touches nothing, comes first and keeps big values out;
 * IDLETIME before DUMP, which resets it; the expiry before DUMP, so that a write between the two
 * shows as a mismatch when the key is to be removed.
 */
#include "core/limits.h"
#include "io/redis/redis_scan_parts.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { WINDOW_BYTES = 256 * 1024 }; /* and one key more */

static void ask_sizes(struct redis_scan *s);

static bool failed(struct redis_scan *s, bool lost)
{
    s->batch = NULL;
    if (lost)
        scan_lost(s, &s->fault);
    if (s->fault.error == REDIS_E_NONE)
        return false;
    struct redis_fault fault = s->fault;
    s->events.on_fault(&fault, true, s->arg);
    return true;
}

enum { VALUE_EXPIRE, VALUE_DUMP, VALUE_REPLIES };

static void on_value(size_t id, const struct redis_value *reply, void *arg)
{
    struct redis_scan *s = arg;
    if (id == SCAN_INDEX_TIME) {
        scan_take_time(&s->now, &s->fault, reply);
        return;
    }
    struct redis_key *k = &s->looked.keys[id / VALUE_REPLIES];
    if (k->too_big && id % VALUE_REPLIES == VALUE_DUMP) {
        /* TYPE; without the right to ask nobody knows, and that is no fault. */
        k->other_type = reply->type == REDIS_STATUS && strcmp(reply->str, "string") != 0;
    } else if (reply->type == REDIS_ERROR) {
        scan_key_failed(k, reply);
    } else if (id % VALUE_REPLIES == VALUE_EXPIRE) {
        if (reply->type != REDIS_INTEGER)
            scan_garbage(&s->fault, "PEXPIRETIME");
        k->expire_ms = reply->integer;
    } else if (reply->type == REDIS_STRING) {
        k->payload = malloc(reply->len + 1);
        if (!k->payload)
            abort();
        memcpy(k->payload, reply->str, reply->len);
        k->payload_len = reply->len;
    } else if (reply->type != REDIS_NIL) {
        scan_garbage(&s->fault, "DUMP");
    }
}

/* The expiry that was just read becomes the TTL to judge by, both ways. */
static void renew_ttl(const struct redis_scan *s, struct redis_key *k)
{
    int64_t now_ms = (int64_t)(s->now / USEC_PER_MSEC);
    if (k->error != REDIS_E_NONE)
        return;
    k->gone = k->expire_ms == -2 || (!k->payload && !k->too_big);
    if (k->expire_ms < 0) {
        k->ttl_ms = k->expire_ms;
    } else if (s->has_expire) {
        k->ttl_ms = k->expire_ms > now_ms ? k->expire_ms - now_ms : 0;
    } else {
        k->ttl_ms = k->expire_ms; /* it was PTTL */
        k->expire_ms += now_ms;
    }
}

/* The rest of the window, or the end of it. */
static void go_on(struct redis_scan *s)
{
    bool full =
        s->window < s->slice_to || s->window == s->looked.n || s->window_bytes >= WINDOW_BYTES;
    if (!full)
        ask_sizes(s);
    else
        s->events.on_looked(s->looked.keys, s->window, s->now, s->arg);
}

static void on_values(bool lost, void *arg)
{
    struct redis_scan *s = arg;
    if (failed(s, lost))
        return;
    if (s->window - s->slice_from == s->depth)
        s->look_took = usec_sub(loop_now(), s->asked_at);
    for (size_t i = s->slice_from; i < s->window; i++)
        renew_ttl(s, &s->looked.keys[i]);
    go_on(s);
}

/* As many keys of the slice as fit. */
static void ask_values(struct redis_scan *s)
{
    size_t i = s->slice_from;
    s->asked_at = loop_now();
    s->batch =
        redis_batch_new(s->link, (s->slice_to - i) * VALUE_REPLIES + 1, on_value, on_values, s);
    scan_ask_time(s->batch);
    for (; i < s->slice_to && s->window_bytes < WINDOW_BYTES; i++) {
        const struct redis_key *k = &s->looked.keys[i];
        if (k->error != REDIS_E_NONE)
            continue;
        scan_ask_key(s->batch, k, i * VALUE_REPLIES + VALUE_EXPIRE,
            s->has_expire ? "PEXPIRETIME" : "PTTL", NULL);
        scan_ask_key(
            s->batch, k, i * VALUE_REPLIES + VALUE_DUMP, k->too_big ? "TYPE" : "DUMP", NULL);
        s->window_bytes += k->too_big ? 0 : k->memory;
    }
    s->window = i;
    redis_batch_end(s->batch);
}

enum { SIZE_MEMORY, SIZE_IDLE, SIZE_REPLIES };

static void on_size(size_t id, const struct redis_value *reply, void *arg)
{
    struct redis_scan *s = arg;
    size_t index = id / SIZE_REPLIES;
    struct redis_key *k = &s->looked.keys[index];
    if (id % SIZE_REPLIES == SIZE_MEMORY) {
        if (reply->type == REDIS_ERROR)
            scan_key_failed(k, reply);
        else if (reply->type == REDIS_INTEGER)
            k->memory = (uint64_t)reply->integer;
        /* Allocators round up; the payload's own length decides in the end. */
        k->too_big = k->memory > 2 * k->max_value + LIMIT_REDIS_KEY;
    } else if (reply->type == REDIS_INTEGER && reply->integer >= 0) {
        k->idle_known = true;
        k->idle = (usec_t)reply->integer * USEC_PER_SEC;
    } else if (reply->type == REDIS_ERROR && strstr(reply->str, "LFU")) {
        s->counts_uses = true;
    }
}

/* An error is no fault: then nobody knows how idle it is. */
static void on_uses(size_t index, const struct redis_value *reply, void *arg)
{
    struct redis_scan *s = arg;
    struct redis_key *k = &s->looked.keys[index];
    k->uses_known = reply->type == REDIS_INTEGER && reply->integer >= 0;
    k->uses = k->uses_known ? (unsigned)reply->integer : 0;
}

static void on_uses_done(bool lost, void *arg)
{
    struct redis_scan *s = arg;
    if (!failed(s, lost))
        ask_values(s);
}

/* Under an LFU policy, before DUMP counts as a use. */
static void ask_uses(struct redis_scan *s)
{
    s->batch = redis_batch_new(s->link, s->slice_to - s->slice_from, on_uses, on_uses_done, s);
    for (size_t i = s->slice_from; i < s->slice_to; i++)
        scan_ask_key(s->batch, &s->looked.keys[i], i, "OBJECT", "FREQ");
    redis_batch_end(s->batch);
}

static void on_sizes(bool lost, void *arg)
{
    struct redis_scan *s = arg;
    if (failed(s, lost))
        return;
    if (s->counts_uses)
        ask_uses(s);
    else
        ask_values(s);
}

/* What an earlier look at the key found is forgotten. */
static void begin_key(struct redis_key *k)
{
    free(k->payload);
    *k = (struct redis_key){.name = k->name,
        .name_len = k->name_len,
        .tag = k->tag,
        .look = true,
        .max_value = k->max_value,
        .ttl_ms = -2,
        .expire_ms = -2};
}

static void ask_sizes(struct redis_scan *s)
{
    size_t left = s->looked.n - s->window;
    s->slice_from = s->window;
    s->slice_to = s->window + (left < s->depth ? left : s->depth);
    s->batch = redis_batch_new(
        s->link, (s->slice_to - s->slice_from) * SIZE_REPLIES, on_size, on_sizes, s);
    for (size_t i = s->slice_from; i < s->slice_to; i++) {
        struct redis_key *k = &s->looked.keys[i];
        begin_key(k);
        scan_ask_key(s->batch, k, i * SIZE_REPLIES + SIZE_MEMORY, "MEMORY", "USAGE");
        scan_ask_key(s->batch, k, i * SIZE_REPLIES + SIZE_IDLE, "OBJECT", "IDLETIME");
    }
    redis_batch_end(s->batch);
}

void redis_scan_look(struct redis_scan *s)
{
    assert(!s->batch && redis_scan_waiting(s) > 0);
    scan_take_waiting(s, REDIS_SCAN_WINDOW);
    s->window = 0;
    s->window_bytes = 0;
    s->look_took = 0;
    s->fault = (struct redis_fault){0};
    ask_sizes(s);
}

size_t redis_scan_waiting(const struct redis_scan *s)
{
    return s->waiting.n + s->looked.n;
}

void redis_scan_settle(struct redis_scan *s)
{
    assert(!s->batch && s->window > 0);
    scan_keys_drop(&s->looked, s->window);
    s->window = 0;
}
