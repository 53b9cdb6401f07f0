/* Requests to providers. */
#include "core/credentials/provider_check.h"

#include "core/credentials/service_account.h"

#include <nettle/base64.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* What is asked, and how the value is sent. */
static const struct provider_row {
    const char *path;
    const char *header;
    const char *extra;
} rows[] = {
    [PROVIDER_NONE] = {"", "", NULL},
    [PROVIDER_ELEVENLABS] = {"/v1/user/subscription", "xi-api-key:", NULL},
    [PROVIDER_DEEPGRAM] = {"/v1/projects", "Authorization: Token", NULL},
    [PROVIDER_OPENAI] = {"/v1/models", "Authorization: Bearer", NULL},
    [PROVIDER_ANTHROPIC] = {"/v1/models", "x-api-key:", "anthropic-version: 2023-06-01"},
    [PROVIDER_GOOGLE] = {"/v1beta/models?pageSize=1", "x-goog-api-key:", NULL},
    [PROVIDER_TWILIO] = {"/2010-04-01/Accounts/", "Authorization: Basic", NULL},
    [PROVIDER_HTTP] = {"", "", NULL},
};

const char *provider_verdict_name(enum provider_verdict verdict)
{
#define X(symbol, name) name,
    static const char *const names[] = {PROVIDER_VERDICTS(X)};
#undef X
    return names[verdict];
}

enum provider_form provider_form(enum provider provider, const char *value)
{
    if (provider == PROVIDER_GOOGLE && service_account_looks_like(value))
        return PROVIDER_FORM_ACCOUNT;
    if (provider == PROVIDER_TWILIO && strncmp(value, "SK", 2) == 0)
        return PROVIDER_FORM_PAIR;
    return PROVIDER_FORM_PLAIN;
}

static void write_twilio(
    const struct provider_ask *ask, enum provider_step step, struct strbuf *out)
{
    strbuf_addf(out, "%s%s", rows[PROVIDER_TWILIO].path, ask->account);
    if (step == PROVIDER_STEP_QUOTA)
        strbuf_adds(out, "/Balance.json");
    else if (ask->form == PROVIDER_FORM_PAIR) /* which may not look at the account itself */
        strbuf_adds(out, "/Calls.json?PageSize=1");
    else
        strbuf_adds(out, ".json");
}

void provider_write_url(const struct provider_ask *ask, enum provider_step step,
    const struct provider_reading *so_far, struct strbuf *out)
{
    const char *base = ask->base_url ? ask->base_url : provider_base_url(ask->provider);
    size_t len = strlen(base);
    if (ask->form == PROVIDER_FORM_ACCOUNT && !ask->base_url) {
        strbuf_adds(out, ask->url);
        return;
    }
    while (len > 0 && base[len - 1] == '/')
        len--;
    strbuf_add(out, base, len);
    if (ask->provider == PROVIDER_HTTP)
        strbuf_adds(out, ask->url);
    else if (ask->form == PROVIDER_FORM_ACCOUNT)
        strbuf_adds(out, "/token");
    else if (ask->provider == PROVIDER_TWILIO)
        write_twilio(ask, step, out);
    else if (step == PROVIDER_STEP_SCOPED)
        strbuf_adds(out, "/v1/convai/agents?page_size=1");
    else if (step == PROVIDER_STEP_QUOTA)
        strbuf_addf(out, "%s/%s/balances", rows[ask->provider].path, so_far->project);
    else
        strbuf_adds(out, rows[ask->provider].path);
}

/* Basic authentication: of the account, or of an API key that tells its own name. */
static bool write_basic(const struct provider_ask *ask, const char *value, char *out, size_t size)
{
    char pair[PROVIDER_HEADER_MAX / 2];
    bool named = ask->form == PROVIDER_FORM_PAIR;
    int len =
        snprintf(pair, sizeof pair, "%s%s%s", named ? "" : ask->account, named ? "" : ":", value);
    bool fits =
        len > 0 && (size_t)len < sizeof pair && BASE64_ENCODE_RAW_LENGTH((size_t)len) < size;
    if (fits) {
        base64_encode_raw(out, (size_t)len, (const uint8_t *)pair);
        out[BASE64_ENCODE_RAW_LENGTH((size_t)len)] = '\0';
    }
    explicit_bzero(pair, sizeof pair);
    return fits;
}

bool provider_write_header(
    const struct provider_ask *ask, const char *value, char out[PROVIDER_HEADER_MAX])
{
    const char *before = ask->provider == PROVIDER_HTTP ? ask->header : rows[ask->provider].header;
    if (ask->form == PROVIDER_FORM_ACCOUNT) { /* the value stays here */
        snprintf(out, PROVIDER_HEADER_MAX, "Content-Type: application/x-www-form-urlencoded");
        return true;
    }
    int len = snprintf(out, PROVIDER_HEADER_MAX, "%s ", before);
    if (len < 0 || len >= PROVIDER_HEADER_MAX)
        return false;
    size_t left = PROVIDER_HEADER_MAX - (size_t)len;
    if (ask->provider == PROVIDER_TWILIO)
        return write_basic(ask, value, out + len, left);
    if (strlen(value) >= left)
        return false;
    memcpy(out + len, value, strlen(value) + 1);
    return true;
}

const char *provider_extra_header(enum provider provider)
{
    return rows[provider].extra;
}

const char *provider_flaw(enum provider provider, const char *value)
{
    bool pair = provider_form(provider, value) == PROVIDER_FORM_PAIR;
    return pair && !strchr(value, ':')
               ? "an API key of Twilio is to be written with its secret: SK...:SECRET"
               : NULL;
}

bool provider_quotes(const char *words, const char *value)
{
    enum { TELLING = 6 };
    size_t len = strlen(value);
    char part[TELLING + 1] = "";
    if (len <= TELLING)
        return len > 0 && strstr(words, value);
    for (size_t i = 0; i + TELLING <= len; i++) {
        memcpy(part, value + i, TELLING);
        if (strstr(words, part))
            return true;
    }
    return false;
}
