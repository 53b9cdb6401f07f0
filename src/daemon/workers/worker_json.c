/* One worker as JSON. */
#include "daemon/workers/worker_json.h"

#include "daemon/workers/said.h"
#include "io/child/procinfo.h"
#include "io/loop/loop.h"

#include <cjson/cJSON.h>

static void add_process(struct cJSON *o, const struct fleet_slot *state, const struct slot *slot)
{
    struct procinfo info = {0};
    bool alive = state->worker.alive && slot && procinfo_read(slot_pid(slot), &info) == 0;
    if (!alive) {
        cJSON_AddNullToObject(o, "pid");
        cJSON_AddNullToObject(o, "uptime_usec");
        cJSON_AddNullToObject(o, "rss_bytes");
        return;
    }
    cJSON_AddNumberToObject(o, "pid", slot_pid(slot));
    cJSON_AddNumberToObject(
        o, "uptime_usec", (double)usec_sub(loop_now(), state->worker.started_at));
    cJSON_AddNumberToObject(o, "rss_bytes", (double)info.resident_bytes);
    cJSON_AddNumberToObject(o, "cpu_usec", (double)info.cpu_usec);
    cJSON_AddNumberToObject(o, "threads", info.threads);
    cJSON_AddNumberToObject(o, "descriptors", info.descriptors);
}

static void add_connections(
    struct cJSON *o, const struct slot *slot, const struct sock_connections *connections)
{
    if (connections && slot && slot_pid(slot) > 0)
        cJSON_AddNumberToObject(o, "connections", (double)slot_connections(slot, connections));
    else
        cJSON_AddNullToObject(o, "connections");
}

static void add_health(struct cJSON *o, const struct fleet_slot *state, const struct slot *slot)
{
    const struct worker *w = &state->worker;
    cJSON_AddStringToObject(o, "health", prober_state_name(state->prober.state));
    cJSON_AddBoolToObject(o, "degraded", state->prober.degraded);
    if (w->verified_at > 0)
        cJSON_AddNumberToObject(
            o, "verified_after_usec", (double)usec_sub(w->verified_at, w->started_at));
    else
        cJSON_AddNullToObject(o, "verified_after_usec");
    if (!slot || slot_probe_took(slot) == 0) {
        cJSON_AddNullToObject(o, "last_probe");
        return;
    }
    struct cJSON *probe = cJSON_AddObjectToObject(o, "last_probe");
    cJSON_AddStringToObject(probe, "outcome", probe_outcome_name(slot_probe_outcome(slot)));
    cJSON_AddStringToObject(probe, "reason", slot_probe_reason(slot));
    cJSON_AddNumberToObject(probe, "took_usec", (double)slot_probe_took(slot));
}

static void add_restarts(struct cJSON *o, const struct fleet_slot *state)
{
    const struct restart *r = &state->restart;
    char exit[EXIT_STATUS_TEXT_MAX];
    cJSON_AddNumberToObject(o, "restarts", (double)r->restarts);
    cJSON_AddNumberToObject(o, "failures_in_row", r->failures_in_row);
    cJSON_AddBoolToObject(o, "looping", r->looping);
    if (r->next_at == USEC_INFINITY)
        cJSON_AddNullToObject(o, "retry_in_usec");
    else
        cJSON_AddNumberToObject(o, "retry_in_usec", (double)usec_sub(r->next_at, loop_now()));
    if (state->worker.state == WORKER_GONE && state->life > 0)
        cJSON_AddStringToObject(o, "exit", exit_status_text(state->worker.exit, exit));
    else
        cJSON_AddNullToObject(o, "exit");
}

static void add_said(struct cJSON *o, const struct slot *slot)
{
    const struct said *said = slot ? slot_said(slot) : NULL;
    if (!said) {
        cJSON_AddNullToObject(o, "says");
        return;
    }
    struct cJSON *says = cJSON_AddObjectToObject(o, "says");
    cJSON_AddStringToObject(says, "status", said_status(said));
    cJSON_AddNumberToObject(says, "errno", said_error(said));
    cJSON_AddNumberToObject(says, "ignored", (double)said_ignored(said));
}

struct cJSON *worker_json(const struct fleet_slot *state, const struct slot *slot, unsigned index,
    const struct sock_connections *connections)
{
    struct cJSON *o = cJSON_CreateObject();
    cJSON_AddNumberToObject(o, "slot", index + 1);
    cJSON_AddStringToObject(o, "state", worker_state_name(state->worker.state));
    cJSON_AddStringToObject(o, "cause", worker_cause_name(state->worker.cause));
    cJSON_AddNumberToObject(o, "life", (double)state->life);
    cJSON_AddNumberToObject(o, "generation", slot ? (double)slot_generation(slot) : 0);
    cJSON_AddStringToObject(o, "release", slot ? slot_release(slot) : "");
    add_process(o, state, slot);
    add_connections(o, slot, connections);
    add_health(o, state, slot);
    add_said(o, slot);
    add_restarts(o, state);
    cJSON_AddNumberToObject(o, "lines", slot ? (double)slot_lines(slot) : 0);
    cJSON_AddNumberToObject(o, "lines_dropped", slot ? (double)slot_lines_dropped(slot) : 0);
    return o;
}
