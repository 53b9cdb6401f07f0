/*
 * Looks at keys: what is needed to judge and to remove them.
 *
 * Values are read by DUMP in windows of bounded size, so that neither Redis nor our own loop is
 * held up for long. MEMORY USAGE, which touches nothing, comes first and keeps big ones out;
 * IDLETIME before DUMP, which resets it; the expiry before DUMP, so that a write between the two
 * shows as a mismatch when the key is to be removed.
 */
#include "core/limits.h"
#include "io/redis_scan_parts.h"

#include <stdlib.h>
#include <string.h>

enum {
    WINDOW_BYTES = 256 * 1024, /* and one key more */
};

enum { VALUE_EXPIRE, VALUE_DUMP, VALUE_REPLIES };

static void on_value(size_t id, const struct redis_value *reply, void *arg)
{
    struct redis_scan *s = arg;
    if (id == SCAN_INDEX_TIME) {
        scan_take_time(s, reply);
        return;
    }
    struct redis_key *k = &s->keys[id / VALUE_REPLIES];
    if (k->too_big && id % VALUE_REPLIES == VALUE_DUMP) {
        /* TYPE; without the right to ask nobody knows, and that is no fault. */
        k->other_type = reply->type == REDIS_STATUS && strcmp(reply->str, "string") != 0;
    } else if (reply->type == REDIS_ERROR) {
        scan_key_failed(k, reply);
    } else if (id % VALUE_REPLIES == VALUE_EXPIRE) {
        if (reply->type != REDIS_INTEGER)
            scan_garbage(s, "PEXPIRETIME");
        k->expire_ms = reply->integer;
    } else if (reply->type == REDIS_STRING) {
        k->payload = malloc(reply->len + 1);
        if (!k->payload)
            abort();
        memcpy(k->payload, reply->str, reply->len);
        k->payload_len = reply->len;
    } else if (reply->type != REDIS_NIL) {
        scan_garbage(s, "DUMP");
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

static void on_values(bool lost, void *arg)
{
    struct redis_scan *s = arg;
    if (scan_failed(s, lost))
        return;
    s->look_took = usec_sub(loop_now(), s->asked_at);
    for (size_t i = s->window_from; i < s->window_to; i++) {
        if (s->keys[i].look)
            renew_ttl(s, &s->keys[i]);
    }
    s->events.on_looked(s->keys + s->window_from, s->window_to - s->window_from, s->now, s->arg);
}

/* As many of the keys from `window_from` on as fit. */
static void look_at_window(struct redis_scan *s)
{
    uint64_t bytes = 0;
    size_t keys = 0;
    size_t i = s->window_from;
    s->asked_at = loop_now();
    s->batch = redis_batch_new(s->link, s->depth * VALUE_REPLIES + 1, on_value, on_values, s);
    scan_ask_time(s);
    for (; i < s->n && keys < s->depth && bytes < WINDOW_BYTES; i++) {
        struct redis_key *k = &s->keys[i];
        if (!k->look || k->error != REDIS_E_NONE)
            continue;
        scan_ask_key(
            s, i, i * VALUE_REPLIES + VALUE_EXPIRE, s->has_expire ? "PEXPIRETIME" : "PTTL", NULL);
        scan_ask_key(s, i, i * VALUE_REPLIES + VALUE_DUMP, k->too_big ? "TYPE" : "DUMP", NULL);
        bytes += k->too_big ? 0 : k->memory;
        keys++;
    }
    s->window_to = i;
    redis_batch_end(s->batch);
}

enum { SIZE_MEMORY, SIZE_IDLE, SIZE_REPLIES };

static void on_size(size_t id, const struct redis_value *reply, void *arg)
{
    struct redis_scan *s = arg;
    size_t index = id / SIZE_REPLIES;
    struct redis_key *k = &s->keys[index];
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
    struct redis_key *k = &s->keys[index];
    k->uses_known = reply->type == REDIS_INTEGER && reply->integer >= 0;
    k->uses = k->uses_known ? (unsigned)reply->integer : 0;
}

static void on_uses_done(bool lost, void *arg)
{
    struct redis_scan *s = arg;
    if (scan_failed(s, lost))
        return;
    look_at_window(s);
}

/* Under an LFU policy, before DUMP counts as a use. */
static void ask_uses(struct redis_scan *s)
{
    s->batch = redis_batch_new(s->link, s->n, on_uses, on_uses_done, s);
    for (size_t i = s->window_from; i < s->n; i++) {
        if (s->keys[i].look)
            scan_ask_key(s, i, i, "OBJECT", "FREQ");
    }
    redis_batch_end(s->batch);
}

static void on_sizes(bool lost, void *arg)
{
    struct redis_scan *s = arg;
    if (scan_failed(s, lost))
        return;
    s->sized = true;
    if (s->counts_uses)
        ask_uses(s);
    else
        look_at_window(s);
}

static void ask_sizes(struct redis_scan *s)
{
    s->batch = redis_batch_new(s->link, s->n * SIZE_REPLIES, on_size, on_sizes, s);
    for (size_t i = s->window_from; i < s->n; i++) {
        if (!s->keys[i].look)
            continue;
        scan_ask_key(s, i, i * SIZE_REPLIES + SIZE_MEMORY, "MEMORY", "USAGE");
        scan_ask_key(s, i, i * SIZE_REPLIES + SIZE_IDLE, "OBJECT", "IDLETIME");
    }
    redis_batch_end(s->batch);
}

bool redis_scan_look(struct redis_scan *s)
{
    for (size_t i = s->window_from; i < s->window_to; i++) {
        free(s->keys[i].payload);
        s->keys[i].payload = NULL;
    }
    s->window_from = s->window_to;
    while (s->window_from < s->n && !s->keys[s->window_from].look)
        s->window_from++;
    s->window_to = s->window_from;
    if (s->window_from == s->n)
        return false;
    if (s->sized)
        look_at_window(s);
    else
        ask_sizes(s);
    return true;
}
