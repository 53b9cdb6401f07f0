/* Counting of one pass: fills in its summary. */
#pragma once

#include "core/sweep/sweep_plan.h"
#include "daemon/sweep/sweeper.h"
#include "io/redis/redis_scan.h"

/* Names the keyspaces of the plan. */
void sweep_tally_begin(struct sweep_summary *s, const struct sweep_plan *plan);

/* Counts one key that was judged; a live caller is remembered by its id. */
void sweep_tally_key(struct sweep_summary *s, const struct sweep_plan *plan, unsigned keyspace,
    const struct redis_key *key, const struct sweep_judgement *j);

void sweep_tally_outcome(struct sweep_summary *s, unsigned keyspace, enum sweep_finding finding,
    enum sweep_outcome outcome);

/* A key of it was not looked at: its callers are not known exactly. */
void sweep_tally_unknown(struct sweep_summary *s, enum config_keyspace_kind kind);

/* Keeps the first error of the pass. */
void sweep_tally_error(struct sweep_summary *s, enum redis_error error, const char *text);

/* Keeps the first reason. */
void sweep_tally_held(struct sweep_summary *s, const char *why);

/* Another server answers: what was seen is seen again, what was removed stays removed. */
void sweep_tally_restart(struct sweep_summary *s);

/* Keys counted so far that are not fine. */
uint64_t sweep_tally_findings(const struct sweep_summary *s);

void sweep_tally_fini(struct sweep_summary *s);
