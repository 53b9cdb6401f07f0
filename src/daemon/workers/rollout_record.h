/* What is remembered of the rollout under way, or of the last one: for those who look and ask. */
#pragma once

#include "core/saved/saved.h"
#include "daemon/workers/failure.h"
#include "daemon/workers/release.h"

#include <stdbool.h>

struct cJSON;
struct daemon;
struct operation;
struct supervisor;

struct rollout_record {
    uint64_t operation; /* that asked for it; 0: there was no rollout yet */
    const char *kind;   /* "restart" or "reload"; a literal */
    struct strbuf author;
    struct strbuf reason;
    uint64_t from; /* generations */
    uint64_t to;
    char release_from[RELEASE_MAX]; /* "" if unknown */
    char release_to[RELEASE_MAX];
    enum rollout_state state;
    usec_t began_at;
    usec_t since;                       /* in this state */
    usec_t phases[ROLLOUT_STATE_COUNT]; /* time spent in each, so far */
    const char *verdict;                /* NULL: none yet; a literal */
    struct failure failure;
    struct strbuf command; /* what came of ExecRollback=; empty: it was not run */
};

void rollout_record_clear(struct rollout_record *r);

/* A new rollout, asked for by `op`, which may be NULL. */
void rollout_record_begin(struct rollout_record *r, uint64_t from, uint64_t to,
    const struct operation *op, const struct supervisor *s);

/* For the next instance; that one goes on with it, and with what asked for it (NULL: unknown). */
void rollout_record_save(const struct rollout_record *r, struct saved_rollout *out);
void rollout_record_restore(
    struct rollout_record *r, const struct saved_rollout *saved, enum rollout_state state);

/* It moved on to `state`. */
void rollout_record_enter(
    struct rollout_record *r, enum rollout_state state, const struct supervisor *s);

/* Appends "canary 2s, baking 5s". */
void rollout_record_phases(const struct rollout_record *r, struct strbuf *out);

/* What GET VK_API_ROLLOUT answers; `whole` to those who may change something. */
struct cJSON *rollout_record_json(const struct daemon *d, bool whole);
