/*
 * The notices that wait for one receiver, and those that it is to remember, in the order in which
 * they were posted. What is next: the most urgent incident's, and of one incident the oldest.
 *
 * What a newer notice says better is not told: an update goes when a newer one comes or the
 * incident is resolved. That it was opened and that it was resolved is always told, in this order,
 * even when both wait: who looks at the receiver later shall find what happened.
 *
 * On disk it is a list of lines, which delivery_queue_replay() reads back:
 * `put NUMBER NOTICE`, `done NUMBER`, `stand NUMBER`.
 */
#pragma once

#include "base/err.h"
#include "base/strbuf.h"
#include "core/incidents/notice_json.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct delivery_entry {
    uint64_t number;
    bool standing; /* delivered; the receiver is to be told of it again */
    char *text;    /* the notice as JSON */
    struct notice_read read;
};

struct delivery_queue {
    struct delivery_entry *entries; /* by number */
    size_t n;
    uint64_t latest; /* number */
};

/* Whether both are about the same incident. */
bool delivery_entry_alike(const struct delivery_entry *a, const struct delivery_entry *b);

void delivery_queue_fini(struct delivery_queue *q);

/*
 * Appends a notice in our JSON form, which is copied. Returns its number, or 0 with *e set. What
 * it makes needless is removed first, but not `busy`, and told by `on_gone`; the same when there
 * are LIMIT_NOTICES: `lost` is then true.
 */
typedef void delivery_gone_fn(const struct delivery_entry *entry, bool lost, void *arg);
uint64_t delivery_queue_put(struct delivery_queue *q, const char *text, uint64_t busy,
    delivery_gone_fn *on_gone, void *arg, struct err *e);

/* NULL: nothing waits. Borrowed until the queue changes, as are the others. */
const struct delivery_entry *delivery_queue_next(const struct delivery_queue *q);
const struct delivery_entry *delivery_queue_find(const struct delivery_queue *q, uint64_t number);

/* The oldest one of this incident that is of this kind and not delivered. */
const struct delivery_entry *delivery_queue_of(
    const struct delivery_queue *q, const char *incident, enum notice_kind kind);

/*
 * Delivered, or given up. With `keep` a notice of what is open stands from now on in the place of
 * the incident's former one; one of its end ends that. Returns whether it stands.
 */
bool delivery_queue_done(struct delivery_queue *q, uint64_t number, bool keep);

unsigned delivery_queue_waiting(const struct delivery_queue *q);
unsigned delivery_queue_standing(const struct delivery_queue *q);

/* One line of a file. Returns 0, or -EINVAL with *e set: it is left out. */
int delivery_queue_replay(struct delivery_queue *q, const char *line, size_t len, struct err *e);

/* Appends the line for an entry; the lines that make the whole queue, each with its end. */
void delivery_queue_write_put(const struct delivery_entry *entry, struct strbuf *out);
void delivery_queue_write(const struct delivery_queue *q, struct strbuf *out);
