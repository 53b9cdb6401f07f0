/* How old values are, and who is told. */
#include "daemon/credentials/credentials_parts.h"

#include "base/timestamp.h"
#include "core/event.h"
#include "daemon/daemon.h"
#include "daemon/incidents/incidents.h"

/* Whose age counts. */
static bool is_next(const struct credential *one)
{
    return one->record.next.fingerprint[0] && one->rotation.state != ROTATION_ROLLING;
}

usec_t credential_age_now(const struct credential *one)
{
    const struct credential_record *r = &one->record;
    return usec_add(is_next(one) ? r->next.age : r->used.age, usec_sub(loop_now(), one->aged_at));
}

/* The age at which it is to be replaced: what RotateAfter= says, or when it ends by itself. */
static usec_t limit_of(const struct credential *one)
{
    usec_t limit = one->conf->rotate_after;
    usec_t end = usec_add(credential_age_now(one), usec_sub(one->expires, loop_wall_now()));
    return one->expires > 0 && end < limit ? end : limit;
}

static enum credential_age judge(const struct credential *one)
{
    usec_t limit = limit_of(one);
    usec_t age = credential_age_now(one);
    if (limit == USEC_INFINITY || !one->record.used.fingerprint[0])
        return CREDENTIAL_FRESH;
    if (age >= limit)
        return CREDENTIAL_OLD;
    return age >= credential_notice_age(limit) ? CREDENTIAL_DUE : CREDENTIAL_FRESH;
}

static void write_message(const struct credential *one, bool old, struct event *ev)
{
    char age[SPAN_TEXT_MAX];
    char limit[SPAN_TEXT_MAX];
    char end[TIMESTAMP_TEXT_MAX];
    span_format(credential_age_now(one) / USEC_PER_SEC * USEC_PER_SEC, age);
    span_format(one->conf->rotate_after, limit);
    if (limit_of(one) < one->conf->rotate_after)
        event_message(ev, "credential %s is %s old, and its provider says that it %s at %s",
            one->conf->name, age, old ? "ended" : "ends", timestamp_format(one->expires, end));
    else
        event_message(ev, "credential %s is %s old and %s after %s", one->conf->name, age,
            old ? "was to be replaced" : "is to be replaced", limit);
}

/* Whoever looks after incidents hears of it from each instance, everybody else once. */
static void tell(const struct credential *one, enum event_id id, bool news)
{
    struct event ev;
    event_init(&ev, id);
    write_message(one, id == EVENT_CREDENTIAL_OLD, &ev);
    event_field(&ev, "VOXKEEPER_CREDENTIAL", "%s", one->conf->name);
    event_field(&ev, "VOXKEEPER_AGE_SEC", "%llu",
        (unsigned long long)(credential_age_now(one) / USEC_PER_SEC));
    if (news)
        event_emit(&ev);
    incidents_raise(one->all->daemon->incidents, CONDITION_CREDENTIAL_OLD, one->conf->name,
        strbuf_text(&ev.message));
    event_fini(&ev);
}

/* Until its provider has said when it ends, it may be older than it seems. */
static bool is_certain(const struct credential *one)
{
    return one->conf->provider == PROVIDER_NONE || one->judged;
}

void credential_age_look(struct credential *one)
{
    struct credential_record *r = &one->record;
    enum credential_age age = judge(one);
    enum credential_age *told = is_next(one) ? &r->next.told : &r->used.told;
    if (age == CREDENTIAL_FRESH && one->told_age != age)
        incidents_clear(one->all->daemon->incidents, CONDITION_CREDENTIAL_OLD, one->conf->name,
            "it was replaced, or may be older now");
    if (age > one->told_age)
        tell(one, age == CREDENTIAL_OLD ? EVENT_CREDENTIAL_OLD : EVENT_CREDENTIAL_DUE, age > *told);
    one->told_age = age;
    if (age > *told || (age < *told && is_certain(one))) {
        *told = age;
        credentials_save(one->all);
    }
}
