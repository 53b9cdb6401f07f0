/*
 * Rules broken on purpose, one at a time: what the core decides, or what the shell does, is bent so
 * that something no longer holds which the world watches over. A rule whose breaking goes unnoticed
 * is not tested.
 */
#pragma once

#include "lib/world.h"

/* symbol, name, in which runs it can show (O overlap, I in place, K with kills), what is bent */
#define SABOTAGES(X)                                                                               \
    X(PAUSE_FIRST, "pause-first", "O", "who is replaced is paused before the other serves")        \
    X(NEVER_ACTIVE, "never-active", "OI", "who shall serve is not told so")                        \
    X(STAND_BY, "stand-by", "O", "a spare stays spare although one is missing")                    \
    X(SECOND_SET, "second-set", "OIK", "the new daemon knows nothing of the workers that run")     \
    X(SAVED_LATE, "saved-late", "OIK", "what is saved is the state before the last step")          \
    X(LEFT_ALIVE, "left-alive", "OIK", "a process that nobody has noted is taken for none")        \
    X(KILL_LOST, "kill-lost", "OI", "SIGKILL is never sent")                                       \
    X(GONE_EARLY, "gone-early", "OI", "a tree counts as gone when its first process is")           \
    X(LATE_DRAIN, "late-drain", "OI", "every count moves the deadline of the drain")               \
    X(DRAIN_ANEW, "drain-anew", "OIK", "a new daemon gives a drain its whole time again")          \
    X(STOP_LOST, "stop-lost", "OI", "the end of the drain stops nobody")                           \
    X(BLAMED_OUTAGE, "blamed-outage", "OI",                                                        \
        "what an outage does to answers is the worker's fault")                                    \
    X(BLAMED_PROVIDER, "blamed-provider", "OI",                                                    \
        "what a provider's outage does to answers is the worker's fault")                          \
    X(HASTY, "hasty", "OI", "one good answer is enough")                                           \
    X(TWO_AT_ONCE, "two-at-once", "I", "another one is stopped beside the one that is replaced")   \
    X(ENDLESS_STOP, "endless-stop", "OI", "who ignores KillSignal is waited for for ever")         \
    X(LOST_PROBE, "lost-probe", "OIK", "a new daemon waits for the answer to an old probe")        \
    X(PAUSED_AT_ONCE, "paused-at-once", "OK", "a new daemon pauses before it heard who serves")    \
    X(NOT_RESUMED, "not-resumed", "OIK", "a new daemon goes on as if it had never died")           \
    X(NO_VERDICT, "no-verdict", "OI", "who asked for a restart is never answered")                 \
    X(UNCOUNTED, "uncounted", "O", "whose callers are how many is not told to who chooses")        \
    X(NO_RETRY, "no-retry", "OI", "a retry is put off again and again")

#define X(symbol, name, runs, what) SABOTAGE_##symbol,
enum world_sabotage { SABOTAGE_NONE, SABOTAGES(X) SABOTAGE_COUNT };
#undef X

struct world_sabotage_row {
    const char *name, *runs, *what;
};
extern const struct world_sabotage_row world_sabotages[SABOTAGE_COUNT];

/* Before the core hears of something, and after it has decided. */
void world_bend_event(struct world *w, struct fleet_event *ev);
void world_bend_decision(struct world *w);
void world_bend_drain(struct world *w, const struct drain_event *ev);
/* What a new daemon begins with. */
void world_bend_resume(struct world *w);
