/*
 * hiredis' async context on our loop.
 *
 * What is to be written goes out before the loop sleeps, all in one, or at once when it is flushed.
 * Only what the socket does not take waits for the poll: to change what a uv_poll waits for takes
 * libuv two or three system calls.
 */
#include "io/redis/redis_uv.h"

#include "io/loop/loop_uv.h"

#include <assert.h>
#include <stdlib.h>

struct redis_uv {
    uv_poll_t poll;
    uv_prepare_t prepare;  /* active while something is unwritten */
    unsigned open;         /* handles that are not closed */
    redisAsyncContext *ac; /* NULL: hiredis has freed it, or is about to */
    int events;
    bool unwritten;
    bool closing;
    void (*on_detached)(void *arg);
    void *arg;
};

/* An error on the descriptor is told to hiredis as readable and writable: its own system call then
 * finds out what it is. */
static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct redis_uv *u = poll->data;
    if (status < 0)
        events = UV_READABLE | UV_WRITABLE;
    if (u->ac && !u->closing && (events & UV_READABLE))
        redisAsyncHandleRead(u->ac);
    if (u->ac && !u->closing && (events & UV_WRITABLE))
        redisAsyncHandleWrite(u->ac);
}

static void want(struct redis_uv *u, int events)
{
    if (u->closing || u->events == events)
        return;
    u->events = events;
    int r = events ? uv_poll_start(&u->poll, events, on_poll) : uv_poll_stop(&u->poll);
    assert(r == 0);
}

static void add_read(void *privdata)
{
    struct redis_uv *u = privdata;
    want(u, u->events | UV_READABLE);
}

static void del_read(void *privdata)
{
    struct redis_uv *u = privdata;
    want(u, u->events & ~UV_READABLE);
}

/* An error stays with the context: hiredis meets it again when the descriptor is written or read.
 * Until it is connected, writable means just that. */
static void write_out(struct redis_uv *u)
{
    int done = 0;
    u->unwritten = false;
    if ((u->ac->c.flags & REDIS_CONNECTED) && redisBufferWrite(&u->ac->c, &done) == REDIS_OK &&
        done)
        want(u, u->events | UV_READABLE);
    else
        want(u, u->events | UV_WRITABLE);
}

static void on_prepare(uv_prepare_t *prepare)
{
    struct redis_uv *u = prepare->data;
    uv_prepare_stop(prepare);
    if (u->unwritten && u->ac && !u->closing)
        write_out(u);
}

static void add_write(void *privdata)
{
    struct redis_uv *u = privdata;
    if (u->closing || (u->events & UV_WRITABLE))
        return;
    u->unwritten = true;
    int r = uv_prepare_start(&u->prepare, on_prepare);
    assert(r == 0);
}

static void del_write(void *privdata)
{
    struct redis_uv *u = privdata;
    u->unwritten = false;
    want(u, u->events & ~UV_WRITABLE);
}

static void on_closed(uv_handle_t *handle)
{
    struct redis_uv *u = handle->data;
    if (--u->open > 0)
        return;
    if (u->ac)
        redisAsyncFree(u->ac); /* comes back through cleanup() */
    u->on_detached(u->arg);
    free(u);
}

void redis_uv_flush(struct redis_uv *u)
{
    if (u->unwritten && u->ac && !u->closing)
        write_out(u);
}

void redis_uv_finish(struct redis_uv *u)
{
    if (u->closing)
        return;
    u->closing = true;
    /* Stops the poll at once: the descriptor may be closed before on_closed() runs. */
    uv_close((uv_handle_t *)&u->poll, on_closed);
    uv_close((uv_handle_t *)&u->prepare, on_closed);
}

/* hiredis frees the context right after this. */
static void cleanup(void *privdata)
{
    struct redis_uv *u = privdata;
    u->ac = NULL;
    redis_uv_finish(u);
}

struct redis_uv *redis_uv_attach(
    struct loop *l, redisAsyncContext *ac, void (*on_detached)(void *arg), void *arg)
{
    struct redis_uv *u = calloc(1, sizeof *u);
    if (!u || uv_poll_init(loop_uv(l), &u->poll, ac->c.fd) < 0) {
        free(u);
        return NULL;
    }
    u->poll.data = u;
    uv_prepare_init(loop_uv(l), &u->prepare);
    u->prepare.data = u;
    u->open = 2;
    u->ac = ac;
    u->on_detached = on_detached;
    u->arg = arg;
    ac->ev.data = u;
    ac->ev.addRead = add_read;
    ac->ev.delRead = del_read;
    ac->ev.addWrite = add_write;
    ac->ev.delWrite = del_write;
    ac->ev.cleanup = cleanup;
    return u;
}
