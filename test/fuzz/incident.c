/* Any bytes as an incident on disk: refused with a reason, or what is written of it reads the same.
 */
#include "fuzz.h"

#include "base/text.h"
#include "core/incidents/incident_record.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

static void check(bool holds)
{
    if (!holds)
        abort();
}

static char *written(const struct incident_record *r)
{
    struct cJSON *json = incident_record_json(r, INCIDENT_WHOLE, 0);
    char *text = cJSON_PrintUnformatted(json);
    cJSON_Delete(json);
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err e = {0};
    struct incident_record *first = incident_record_read((const char *)data, size, &e);
    if (!first) {
        check(e.code < 0 && e.msg[0]);
        return 0;
    }
    check(incident_record_is_name(first->id));
    check(first->n_timeline <= INCIDENT_TIMELINE_MAX);
    check(strlen(first->subject) < INCIDENT_SUBJECT_MAX);
    char *text = written(first);
    struct incident_record *second = incident_record_read(text, strlen(text), &e);
    check(second && strcmp(second->id, first->id) == 0);
    check(second->n_timeline == first->n_timeline && second->condition == first->condition);
    check(second->machine.state == first->machine.state);
    free(text);
    incident_record_free(first);
    incident_record_free(second);
    return 0;
}
