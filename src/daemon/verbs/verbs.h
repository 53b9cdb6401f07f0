/*
 * What an operator can ask for. Each verb begins an operation, whose progress and verdict the asker
 * follows. Returns it (borrowed), or NULL with *e saying why it is refused.
 */
#pragma once

#include "base/err.h"
#include "core/fleet/fleet.h"
#include "daemon/sweep/sweeps.h"

struct daemon;
struct operation;
struct preflight_wish;

struct verb_asker {
    const char *author;                     /* who: a user's name, or "signal" */
    const char *reason;                     /* "" if none was given */
    const struct preflight_wish *preflight; /* before a rollout; NULL: nothing special */
};

/* For verbs in other files: only the operation, or -EAGAIN. */
struct operation *verb_begin(
    struct daemon *d, const char *kind, const struct verb_asker *asker, struct err *e);

struct operation *verb_drain(struct daemon *d, const struct verb_asker *asker, struct err *e);
struct operation *verb_resume(struct daemon *d, const struct verb_asker *asker, struct err *e);
struct operation *verb_sweep(
    struct daemon *d, const struct verb_asker *asker, const struct sweep_wish *wish, struct err *e);

/* The drain moved on. */
void verb_drain_told(struct daemon *d, enum drain_action action, const struct drain *drain);

/* A worker was verified: whoever resumed may go. */
void verb_worker_verified(struct daemon *d);
