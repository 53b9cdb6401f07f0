/* The paths about the checklist before a deployment. */
#include "daemon/api/api_parts.h"
#include "daemon/daemon.h"
#include "daemon/preflight/preflight_monitor.h"
#include "daemon/verbs/verb_preflight.h"

#include <cjson/cJSON.h>

struct operation *api_do_preflight(
    struct daemon *d, const struct verb_asker *asker, const struct api_body *body, struct err *e)
{
    return verb_preflight(d, asker, &body->preflight, e);
}

/* An alert that nobody waits for any more is no mistake of Alertmanager's, which would count it. */
void api_post_echo(const struct api_exchange *x)
{
    struct cJSON *o;
    int seen = preflight_monitor_echo(
        preflight_gate_monitor(x->daemon->preflight), x->request->body, x->request->body_len);
    if (seen < 0) {
        api_answer_error(x, 400, "bad-request", "this is not what Alertmanager sends to a webhook");
        return;
    }
    o = cJSON_CreateObject();
    cJSON_AddBoolToObject(o, "seen", seen > 0);
    api_answer_json(x, 200, o);
}
