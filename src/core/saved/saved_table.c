/* The rows of what is saved. */
#include "core/saved/saved_rows.h"

typedef const char *const names[];
typedef const struct saved_field rows[];

#define X(symbol, name) name,
static names worker_states = {WORKER_STATES(X)};
static names worker_causes = {WORKER_CAUSES(X)};
static names prober_states = {PROBER_STATES(X)};
static names probe_outcomes = {PROBE_OUTCOMES(X)};
static names prober_doubts = {PROBER_DOUBTS(X)};
static names rollout_states = {ROLLOUT_STATES(X)};
static names drain_states = {DRAIN_STATES(X)};
static names remedy_states = {REMEDY_STATES(X)};
#undef X
static names dependencies = {
    [DEPENDENCY_UNKNOWN] = "unknown", [DEPENDENCY_UP] = "up", [DEPENDENCY_DOWN] = "down"};
static names restart_states = {[FLEET_RESTART_IDLE] = "idle",
    [FLEET_RESTART_STOPPING] = "stopping",
    [FLEET_RESTART_STARTING] = "starting"};

static rows exit_rows = {
    FIELD(exit_status, known),
    FIELD(exit_status, signaled),
    FIELD(exit_status, core_dumped),
    FIELD(exit_status, oom),
    FIELD(exit_status, code),
    END,
};

static rows worker_rows = {
    ENUM(worker, state, worker_states),
    ENUM(worker, cause, worker_causes),
    FIELD(worker, alive),
    FIELD(worker, stop_wanted),
    FIELD(worker, leaving),
    FIELD(worker, exited),
    OBJECT(worker, exit, exit_rows),
    FIELD(worker, started_at),
    FIELD(worker, verified_at),
    FIELD(worker, since),
    FIELD(worker, deadline),
    END,
};

static bool is_zero(const struct saved *s, const void *element)
{
    (void)s;
    return *(const unsigned *)element == 0;
}

static const struct saved_field failures = {.size = sizeof(unsigned), .type = SAVED_UNSIGNED};

static rows policy_rows = {
    {.name = "failures",
        .offset = offsetof(struct restart, failures),
        .size = sizeof(unsigned),
        .type = SAVED_ARRAY,
        .n = WORKER_CAUSE_COUNT,
        .names = worker_causes,
        .parts = &failures,
        .is_unused = is_zero},
    FIELD(restart, failures_in_row),
    FIELD(restart, looping),
    FIELD(restart, next_at),
    FIELD(restart, stable_at),
    FIELD(restart, last_delay),
    COUNTER(restart, restarts),
    END,
};

static rows prober_rows = {
    ENUM(prober, state, prober_states),
    ENUM(prober, dependency, dependencies),
    FIELD(prober, in_flight),
    FIELD(prober, hastened),
    FIELD(prober, degraded),
    FIELD(prober, lacks_provider),
    ENUM(prober, doubt, prober_doubts),
    COUNTER(prober, seq),
    FIELD_WITH(prober, passes, .max = INT32_MAX),
    FIELD_WITH(prober, failures, .max = INT32_MAX),
    ENUM(prober, worst, probe_outcomes),
    FIELD(prober, began_at),
    FIELD(prober, passed_at),
    FIELD(prober, doubted_at),
    FIELD(prober, void_to),
    FIELD(prober, void_dependency_to),
    FIELD(prober, next_at),
    END,
};

static rows watchdog_rows = {
    FIELD(watchdog, interval),
    FIELD(watchdog, last),
    FIELD(watchdog, deadline),
    END,
};

static rows slot_rows = {
    FIELD(fleet_slot, wanted),
    FIELD(fleet_slot, drained),
    FIELD(fleet_slot, inherited),
    FIELD(fleet_slot, errors),
    FIELD_WITH(fleet_slot, silent, .since = 2),
    FIELD(fleet_slot, unwatched),
    ENUM(fleet_slot, last_cause, worker_causes),
    FIELD(fleet_slot, life),
    FIELD(fleet_slot, generation),
    OBJECT(fleet_slot, worker, worker_rows),
    OBJECT(fleet_slot, restart, policy_rows),
    OBJECT(fleet_slot, prober, prober_rows),
    OBJECT(fleet_slot, watchdog, watchdog_rows),
    END,
};

