/* Which events are changes, for the change log: what somebody did, and what was found changed. */
#pragma once

#include "core/event.h"

#include <stdbool.h>

struct strbuf;

/*
 * The kinds of entries. `release`, `unit` and `version` are found by looking, `note` is what an
 * operator adds; the others are events. (event, kind): an event may stand here once.
 */
#define CHANGE_EVENTS(X)                                                                           \
    X(CONFIG_RELOADED, "reload")                                                                   \
    X(RESTART_DONE, "restart")                                                                     \
    X(RESTART_FAILED, "restart")                                                                   \
    X(ROLLOUT_DONE, "rollout")                                                                     \
    X(ROLLOUT_ROLLED_BACK, "rollout")                                                              \
    X(ROLLOUT_PROMOTED, "rollout")                                                                 \
    X(ROLLOUT_CANCELLED, "rollout")                                                                \
    X(SCALE_DONE, "scale")                                                                         \
    X(SCALE_FAILED, "scale")                                                                       \
    X(DRAIN_BEGAN, "drain")                                                                        \
    X(DRAIN_CANCELLED, "drain")                                                                    \
    X(SWEEP_DONE, "sweep")    /* if it removed something */                                        \
    X(SWEEP_ABORTED, "sweep") /* likewise */                                                       \
    X(SWEEP_FAILED, "sweep")                                                                       \
    X(RESTORE_FAILED, "restore")                                                                   \
    X(RESTORE_DONE, "restore")                                                                     \
    X(UPGRADE_DONE, "upgrade")                                                                     \
    X(CREDENTIAL_IN_USE, "credential")                                                             \
    X(INSTRUCTIONS_CHANGED, "instructions")                                                        \
    X(SILENCE_BEGAN, "silence")                                                                    \
    X(SILENCE_ENDED, "silence")                                                                    \
    X(PREFLIGHT_OVERRIDDEN, "override")

#define CHANGE_RELEASE "release"
#define CHANGE_UNIT "unit"
#define CHANGE_VERSION "version"
#define CHANGE_NOTE "note"

/* Appends all of them, each once: "reload, restart, …". */
void change_kinds_write(struct strbuf *out);
bool change_kind_is(const char *word);

/* NULL if the event is no change. */
const char *change_kind_of(enum event_id id);
