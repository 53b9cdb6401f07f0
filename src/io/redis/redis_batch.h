/*
 * Several commands sent at once, and their answers gathered. Can be left behind while answers are
 * still to come: the link knows no cancelling.
 */
#pragma once

#include "io/redis/redis_link.h"

struct redis_batch;

/* `index` is the one given to redis_batch_add(); not called for answers that never come. */
typedef void redis_batch_reply_fn(size_t index, const struct redis_value *reply, void *arg);

/* Every answer came (lost = false), or at least one never will. The batch is over then. */
typedef void redis_batch_done_fn(bool lost, void *arg);

/* For up to `max` commands. Returns owned; aborts when memory is out. */
struct redis_batch *redis_batch_new(struct redis_link *link, size_t max,
    redis_batch_reply_fn *on_reply, redis_batch_done_fn *on_done, void *arg);

/* Sends one command; `argv_len` NULL: strings. */
void redis_batch_add(
    struct redis_batch *b, size_t index, int argc, const char *const *argv, const size_t *argv_len);

/*
 * Takes `b`, of which all is sent: on_done comes once, after the last answer, and from inside this
 * call when there is nothing to wait for. Until then the batch can still be left.
 */
void redis_batch_end(struct redis_batch *b);

/* Takes `b`; no callback comes after this. Not after on_done was called. NULL is fine. */
void redis_batch_leave(struct redis_batch *b);

/* For people: why the link lost what it was asked. Never "". */
const char *redis_batch_lost_text(const struct redis_link *link);
