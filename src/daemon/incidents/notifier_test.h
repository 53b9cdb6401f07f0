/*
 * A test notice, sent at once and by the same way as real ones but for the queue: what a receiver
 * answers is the verdict of an operation.
 */
#pragma once

#include "daemon/incidents/notifier_send.h"

struct notifier_test;
struct operation;

/* Sends one, as notifier_send_new(); `details` say who wants it. */
struct notifier_send *notifier_test_send(const struct notifier_means *means,
    const struct config *config, const struct config_notify *conf, const char *details,
    notifier_answer_fn *on_answer, void *arg);

struct notifier_test_spec {
    struct notifier_means means; /* borrowed until the end */
    const struct config *config; /* borrowed for the call */
    const char *name;            /* of the notifier; NULL: all of them */
    struct operation *op;        /* is ended, and borrowed until then */
    void (*on_done)(void *arg);  /* the object is to be freed then */
    void *arg;
};

/*
 * Its result is {"tests": [{"notifier", "type", "delivered", "status", "answer", "took_usec"}]}.
 * Returns owned, or NULL with *e set when there is no such notifier, or no memory.
 */
struct notifier_test *notifier_test_new(const struct notifier_test_spec *spec, struct err *e);

/* No callback comes after this; the operation stays as it is. NULL is fine. */
void notifier_test_free(struct notifier_test *t);
