/* SHA-256 as text. */
#pragma once

#include <stddef.h>

enum { DIGEST_TEXT = 65 }; /* 64 hex digits and a NUL */

void digest_text(const void *bytes, size_t len, char out[DIGEST_TEXT]);

/* HMAC-SHA-256: who has not the key can neither make it nor try values against it. */
void digest_keyed(
    const void *key, size_t key_len, const void *bytes, size_t len, char out[DIGEST_TEXT]);
