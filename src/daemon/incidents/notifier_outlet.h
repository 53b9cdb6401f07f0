/*
 * One [Notify NAME]: its queue on disk, the machine that says when something is sent, and the
 * delivery under way. An outlet never learns why it is told something, nor of the others.
 */
#pragma once

#include "daemon/incidents/notifier_send.h"

#include <stdbool.h>
#include <stdint.h>

struct cJSON;
struct notifier_outlet;

struct notifier_outlet_spec {
    struct notifier_means means;
    const struct config_notify *conf; /* borrowed until notifier_outlet_configure() */
    const char *directory;            /* of the queue */
    /* A notice was tried to be delivered, whatever came of it. */
    void (*on_attempt)(const char *name, const struct notice *notice,
        const struct notifier_answer *answer, void *arg);
    /* A notice was delivered, or is given up; what waits changed. */
    void (*on_outcome)(const char *name, bool sent, void *arg);
    void (*on_waiting)(void *arg);
    /* It cannot deliver, or it can again. `words` are one line. */
    void (*on_failing)(const char *name, const char *words, void *arg);
    void (*on_working)(const char *name, void *arg);
    void *arg;
};

/* Goes on with what the instance before left. Returns owned; NULL when memory is out. */
struct notifier_outlet *notifier_outlet_new(const struct notifier_outlet_spec *spec);

/* What waits stays on disk for the next instance. NULL is fine. */
void notifier_outlet_free(struct notifier_outlet *o);

/* It is not configured any more: what waits is given up, and says so. */
void notifier_outlet_give_up(struct notifier_outlet *o);

void notifier_outlet_configure(struct notifier_outlet *o, const struct config_notify *conf);
const struct config_notify *notifier_outlet_conf(const struct notifier_outlet *o);

/* Queues a notice in our JSON form; it is on disk on return. */
void notifier_outlet_post(struct notifier_outlet *o, const char *text);

/* How many notices are not sent yet. */
unsigned notifier_outlet_waiting(const struct notifier_outlet *o);

/* {"name", "type", "state", "waiting", "standing", "sent", "failed", "failures", "last_sent_at",
 * "last_error"} Returns owned JSON. */
struct cJSON *notifier_outlet_json(const struct notifier_outlet *o);

const char *notifier_type_name(enum config_notify_type type);
