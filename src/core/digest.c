/* Digests, computed by nettle. */
#include "core/digest.h"

#include <nettle/hmac.h>
#include <nettle/sha2.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static void write_text(const uint8_t digest[SHA256_DIGEST_SIZE], char out[DIGEST_TEXT])
{
    for (size_t i = 0; i < SHA256_DIGEST_SIZE; i++)
        snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

void digest_text(const void *bytes, size_t len, char out[DIGEST_TEXT])
{
    struct sha256_ctx ctx;
    uint8_t digest[SHA256_DIGEST_SIZE];
    sha256_init(&ctx);
    sha256_update(&ctx, len, bytes);
    sha256_digest(&ctx, sizeof digest, digest);
    write_text(digest, out);
}

void digest_keyed(
    const void *key, size_t key_len, const void *bytes, size_t len, char out[DIGEST_TEXT])
{
    struct hmac_sha256_ctx ctx;
    uint8_t digest[SHA256_DIGEST_SIZE];
    hmac_sha256_set_key(&ctx, key_len, key);
    hmac_sha256_update(&ctx, len, bytes);
    hmac_sha256_digest(&ctx, sizeof digest, digest);
    explicit_bzero(&ctx, sizeof ctx);
    write_text(digest, out);
}
