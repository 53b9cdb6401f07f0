/* The paths about incidents. */
#include "base/timestamp.h"
#include "core/json_scan.h"
#include "daemon/api/api_parts.h"
#include "daemon/daemon.h"
#include "daemon/incidents/incidents.h"
#include "daemon/verbs/operation.h"
#include "io/files/files.h"
#include "io/loop/loop.h"
#include "voxkeeper/control.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHANGES_BEFORE (2 * USEC_PER_HOUR)
enum { CHANGES_BYTES_MAX = 256 * 1024 };

void api_get_incidents(const struct api_exchange *x)
{
    const char *open = http_server_query(x->request, "open");
    api_answer_json(x, 200, incidents_json(x->daemon->incidents, open && strcmp(open, "1") == 0));
}

/* Takes `change`; keeps what was changed in the two hours before. */
static void add_change(struct cJSON *changes, struct cJSON *change, usec_t began)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(change, "time"));
    usec_t at = 0;
    bool fits = text && timestamp_parse(text, strlen(text), &at) == 0 && at <= began &&
                usec_sub(began, at) <= CHANGES_BEFORE;
    if (fits)
        cJSON_AddItemToArray(changes, change);
    else
        cJSON_Delete(change);
}

/* Lines that are none of the change log's are passed over. */
static struct cJSON *changes_json(const struct daemon *d, usec_t began)
{
    struct err e = {0};
    struct strbuf path = STRBUF_INIT;
    struct cJSON *changes = cJSON_CreateArray();
    char *text = NULL;
    size_t len = 0;
    strbuf_addf(&path, "%s/changelog.jsonl", d->config->admin.state_directory);
    int r = files_read_end(strbuf_text(&path), CHANGES_BYTES_MAX, &text, &len, &e);
    strbuf_fini(&path);
    if (r < 0)
        return changes; /* nothing was ever changed, or it cannot be known */
    for (char *line = text, *end; line < text + len; line = end + 1) {
        end = strchrnul(line, '\n');
        size_t used = json_scan_value(line, (size_t)(end - line));
        add_change(changes, used ? cJSON_ParseWithLength(line, used) : NULL, began);
    }
    free(text);
    return changes;
}

void api_get_incident(const struct api_exchange *x)
{
    const struct daemon *d = x->daemon;
    const char *id = x->request->path + strlen(VK_API_INCIDENTS) + 1;
    const struct incident_record *record = incidents_find(d->incidents, id);
    if (!record) {
        char why[160];
        snprintf(why, sizeof why,
            "no incident is \"%.60s\", or it was over too long ago to be remembered; see: "
            "voxkeeper incidents",
            id);
        api_answer_error(x, 404, "no-such-incident", why);
        return;
    }
    struct cJSON *o = incident_record_json(
        record, api_may_change(x) ? INCIDENT_WHOLE : INCIDENT_FOR_ALL, loop_wall_now());
    cJSON_AddStringToObject(o, "agent", d->config->agent.name);
    cJSON_AddStringToObject(o, "runbook_url", d->config->admin.runbook_url);
    struct cJSON *cost = cJSON_AddObjectToObject(o, "cost");
    cJSON_AddNumberToObject(cost, "session_value", d->config->cost.session_value);
    cJSON_AddStringToObject(cost, "currency", d->config->cost.currency);
    cJSON_AddItemToObject(o, "changes", changes_json(d, record->began_wall));
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
