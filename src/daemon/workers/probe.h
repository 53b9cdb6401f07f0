/*
 * One round of probes of one worker: every configured probe side by side, the worst outcome counts.
 */
#pragma once

#include "base/span.h"
#include "core/config/config.h"
#include "core/fleet/prober.h"
#include "io/loop/loop.h"

#include <stdbool.h>

struct http_client;
struct probe_round;

enum { PROBE_REASON_MAX = 320 };

/* What a round found; valid during the callback. */
struct probe_report {
    enum probe_outcome outcome;
    const char *reason; /* one line naming the probe that decided; "" when all passed */
    const char *body;   /* of the HTTP answer that decided, escaped and cut; "" if none */
    bool server_error;  /* an answer that failed was a 5xx */
    usec_t took;
};

struct probe_spec {
    const struct config *config;    /* borrowed for the time of the call */
    const struct endpoint *address; /* the worker's own; NULL: it listens nowhere */
    bool verified;                  /* startup probes are left out then, liveness probes before */
    char *const *environment;       /* for exec probes; borrowed for the time of the call */
    const char *instance;           /* of this round, for exec probes: unique among all that live */
};

/*
 * Starts a round; `on_report` comes once, from the loop, unless the round is freed before. Without
 * any probe the round passes: that the process lives is then all that is asked. Returns owned, or
 * NULL when memory is out.
 */
struct probe_round *probe_round_new(struct loop *l, struct http_client *client,
    const struct probe_spec *spec, void (*on_report)(const struct probe_report *report, void *arg),
    void *arg);

/* No callback comes after this; what is under way is cancelled. NULL is fine. */
void probe_round_free(struct probe_round *round);
