/*
 * hiredis' async context on our loop: our own adapter, because the one that hiredis 0.14 ships
 * drops poll errors (a refused connection then calls nobody, ever) and arms the poll per command.
 */
#pragma once

#include "io/loop/loop.h"

#include <hiredis/async.h>

struct redis_uv;

/*
 * Takes part in `ac` until it is freed, by hiredis itself or by redis_uv_finish(). Then calls
 * `on_detached` once, from the loop and never from inside of hiredis. NULL: no memory, or the
 * descriptor cannot be polled.
 */
struct redis_uv *redis_uv_attach(
    struct loop *l, redisAsyncContext *ac, void (*on_detached)(void *arg), void *arg);

/* Writes now what was asked, as far as the socket takes it, and not when the loop turns. Safe
 * inside of any callback of hiredis. */
void redis_uv_flush(struct redis_uv *u);

/* Frees the context from the loop: safe inside of any callback of hiredis. Again: nothing. */
void redis_uv_finish(struct redis_uv *u);
