/* What a provider's answer means before a deployment. */
#include "core/preflight/preflight_provider.h"

#include "base/timestamp.h"

static const char *meaning(enum provider_verdict verdict)
{
    switch (verdict) {
    case PROVIDER_SAYS_OK:
        return "takes it";
    case PROVIDER_SAYS_NO_PERMISSION:
        return "knows it, and lets it ask for nothing more";
    case PROVIDER_SAYS_INVALID:
        return "refuses it";
    case PROVIDER_SAYS_NO_CREDIT:
        return "has no credit left for it";
    case PROVIDER_SAYS_RATE_LIMITED:
        return "did not say whether it is good, it is asked too often";
    case PROVIDER_SAYS_UNREACHABLE:
        break;
    }
    return "did not say whether it is good";
}

/* Characters are whole, money is not. */
static int digits(double number)
{
    return number == (double)(long long)number ? 0 : 2;
}

static void note_quota(const struct config_credential *conf, const struct provider_reading *r,
    struct preflight *p, unsigned row)
{
    double min = conf->min_quota;
    bool enough = r->quota >= min;
    if (r->counted && min > 0)
        preflight_note(p, row, enough, "%.*f are left, MinQuota= is %.*f", digits(r->quota),
            r->quota, digits(min), min);
    else if (r->counted)
        preflight_note(p, row, true, "%.*f are left", digits(r->quota), r->quota);
    else if (min > 0)
        preflight_note(
            p, row, false, "it does not say how much is left, MinQuota= is %.*f", digits(min), min);
}

static void note_expiry(
    const struct provider_reading *r, usec_t now_wall, struct preflight *p, unsigned row)
{
    char at[TIMESTAMP_TEXT_MAX];
    bool good = r->expires > now_wall;
    if (r->expires > 0)
        preflight_note(p, row, good, "it %s good until %s", good ? "is" : "was",
            timestamp_format(r->expires, at));
}

void preflight_provider(const struct config_credential *conf, const struct provider_reading *r,
    usec_t now_wall, struct preflight *p, unsigned row)
{
    bool good = r->verdict == PROVIDER_SAYS_OK || r->verdict == PROVIDER_SAYS_NO_PERMISSION;
    preflight_note(
        p, row, good, "%s %s: %s", provider_name(conf->provider), meaning(r->verdict), r->words);
    if (!good)
        return;
    note_quota(conf, r, p, row);
    note_expiry(r, now_wall, p, row);
}
