/*
 * A queue of notices that is on disk as well: what is posted outlives us at once, and a power cut
 * soon. A disk that takes nothing costs that, and no delivery: the queue goes on in memory, and is
 * written down as a whole as soon as that is possible.
 */
#pragma once

#include "core/incidents/delivery_queue.h"

struct loop;
struct notifier_store;

struct notifier_store_spec {
    struct loop *loop;
    const char *directory; /* made if it is not there */
    const char *name;      /* of the file in it, and of the queue for people */
    void (*on_lost)(const struct delivery_entry *entry, void *arg); /* there was no room for it */
    void *arg;
};

/* Takes up what the instance before left. Returns owned; NULL when memory is out. */
struct notifier_store *notifier_store_open(const struct notifier_store_spec *spec);

/* What waits stays on disk. NULL is fine. */
void notifier_store_close(struct notifier_store *s);

/* Borrowed; only to look at. */
const struct delivery_queue *notifier_store_queue(const struct notifier_store *s);

/* As delivery_queue_put() and delivery_queue_done(). */
uint64_t notifier_store_put(struct notifier_store *s, const char *text, uint64_t busy);
bool notifier_store_done(struct notifier_store *s, uint64_t number, bool keep);
