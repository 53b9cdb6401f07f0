/* The paths about incidents. */
#include "daemon/api_parts.h"
#include "daemon/daemon.h"
#include "daemon/incidents.h"
#include "daemon/operation.h"
#include "io/loop.h"
#include "voxkeeper/control.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <string.h>

void api_get_incidents(const struct api_exchange *x)
{
    const char *open = http_server_query(x->request, "open");
    api_answer_json(x, 200, incidents_json(x->daemon->incidents, open && strcmp(open, "1") == 0));
}

void api_get_incident(const struct api_exchange *x)
{
    const struct daemon *d = x->daemon;
    const char *id = x->request->path + strlen(VK_API_INCIDENTS) + 1;
    const struct incident_record *record = incidents_find(d->incidents, id);
    if (!record) {
        api_answer_error(x, 404, "no-such-incident",
            "no incident has this id, or it was over too long ago to be remembered");
        return;
    }
    struct cJSON *o = incident_record_json(record, true, loop_wall_now());
    cJSON_AddStringToObject(o, "agent", d->config->agent.name);
    cJSON_AddStringToObject(o, "runbook_url", d->config->admin.runbook_url);
    struct cJSON *cost = cJSON_AddObjectToObject(o, "cost");
    cJSON_AddNumberToObject(cost, "session_value", d->config->cost.session_value);
    cJSON_AddStringToObject(cost, "currency", d->config->cost.currency);
    api_answer_json(x, 200, o);
}

struct operation *api_do_acknowledge(
    struct daemon *d, const struct verb_asker *asker, const struct api_body *body, struct err *e)
{
    const char *action = strrchr(body->below, '/');
    char id[INCIDENT_ID_MAX] = "";
    size_t len = action ? (size_t)(action - body->below) : 0;
    if (!action || strcmp(action, VK_API_ACKNOWLEDGE) != 0 || len >= sizeof id) {
        err_set(e, -EINVAL, "posting to \"%.100s\": an incident can be acknowledged, nothing else",
            body->below);
        return NULL;
    }
    memcpy(id, body->below, len);
    struct operation *op = verb_begin(d, "acknowledge", asker, e);
    if (!op)
        return NULL;
    if (incidents_acknowledge(d->incidents, id, asker->author, asker->reason, e) < 0) {
        operation_end(op, OPERATION_FAILED, "%s", e->msg);
        return NULL;
    }
    operation_end(op, OPERATION_DONE, "%s is acknowledged", id);
    return op;
}
