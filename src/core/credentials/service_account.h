/*
 * Key files of Google's service accounts: JSON with a private key, which is never sent. What is
 * sent instead is an assertion that it signed, and a token comes back; that shows that the key is
 * good, and costs and changes nothing. Pure: the time and the random bytes come with the call.
 */
#pragma once

#include "base/err.h"
#include "base/span.h"
#include "core/credentials/rs256.h"

#include <stdbool.h>

enum {
    SERVICE_ACCOUNT_URL_MAX = 512,
    SERVICE_ACCOUNT_BODY_MAX = 4096 /* of the request */
};

/* Whether a value is meant to be one: it begins as JSON does. */
bool service_account_looks_like(const char *value);

struct service_account_ask {
    usec_t wall;
    uint8_t seed[RS256_SEED]; /* fresh ones each time */
};

/*
 * Writes the address where tokens are given out, and the form to POST there. Returns 0, or -EINVAL
 * with *e, which says what is wrong with the value and quotes nothing secret.
 */
int service_account_write(const char *value, const struct service_account_ask *ask,
    char out_url[SERVICE_ACCOUNT_URL_MAX], char out_body[SERVICE_ACCOUNT_BODY_MAX], struct err *e);
