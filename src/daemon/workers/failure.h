/* Why a life of the new generation is not good enough, kept when it is told: its slot goes on. */
#pragma once

#include "base/strbuf.h"
#include "core/event.h"
#include "core/fleet/fleet.h"

#include <stdbool.h>

struct cJSON;
struct slot;

struct failure {
    enum worker_cause cause; /* NONE: it took too long; RESTART: an operator's wish */
    unsigned worker;         /* from 1; 0: nobody's fault */
    uint64_t life;
    uint64_t generation;
    char exit[EXIT_STATUS_TEXT_MAX]; /* how it ended; "": it lives, or nobody knows */
    struct strbuf what;              /* one line: who failed, how, and why; empty: nothing failed */
    struct strbuf body;              /* of the probe's answer, escaped */
    struct strbuf lines;
};

/*
 * Takes down what is known of the slot of `told`. `state` is that slot's, perhaps of a newer life;
 * `slot` may be NULL, without memory; `why` is a better explanation than the probe's, or "".
 */
void failure_take(struct failure *f, const struct fleet_action *told,
    const struct fleet_slot *state, const struct slot *slot, const char *why);

/* The same for what an operator wished, or time did: `what` is all there is to say. */
void failure_note(struct failure *f, enum worker_cause cause, const char *what);

void failure_clear(struct failure *f);

/* Appends what the worker answered and wrote last, in whole lines, bounded; for people. */
void failure_write_evidence(const struct failure *f, struct strbuf *out);

/* VOXKEEPER_CAUSE, _REASON, and where a worker failed _WORKER, _LIFE, _EXIT, _PROBE_BODY,
 * _LAST_OUTPUT. */
void failure_add_fields(const struct failure *f, struct event *ev);

/* NULL-valued JSON when nothing failed. Its last lines only if it is `whole`, else null. */
struct cJSON *failure_json(const struct failure *f, bool whole);
