/* Metrics of credentials: ages, and what providers say. */
#include "daemon/metrics/metrics_parts.h"

#include "daemon/credentials/credentials.h"

void metrics_write_credentials(const struct daemon *d, struct exposition *x)
{
    struct credential_view v;
    exposition_family(x, METRIC_CREDENTIAL_AGE);
    for (unsigned i = 0; credentials_at(d->credentials, i, &v); i++) {
        if (v.known)
            exposition_seconds(x, METRIC_LABELS(v.name), v.age);
        else
            exposition_unknown(x, METRIC_LABELS(v.name));
    }
    exposition_family(x, METRIC_CREDENTIAL_ROTATE_AFTER);
    for (unsigned i = 0; credentials_at(d->credentials, i, &v); i++) {
        if (v.rotate_after != USEC_INFINITY)
            exposition_seconds(x, METRIC_LABELS(v.name), v.rotate_after);
    }
    exposition_family(x, METRIC_PROVIDER_KEY_VALID);
    for (unsigned i = 0; credentials_at(d->credentials, i, &v); i++) {
        if (v.judged)
            exposition_count(x, METRIC_LABELS(v.provider, v.name), v.valid);
    }
    exposition_family(x, METRIC_PROVIDER_QUOTA);
    for (unsigned i = 0; credentials_at(d->credentials, i, &v); i++) {
        if (v.counted)
            exposition_count(
                x, METRIC_LABELS(v.provider, v.name), v.quota > 0 ? (uint64_t)v.quota : 0);
    }
    exposition_family(x, METRIC_PROVIDER_KEY_EXPIRY);
    for (unsigned i = 0; credentials_at(d->credentials, i, &v); i++) {
        if (v.expires > 0)
            exposition_seconds(x, METRIC_LABELS(v.provider, v.name), v.expires);
    }
}
