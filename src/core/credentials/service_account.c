/* JSON key files, and the assertion that asks for a token. */
#include "core/credentials/service_account.h"

#include "base/strbuf.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <nettle/base64.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOKEN_URL "https://oauth2.googleapis.com/token"
#define SCOPE "https://www.googleapis.com/auth/cloud-platform"
#define GRANT "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion="
enum {
    LIFE_SEC = 300,
    /* Clocks differ: what begins in their future is refused. */
    EARLIER_SEC = 30
};

bool service_account_looks_like(const char *value)
{
    return value[strspn(value, " \t\r\n")] == '{';
}

static const char *text_of(const struct cJSON *json, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, name));
    return text ? text : "";
}

static void add_base64url(struct strbuf *out, const char *text)
{
    size_t len = strlen(text);
    char *encoded = malloc(BASE64_ENCODE_LENGTH(len) + BASE64_ENCODE_FINAL_LENGTH);
    struct base64_encode_ctx ctx;
    if (!encoded) {
        out->failed = true;
        return;
    }
    base64url_encode_init(&ctx);
    size_t n = base64_encode_update(&ctx, encoded, len, (const uint8_t *)text);
    n += base64_encode_final(&ctx, encoded + n);
    while (n > 0 && encoded[n - 1] == '=')
        n--;
    strbuf_add(out, encoded, n);
    free(encoded);
}

static void add_object(struct strbuf *out, struct cJSON *object)
{
    char *text = cJSON_PrintUnformatted(object);
    if (text)
        add_base64url(out, text);
    else
        out->failed = true;
    cJSON_free(text);
    cJSON_Delete(object);
}

static struct cJSON *header(const struct cJSON *account)
{
    struct cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "alg", "RS256");
    cJSON_AddStringToObject(o, "typ", "JWT");
    if (text_of(account, "private_key_id")[0])
        cJSON_AddStringToObject(o, "kid", text_of(account, "private_key_id"));
    return o;
}

static struct cJSON *claims(const struct cJSON *account, const char *url, usec_t wall)
{
    struct cJSON *o = cJSON_CreateObject();
    double now = (double)(wall / USEC_PER_SEC);
    cJSON_AddStringToObject(o, "iss", text_of(account, "client_email"));
    cJSON_AddStringToObject(o, "scope", SCOPE);
    cJSON_AddStringToObject(o, "aud", url);
    cJSON_AddNumberToObject(o, "iat", now - EARLIER_SEC);
    cJSON_AddNumberToObject(o, "exp", now + LIFE_SEC);
    return o;
}

static int check(const struct cJSON *account, const char *url, struct err *e)
{
    const char *type = text_of(account, "type");
    if (!cJSON_IsObject(account))
        return err_set(e, -EINVAL, "the value begins as a JSON key file does and is no JSON");
    if (strcmp(type, "service_account") != 0)
        return err_set(e, -EINVAL,
            "the key file is of type \"%.40s\", not \"service_account\": make a key of a service "
            "account, as JSON",
            type);
    if (!text_of(account, "client_email")[0])
        return err_set(e, -EINVAL, "the key file has no client_email");
    if (!text_of(account, "private_key")[0])
        return err_set(e, -EINVAL, "the key file has no private_key");
    if (strncmp(url, "https://", 8) != 0 || strlen(url) >= SERVICE_ACCOUNT_URL_MAX)
        return err_set(e, -EINVAL, "the token_uri of the key file is no address of https");
    return 0;
}

static int write_body(const struct cJSON *account, const char *url,
    const struct service_account_ask *ask, char out[SERVICE_ACCOUNT_BODY_MAX], struct err *e)
{
    struct strbuf signed_part = STRBUF_INIT;
    char signature[RS256_TEXT_MAX];
    add_object(&signed_part, header(account));
    strbuf_addc(&signed_part, '.');
    add_object(&signed_part, claims(account, url, ask->wall));
    int r = signed_part.failed ? err_sys(e, -ENOMEM, "writing an assertion")
                               : rs256_sign(text_of(account, "private_key"),
                                     strbuf_text(&signed_part), ask->seed, signature, e);
    if (r == 0 && snprintf(out, SERVICE_ACCOUNT_BODY_MAX, "%s%s.%s", GRANT,
                      strbuf_text(&signed_part), signature) >= SERVICE_ACCOUNT_BODY_MAX)
        r = err_set(e, -EINVAL, "the client_email of the key file is too long");
    if (r < 0)
        out[0] = '\0';
    strbuf_fini(&signed_part);
    return r;
}

int service_account_write(const char *value, const struct service_account_ask *ask,
    char out_url[SERVICE_ACCOUNT_URL_MAX], char out_body[SERVICE_ACCOUNT_BODY_MAX], struct err *e)
{
    struct cJSON *account = cJSON_Parse(value);
    const char *url = text_of(account, "token_uri");
    char *key = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(account, "private_key"));
    if (!url[0])
        url = TOKEN_URL;
    int r = check(account, url, e);
    if (r == 0)
        r = write_body(account, url, ask, out_body, e);
    if (r == 0)
        snprintf(out_url, SERVICE_ACCOUNT_URL_MAX, "%s", url);
    if (key)
        explicit_bzero(key, strlen(key));
    cJSON_Delete(account);
    return r;
}
