/*
 * hiredis' async context on our loop.
 *
 * What is to be written goes out before the loop sleeps, all in one, or at once when it is flushed.
 * Only what the socket does not take waits for the poll: to change what a uv_poll waits for takes
 * libuv two or three system calls.
 *
 * Who hangs up says why before (`max number of clients reached`), and answers what it was asked
 * before. hiredis looks no further than a write that fails, so that all of this would be lost with
 * the connection; therefore we write ourselves, and after a failure hear out what is there.
 */
#include "io/redis/redis_uv.h"

#include "io/loop/loop_uv.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

/* What hiredis keeps of an error. */
struct failure {
    int err; /* 0: none */
    char text[sizeof((redisContext *)0)->errstr];
};

struct redis_uv {
    uv_poll_t poll;
    uv_prepare_t prepare;  /* active while something is unwritten */
    unsigned open;         /* handles that are not closed */
    redisAsyncContext *ac; /* NULL: hiredis has freed it, or is about to */
    struct failure write;  /* the other end takes nothing any more */
    int events;
    bool unwritten;
    bool closing;
    void (*on_detached)(void *arg);
    void *arg;
};

static bool is_in_use(const struct redis_uv *u)
{
    return u->ac && !u->closing;
}

static bool is_connected(const struct redis_uv *u)
{
    return is_in_use(u) && (u->ac->c.flags & REDIS_CONNECTED);
}

/* To look with recv() would take the error off the socket that hiredis is about to ask for. */
static bool has_unread(const struct redis_uv *u)
{
    int n = 0;
    return ioctl(u->ac->c.fd, FIONREAD, &n) == 0 && n > 0;
}

static void on_poll(uv_poll_t *poll, int status, int events);

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

/* Until it is connected, writable means just that. */
static void write_out(struct redis_uv *u)
{
    redisContext *c = &u->ac->c;
    int done = 0;
    u->unwritten = false;
    if (!is_connected(u)) {
        want(u, u->events | UV_WRITABLE);
    } else if (redisBufferWrite(c, &done) == REDIS_OK) {
        want(u, done ? (u->events & ~UV_WRITABLE) | UV_READABLE : u->events | UV_WRITABLE);
    } else {
        u->write.err = c->err;
        memcpy(u->write.text, c->errstr, sizeof u->write.text);
        c->err = 0; /* with it hiredis would not read */
        want(u, UV_READABLE | UV_WRITABLE);
    }
}

/* Whoever has said something was connected, even if it has reset the connection since: hiredis
 * would find that error alone. */
static void connect_if_heard(struct redis_uv *u)
{
    if (is_connected(u) || !has_unread(u))
        return;
    u->ac->c.flags |= REDIS_CONNECTED;
    u->ac->onConnect(u->ac, REDIS_OK);
}

/* What is not answered by what is there ends with the error of the write. */
static void hear_out(struct redis_uv *u)
{
    while (is_in_use(u) && has_unread(u))
        redisAsyncHandleRead(u->ac);
    if (!is_in_use(u))
        return;
    u->ac->c.err = u->write.err;
    memcpy(u->ac->c.errstr, u->write.text, sizeof u->write.text);
    redisAsyncHandleWrite(u->ac);
}

/* An error on the descriptor is told to hiredis as readable: its own system call then finds out
 * what it is. What is there is read before anything is written, the first time as well. */
static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct redis_uv *u = poll->data;
    if (status < 0) {
        u->events = 0; /* libuv has stopped it */
        events = UV_READABLE | UV_WRITABLE;
    }
    if (is_in_use(u) && u->write.err != 0) {
        hear_out(u);
        return;
    }
    if (is_in_use(u))
        connect_if_heard(u);
    if (is_in_use(u) && (!is_connected(u) || (events & UV_READABLE)))
        redisAsyncHandleRead(u->ac);
    if (is_in_use(u) && (events & UV_WRITABLE))
        write_out(u);
}

static void on_prepare(uv_prepare_t *prepare)
{
    struct redis_uv *u = prepare->data;
    uv_prepare_stop(prepare);
    if (u->unwritten && is_in_use(u))
        write_out(u);
}

static void add_write(void *privdata)
{
    struct redis_uv *u = privdata;
    if (u->closing || u->write.err != 0 || (u->events & UV_WRITABLE))
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
    if (u->unwritten && is_in_use(u))
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
