/* What a sweep makes of an error reply. One table; the same error may mean less for one key. */
#pragma once

#include "core/redis_error.h"

#define SWEEP_REACTIONS(X)                                                                         \
    X(SKIP_KEY, "skip-key")           /* leave this key, go on */                                  \
    X(SKIP_KEYSPACE, "skip-keyspace") /* leave its keyspace for this pass, go on */                \
    X(STOP_REMOVING, "stop-removing") /* look on, remove nothing more in this pass */              \
    X(RECONNECT, "reconnect")         /* wait for the connection, go on where it was lost */       \
    X(WAIT, "wait")                   /* try the same again, later */                              \
    X(END, "end")                     /* end the pass; another one begins anew */

#define X(symbol, name) SWEEP_REACT_##symbol,
enum sweep_reaction { SWEEP_REACTIONS(X) };
#undef X

/* To a command about one key. `text` tells whether NOPERM means the key or the command. */
enum sweep_reaction sweep_react_key(enum redis_error error, const char *text);

/* To a command without which there is no pass: SCAN, TIME. */
enum sweep_reaction sweep_react_scan(enum redis_error error);

const char *sweep_reaction_name(enum sweep_reaction reaction);

/* For whoever reads that a pass failed: what to do about it, as an imperative. "" for NONE. */
const char *sweep_policy_advice(enum redis_error error);
