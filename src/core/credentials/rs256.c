/* From PEM to a signature: base64, DER, RSA. */
#include "core/credentials/rs256.h"

#include <errno.h>
#include <limits.h> /* gmp.h, behind bignum.h, forgets it */
#include <nettle/asn1.h>
#include <nettle/base64.h>
#include <nettle/bignum.h>
#include <nettle/chacha.h>
#include <nettle/rsa.h>
#include <nettle/sha2.h>
#include <stdbool.h>
#include <string.h>

#define BEGIN "-----BEGIN PRIVATE KEY-----"
#define END "-----END PRIVATE KEY-----"
enum { BITS_MAX = 4096, BYTES_MAX = BITS_MAX / 8, DER_MAX = 4096 };

/* 1.2.840.113549.1.1.1, rsaEncryption */
static const uint8_t rsa_oid[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01};

struct key {
    struct rsa_public_key pub;
    struct rsa_private_key own;
};

static void wipe(mpz_t number)
{
    size_t n = mpz_size(number);
    if (n > 0)
        explicit_bzero(mpz_limbs_modify(number, (mp_size_t)n), n * sizeof(mp_limb_t));
    mpz_limbs_finish(number, 0);
}

static void key_init(struct key *key)
{
    rsa_public_key_init(&key->pub);
    rsa_private_key_init(&key->own);
}

static void key_fini(struct key *key)
{
    wipe(key->own.d);
    wipe(key->own.p);
    wipe(key->own.q);
    wipe(key->own.a);
    wipe(key->own.b);
    wipe(key->own.c);
    rsa_private_key_clear(&key->own);
    rsa_public_key_clear(&key->pub);
}

static int decode_pem(const char *pem, uint8_t der[DER_MAX], size_t *out_len, struct err *e)
{
    struct base64_decode_ctx ctx;
    const char *text = strstr(pem, BEGIN);
    const char *end = text ? strstr(text, END) : NULL;
    if (!end)
        return err_set(e, -EINVAL, "reading the private key: there is no \"" BEGIN "\"");
    text += sizeof BEGIN - 1;
    size_t len = (size_t)(end - text);
    base64_decode_init(&ctx);
    bool good = BASE64_DECODE_LENGTH(len) <= DER_MAX &&
                base64_decode_update(&ctx, out_len, der, len, text) && base64_decode_final(&ctx);
    explicit_bzero(&ctx, sizeof ctx);
    return good ? 0 : err_set(e, -EINVAL, "reading the private key: it is no base64");
}

/* PrivateKeyInfo: a version, which algorithm, and in a string of bytes what that one wants. */
static bool unwrap(struct asn1_der_iterator *info)
{
    struct asn1_der_iterator algorithm;
    return asn1_der_decode_constructed_last(info) == ASN1_ITERATOR_PRIMITIVE &&
           info->type == ASN1_INTEGER &&
           asn1_der_iterator_next(info) == ASN1_ITERATOR_CONSTRUCTED &&
           info->type == ASN1_SEQUENCE &&
           asn1_der_decode_constructed(info, &algorithm) == ASN1_ITERATOR_PRIMITIVE &&
           algorithm.type == ASN1_IDENTIFIER && algorithm.length == sizeof rsa_oid &&
           memcmp(algorithm.data, rsa_oid, sizeof rsa_oid) == 0 &&
           asn1_der_iterator_next(info) == ASN1_ITERATOR_PRIMITIVE &&
           info->type == ASN1_OCTETSTRING;
}

/* 0 < number < below */
static bool is_within(const mpz_t number, const mpz_t below)
{
    return mpz_sgn(number) > 0 && mpz_cmp(number, below) < 0;
}

/* nettle computes with the numbers of a file as if they belonged together: others would make it
 * write past the end of its memory. */
static bool belong_together(const struct key *key)
{
    const struct rsa_private_key *own = &key->own;
    mpz_t product;
    mpz_init(product);
    mpz_mul(product, own->p, own->q);
    bool good = mpz_cmp(product, key->pub.n) == 0 && own->size == key->pub.size &&
                own->size <= BYTES_MAX && mpz_odd_p(own->p) && mpz_odd_p(own->q) &&
                mpz_sizeinbase(own->p, 2) == mpz_sizeinbase(own->q, 2) &&
                is_within(own->a, own->p) && is_within(own->b, own->q) &&
                is_within(own->c, own->p) && mpz_odd_p(key->pub.e);
    if (good) {
        mpz_mul(product, own->c, own->q);
        mpz_mod(product, product, own->p);
        good = mpz_cmp_ui(product, 1) == 0;
    }
    wipe(product);
    mpz_clear(product);
    return good;
}

static int read_key(const char *pem, struct key *key, struct err *e)
{
    struct asn1_der_iterator info;
    uint8_t der[DER_MAX];
    size_t len = sizeof der;
    int r = decode_pem(pem, der, &len, e);
    if (r == 0 && !(asn1_der_iterator_first(&info, len, der) == ASN1_ITERATOR_CONSTRUCTED &&
                      info.type == ASN1_SEQUENCE && unwrap(&info) &&
                      rsa_keypair_from_der(&key->pub, &key->own, BITS_MAX, info.length, info.data)))
        r = err_set(e, -EINVAL, "reading the private key: it is no RSA key of at most %d bits",
            (int)BITS_MAX);
    explicit_bzero(der, sizeof der);
    if (r == 0 && !belong_together(key))
        r = err_set(e, -EINVAL, "reading the private key: its numbers do not belong together");
    return r;
}

static void stream(void *ctx, size_t len, uint8_t *out)
{
    memset(out, 0, len);
    chacha_crypt(ctx, len, out, out);
}

static void write_base64url(const uint8_t *bytes, size_t len, char *out)
{
    struct base64_encode_ctx ctx;
    base64url_encode_init(&ctx);
    size_t n = base64_encode_update(&ctx, out, len, bytes);
    n += base64_encode_final(&ctx, out + n);
    while (n > 0 && out[n - 1] == '=')
        n--;
    out[n] = '\0';
}

static bool sign(const struct key *key, const char *message, const uint8_t seed[RS256_SEED],
    uint8_t signature[BYTES_MAX])
{
    static const uint8_t nonce[CHACHA_NONCE_SIZE];
    struct sha256_ctx hash;
    struct chacha_ctx random;
    mpz_t number;
    sha256_init(&hash);
    sha256_update(&hash, strlen(message), (const uint8_t *)message);
    chacha_set_key(&random, seed);
    chacha_set_nonce(&random, nonce);
    mpz_init(number);
    bool done = rsa_sha256_sign_tr(&key->pub, &key->own, &random, stream, &hash, number);
    if (done)
        nettle_mpz_get_str_256(key->own.size, signature, number);
    mpz_clear(number);
    explicit_bzero(&random, sizeof random);
    return done;
}

int rs256_sign(const char *pem, const char *message, const uint8_t seed[RS256_SEED],
    char out[RS256_TEXT_MAX], struct err *e)
{
    struct key key;
    uint8_t signature[BYTES_MAX];
    key_init(&key);
    int r = read_key(pem, &key, e);
    if (r == 0 && !sign(&key, message, seed, signature))
        r = err_set(e, -EINVAL, "signing with the private key: its numbers do not belong together");
    if (r == 0)
        write_base64url(signature, key.own.size, out);
    key_fini(&key);
    return r;
}
