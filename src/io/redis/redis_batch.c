/* Several commands and their answers. The memory goes with the last answer. */
#include "io/redis/redis_batch.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct slot {
    struct redis_batch *batch;
    size_t index;
};

struct redis_batch {
    struct redis_link *link;
    redis_batch_reply_fn *on_reply;
    redis_batch_done_fn *on_done;
    void *arg;
    size_t max;
    size_t sent;
    size_t answered;
    bool lost;
    bool ended; /* whoever asks has sent everything, or has left */
    bool left;
    bool in_reply;
    struct slot slots[];
};

/* The last thing a function does: the batch may be gone after it. */
static void settle(struct redis_batch *b)
{
    if (!b->ended || b->answered < b->sent || b->in_reply)
        return;
    redis_batch_done_fn *on_done = b->left ? NULL : b->on_done;
    bool lost = b->lost;
    void *arg = b->arg;
    free(b);
    if (on_done)
        on_done(lost, arg);
}

struct redis_batch *redis_batch_new(struct redis_link *link, size_t max,
    redis_batch_reply_fn *on_reply, redis_batch_done_fn *on_done, void *arg)
{
    struct redis_batch *b = calloc(1, sizeof *b + max * sizeof *b->slots);
    if (!b)
        abort();
    b->link = link;
    b->max = max;
    b->on_reply = on_reply;
    b->on_done = on_done;
    b->arg = arg;
    return b;
}

static void count_reply(struct redis_usage *usage, const struct redis_value *reply)
{
    usage->bytes_received += reply->len;
    for (size_t i = 0; i < reply->n_items; i++) {
        struct redis_value item = redis_value_at(reply, i);
        count_reply(usage, &item);
    }
}

static void on_reply(const struct redis_value *reply, void *arg)
{
    struct slot *slot = arg;
    struct redis_batch *b = slot->batch;
    b->answered++;
    b->lost = b->lost || !reply;
    b->in_reply = true;
    if (reply)
        count_reply(redis_link_usage(b->link), reply);
    if (reply && !b->left)
        b->on_reply(slot->index, reply, b->arg);
    b->in_reply = false;
    settle(b);
}

void redis_batch_add(
    struct redis_batch *b, size_t index, int argc, const char *const *argv, const size_t *argv_len)
{
    assert(b->sent < b->max);
    struct slot *slot = &b->slots[b->sent];
    *slot = (struct slot){b, index};
    if (redis_link_command(b->link, argc, argv, argv_len, on_reply, slot) < 0) {
        b->lost = true;
        return;
    }
    struct redis_usage *usage = redis_link_usage(b->link);
    usage->commands++;
    for (int i = 0; i < argc; i++)
        usage->bytes_sent += argv_len ? argv_len[i] : strlen(argv[i]);
    b->sent++;
}

void redis_batch_end(struct redis_batch *b)
{
    b->ended = true;
    if (b->sent > b->answered)
        redis_link_flush(b->link);
    settle(b);
}

void redis_batch_leave(struct redis_batch *b)
{
    if (!b)
        return;
    b->ended = true;
    b->left = true;
    settle(b);
}

const char *redis_batch_lost_text(const struct redis_link *link)
{
    const char *why = redis_link_why(link);
    return why[0] ? why : "the connection was lost";
}
