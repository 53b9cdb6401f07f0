/* RS256: the signature of a JSON Web Token, by nettle. */
#pragma once

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

enum {
    RS256_SEED = 32,     /* random bytes that a signature takes, so that its time tells nothing */
    RS256_TEXT_MAX = 700 /* of a key of 4096 bits, with the NUL */
};

/*
 * Signs with the RSA key of a PEM text (`BEGIN PRIVATE KEY`, PKCS #8, at most 4096 bits). *out is
 * base64url without padding. Returns 0, or -EINVAL with *e, which quotes nothing of the key; no
 * copy of the key is left behind.
 */
int rs256_sign(const char *pem, const char *message, const uint8_t seed[RS256_SEED],
    char out[RS256_TEXT_MAX], struct err *e);
