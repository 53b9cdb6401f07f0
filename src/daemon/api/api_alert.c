/* The paths about alerts. */
#include "daemon/api/api_parts.h"
#include "daemon/daemon.h"
#include "daemon/incidents/notifier.h"

void api_get_silence(const struct api_exchange *x)
{
    api_answer_json(x, 200, notifier_silence_json(x->daemon->notifier));
}

struct operation *api_do_silence(
    struct daemon *d, const struct verb_asker *asker, const struct api_body *body, struct err *e)
{
    return verb_silence(d, asker, &body->alert, e);
}

struct operation *api_do_alert_test(
    struct daemon *d, const struct verb_asker *asker, const struct api_body *body, struct err *e)
{
    return verb_alert_test(d, asker, &body->alert, e);
}
