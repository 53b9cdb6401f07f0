/* The path of the doctor. */
#include "daemon/api/api_parts.h"
#include "daemon/verbs/verb_doctor.h"

struct operation *api_do_doctor(
    struct daemon *d, const struct verb_asker *asker, const struct api_body *body, struct err *e)
{
    return verb_doctor(d, asker, body->suppressed, e);
}
