/* What the enums of a worker mean and are called, and how an exit status reads. */
#include "core/fleet/worker.h"

#include <stdio.h>
#include <string.h>

bool worker_is_live(enum worker_state state)
{
    switch (state) {
    case WORKER_SPAWNING:
    case WORKER_STARTING:
    case WORKER_STANDBY:
    case WORKER_SERVING:
    case WORKER_DRAINING:
        return true;
    case WORKER_GONE:
    case WORKER_STOPPING:
    case WORKER_KILLED:
        break;
    }
    return false;
}

const char *worker_state_name(enum worker_state state)
{
    static const char *const names[] = {
#define X(symbol, name) [WORKER_##symbol] = name,
        WORKER_STATES(X)
#undef X
    };
    return names[state];
}

const char *worker_cause_name(enum worker_cause cause)
{
    static const char *const names[] = {
#define X(symbol, name) [WORKER_CAUSE_##symbol] = name,
        WORKER_CAUSES(X)
#undef X
    };
    return names[cause];
}

const char *worker_event_name(enum worker_event_type type)
{
    static const char *const names[] = {
#define X(symbol) [WORKER_EV_##symbol] = #symbol,
        WORKER_EVENTS(X)
#undef X
    };
    return names[type];
}

const char *worker_action_name(enum worker_action action)
{
    static const char *const names[] = {
#define X(symbol) [WORKER_DO_##symbol] = #symbol,
        WORKER_ACTIONS(X)
#undef X
    };
    return names[action];
}

const char *exit_status_text(struct exit_status status, char buf[EXIT_STATUS_TEXT_MAX])
{
    const char *suffix = status.oom ? ", out of memory" : status.core_dumped ? ", core dumped" : "";
    const char *signal = status.signaled ? sigabbrev_np(status.code) : NULL;
    if (!status.known)
        snprintf(buf, EXIT_STATUS_TEXT_MAX, "unknown%s", suffix);
    else if (signal)
        snprintf(buf, EXIT_STATUS_TEXT_MAX, "signal %d (SIG%s)%s", status.code, signal, suffix);
    else
        snprintf(buf, EXIT_STATUS_TEXT_MAX, "%s %d%s", status.signaled ? "signal" : "exit code",
            status.code, suffix);
    return buf;
}