static rows rollout_rows = {
    ENUM(rollout, state, rollout_states),
    ENUM(rollout, failed_in, rollout_states),
    FIELD(rollout, owed),
    FIELD(rollout, steered),
    FIELD(rollout, outage),
    FIELD(rollout, operation),
    FIELD(rollout, steering),
    COUNTER(rollout, latest),
    FIELD(rollout, generation),
    FIELD(rollout, from),
    FIELD(rollout, warm_life),
    FIELD(rollout, began_at),
    FIELD(rollout, switched_at),
    FIELD(rollout, until),
    FIELD(rollout, deadline),
    ENUM(rollout, cause, worker_causes),
    FIELD_WITH(rollout, slot, .max = LIMIT_WORKERS - 1),
    END,
};

static rows restart_rows = {
    {.name = "state",
        AT(fleet, restart.state),
        .type = SAVED_ENUM,
        .names = restart_states,
        .n = COUNT(restart_states)},
    INNER(fleet, restart, operation),
    INNER_WITH(fleet, restart, slot, .max = LIMIT_WORKERS - 1),
    INNER(fleet, restart, began_at),
    INNER(fleet, restart, deadline),
    END,
};

static rows scale_rows = {
    FIELD(fleet_scale, operation),
    FIELD_WITH(fleet_scale, from, .max = LIMIT_WORKERS),
    FIELD(fleet_scale, began_at),
    END,
};

const struct saved_field saved_slot = ELEMENT(fleet_slot, slot_rows);

static bool is_unused_slot(const struct saved *s, const void *element)
{
    struct fleet_slot unused = saved_unused_slot(&s->fleet);
    return saved_equal(&saved_slot, element, &unused);
}

static rows fleet_rows = {
    FIELD_WITH(fleet, n_workers, .max = LIMIT_WORKERS),
    FIELD_WITH(fleet, n_slots, .max = LIMIT_WORKERS),
    FIELD(fleet, stopping),
    FIELD(fleet, gone_told),
    ENUM(fleet, dependency, dependencies),
    FIELD(fleet, provider_down),
    FIELD_WITH(fleet, keeps_hung, .since = 2),
    FIELD_WITH(fleet, keeps_zombies, .since = 2),
    COUNTER(fleet, next_life),
    GROUP("restart", restart_rows),
    OBJECT(fleet, rollout, rollout_rows),
    OBJECT_SINCE(fleet, scale, scale_rows, 2),
    ARRAY(fleet, slots, saved_slot, is_unused_slot),
    END,
};

static rows connections_rows = {
    INNER(callers, connections, known),
    INNER_WITH(callers, connections, n, .max = INT32_MAX),
    END,
};
static rows tasks_rows = {
    INNER(callers, tasks, known),
    INNER_WITH(callers, tasks, n, .max = INT32_MAX),
    END,
};
static rows sessions_rows = {
    INNER(callers, sessions, known),
    INNER_WITH(callers, sessions, n, .max = INT32_MAX),
    END,
};
static rows callers_rows = {
    GROUP("connections", connections_rows),
    GROUP("tasks", tasks_rows),
    GROUP("sessions", sessions_rows),
    END,
};

static rows known_at_rows = {
    INNER(drain, known_at, connections),
    INNER(drain, known_at, tasks),
    INNER(drain, known_at, sessions),
    END,
};

static rows drain_rows = {
    ENUM(drain, state, drain_states),
    FIELD(drain, stop_daemon),
    FIELD(drain, counting),
    FIELD(drain, counted),
    FIELD(drain, hurried),
    FIELD(drain, began_at),
    FIELD(drain, linger_until),
    FIELD(drain, deadline),
    FIELD(drain, count_began_at),
    FIELD(drain, next_count_at),
    OBJECT(drain, callers, callers_rows),
    GROUP("known_at", known_at_rows),
    FIELD(drain, waiting_for),
    FIELD(drain, cut),
    END,
};

static bool is_no_endpoint(const struct saved *s, const void *element)
{
    (void)s;
    const struct endpoint *ep = element;
    return ep->family == ENDPOINT_UNIX && ep->path[0] == '\0';
}

static const struct saved_field endpoint = {
    .size = sizeof(struct endpoint), .type = SAVED_ENDPOINT};

