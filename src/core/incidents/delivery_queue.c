/* The notices that wait for one receiver. */
#include "core/incidents/delivery_queue.h"

#include "base/num.h"
#include "core/limits.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const struct notice *notice_of(const struct delivery_entry *entry)
{
    return &entry->read.notice;
}

bool delivery_entry_alike(const struct delivery_entry *a, const struct delivery_entry *b)
{
    return strcmp(notice_of(a)->incident, notice_of(b)->incident) == 0;
}

static void entry_fini(struct delivery_entry *entry)
{
    notice_read_fini(&entry->read);
    free(entry->text);
}

void delivery_queue_fini(struct delivery_queue *q)
{
    for (size_t i = 0; i < q->n; i++)
        entry_fini(&q->entries[i]);
    free(q->entries);
    *q = (struct delivery_queue){0};
}

static void remove_at(struct delivery_queue *q, size_t i)
{
    entry_fini(&q->entries[i]);
    memmove(&q->entries[i], &q->entries[i + 1], (q->n - i - 1) * sizeof *q->entries);
    q->n--;
}

static int add(
    struct delivery_queue *q, uint64_t number, const char *text, size_t len, struct err *e)
{
    struct delivery_entry entry = {.number = number};
    int r = notice_read_json(text, len, &entry.read, e);
    if (r < 0)
        return r;
    struct strbuf copy = STRBUF_INIT;
    strbuf_add(&copy, text, len);
    entry.text = strbuf_take(&copy);
    struct delivery_entry *entries =
        entry.text ? realloc(q->entries, (q->n + 1) * sizeof *entries) : NULL;
    if (!entries) {
        entry_fini(&entry);
        return err_sys(e, -ENOMEM, "queueing a notice");
    }
    q->entries = entries;
    q->entries[q->n++] = entry;
    q->latest = number > q->latest ? number : q->latest;
    return 0;
}

/* Whether the newest entry says what `entry` says, and more. */
static bool is_needless(const struct delivery_entry *entry, const struct delivery_entry *newest)
{
    enum notice_kind kind = notice_of(entry)->kind;
    if (entry->standing || !delivery_entry_alike(entry, newest))
        return false;
    switch (notice_of(newest)->kind) {
    case NOTICE_UPDATED:
        return kind == NOTICE_UPDATED;
    case NOTICE_RESOLVED:
        return kind == NOTICE_UPDATED || kind == NOTICE_ACKNOWLEDGED;
    case NOTICE_OPENED:
    case NOTICE_ACKNOWLEDGED:
    case NOTICE_BEGUN:
    case NOTICE_ENDED:
    case NOTICE_TEST:
        break;
    }
    return false;
}

/* The least urgent one, and of those the oldest, has to make room. */
static size_t least(const struct delivery_queue *q, uint64_t busy)
{
    size_t found = q->n;
    for (size_t i = 0; i < q->n; i++) {
        if (q->entries[i].number != busy &&
            (found == q->n ||
                notice_of(&q->entries[i])->severity > notice_of(&q->entries[found])->severity))
            found = i;
    }
    return found;
}

uint64_t delivery_queue_put(struct delivery_queue *q, const char *text, uint64_t busy,
    delivery_gone_fn *on_gone, void *arg, struct err *e)
{
    uint64_t number = q->latest + 1;
    if (add(q, number, text, strlen(text), e) < 0)
        return 0;
    for (size_t i = 0; i + 1 < q->n;) {
        if (q->entries[i].number != busy && is_needless(&q->entries[i], &q->entries[q->n - 1])) {
            on_gone(&q->entries[i], false, arg);
            remove_at(q, i);
        } else {
            i++;
        }
    }
    while (q->n > LIMIT_NOTICES) {
        size_t i = least(q, busy);
        on_gone(&q->entries[i], true, arg);
        remove_at(q, i);
    }
    return number;
}

/* An incident's notices keep their order: only its first one can be next. */
static bool has_elder(const struct delivery_queue *q, size_t at)
{
    for (size_t i = 0; i < at; i++) {
        if (!q->entries[i].standing && delivery_entry_alike(&q->entries[i], &q->entries[at]))
            return true;
    }
    return false;
}

const struct delivery_entry *delivery_queue_next(const struct delivery_queue *q)
{
    const struct delivery_entry *next = NULL;
    for (size_t i = 0; i < q->n; i++) {
        const struct delivery_entry *entry = &q->entries[i];
        if (!entry->standing && (!next || notice_of(entry)->severity < notice_of(next)->severity) &&
            !has_elder(q, i))
            next = entry;
    }
    return next;
}

