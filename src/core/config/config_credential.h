/* [Credential NAME]: where a secret of the workers is, and what is done with it. */
#pragma once

#include "base/span.h"
#include "core/fleet/provider.h"

/* Holds no secret: only where it is. */
struct config_credential {
    char *name;
    char *file;        /* absolute, or a name in $CREDENTIALS_DIRECTORY */
    char *environment; /* variable of the workers that gets it; NULL: none */
    enum provider provider;
    char *base_url;        /* NULL: the provider's own */
    char *url;             /* PROVIDER_HTTP */
    char *header;          /* PROVIDER_HTTP: what stands before the value, with the header's name */
    char *quota_json;      /* PROVIDER_HTTP: where its answer tells what is left; NULL */
    char *expiry_json;     /* PROVIDER_HTTP: and until when the value is good; NULL */
    char *account;         /* PROVIDER_TWILIO */
    char *ca_file;         /* NULL: the system's authorities */
    usec_t rotate_after;   /* USEC_INFINITY: never */
    usec_t check_interval; /* USEC_INFINITY: only when it changes */
    double min_quota;
};
