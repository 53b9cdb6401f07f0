/* How old values are, and who is told. */
#include "daemon/credentials/credentials_parts.h"

#include "core/event.h"
#include "daemon/daemon.h"
#include "daemon/incidents/incidents.h"

usec_t credential_age_now(const struct credential *one)
{
    const struct credential_record *r = &one->record;
    bool newer = r->next.fingerprint[0] && one->rotation.state != ROTATION_ROLLING;
    return usec_add(newer ? r->next.age : r->used.age, usec_sub(loop_now(), one->aged_at));
}

static enum credential_age judge(const struct credential *one)
{
    usec_t rotate_after = one->conf->rotate_after;
    usec_t age = credential_age_now(one);
    if (rotate_after == USEC_INFINITY || !one->record.used.fingerprint[0])
        return CREDENTIAL_FRESH;
    if (age >= rotate_after)
        return CREDENTIAL_OLD;
    return age >= credential_notice_age(rotate_after) ? CREDENTIAL_DUE : CREDENTIAL_FRESH;
}

static void tell(const struct credential *one, enum event_id id)
{
    char age[SPAN_TEXT_MAX];
    char limit[SPAN_TEXT_MAX];
    struct event ev;
    bool old = id == EVENT_CREDENTIAL_OLD;
    event_init(&ev, id);
    span_format(credential_age_now(one) / USEC_PER_SEC * USEC_PER_SEC, age);
    span_format(one->conf->rotate_after, limit);
    event_message(&ev, "credential %s is %s old and %s after %s", one->conf->name, age,
        old ? "was to be replaced" : "is to be replaced", limit);
    event_field(&ev, "VOXKEEPER_CREDENTIAL", "%s", one->conf->name);
    event_field(&ev, "VOXKEEPER_AGE_SEC", "%llu",
        (unsigned long long)(credential_age_now(one) / USEC_PER_SEC));
    event_emit(&ev);
    if (old)
        incidents_raise(one->all->daemon->incidents, CONDITION_CREDENTIAL_OLD, one->conf->name,
            strbuf_text(&ev.message));
    event_fini(&ev);
}

void credential_age_look(struct credential *one)
{
    enum credential_age age = judge(one);
    if (age != CREDENTIAL_OLD && one->told_age != age)
        incidents_clear(one->all->daemon->incidents, CONDITION_CREDENTIAL_OLD, one->conf->name,
            "it was replaced, or may be older now");
    if (age > one->told_age)
        tell(one, age == CREDENTIAL_OLD ? EVENT_CREDENTIAL_OLD : EVENT_CREDENTIAL_DUE);
    one->told_age = age;
}