static size_t index_of(const struct delivery_queue *q, uint64_t number)
{
    size_t i = 0;
    while (i < q->n && q->entries[i].number != number)
        i++;
    return i;
}

const struct delivery_entry *delivery_queue_find(const struct delivery_queue *q, uint64_t number)
{
    size_t i = index_of(q, number);
    return i < q->n ? &q->entries[i] : NULL;
}

const struct delivery_entry *delivery_queue_of(
    const struct delivery_queue *q, const char *incident, enum notice_kind kind)
{
    for (size_t i = 0; i < q->n; i++) {
        const struct notice *n = notice_of(&q->entries[i]);
        if (!q->entries[i].standing && n->kind == kind && strcmp(n->incident, incident) == 0)
            return &q->entries[i];
    }
    return NULL;
}

/* Removes what stands for the incident of entry `at`; returns where that is now. */
static size_t stand_down(struct delivery_queue *q, size_t at)
{
    for (size_t i = 0; i < q->n; i++) {
        if (i != at && q->entries[i].standing &&
            delivery_entry_alike(&q->entries[i], &q->entries[at])) {
            remove_at(q, i);
            return i < at ? at - 1 : at;
        }
    }
    return at;
}

bool delivery_queue_done(struct delivery_queue *q, uint64_t number, bool keep)
{
    size_t at = index_of(q, number);
    if (at == q->n)
        return false;
    if (keep)
        at = stand_down(q, at);
    enum notice_kind kind = notice_of(&q->entries[at])->kind;
    q->entries[at].standing = keep && kind != NOTICE_RESOLVED && notice_of_incident(kind);
    bool stands = q->entries[at].standing;
    if (!stands)
        remove_at(q, at);
    return stands;
}

static unsigned count(const struct delivery_queue *q, bool standing)
{
    unsigned n = 0;
    for (size_t i = 0; i < q->n; i++)
        n += q->entries[i].standing == standing;
    return n;
}

unsigned delivery_queue_waiting(const struct delivery_queue *q)
{
    return count(q, false);
}

unsigned delivery_queue_standing(const struct delivery_queue *q)
{
    return count(q, true);
}

/* Reads "WORD NUMBER" and what follows it. */
static bool split(const char *line, size_t len, const char *word, uint64_t *number,
    const char **rest, size_t *rest_len)
{
    char digits[24] = "";
    size_t word_len = strlen(word);
    if (len <= word_len + 1 || strncmp(line, word, word_len) != 0 || line[word_len] != ' ')
        return false;
    const char *at = line + word_len + 1;
    const char *end = memchr(at, ' ', len - word_len - 1);
    size_t n = end ? (size_t)(end - at) : len - word_len - 1;
    if (n >= sizeof digits)
        return false;
    memcpy(digits, at, n);
    *rest = end ? end + 1 : at + n;
    *rest_len = (size_t)(line + len - *rest);
    return num_parse_u64(digits, 1, UINT64_MAX - 1, number) == 0;
}

int delivery_queue_replay(struct delivery_queue *q, const char *line, size_t len, struct err *e)
{
    uint64_t number = 0;
    const char *rest = NULL;
    size_t rest_len = 0;
    if (split(line, len, "put", &number, &rest, &rest_len)) {
        if (number <= q->latest || q->n >= LIMIT_NOTICES)
            return err_set(
                e, -EINVAL, "reading the queue: notice %" PRIu64 " is out of order", number);
        return add(q, number, rest, rest_len, e);
    }
    if (split(line, len, "done", &number, &rest, &rest_len)) {
        size_t at = index_of(q, number);
        if (at < q->n)
            remove_at(q, at);
        q->latest = number > q->latest ? number : q->latest;
        return 0;
    }
    if (split(line, len, "stand", &number, &rest, &rest_len)) {
        delivery_queue_done(q, number, true);
        return 0;
    }
    return err_set(e, -EINVAL, "reading the queue: unknown line");
}

void delivery_queue_write_put(const struct delivery_entry *entry, struct strbuf *out)
{
    strbuf_addf(out, "put %" PRIu64 " %s\n", entry->number, entry->text);
}

void delivery_queue_write(const struct delivery_queue *q, struct strbuf *out)
{
    for (size_t i = 0; i < q->n; i++) {
        delivery_queue_write_put(&q->entries[i], out);
        if (q->entries[i].standing)
            strbuf_addf(out, "stand %" PRIu64 "\n", q->entries[i].number);
    }
}
