/* Puts keys into Redis: the clock, then all of them, then once more those that were refused. */
#include "io/redis/redis_restore.h"

#include "base/num.h"
#include "core/sweep/rdb.h"
#include "core/sweep/rdb_value.h"
#include "io/redis/redis_batch.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * RESTORE with an expiry that is past deletes what REPLACE finds: a key this close to its end is
 * over, so that none gets there while it is on its way.
 */
enum { MARGIN_MS = 1000 };

enum { VALUE_MAX = 1 << 30 };

struct redis_restorer {
    struct redis_link *link;
    struct redis_restore_how how;
    redis_restored_fn *on_done;
    void *arg;
    struct redis_batch *batch;
    struct redis_restoree *items;
    size_t n;
    int64_t now_ms; /* the server's */
    struct redis_fault fault;
};

static void note_fault(
    struct redis_restorer *r, enum redis_error error, const char *text, size_t len)
{
    if (r->fault.error != REDIS_E_NONE)
        return;
    r->fault.error = error;
    snprintf(r->fault.text, sizeof r->fault.text, "%.*s", (int)len, text);
}

static void note_lost(struct redis_restorer *r)
{
    const char *why = redis_batch_lost_text(r->link);
    note_fault(r, REDIS_E_LOST, why, strlen(why));
}

/* The last thing a function does. */
static void end(struct redis_restorer *r)
{
    struct redis_restoree *items = r->items;
    struct redis_fault fault = r->fault;
    r->items = NULL;
    r->on_done(items, r->n, &fault, r->arg);
}

/* ---- one command ---- */

static void ask_restore(struct redis_restorer *r, size_t i, const char *payload, size_t len)
{
    const struct redis_restoree *item = &r->items[i];
    char expiry[24];
    const char *argv[6] = {"RESTORE", item->name, expiry, payload};
    size_t argv_len[6] = {7, item->name_len, 0, len};
    int argc = 4;
    argv_len[2] = (size_t)snprintf(
        expiry, sizeof expiry, "%" PRId64, item->expire_ms < 0 ? 0 : item->expire_ms);
    if (item->expire_ms >= 0) {
        argv[argc] = "ABSTTL";
        argv_len[argc++] = 6;
    }
    if (r->how.replace) {
        argv[argc] = "REPLACE";
        argv_len[argc++] = 7;
    }
    redis_batch_add(r->batch, i, argc, argv, argv_len);
}

static bool begins(const struct redis_value *reply, const char *text)
{
    return reply->len >= strlen(text) && memcmp(reply->str, text, strlen(text)) == 0;
}

static void take_error(
    struct redis_restorer *r, struct redis_restoree *item, const struct redis_value *reply)
{
    if (begins(reply, "BUSYKEY")) {
        item->result = REDIS_RESTORAL_EXISTS;
        return;
    }
    snprintf(item->error_text, sizeof item->error_text, "%.*s", (int)reply->len, reply->str);
    if (begins(reply, "ERR DUMP payload version") || begins(reply, "ERR Bad data format"))
        item->result = REDIS_RESTORAL_REFUSED;
    else
        note_fault(r, redis_error_class(reply->str, reply->len), reply->str, reply->len);
}

static void on_restored(size_t i, const struct redis_value *reply, void *arg)
{
    struct redis_restorer *r = arg;
    struct redis_restoree *item = &r->items[i];
    if (reply->type == REDIS_ERROR)
        take_error(r, item, reply);
    else if (r->how.rehearse)
        item->result = reply->type == REDIS_INTEGER && reply->integer == -2 ? REDIS_RESTORAL_DONE
                                                                            : REDIS_RESTORAL_EXISTS;
    else
        item->result = REDIS_RESTORAL_DONE;
}

/* ---- the second try ---- */

static void on_converted(size_t i, const struct redis_value *reply, void *arg)
{
    struct redis_restorer *r = arg;
    on_restored(i, reply, r);
    r->items[i].converted = r->items[i].result == REDIS_RESTORAL_DONE;
}

static void on_converted_all(bool lost, void *arg)
{
    struct redis_restorer *r = arg;
    r->batch = NULL;
    if (lost)
        note_lost(r);
    end(r);
}

/* Appends the same string as every server takes it. False: it is none. */
static bool convert(const struct redis_restoree *item, struct strbuf *out)
{
    struct strbuf value = STRBUF_INIT;
    int r = rdb_string_decode(item->payload, item->payload_len, VALUE_MAX, &value);
    if (r == 0)
        r = rdb_string_encode(strbuf_text(&value), value.len, out);
    strbuf_fini(&value);
    return r == 0;
}

