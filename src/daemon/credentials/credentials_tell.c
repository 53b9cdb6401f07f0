/* What people hear of credentials. */
#include "daemon/credentials/credentials_parts.h"

#include "daemon/daemon.h"
#include "daemon/incidents/incidents.h"

void credential_tell(const struct credential *one, enum event_id id, const char *author,
    const char *reason, const char *message)
{
    struct event ev;
    event_init(&ev, id);
    event_message(
        &ev, "credential %s: %s%s%s", one->record.name, message, reason[0] ? ": " : "", reason);
    event_field(&ev, "VOXKEEPER_CREDENTIAL", "%s", one->record.name);
    event_field_text(&ev, "VOXKEEPER_REASON", reason);
    event_field_text(&ev, "VOXKEEPER_AUTHOR", author);
    event_emit(&ev);
    event_fini(&ev);
}

void credential_clear(const struct credential *one, const char *words)
{
    static const enum condition conditions[] = {CONDITION_CREDENTIAL_OLD,
        CONDITION_CREDENTIAL_REFUSED, CONDITION_CREDENTIAL_INVALID, CONDITION_CREDENTIAL_LOW};
    for (size_t i = 0; i < sizeof conditions / sizeof *conditions; i++)
        incidents_clear(one->all->daemon->incidents, conditions[i], one->record.name, words);
}
