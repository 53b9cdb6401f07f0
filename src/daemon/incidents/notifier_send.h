/*
 * One delivery of notices to one receiver: its body, its secrets, and what the answer means. The
 * secrets are read for each delivery and are in nothing that is told.
 */
#pragma once

#include "core/config/config.h"
#include "core/incidents/delivery_verdict.h"
#include "core/incidents/notice.h"

#include <stddef.h>

struct http_client;
struct loop;
struct notifier_send;

/* What every delivery needs. */
struct notifier_means {
    struct loop *loop;
    struct http_client *http;
    const char *host; /* our machine's name */
};

enum { NOTIFIER_WORDS_MAX = 512 };

struct notifier_answer {
    enum delivery_event_type verdict;
    int status;         /* of HTTP, or the exit code; 0: there was none */
    usec_t retry_after; /* 0: not asked for */
    usec_t took;
    char
        words[NOTIFIER_WORDS_MAX]; /* what the receiver said, or why it was not reached; one line */
};

typedef void notifier_answer_fn(const struct notifier_answer *answer, void *arg);

/*
 * Sends the notices (only Alertmanager takes several) in one go. Everything is borrowed for the
 * call, but `means` until the end. `on_answer` comes once, from the loop; the object is to be freed
 * then or before. Returns owned; NULL when memory is out.
 */
struct notifier_send *notifier_send_new(const struct notifier_means *means,
    const struct config_notify *conf, const struct notice *const *notices, size_t n,
    notifier_answer_fn *on_answer, void *arg);

/* No callback comes after this; a command is killed. NULL is fine. */
void notifier_send_free(struct notifier_send *s);