static rows shim_rows = {
    INNER(saved_process, shim, loaded),
    INNER(saved_process, shim, active),
    INNER(saved_process, shim, taken),
    INNER(saved_process, shim, closed),
    INNER(saved_process, shim, refused),
    INNER(saved_process, shim, other_port),
    END,
};

static rows process_rows = {
    FIELD(saved_process, pid),
    FIELD(saved_process, start_time),
    CHARS(saved_process, name),
    CHARS(saved_process, release),
    FIELD(saved_process, handover),
    ARRAY(saved_process, privates, endpoint, is_no_endpoint),
    FIELD_WITH(saved_process, n_privates, .max = LIMIT_LISTEN),
    GROUP("shim", shim_rows),
    END,
};

static const struct saved_field process = ELEMENT(saved_process, process_rows);

static bool is_no_process(const struct saved *s, const void *element)
{
    static const struct saved_process none;
    (void)s;
    return saved_equal(&process, element, &none);
}

static bool is_no_time(const struct saved *s, const void *element)
{
    (void)s;
    return *(const uint64_t *)element == 0;
}

static const struct saved_field phase = {.size = sizeof(uint64_t), .type = SAVED_U64};

static rows rollout_record_rows = {
    FIELD(saved_rollout, operation),
    FIELD(saved_rollout, running),
    FIELD(saved_rollout, reload),
    CHARS(saved_rollout, author),
    CHARS(saved_rollout, reason),
    FIELD(saved_rollout, from),
    FIELD(saved_rollout, to),
    CHARS(saved_rollout, release_from),
    CHARS(saved_rollout, release_to),
    FIELD(saved_rollout, began_at),
    FIELD(saved_rollout, since),
    {.name = "phases",
        .offset = offsetof(struct saved_rollout, phases),
        .size = sizeof(uint64_t),
        .type = SAVED_ARRAY,
        .n = ROLLOUT_STATE_COUNT,
        .names = rollout_states,
        .parts = &phase,
        .is_unused = is_no_time},
    END,
};

static rows wish_rows = {
    FIELD_WITH(saved_wish, workers, .max = LIMIT_WORKERS),
    FIELD_WITH(saved_wish, configured, .max = LIMIT_WORKERS),
    CHARS(saved_wish, author),
    CHARS(saved_wish, reason),
    FIELD(saved_wish, at_wall),
    END,
};

static rows remedy_rows = {
    CHARS(saved_remedy, subject),
    FIELD_WITH(saved_remedy, kind, .max = 2),
    ENUM(saved_remedy, state, remedy_states),
    FIELD_WITH(saved_remedy, unhelped, .max = REMEDY_TRIES),
    FIELD(saved_remedy, until),
    FIELD(saved_remedy, op),
    ARRAY(saved_remedy, done, phase, is_no_time),
    END,
};

static const struct saved_field remedy = ELEMENT(saved_remedy, remedy_rows);

static bool is_no_remedy(const struct saved *s, const void *element)
{
    (void)s;
    return ((const struct saved_remedy *)element)->subject[0] == '\0';
}

static rows document_rows = {
    CHARS(saved, boot_id),
    FIELD(saved, saved_at),
    FIELD(saved, started_wall),
    COUNTER(saved, resumes),
    FIELD(saved, ready_told),
    COUNTER(saved, operations),
    FIELD(saved, restart_op),
    FIELD(saved, reload_op),
    FIELD(saved, reload_accepted),
    FIELD(saved, reload_rolling_back),
    FIELD(saved, reload_failed),
    FIELD(saved, newest_op),
    FIELD(saved, upgrade_op),
    FIELD(saved, left),
    CHARS(saved, upgrade_author),
    CHARS(saved, upgrade_reason),
    CHARS(saved, daemon_version),
    CHARS(saved, fallback),
    OBJECT(saved, fleet, fleet_rows),
    OBJECT(saved, drain, drain_rows),
    OBJECT(saved, rollout, rollout_record_rows),
    OBJECT_SINCE(saved, wish, wish_rows, 2),
    OBJECT_SINCE(saved, wish_before, wish_rows, 2),
    ARRAY_SINCE(saved, remedies, remedy, is_no_remedy, 2),
    ARRAY(saved, processes, process, is_no_process),
    FIELD(saved, config),
    FIELD(saved, previous),
    END,
};

const struct saved_field saved_document = ELEMENT(saved, document_rows);
