/* What `voxkeeper status` shows. */
#include "daemon/status.h"

#include "base/timestamp.h"
#include "build_config.h"
#include "daemon/daemon.h"
#include "daemon/incidents/incidents.h"
#include "daemon/incidents/notifier.h"
#include "daemon/status_callers.h"
#include "daemon/succession/memory.h"
#include "daemon/sweep/sweeps.h"
#include "daemon/verbs/verb_scale.h"
#include "daemon/workers/connections.h"
#include "daemon/workers/drainer.h"
#include "daemon/workers/front.h"
#include "daemon/workers/supervisor.h"
#include "daemon/workers/worker_json.h"
#include "io/journal/journal.h"
#include "io/loop/loop.h"
#include "io/redis/redis_link.h"

#include <cjson/cJSON.h>
#include <unistd.h>

/* What Handover= has come to. */
static const char *handover_word(const struct daemon *d)
{
    switch (front_mode(d->front)) {
    case HANDOVER_NONE:
        return "none";
    case HANDOVER_LISTEN_FDS:
        return "listen-fds";
    case HANDOVER_PRELOAD:
        return "preload";
    }
    return "";
}

/* With overlap any slot may serve; the newest life that does says it. */
static const char *release_in_service(const struct daemon *d)
{
    const struct fleet *fleet = supervisor_fleet(d->supervisor);
    const struct slot *newest = NULL;
    for (unsigned i = 0; i < fleet->n_slots; i++) {
        const struct slot *slot = supervisor_slot(d->supervisor, i);
        if (slot && fleet->slots[i].worker.state == WORKER_SERVING &&
            (!newest || slot_generation(slot) > slot_generation(newest)))
            newest = slot;
    }
    return newest ? slot_release(newest) : "";
}

static struct cJSON *agent_json(const struct daemon *d)
{
    struct cJSON *o = cJSON_CreateObject();
    struct cJSON *listen = cJSON_AddArrayToObject(o, "listen");
    cJSON_AddStringToObject(o, "name", d->config->agent.name);
    cJSON_AddStringToObject(o, "release", release_in_service(d));
    cJSON_AddStringToObject(o, "handover", handover_word(d));
    cJSON_AddStringToObject(o, "handover_why", front_why(d->front));
    for (unsigned i = 0; i < d->config->agent.n_listen; i++) {
        char text[ENDPOINT_TEXT_MAX];
        cJSON_AddItemToArray(
            listen, cJSON_CreateString(endpoint_text(&d->config->agent.listen[i], text)));
    }
    return o;
}

/* Where descriptors are that outlive us, so that workers do. */
static struct cJSON *keep_json(const struct keep *keep)
{
    static const char *const places[] = {
        [KEEP_NOWHERE] = "nowhere", [KEEP_MANAGER] = "service manager", [KEEP_KEEPER] = "keeper"};
    struct cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "where", places[keep_where(keep)]);
    cJSON_AddNumberToObject(o, "descriptors", keep_count(keep));
    cJSON_AddNumberToObject(o, "untold", keep_waiting(keep));
    return o;
}

static struct cJSON *daemon_json(const struct daemon *d)
{
    char since[TIMESTAMP_TEXT_MAX];
    struct cJSON *o = cJSON_CreateObject();
    cJSON_AddNumberToObject(o, "pid", getpid());
    cJSON_AddStringToObject(o, "version", VOXKEEPER_VERSION);
    cJSON_AddStringToObject(o, "since", timestamp_format(d->started_wall, since));
    cJSON_AddNumberToObject(o, "uptime_usec", (double)usec_sub(loop_now(), d->started_at));
    cJSON_AddNumberToObject(o, "resumes", (double)memory_resumes(d->memory));
    cJSON_AddItemToObject(o, "keep", keep_json(memory_keep(d->memory)));
    return o;
}

static struct cJSON *drain_json(const struct daemon *d)
{
    const struct drain *drain = drainer_state(d->drainer);
    struct cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "state", drain_state_name(drain->state));
    cJSON_AddNumberToObject(o, "waiting_for", (double)drain->waiting_for);
    bool limited = drain->state == DRAIN_LINGERING || drain->state == DRAIN_WAITING;
    if (limited && drain->deadline != USEC_INFINITY)
        cJSON_AddNumberToObject(o, "left_usec", (double)usec_sub(drain->deadline, loop_now()));
    else
        cJSON_AddNullToObject(o, "left_usec");
    return o;
}

static struct cJSON *redis_json(const struct daemon *d)
{
    if (!d->redis)
        return cJSON_CreateNull();
    struct cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "state", redis_link_state_name(redis_link_state(d->redis)));
    cJSON_AddStringToObject(o, "why", redis_link_why(d->redis));
    cJSON_AddStringToObject(o, "address", redis_link_address(d->redis));
    cJSON_AddNumberToObject(o, "ping_usec", (double)redis_link_ping_latency(d->redis));
    cJSON_AddNumberToObject(o, "connects", (double)redis_link_connects(d->redis));
    return o;
}

