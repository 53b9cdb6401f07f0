/*
 * The checklist before a deployment, as an operator asks for it, and as what stands before a
 * rollout
 * (`restart --preflight`, [Rollout] RequirePreflight=). As in daemon/verbs/verbs.h.
 */
#pragma once

#include "base/err.h"
#include "daemon/preflight/preflight.h"
#include "daemon/verbs/verbs.h"

#include <stdbool.h>
#include <stdint.h>

struct config;
struct notice;
struct notifier_answer;
struct preflight_gate;
struct preflight_monitor;

struct preflight_wish {
    bool junit;                  /* the result is to have the XML as well */
    bool first;                  /* before the rollout */
    const char *override_reason; /* why the rollout goes on all the same; NULL: it does not */
    struct preflight_team team;
};

/* Runs it. One at a time. */
struct operation *verb_preflight(struct daemon *d, const struct verb_asker *asker,
    const struct preflight_wish *wish, struct err *e);

/* What comes of a rollout that waits for the checklist. */
struct preflight_rollout {
    const struct config *config; /* it is about; borrowed until the end */
    /* It passed, or is overridden: the rollout begins. The operation still runs. */
    void (*go_on)(struct daemon *d, struct operation *op, void *arg);
    /* Nothing else comes: `arg` goes, whether it went on or not. NULL is fine. */
    void (*release)(void *arg);
    void *arg;
};

/* Whether a rollout to `config` has to wait; one that is overridden at once does not. */
bool preflight_gate_wanted(
    const struct daemon *d, const struct config *config, const struct preflight_wish *wish);

/* An override is asked for: tells so, or says that there was nothing to override. */
void preflight_gate_skip(const struct daemon *d, const struct config *config,
    const struct preflight_wish *wish, struct operation *op);

/*
 * Runs the checklist for the operation, which ends if it fails and is not overridden. Returns 0, or
 * a negative errno with *e set, and then nothing of `rollout` was or will be called.
 */
int preflight_gate_begin(struct daemon *d, struct operation *op, const struct preflight_wish *wish,
    const struct preflight_rollout *rollout, struct err *e);

/* Another configuration comes into force: what was found about the one before is void. */
void preflight_gate_cancel(struct daemon *d);

/* Of the run under way; NULL: none, as for `g`. */
struct preflight_monitor *preflight_gate_monitor(const struct preflight_gate *g);

/* A notice was tried to be delivered. NULL is fine. */
void preflight_gate_attempt(struct preflight_gate *g, const char *name, const struct notice *notice,
    const struct notifier_answer *answer);

/* Nobody hears how it ends. NULL is fine. */
void preflight_gate_free(struct preflight_gate *g);
