/*
 * Telling people elsewhere: every notice goes to the [Notify NAME]s that want it, now or as soon as
 * each can be reached, also if we die meanwhile.
 *
 * During a silence what opens is withheld. When the silence ends, what is still open is told; what
 * was resolved before is not told at all. Of an incident that was told before, that somebody took
 * it and that it is over are told at once. A notifier is never told that it fails itself.
 */
#pragma once

#include "base/err.h"
#include "core/config/config.h"
#include "core/incidents/notice.h"
#include "daemon/incidents/notifier_outlet.h"

struct cJSON;
struct http_client;
struct loop;
struct notifier;

struct notifier_spec {
    struct loop *loop;
    struct http_client *http;
    const struct config *config; /* borrowed until notifier_configure() */
    /* A notice was tried to be delivered; then, that it was delivered or is given up. */
    void (*on_attempt)(const char *name, const struct notice *notice,
        const struct notifier_answer *answer, void *arg);
    void (*on_outcome)(const char *name, bool sent, void *arg);
    void (*on_waiting)(unsigned n, void *arg); /* notices, of all notifiers */
    /* A notifier cannot deliver, or can again; may be said again and again. */
    void (*on_failing)(const char *name, const char *words, void *arg);
    void (*on_working)(const char *name, void *arg);
    void *arg;
};

/* Goes on with what the instance before left. Returns owned; NULL when memory is out. */
struct notifier *notifier_new(const struct notifier_spec *spec);
void notifier_free(struct notifier *n); /* NULL is fine */

/* Notifiers come, go and change; what waits for one that goes is given up. Returns 0 or -ENOMEM. */
int notifier_configure(struct notifier *n, const struct config *config, struct err *e);

/* Copies; on disk on return, sent when it can be. */
void notifier_post(struct notifier *n, const struct notice *notice);

/* Whether a notifier is there; and whether one of these settings would be told of a notice. */
bool notifier_has(struct notifier *n, const char *name);
bool notifier_wants(const struct config_notify *conf, const struct notice *notice);

/* As silence_begin() and silence_end(). */
int notifier_silence(
    struct notifier *n, usec_t span, const char *author, const char *reason, struct err *e);
bool notifier_unsilence(struct notifier *n, const char *author);

/* {"silence": {..}|null, "withheld": N}; the same with {"notifiers": [..]}. Returns owned JSON. */
struct cJSON *notifier_silence_json(const struct notifier *n);
struct cJSON *notifier_json(const struct notifier *n);

/* The machine's name, as receivers are told. */
const char *notifier_host(const struct notifier *n);
