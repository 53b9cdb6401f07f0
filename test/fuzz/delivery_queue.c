/* Any bytes as a queue of notices on disk: lines are taken or left out with a reason, and what is
 * written of the queue reads the same. */
#include "fuzz.h"

#include "core/incidents/delivery_queue.h"
#include "core/limits.h"

#include <stdlib.h>
#include <string.h>

static void check(bool holds)
{
    if (!holds)
        abort();
}

/* Returns how many lines were left out. */
static unsigned replay(struct delivery_queue *q, const char *text, size_t len)
{
    unsigned left_out = 0;
    while (len > 0) {
        struct err e = {0};
        const char *end = memchr(text, '\n', len);
        size_t n = end ? (size_t)(end - text) : len;
        int r = delivery_queue_replay(q, text, n, &e);
        check((r < 0) == (e.msg[0] != '\0'));
        left_out += r < 0;
        n += end != NULL;
        text += n;
        len -= n;
    }
    return left_out;
}

static void look(const struct delivery_queue *q)
{
    check(q->n <= LIMIT_NOTICES);
    check(delivery_queue_waiting(q) + delivery_queue_standing(q) == q->n);
    check((delivery_queue_next(q) != NULL) == (delivery_queue_waiting(q) > 0));
    for (size_t i = 0; i < q->n; i++) {
        check(q->entries[i].number <= q->latest);
        check(i == 0 || q->entries[i - 1].number < q->entries[i].number);
        check(delivery_queue_find(q, q->entries[i].number) == &q->entries[i]);
        check(q->entries[i].read.notice.incident && !strchr(q->entries[i].text, '\n'));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct delivery_queue first = {0};
    struct delivery_queue second = {0};
    struct strbuf written = STRBUF_INIT;
    struct strbuf again = STRBUF_INIT;
    replay(&first, (const char *)data, size);
    look(&first);
    delivery_queue_write(&first, &written);
    check(replay(&second, strbuf_text(&written), written.len) == 0);
    look(&second);
    delivery_queue_write(&second, &again);
    check(strcmp(strbuf_text(&written), strbuf_text(&again)) == 0);
    strbuf_fini(&written);
    strbuf_fini(&again);
    delivery_queue_fini(&first);
    delivery_queue_fini(&second);
    return 0;
}
