/*
 * One connection to Redis.
 *
 * hiredis forgets its context inside of its own callbacks; so nothing is freed there. Every end
 * goes the same way: poll closed → context freed → on_lost, NULL replies, on_closed → memory.
 */
#include "io/redis/redis_conn.h"

#include "io/redis/redis_guard.h"
#include "io/redis/redis_uv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

struct request {
    struct redis_conn *conn;
    redis_reply_fn *on_reply; /* NULL: was told already */
    void *arg;
    usec_t sent_at;
    STAILQ_ENTRY(request) link;
};

struct redis_conn {
    struct redis_uv *uv;
    redisAsyncContext *ac;
    struct redis_guard guard;
    struct redis_conn_events events;
    void *arg;
    bool open;
    bool dying;    /* hiredis calls back no more, or says farewell */
    bool orphaned; /* the owner wants to hear nothing */
    char why[192];
    usec_t moved_at; /* the latest reply */
    STAILQ_HEAD(, request) pending;
};

static struct redis_value value_of(const redisReply *reply)
{
    struct redis_value v = {
        .integer = reply->integer, .str = reply->str, .len = reply->len, .handle = reply};
    switch (reply->type) {
    case REDIS_REPLY_INTEGER:
        v.type = REDIS_INTEGER;
        break;
    case REDIS_REPLY_STRING:
        v.type = REDIS_STRING;
        break;
    case REDIS_REPLY_STATUS:
        v.type = REDIS_STATUS;
        break;
    case REDIS_REPLY_ERROR:
        v.type = REDIS_ERROR;
        break;
    case REDIS_REPLY_ARRAY:
        v.type = REDIS_ARRAY;
        v.n_items = reply->elements;
        break;
    default: /* hiredis' own numbers: NIL, and RESP3's, which we never asked for */
        v.type = REDIS_NIL;
    }
    return v;
}

struct redis_value redis_value_at(const struct redis_value *array, size_t index)
{
    const redisReply *reply = array->handle;
    if (array->type != REDIS_ARRAY || index >= array->n_items)
        return (struct redis_value){.type = REDIS_NIL};
    return value_of(reply->element[index]);
}

static void tell(struct request *q, const struct redis_value *value)
{
    redis_reply_fn *on_reply = q->on_reply;
    q->on_reply = NULL;
    if (on_reply)
        on_reply(value, q->arg);
}

static void on_reply(redisAsyncContext *ac, void *reply, void *privdata)
{
    (void)ac;
    struct request *q = privdata;
    struct redis_conn *c = q->conn;
    if (!reply || c->dying) {
        /* Told in on_detached(), outside of hiredis. After a drop further answers may still be in
         * hiredis' buffer: who gave the connection up wants none of them. */
        c->dying = true;
        return;
    }
    c->moved_at = loop_now();
    STAILQ_REMOVE(&c->pending, q, request, link);
    struct redis_value value = value_of(reply);
    tell(q, &value);
    free(q);
}

static void on_connect(const redisAsyncContext *ac, int status)
{
    struct redis_conn *c = ac->data;
    if (status != REDIS_OK) {
        c->dying = true;
        if (!c->why[0])
            snprintf(c->why, sizeof c->why, "connect: %s", ac->c.errstr);
        return;
    }
    c->open = true;
    if (!c->orphaned && !c->dying)
        c->events.on_open(c->arg);
}

static void on_disconnect(const redisAsyncContext *ac, int status)
{
    struct redis_conn *c = ac->data;
    c->dying = true;
    if (c->guard.tripped)
        snprintf(c->why, sizeof c->why, "%s", c->guard.tripped);
    else if (status != REDIS_OK && !c->why[0])
        snprintf(c->why, sizeof c->why, "%s", ac->errstr);
}

static void tell_all(struct redis_conn *c)
{
    struct request *q;
    STAILQ_FOREACH(q, &c->pending, link)
    {
        tell(q, NULL);
    }
}

static void on_detached(void *arg)
{
    struct redis_conn *c = arg;
    c->ac = NULL;
    c->uv = NULL;
    c->dying = true;
    if (!c->orphaned)
        c->events.on_lost(c->why, c->arg);
    tell_all(c);
    if (!c->orphaned)
        c->events.on_closed(c->arg);
    struct request *q;
    while ((q = STAILQ_FIRST(&c->pending))) {
        STAILQ_REMOVE_HEAD(&c->pending, link);
        free(q);
    }
    free(c);
}

struct redis_conn *redis_conn_open(struct loop *l, const char *path, const char *ip, int port,
    const struct redis_conn_events *events, void *arg, struct err *e)
{
    struct redis_conn *c = calloc(1, sizeof *c);
    redisAsyncContext *ac = path ? redisAsyncConnectUnix(path) : redisAsyncConnect(ip, port);
    if (!c || !ac) {
        err_sys(e, -ENOMEM, "connect");
    } else if (ac->err) {
        /* A unix socket that is not there is told here and by no callback. */
        err_set(e, -ENOTCONN, "connect: %s", ac->errstr);
    } else if (!(c->uv = redis_uv_attach(l, ac, on_detached, c))) {
        err_sys(e, -ENOMEM, "connect: watch the descriptor");
    } else {
        c->ac = ac;
        c->events = *events;
        c->arg = arg;
        STAILQ_INIT(&c->pending);
        redis_guard_init(&c->guard, ac->c.reader);
        ac->data = c;
        redisAsyncSetConnectCallback(ac, on_connect);
        redisAsyncSetDisconnectCallback(ac, on_disconnect);
        return c;
    }
    if (ac)
        redisAsyncFree(ac);
    free(c);
    return NULL;
}

int redis_conn_send(struct redis_conn *c, int argc, const char *const *argv, const size_t *argv_len,
    redis_reply_fn *fn, void *arg)
{
    if (!c->open || c->dying || c->orphaned)
        return -ENOTCONN;
    struct request *q = calloc(1, sizeof *q);
    if (!q)
        abort(); /* as libuv does */
    *q = (struct request){.conn = c, .on_reply = fn, .arg = arg, .sent_at = loop_now()};
    /* hiredis only reads argv; its signature is older than its const. */
    if (redisAsyncCommandArgv(c->ac, on_reply, q, argc, (const char **)argv, argv_len) !=
        REDIS_OK) {
        free(q);
        return -ENOTCONN;
    }
    c->guard.asked++;
    STAILQ_INSERT_TAIL(&c->pending, q, link);
    return 0;
}

void redis_conn_flush(struct redis_conn *c)
{
    if (c && c->open && !c->dying && !c->orphaned)
        redis_uv_flush(c->uv);
}

usec_t redis_conn_waiting_since(const struct redis_conn *c)
{
    const struct request *q = STAILQ_FIRST(&c->pending);
    if (!q)
        return USEC_INFINITY;
    return q->sent_at > c->moved_at ? q->sent_at : c->moved_at;
}

void redis_conn_drop(struct redis_conn *c, const char *why)
{
    if (c->dying)
        return;
    c->dying = true;
    snprintf(c->why, sizeof c->why, "%s", why);
    redis_uv_finish(c->uv);
}

void redis_conn_free(struct redis_conn *c)
{
    if (!c)
        return;
    c->orphaned = true;
    c->dying = true;
    tell_all(c);
    if (c->uv)
        redis_uv_finish(c->uv);
}