static struct cJSON *config_json(const struct daemon *d)
{
    char at[TIMESTAMP_TEXT_MAX];
    struct cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "path", d->config_path);
    cJSON_AddStringToObject(o, "runbook_url", d->config->admin.runbook_url);
    cJSON_AddStringToObject(o, "loaded_at", timestamp_format(d->config_loaded_wall, at));
    return o;
}

/* One word for the whole. */
static const char *state_word(const struct daemon *d)
{
    const struct fleet *fleet = supervisor_fleet(d->supervisor);
    unsigned serving = fleet_answering(fleet);
    switch (drainer_state(d->drainer)->state) {
    case DRAIN_LINGERING:
    case DRAIN_WAITING:
    case DRAIN_STOPPING:
        return "draining";
    case DRAIN_DRAINED:
        return "drained";
    case DRAIN_OPEN:
        break;
    }
    if (serving == 0)
        return d->ready_told ? "down" : "starting";
    bool redis_up = !d->redis || redis_link_state(d->redis) == REDIS_LINK_UP;
    bool all_up = redis_up && !fleet->provider_down;
    return serving < fleet_wanted(fleet) || !all_up ? "degraded" : "serving";
}

static struct cJSON *workers_json(const struct daemon *d)
{
    const struct fleet *fleet = supervisor_fleet(d->supervisor);
    struct cJSON *list = cJSON_CreateArray();
    usec_t age;
    const struct sock_connections *connections = connections_newest(d->connections, &age);
    connections_refresh(d->connections);
    for (unsigned i = 0; i < fleet->n_slots; i++) {
        const struct slot *slot = supervisor_slot(d->supervisor, i);
        /* With overlap a slot is no seat: an empty one says nothing. */
        if (!fleet->slots[i].wanted && fleet->slots[i].worker.state == WORKER_GONE)
            continue;
        cJSON_AddItemToArray(list, worker_json(&fleet->slots[i], slot, i, connections));
    }
    return list;
}

struct cJSON *status_workers_view(const struct daemon *d)
{
    struct cJSON *o = cJSON_CreateObject();
    cJSON_AddItemToObject(o, "workers", workers_json(d));
    return o;
}

struct cJSON *status_json(const struct daemon *d)
{
    char why[256];
    const struct fleet *fleet = supervisor_fleet(d->supervisor);
    struct cJSON *o = cJSON_CreateObject();
    cJSON_AddItemToObject(o, "agent", agent_json(d));
    cJSON_AddItemToObject(o, "daemon", daemon_json(d));
    cJSON_AddStringToObject(o, "state", state_word(d));
    cJSON_AddBoolToObject(o, "ready", daemon_is_ready(d, why, sizeof why));
    cJSON_AddStringToObject(o, "why", why);
    struct cJSON *workers = cJSON_AddObjectToObject(o, "workers");
    cJSON_AddNumberToObject(workers, "wanted", fleet_wanted(fleet));
    cJSON_AddNumberToObject(workers, "configured", d->config->agent.workers);
    cJSON_AddNumberToObject(workers, "serving", fleet_answering(fleet));
    cJSON_AddItemToObject(workers, "scale", verb_scale_json(d));
    cJSON_AddItemToObject(workers, "list", workers_json(d));
    cJSON_AddItemToObject(o, "callers", status_callers_json(d));
    cJSON_AddItemToObject(o, "drain", drain_json(d));
    struct cJSON *restart = cJSON_AddObjectToObject(o, "restart");
    cJSON_AddBoolToObject(restart, "running", d->restart_op != 0 || d->reload.op != 0);
    cJSON_AddItemToObject(o, "rollout", rollout_record_json(d, false));
    struct cJSON *dependency = cJSON_AddObjectToObject(o, "dependency");
    cJSON_AddItemToObject(dependency, "redis", redis_json(d));
    cJSON_AddBoolToObject(dependency, "provider_down", fleet->provider_down);
    cJSON_AddItemToObject(o, "sweep", d->sweeps ? sweeps_json(d->sweeps) : cJSON_CreateNull());
    struct cJSON *incidents = incidents_json(d->incidents, true);
    cJSON_AddItemToObject(o, "incidents", cJSON_DetachItemFromObject(incidents, "incidents"));
    cJSON_Delete(incidents);
    cJSON_AddItemToObject(o, "config", config_json(d));
    cJSON_AddItemToObject(o, "alerts", notifier_json(d->notifier));
    struct cJSON *log = cJSON_AddObjectToObject(o, "log");
    cJSON_AddNumberToObject(log, "dropped", (double)journal_dropped());
    return o;
}
