/* Asking providers: about a candidate once, about what is in use again and again. */
#include "daemon/credentials/credentials_parts.h"

#include "daemon/credentials/provider_check.h"
#include "daemon/daemon.h"
#include "daemon/incidents/incidents.h"

#include <stdio.h>
#include <sys/random.h>

/* Between half and one and a half of it. */
static usec_t with_jitter(usec_t interval)
{
    unsigned value = 0;
    if (interval == USEC_INFINITY || getrandom(&value, sizeof value, GRND_NONBLOCK) < 0)
        return interval;
    return interval / 2 + interval / 1000 * (value % 1001);
}

static const char *in_use(const struct credential *one)
{
    return one->record.next.fingerprint[0] ? one->secrets->next : one->secrets->used;
}

static void note_validity(struct credential *one, const struct provider_reading *r)
{
    struct incidents *incidents = one->all->daemon->incidents;
    bool bad = r->verdict == PROVIDER_SAYS_INVALID || r->verdict == PROVIDER_SAYS_NO_CREDIT;
    bool was_bad = one->judged && !one->valid;
    char words[PROVIDER_WORDS_MAX + 80];
    if (r->verdict == PROVIDER_SAYS_UNREACHABLE)
        return;
    one->judged = true;
    one->valid = !bad;
    snprintf(words, sizeof words, "%s says that the value in use is %s: %s",
        provider_name(one->conf->provider), provider_verdict_name(r->verdict), r->words);
    if (bad && !was_bad)
        credential_tell(one, EVENT_CREDENTIAL_INVALID, "", r->words,
            r->verdict == PROVIDER_SAYS_INVALID ? "its provider refuses the value in use"
                                                : "its provider has no credit left for it");
    if (bad)
        incidents_raise(incidents, CONDITION_CREDENTIAL_INVALID, one->conf->name, words);
    else
        incidents_clear(incidents, CONDITION_CREDENTIAL_INVALID, one->conf->name, words);
}

static void note_quota(struct credential *one, const struct provider_reading *r)
{
    struct incidents *incidents = one->all->daemon->incidents;
    char words[120];
    if (!r->counted)
        return;
    one->counted = true;
    one->quota = r->quota;
    bool low = one->conf->min_quota > 0 && r->quota < one->conf->min_quota;
    snprintf(words, sizeof words, "%.2f are left at %s, MinQuota= is %.2f", r->quota,
        provider_name(one->conf->provider), one->conf->min_quota);
    if (low && !one->low)
        credential_tell(
            one, EVENT_CREDENTIAL_LOW, "", words, "its provider has little left for it");
    if (low)
        incidents_raise(incidents, CONDITION_CREDENTIAL_LOW, one->conf->name, words);
    else
        incidents_clear(incidents, CONDITION_CREDENTIAL_LOW, one->conf->name, words);
    one->low = low;
}

static enum rotation_event_type verdict_of(enum provider_verdict verdict)
{
    switch (verdict) {
    case PROVIDER_SAYS_OK:
    case PROVIDER_SAYS_NO_PERMISSION:
        return ROTATION_EV_GOOD;
    case PROVIDER_SAYS_INVALID:
    case PROVIDER_SAYS_NO_CREDIT:
        return ROTATION_EV_BAD;
    case PROVIDER_SAYS_UNREACHABLE:
    case PROVIDER_SAYS_RATE_LIMITED:
        break;
    }
    return ROTATION_EV_UNKNOWN;
}

static void on_read(const struct provider_reading *reading, void *arg)
{
    struct credential *one = arg;
    struct provider_reading r = *reading;
    provider_check_free(one->check);
    one->check = NULL;
    if (one->checks_new) {
        snprintf(
            one->words, sizeof one->words, "%s: %s", provider_name(one->conf->provider), r.words);
        credential_rotate(one, verdict_of(r.verdict));
        return;
    }
    note_validity(one, &r);
    note_quota(one, &r);
    if (r.verdict == PROVIDER_SAYS_OK)
        one->expires = r.expires;
}

static void begin(struct credential *one, const char *value, bool is_new)
{
    const struct daemon *d = one->all->daemon;
    credential_check_forget(one);
    one->checks_new = is_new;
    one->check = provider_check_new(
        d->loop, d->http, one->conf, value, one->conf->min_quota > 0, on_read, one);
}

void credential_check_new(struct credential *one)
{
    begin(one, one->secrets->candidate, true);
    if (!one->check)
        credential_rotate(one, ROTATION_EV_UNKNOWN);
}

void credential_check_look(struct credential *one)
{
    if (one->conf->provider == PROVIDER_NONE || one->check || loop_now() < one->check_at ||
        !in_use(one)[0])
        return;
    one->check_at = usec_add(loop_now(), with_jitter(one->conf->check_interval));
    begin(one, in_use(one), false);
}

void credential_check_forget(struct credential *one)
{
    provider_check_free(one->check);
    one->check = NULL;
}