static void try_again(struct redis_restorer *r)
{
    struct strbuf payload = STRBUF_INIT;
    r->batch = redis_batch_new(r->link, r->n, on_converted, on_converted_all, r);
    for (size_t i = 0; i < r->n; i++) {
        strbuf_reset(&payload);
        if (r->items[i].result != REDIS_RESTORAL_REFUSED || !convert(&r->items[i], &payload))
            continue;
        r->items[i].result = REDIS_RESTORAL_UNKNOWN;
        ask_restore(r, i, payload.data, payload.len);
    }
    strbuf_fini(&payload);
    redis_batch_end(r->batch);
}

/* ---- the first ---- */

static void on_restored_all(bool lost, void *arg)
{
    struct redis_restorer *r = arg;
    bool refused = false;
    r->batch = NULL;
    if (lost)
        note_lost(r);
    for (size_t i = 0; i < r->n; i++)
        refused = refused || r->items[i].result == REDIS_RESTORAL_REFUSED;
    if (refused && r->fault.error == REDIS_E_NONE)
        try_again(r);
    else
        end(r);
}

static void ask_ttl(struct redis_restorer *r, size_t i)
{
    const char *const argv[] = {"PTTL", r->items[i].name};
    const size_t len[] = {4, r->items[i].name_len};
    redis_batch_add(r->batch, i, 2, argv, len);
}

static void restore_all(struct redis_restorer *r)
{
    r->batch = redis_batch_new(r->link, r->n, on_restored, on_restored_all, r);
    for (size_t i = 0; i < r->n; i++) {
        struct redis_restoree *item = &r->items[i];
        if (item->expire_ms >= 0 && item->expire_ms <= r->now_ms + MARGIN_MS)
            item->result = REDIS_RESTORAL_EXPIRED;
        else if (!r->how.rehearse)
            ask_restore(r, i, item->payload, item->payload_len);
        else if (r->how.replace)
            item->result = REDIS_RESTORAL_DONE;
        else
            ask_ttl(r, i);
    }
    redis_batch_end(r->batch);
}

/* Seconds, and microseconds of the next one. */
static bool read_time(const struct redis_value *reply, int64_t *out_ms)
{
    struct redis_value seconds = redis_value_at(reply, 0);
    struct redis_value part = redis_value_at(reply, 1);
    uint64_t s = 0;
    uint64_t us = 0;
    if (seconds.type != REDIS_STRING || part.type != REDIS_STRING ||
        num_parse_u64(seconds.str, 0, UINT32_MAX, &s) < 0 ||
        num_parse_u64(part.str, 0, USEC_PER_SEC - 1, &us) < 0)
        return false;
    *out_ms = (int64_t)(s * 1000 + us / USEC_PER_MSEC);
    return true;
}

static void on_time(size_t index, const struct redis_value *reply, void *arg)
{
    struct redis_restorer *r = arg;
    static const char garbage[] = "TIME: an answer that is none";
    (void)index;
    if (reply->type == REDIS_ERROR)
        note_fault(r, redis_error_class(reply->str, reply->len), reply->str, reply->len);
    else if (!read_time(reply, &r->now_ms))
        note_fault(r, REDIS_E_PROTOCOL, garbage, sizeof garbage - 1);
}

static void on_timed(bool lost, void *arg)
{
    struct redis_restorer *r = arg;
    r->batch = NULL;
    if (lost)
        note_lost(r);
    if (r->fault.error == REDIS_E_NONE)
        restore_all(r);
    else
        end(r);
}

/* ---- the object ---- */

void redis_restorer_run(struct redis_restorer *r, struct redis_restoree *items, size_t n)
{
    assert(!r->items && n > 0);
    r->items = items;
    r->n = n;
    r->fault = (struct redis_fault){0};
    for (size_t i = 0; i < n; i++) {
        items[i].result = REDIS_RESTORAL_UNKNOWN;
        items[i].converted = false;
        items[i].error_text[0] = '\0';
    }
    r->batch = redis_batch_new(r->link, 1, on_time, on_timed, r);
    redis_batch_add(r->batch, 0, 1, (const char *const[]){"TIME"}, NULL);
    redis_batch_end(r->batch);
}

struct redis_restorer *redis_restorer_new(struct redis_link *link,
    const struct redis_restore_how *how, redis_restored_fn *on_done, void *arg)
{
    struct redis_restorer *r = calloc(1, sizeof *r);
    if (!r)
        abort();
    r->link = link;
    r->how = *how;
    r->on_done = on_done;
    r->arg = arg;
    return r;
}

void redis_restorer_free(struct redis_restorer *r)
{
    if (!r)
        return;
    redis_batch_leave(r->batch);
    free(r);
}
